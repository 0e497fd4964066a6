// What is mounted below the roots, and was therefore left alone, in words and as JSON.

package import LinuxIO
package import Migration

/// The text of one skipped mount point or subvolume.
enum MountText {
    /// A stable word for programs.
    static func kind(_ crossing: MountBoundary.Crossing) -> String {
        switch crossing {
        case .mount: "mount"
        case .subvolume: "subvolume"
        }
    }

    /// What is there, for the line of `-v`.
    static func clause(_ side: Failure.Side, _ crossing: MountBoundary.Crossing) -> String {
        let place = side == .destination ? " on DESTINATION" : ""
        switch crossing {
        case .mount: return "another filesystem is mounted here\(place)"
        case .subvolume: return "a btrfs subvolume of its own begins here\(place)"
        }
    }

    static func line(
        _ path: [UInt8],
        _ side: Failure.Side,
        _ crossing: MountBoundary.Crossing,
        time: UInt64
    ) -> JSONLine {
        var line = EventJSON.named("mount_skipped", path, time: time)
        line.add("side", side.rawValue)
        line.add("boundary", kind(crossing))
        return line
    }

    /// The lists of a summary, one for each kind; `crosses`: what `--cross-mounts` would do.
    static func lists(_ mounts: SkippedMounts, isPass: Bool, _ shown: ShownName) -> [String] {
        let done = isPass ? "Not entered" : "Not compared"
        let advice = isPass ? " (--cross-mounts enters them; nothing was deleted below)" : ""
        return SummaryText.listed(
            mounts.onSource.names,
            of: mounts.onSource.total,
            "\(done), as other filesystems are mounted there on SOURCE\(advice):",
            shown
        )
            + SummaryText.listed(
                mounts.subvolumes.names,
                of: mounts.subvolumes.total,
                "\(done), as btrfs subvolumes begin there\(advice):",
                shown
            )
            + SummaryText.listed(
                mounts.onDestination.names,
                of: mounts.onDestination.total,
                "\(done), as other filesystems are mounted there on DESTINATION"
                    + (isPass ? " (nothing was deleted below):" : ":"),
                shown
            )
    }
}

/// The mount points that were skipped: the first few names of each kind, and how many there are.
package struct SkippedMounts: Sendable {
    package struct Names: Sendable {
        package private(set) var names: [[UInt8]] = []
        package private(set) var total: UInt64 = 0

        mutating func add(_ name: [UInt8]) {
            total += 1
            if names.count < PassAsides.shownMax { names.append(name) }
        }
    }

    package private(set) var onSource = Names()
    package private(set) var onDestination = Names()
    package private(set) var subvolumes = Names()

    package init() {}

    package mutating func add(
        _ path: [UInt8],
        _ side: Failure.Side = .source,
        _ crossing: MountBoundary.Crossing = .mount
    ) {
        switch (crossing, side) {
        case (.subvolume, _): subvolumes.add(path)
        case (.mount, .destination): onDestination.add(path)
        case (.mount, .source): onSource.add(path)
        }
    }
}
