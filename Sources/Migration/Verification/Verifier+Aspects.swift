// What of an entry differs, with both values: status first, which costs nothing more, then attributes and ACLs by
// name, and only where these differ by descriptors, for the values.

import LinuxIO

extension Verifier {
    /// Everything that can be compared without opening the entry; contents of files cannot.
    ///
    /// Nil when it is gone or that failed, which was recorded.
    func look(
        at entry: VerifiedEntry,
        _ open: OpenDirectory,
        _ source: FileStatus,
        _ destination: FileStatus
    ) -> Observation? {
        guard let left = open.source, let right = open.destination else { return nil }
        guard source.kind == destination.kind else {
            let aspect = FoundDifference.Aspect.type(source.kind, destination.kind)
            return Observation(source: source, destination: destination, aspects: [aspect])
        }
        do throws(AttributeFailure) {
            var aspects = statusAspects(source, destination)
            if source.kind == .symlink {
                aspects += try targetAspects(entry, left.descriptor, right.descriptor)
            }
            let found = try attributes.differences(
                entry.pointer,
                left.descriptor,
                right.descriptor,
                kind: source.kind
            )
            if !found.isEmpty {
                let handles = try openHandles(on: entry, left.descriptor, right.descriptor)
                aspects += try attributes.aspects(
                    handles.source.descriptor,
                    handles.destination.descriptor,
                    kind: source.kind
                )
            }
            return Observation(source: source, destination: destination, aspects: aspects)
        } catch {
            // EINVAL of readlink(2): it is no symlink any more.
            if error.error.operation == .readlink, error.error.code == .invalid {
                log.reportVanished(entry.path)
            } else {
                note(error.error, error.activity, error.side, path: entry.path)
            }
            return nil
        }
    }

    /// Everything of two open directories.
    func openAspects(
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor,
        _ sourceStatus: FileStatus,
        _ destinationStatus: FileStatus
    ) throws(AttributeFailure) -> [FoundDifference.Aspect] {
        var aspects = statusAspects(sourceStatus, destinationStatus)
        if !(try attributes.differences(source, destination, kind: .directory)).isEmpty {
            aspects += try attributes.aspects(source, destination, kind: .directory)
        }
        return aspects + (try settingsAspects(source, destination))
    }

    /// What statx(2) tells: numbers that differ.
    ///
    /// Sizes count for files only; a symlink's is its target's.
    private func statusAspects(
        _ source: FileStatus,
        _ destination: FileStatus
    ) -> [FoundDifference.Aspect] {
        let found = context.comparison.attributeDifferences(
            source: source,
            destination: destination
        )
        let isSameSize = source.kind != .regular || source.sizeBytes == destination.sizeBytes
        let isSameDevice =
            !source.kind.isDevice
            || source.specialMajor == destination.specialMajor
                && source.specialMinor == destination.specialMinor
        // The common case: nothing is allocated.
        if found.isEmpty, isSameSize, isSameDevice { return [] }
        var aspects: [FoundDifference.Aspect] = []
        if !isSameSize { aspects.append(.size(source.sizeBytes, destination.sizeBytes)) }
        if !isSameDevice {
            aspects.append(.device(DeviceNumber(source), DeviceNumber(destination)))
        }
        if found.contains(.owner) { aspects.append(.owner(source.owner, destination.owner)) }
        if found.contains(.group) { aspects.append(.group(source.group, destination.group)) }
        if found.contains(.mode) { aspects.append(.mode(source.mode, destination.mode)) }
        if found.contains(.times) {
            aspects.append(.modified(source.modified, destination.modified))
        }
        if found.contains(.flags) {
            aspects.append(.flags(source.visibleFlags, destination.visibleFlags))
        }
        return aspects
    }

    private func targetAspects(
        _ entry: VerifiedEntry,
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor
    ) throws(AttributeFailure) -> [FoundDifference.Aspect] {
        var side = Failure.Side.source
        do throws(SystemError) {
            let left = try source.readSymlink(entry.pointer, into: sourceTarget)
            side = .destination
            let right = try destination.readSymlink(entry.pointer, into: destinationTarget)
            let leftBytes = UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(sourceTarget)[..<left]
            )
            let rightBytes = UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(destinationTarget)[..<right]
            )
            if haveSameBytes(leftBytes, rightBytes) { return [] }
            return [.target(Array(leftBytes), Array(rightBytes))]
        } catch {
            throw AttributeFailure(.examine, side, error)
        }
    }

    private func openHandles(
        on entry: VerifiedEntry,
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor
    ) throws(AttributeFailure) -> (source: SharedDescriptor, destination: SharedDescriptor) {
        var side = Failure.Side.source
        do throws(SystemError) {
            let left = SharedDescriptor(try source.openHandle(entry.pointer))
            side = .destination
            return (left, SharedDescriptor(try destination.openHandle(entry.pointer)))
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// Flags that statx(2) does not show, and project ids, of two open files or directories; nothing where a
    /// filesystem has none.
    func settingsAspects(
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor
    ) throws(AttributeFailure) -> [FoundDifference.Aspect] {
        var side = Failure.Side.source
        do throws(SystemError) {
            guard let left = try InodeSettings(of: source) else { return [] }
            side = .destination
            guard let right = try InodeSettings(of: destination) else { return [] }
            if right.project != 0 { context.projects.noteProject() }
            if left == right { return [] }
            var aspects: [FoundDifference.Aspect] = []
            let hidden = InodeFlags.carried.subtracting(.visible)
            let flags = (left.flags.intersection(hidden), right.flags.intersection(hidden))
            if flags.0 != flags.1 { aspects.append(.flags(flags.0, flags.1)) }
            // Inheritance is worth nothing without an id, and goes with it where DESTINATION holds none.
            if left.project != right.project {
                aspects.append(.project(left.project, right.project))
            } else if left.flags.contains(.projectInherit) != right.flags.contains(.projectInherit),
                left.project != 0
            {
                aspects.append(
                    .flags(
                        left.flags.intersection(.projectInherit),
                        right.flags.intersection(.projectInherit)
                    )
                )
            }
            return aspects
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }
}

extension DeviceNumber {
    init(_ status: FileStatus) {
        self.init(major: status.specialMajor, minor: status.specialMinor)
    }
}

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
