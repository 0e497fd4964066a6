// Lines of `--itemize` for entries that are made or replaced.

import LinuxIO

extension Worker {
    /// Emits the line of an entry that is made, or in a dry run would be.
    func itemizeMade(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        _ differences: Differences?
    ) {
        if context.itemizes {
            context.emit(.changed(madeLine(entry, open, status, destination, differences)))
        }
    }

    /// The line of an entry that is made or replaced.
    func madeLine(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        _ differences: Differences?
    ) -> Itemization {
        var all = differences ?? []
        if differences != nil, let target = open.destination, let source = open.source {
            // What cannot be compared now is not worth a failure of its own: the entry is replaced anyway.
            let more = try? attributes.differences(
                entry.pointer,
                source.descriptor,
                target.descriptor,
                kind: status.kind
            )
            all.formUnion(more ?? [])
        }
        return Itemization(
            action: status.kind == .regular ? .transferred : .changed,
            kind: status.kind,
            isNew: differences == nil,
            differences: all,
            hasTimeOfNow: !preserved.contains(.times),
            path: entry.path,
            target: symlinkTarget(entry, open, status)
        )
    }

    /// What a symlink of SOURCE says; nil for other entries, and when it cannot be read, which is recorded.
    func symlinkTarget(_ entry: PassEntry, _ open: OpenDirectory, _ status: FileStatus) -> [UInt8]?
    {
        guard status.kind == .symlink, let source = open.source else { return nil }
        do throws(SystemError) {
            let length = try source.descriptor.readSymlink(entry.pointer, into: sourceTarget)
            return sourceTarget.prefix(length).map { UInt8(bitPattern: $0) }
        } catch {
            // Gone, or no symlink any more.
            if error.code == .noEntry || error.code == .invalid {
                noteVanished(AffectedEntry(entry, status))
            } else {
                fail(.examine, .source, error, of: AffectedEntry(entry, status))
            }
            return nil
        }
    }
}
