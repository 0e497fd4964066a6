// A real filesystem in a sparse file, mounted through a loop device with direct I/O, so that it
// behaves like a disk: no page is cached twice, and a full image is a full disk.
//
// The volume lives until `destroy()`, or `withVolumes` ends, or the object goes; whatever is missed
// then is taken away by the watcher of Scratch when the process ends.

import Glibc
import Testing

/// One volume of a test's own.
package final class LoopVolume {
    /// The filesystem to make.
    package enum Kind: Sendable {
        /// mkfs.xfs with extra words; at least 300 MB.
        case xfs([String] = [])
        /// mkfs.ext4 with extra words, for example `-I 128` or `-O ea_inode`.
        case ext4([String] = [])

        fileprivate var command: String {
            switch self {
            case .xfs(let words): (["mkfs.xfs", "-q", "-f"] + words).joined(separator: " ")
            case .ext4(let words):
                (["mkfs.ext4", "-q", "-F", "-E", "nodiscard"] + words).joined(separator: " ")
            }
        }

        fileprivate var type: String {
            switch self {
            case .xfs: "xfs"
            case .ext4: "ext4"
            }
        }
    }

    /// Where it is mounted.
    package let mountPoint: [UInt8]
    /// The loop device, `/dev/loopN`.
    package private(set) var device: String
    /// The sparse file; cutting it short makes reads beyond its end fail with EIO.
    package let image: [UInt8]
    private let type: String
    private var isDestroyed = false

    /// Makes the file and the filesystem, attaches and mounts it.
    ///
    /// - Parameters:
    ///   - kind: the filesystem with its mkfs options.
    ///   - megabytes: the size of the sparse file.
    ///   - options: mount options, comma-separated.
    /// - Throws: `ScriptFailure` with the tool's words when any step fails; nothing is left behind
    ///   then.
    package init(_ kind: Kind, megabytes: Int = 320, options: String = "nodev") throws {
        let directory = try Scratch.directory()
        let name = Scratch.uniqueName(kind.type)
        image = joined(directory, name + ".img")
        mountPoint = joined(directory, name)
        type = kind.type
        // Between "the first free device" and "attach" another test may take it: hence the loop.
        let made = try Shell.run(
            """
            truncate -s \(megabytes)M -- "$1"
            \(kind.command) "$1" >&2
            mkdir -- "$2"
            for turn in $(seq 50); do
                device=$(losetup -f --show --direct-io=on -- "$1" 2>/dev/null) && break
                sleep 0.1
            done
            [ -n "$device" ] || { echo "no loop device" >&2; exit 1; }
            if ! mount -t \(kind.type) -o "$3" -- "$device" "$2"; then
                losetup -d "$device"; rm -f -- "$1"; rmdir -- "$2"; exit 1
            fi
            echo "$device"
            """,
            image,
            mountPoint,
            bytes(options)
        )
        device = made.lines.last ?? ""
    }

    deinit { destroy() }

    /// Unmounts and mounts again, with other options if given: nothing of the volume stays cached.
    package func remount(options: String = "nodev") throws {
        try Shell.run(
            """
            for turn in $(seq 50); do umount -- "$1" && break; sleep 0.1; done
            mount -t \(type) -o "$3" -- "$2" "$1"
            """,
            mountPoint,
            bytes(device),
            bytes(options)
        )
    }

    /// Has a command change the file (`$1`) while it is neither mounted nor attached.
    ///
    /// Attaches it to any free device: other tests may have taken the one before.
    package func changeImage(_ command: String) throws {
        let attached = try Shell.run(
            """
            for turn in $(seq 50); do umount -- "$2" && break; sleep 0.1; done
            losetup -d "$3"
            \(command)
            for turn in $(seq 50); do
                device=$(losetup -f --show --direct-io=on -- "$1" 2>/dev/null) && break
                sleep 0.1
            done
            [ -n "$device" ] || { echo "no loop device" >&2; exit 1; }
            mount -t \(type) -o nodev,noatime -- "$device" "$2"
            echo "$device"
            """,
            image,
            mountPoint,
            bytes(device)
        )
        device = attached.lines.last ?? ""
    }

    /// Unmounts, detaches the device and removes the file; a second call does nothing.
    package func destroy() {
        if isDestroyed { return }
        isDestroyed = true
        do {
            try Shell.run(
                """
                for turn in $(seq 50); do
                    mountpoint -q -- "$1" || break
                    umount -R -- "$1" 2>/dev/null && break
                    sleep 0.1
                done
                ! mountpoint -q -- "$1" || umount -R -l -- "$1"
                losetup -d "$2"
                rm -f -- "$3"
                rmdir -- "$1"
                """,
                mountPoint,
                bytes(device),
                image
            )
        } catch {
            Issue.record("a volume was left behind: \(error)")
        }
    }

    /// Leaves the volume to the watcher of Scratch, for as long as this process runs.
    func keep() { isDestroyed = true }

    /// True where volumes can be made: root, loop devices, both filesystems; tried once with a
    /// small one.
    package static let isAvailable: Bool = {
        guard geteuid() == 0, let volume = try? LoopVolume(.ext4(), megabytes: 8) else {
            return false
        }
        volume.destroy()
        let known = (try? readFile("/proc/filesystems")).map { String(decoding: $0, as: UTF8.self) }
        return known?.contains("\txfs\n") ?? false
    }()
}

/// Lends a SOURCE and a DESTINATION volume of the test's own, and destroys both whatever happens.
package func withVolumes<R>(
    source: LoopVolume.Kind = .xfs(),
    destination: LoopVolume.Kind = .ext4(),
    sourceMegabytes: Int = 320,
    destinationMegabytes: Int = 320,
    _ body: (LoopVolume, LoopVolume) throws -> R
) throws -> R {
    let from = try LoopVolume(source, megabytes: sourceMegabytes)
    defer { from.destroy() }
    let to = try LoopVolume(destination, megabytes: destinationMegabytes)
    defer { to.destroy() }
    return try body(from, to)
}
