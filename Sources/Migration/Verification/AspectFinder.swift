// What of an entry differs, with both values: status first, which costs nothing more, then attributes and ACLs by
// name, and only where these differ by descriptors, for the values.

import LinuxIO

/// Finds what differs between the two entries of one name, all but contents of files.
///
/// Belongs to one worker.
final class AspectFinder {
    private let context: VerificationContext
    private let reports: VerificationReports
    private let attributes: AttributeComparer
    /// Targets of symlinks: PATH_MAX and one byte more.
    private let sourceTarget = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)
    private let destinationTarget = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)

    init(_ reports: VerificationReports) {
        context = reports.context
        self.reports = reports
        attributes = AttributeComparer(
            AttributeScope(
                isRoot: context.isRoot,
                preserved: context.options.preserved,
                selection: context.options.attributes
            )
        )
    }

    deinit {
        sourceTarget.deallocate()
        destinationTarget.deallocate()
    }

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
                let handles = try AttributeComparer.openHandles(
                    on: entry.pointer,
                    left.descriptor,
                    right.descriptor
                )
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
                reports.log.reportVanished(entry.path)
            } else {
                reports.report(error.error, error.activity, error.side, path: entry.path)
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
