// Attributes and ACLs of two open entries that differ, with their values.

import LinuxIO

extension AttributeComparer {
    /// The attributes and ACLs of two open entries that differ, with their values.
    func aspects(
        _ left: borrowing Descriptor,
        _ right: borrowing Descriptor,
        kind: EntryKind
    ) throws(AttributeFailure) -> [FoundDifference.Aspect] {
        let ours = try source.names(of: left)
        let theirs = try destination.names(of: right)
        var aspects: [FoundDifference.Aspect] = []
        for name in ours.copied + theirs.copied.filter({ !ours.copied.contains($0) }) {
            let our = ours.copied.contains(name) ? try source.value(name, of: left) : nil
            let their = theirs.copied.contains(name) ? try destination.value(name, of: right) : nil
            if our != their {
                aspects.append(.attribute(name: Array(name.bytes), our, their))
            }
        }
        if kind == .symlink { return aspects }
        for list in AccessControlKind.allCases where list == .access || kind == .directory {
            let areListed = (ours.has(list), theirs.has(list))
            guard try !areEqual(list, left, right, areListed: areListed) else { continue }
            aspects.append(
                .accessControl(
                    list,
                    try accessControlText(list, of: left, .source),
                    try accessControlText(list, of: right, .destination)
                )
            )
        }
        return aspects
    }

    /// An ACL as `getfacl -nc` prints it; nil where there is none beyond the mode.
    private func accessControlText(
        _ kind: AccessControlKind,
        of entry: borrowing Descriptor,
        _ side: Failure.Side
    ) throws(AttributeFailure) -> String? {
        do throws(SystemError) {
            guard let list = try AccessControlList(kind, of: entry), !list.isTrivial(kind) else {
                return nil
            }
            return list.longText
        } catch {
            throw AttributeFailure(.readAccessControl, side, error)
        }
    }
}

extension DeviceNumber {
    init(_ status: FileStatus) {
        self.init(major: status.specialMajor, minor: status.specialMinor)
    }
}
