// `io.pressure` of the cgroups beside ours (Documentation/admin-guide/cgroup-v2.rst of Linux).
//
// System-wide pressure cannot be used: a pass alone puts it at a third. So the groups are looked at in which others
// are: children of the root and of systemd's slices, without our own and those that hold it. Files of cgroupfs are in
// memory, and reading them waits for no disk.

import LinuxIO

/// Reads the sums of others' pressure.
///
/// Belongs to one thread.
package struct GroupPressure: Sendable {
    /// Groups whose children are looked at, too.
    private static let parents = ["", "system.slice", "user.slice", "machine.slice"]
    private static let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]

    private let root: String
    /// Our group, without a slash at its beginning.
    private let own: String

    /// Finds out where groups are, and whether others can be told from us.
    ///
    /// `roots`, `table`: other places for tests.
    package static func find(
        roots: [String] = roots,
        table: String = "/proc/self/cgroup"
    ) -> Result<GroupPressure, BackOffFault> {
        guard let root = roots.first(where: { text($0 + "/cgroup.controllers") != nil }),
            let line = text(table)?.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
        else { return .failure(BackOffFault(.noGroups)) }
        let own = String(line.dropFirst("0::/".count))
        let pressure = GroupPressure(root: root, own: own)
        guard pressure.isAlone else { return .failure(BackOffFault(.sharedGroup)) }
        if pressure.others().isEmpty { return .failure(BackOffFault(.noOtherGroups)) }
        return pressure.totals().isEmpty
            ? .failure(BackOffFault(.noPressure)) : .success(pressure)
    }

    /// Whether nobody else is in our group, so that leaving it out leaves out nobody.
    private var isAlone: Bool {
        // In the root of all groups: whoever else is there belongs to no service, and is not looked at.
        if own.isEmpty { return true }
        guard let members = Self.text("\(root)/\(own)/cgroup.procs") else { return false }
        return members.split(separator: "\n").allSatisfy { $0 == "\(ProcessLimits.process)" }
    }

    /// Microseconds in which some task of each group has waited since it was made, by the group's path.
    package func totals() -> [String: UInt64] {
        var totals: [String: UInt64] = [:]
        for group in others() {
            guard let text = Self.text("\(root)/\(group)/io.pressure") else { continue }
            if let total = Self.total(in: text) { totals[group] = total }
        }
        return totals
    }

    /// The groups beside ours.
    private func others() -> [String] {
        Self.parents.flatMap { parent in
            children(of: parent).map { parent.isEmpty ? $0 : "\(parent)/\($0)" }
        }.filter { group in own != group && !own.hasPrefix(group + "/") }
    }

    /// The sum of the line `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`.
    static func total(in text: String) -> UInt64? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("some ") }),
            let word = line.split(separator: " ").first(where: { $0.hasPrefix("total=") })
        else { return nil }
        return UInt64(word.dropFirst("total=".count))
    }

    private func children(of group: String) -> [String] {
        var listing = Listing()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32_768, alignment: 16)
        defer { buffer.deallocate() }
        // A slice that is not there has no children.
        guard let folder = try? Descriptor.openRoot(Name("\(root)/\(group)")),
            (try? listing.read(folder, buffer: buffer)) != nil
        else { return [] }
        return (0..<listing.count).filter { listing.records[$0].isDirectory != false }.map {
            String(decoding: listing.nameBytes($0), as: UTF8.self)
        }
    }

    /// Nil where it is not there, went away, or cannot be read (EOPNOTSUPP without pressure).
    private static func text(_ path: String) -> String? {
        (try? InputFile.contents(of: Name(path), bytesMax: 1 << 20)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

/// Why a signal cannot be had.
package struct BackOffFault: Error, Equatable {
    package let lack: BackOffLack
    init(_ lack: BackOffLack) { self.lack = lack }
}
