// A regular file: copied beside its place under a temporary name, complete with attributes, then renamed
// over (S12-S18). This file is the one place that publishes.

import LinuxIO

/// A file of DESTINATION that is being written, and the name that it has now.
struct NewFile: ~Copyable {
    let name: Name
    /// Whether that is a temporary name, to be renamed over the entry's own.
    let isTemporary: Bool
    /// The mode of the file that it replaces, where permissions are left out, as it is without an ACL (S67).
    let keptMode: UInt32?
    let writer: Descriptor
}

/// A file of SOURCE, open, and its status from that very inode.
struct SourceFile {
    let status: FileStatus
    let reader: SharedDescriptor
    /// Whether reads pass the page cache by.
    let isDirect: Bool
}

extension SourceFile {
    init(_ opened: consuming RegularFile) {
        status = opened.status
        isDirect = opened.isDirect
        reader = SharedDescriptor(opened.takeReader())
    }
}

extension Worker {
    /// Copies one regular file.
    ///
    /// `line` is emitted by the caller, or when a large file is done.
    func copyFile(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        line: Itemization?,
        isLeader: Bool
    ) -> ActionResult {
        guard let source = open.source, let target = open.destination else { return .failed }
        let isDirect = status.sizeBytes >= ContentCopier.directBytesMin
        guard let file = openSource(entry, source, status, isDirect: isDirect) else {
            return .failed
        }
        return copyFile(entry, file, target, destination, line: line, isLeader: isLeader)
    }

    /// The same for one that is open already.
    func copyFile(
        _ entry: PassEntry,
        _ file: SourceFile,
        _ target: SharedDescriptor,
        _ destination: FileStatus?,
        line: Itemization?,
        isLeader: Bool
    ) -> ActionResult {
        if failKnownDamage(entry, file, target, destination) { return .failed }
        guard let new = create(entry, file.status, target.descriptor, replacing: destination)
        else {
            return .failed
        }
        let opened = file.status
        if FileRanges.isLarge(opened), lane.workers > 1, context.largeFiles.take(of: lane.workers) {
            return startLargeFile(
                entry,
                file,
                new,
                target,
                replacing: destination,
                line: line,
                isLeader: isLeader
            )
        }
        return finishSmallFile(
            entry,
            file,
            new,
            target,
            replacing: destination,
            isLeader: isLeader
        )
    }

    /// Opens a file of SOURCE; nil when that failed, which was recorded, or it vanished.
    ///
    /// What is read is a regular file of this volume, whatever the name means by now.
    func openSource(
        _ entry: PassEntry,
        _ source: SharedDescriptor,
        _ known: FileStatus,
        isDirect: Bool
    ) -> SourceFile? {
        do throws(SystemError) {
            let opened = try source.descriptor.openRegularFile(entry.pointer, isDirect: isDirect)
            guard let opened, !context.sourceBoundary.isOutside(opened.status),
                // A file may be replaced meanwhile, and the new one is copied; but what leads a link group must be
                // that group's inode.
                known.linkCount == 1 || opened.status.identity == known.identity
            else {
                noteVanished(AffectedEntry(entry, known))
                return nil
            }
            // What was written down was another's.
            if opened.status.identity != known.identity { doubt(AffectedEntry(entry, known)) }
            return SourceFile(opened)
        } catch {
            if error.code == .noEntry {
                noteVanished(AffectedEntry(entry, known))
            } else {
                fail(.open, .source, error, of: AffectedEntry(entry, known))
            }
            return nil
        }
    }

    /// Makes the file, with as few rights as it can have; nil when that failed, which was recorded.
    ///
    /// Without a temporary name in a directory that this pass made and holds at 0700: times are set last, so a
    /// file that was cut short never looks up to date (S12).
    func create(
        _ entry: PassEntry,
        _ status: FileStatus,
        _ target: borrowing Descriptor,
        replacing destination: FileStatus?
    ) -> NewFile? {
        let kept: UInt32?
        do throws(SystemError) {
            kept = try keptMode(entry, target, destination)
        } catch {
            fail(.readAccessControl, .destination, error, of: AffectedEntry(entry, status))
            return nil
        }
        var isDirect = destination == nil && entry.directory.state.facts.withLock { $0.isNew }
        while true {
            let name = isDirect ? entry.name : context.temporaryNames.next()
            do throws(SystemError) {
                let writer = try target.createFile(name, mode: 0o600)
                return NewFile(
                    name: name,
                    isTemporary: !isDirect,
                    keptMode: kept,
                    writer: writer
                )
            } catch {
                if error.code == .exists {
                    isDirect = false
                    continue
                }
                fail(.create, .destination, error, isWrite: true, of: AffectedEntry(entry, status))
                return nil
            }
        }
    }

    /// S67: the mode of the file that is to be replaced; its ACL does not stay, so what only that gave goes.
    private func keptMode(
        _ entry: PassEntry,
        _ target: borrowing Descriptor,
        _ destination: FileStatus?
    ) throws(SystemError) -> UInt32? {
        guard let destination, destination.kind == .regular, !preserved.contains(.mode) else {
            return nil
        }
        let old = try target.openHandle(entry.pointer)
        guard let list = try AccessControlList(.access, of: old) else { return destination.mode }
        return list.narrowed(destination.mode)
    }

    /// Copies the contents of one file with one worker, and all that follows.
    private func finishSmallFile(
        _ entry: PassEntry,
        _ source: SourceFile,
        _ file: consuming NewFile,
        _ target: SharedDescriptor,
        replacing destination: FileStatus?,
        isLeader: Bool
    ) -> ActionResult {
        let name = file.name
        let opened = source.status
        do throws(CopyFailure) {
            let passing = try copier.prepare(
                file.writer,
                sizeBytes: opened.sizeBytes,
                readsDirectly: source.isDirect
            )
            let outcome = try copier.copy(
                from: source.reader.descriptor,
                to: file.writer,
                range: 0..<opened.sizeBytes,
                sizeBytes: opened.sizeBytes,
                passing: passing,
                mayHaveHoles: opened.sizeBytes > UInt64(ContentCopier.bufferBytes)
                    || opened.allocatedBytes < opened.sizeBytes
            )
            guard case .copied(let end) = outcome else {
                removeTemporary(name, target.descriptor, entry)
                return .failed
            }
            return complete(
                entry,
                opened,
                source.reader.descriptor,
                file,
                target,
                end: end,
                writtenEnd: copier.writtenEnd,
                isLeader: isLeader
            )
        } catch {
            return rescue(
                entry,
                source,
                file,
                target,
                replacing: destination,
                after: error,
                isLeader: isLeader
            )
        }
    }

    func failCopy(_ failure: CopyFailure, _ entry: PassEntry, _ status: FileStatus) {
        fail(
            failure.side == .source ? .read : .write,
            failure.side,
            failure.error,
            isWrite: failure.side == .destination,
            bytes: failure.bytes,
            of: AffectedEntry(entry, status)
        )
    }

    /// Everything of a new file but its contents: size, attributes, closing, its name.
    ///
    /// `writtenEnd`: where the file ends now, where one worker knows. `damage`: what is missing of a
    /// salvaged file, which it is marked with. Removes the file when one of these fails.
    func complete(
        _ entry: PassEntry,
        _ opened: FileStatus,
        _ reader: borrowing Descriptor,
        _ file: consuming NewFile,
        _ target: SharedDescriptor,
        end: UInt64,
        writtenEnd: UInt64?,
        damage: Damage? = nil,
        isLeader: Bool
    ) -> ActionResult {
        let name = file.name
        let isTemporary = file.isTemporary
        let keptMode = file.keptMode
        let affected = AffectedEntry(entry, opened)
        var isPublished = false
        defer { if !isPublished { removeTemporary(name, target.descriptor, entry) } }
        let identity: InodeIdentity?
        do throws(SystemError) {
            // The last data may have been a hole, and a file that shrank ends earlier (S17, S20).
            let size = min(end, opened.sizeBytes)
            if writtenEnd != size { try file.writer.truncate(to: size) }
            identity = isLeader ? try file.writer.status().identity : nil
        } catch {
            fail(.write, .destination, error, isWrite: true, of: affected)
            return .failed
        }
        let inherited = entry.directory.state.facts.withLock { $0.inherited }
        guard
            carryAttributes(
                from: reader,
                to: file.writer,
                status: opened,
                needs: newEntryNeeds,
                isNew: true,
                inherited: inherited,
                keptMode: keptMode,
                mark: damage.map(DamageMark.text),
                of: affected
            )
        else { return .failed }
        doubtIfChanged(affected, opened, reader)
        do throws(SystemError) {
            try file.writer.close()
            if isTemporary { try publish(name, entry, target.descriptor) }
            isPublished = true
        } catch {
            fail(.publish, .destination, error, isWrite: true, of: affected)
            return .failed
        }
        freeze(entry, opened, target.descriptor)
        countMade(opened)
        return .done(identity)
    }

    /// S17: a write that was under way when the file was opened stamps it once, at its beginning; what it adds
    /// after that shows in the size alone.
    private func doubtIfChanged(
        _ affected: AffectedEntry,
        _ opened: FileStatus,
        _ reader: borrowing Descriptor
    ) {
        guard notes != nil else { return }
        // What cannot be asked is doubted.
        let now = try? reader.status()
        if now?.sizeBytes != opened.sizeBytes || now?.changed != opened.changed {
            doubt(affected)
        }
    }

    /// S12: a reader of DESTINATION sees the old entry or the new one, never a part.
    ///
    /// `isThawing`: as for `withoutFlags`.
    func publish(
        _ temporary: Name,
        _ entry: PassEntry,
        _ target: borrowing Descriptor,
        isThawing: Bool = false
    ) throws(SystemError) {
        // Thawed only now that the new one is there: until then the old one stays as it was (S16).
        try withoutFlags(of: entry.pointer, target, isThawing: isThawing) {
            () throws(SystemError) in
            try acrossProjects(into: entry.directory, target) { () throws(SystemError) in
                try temporary.withPointer { name throws(SystemError) in
                    try target.rename(name, to: entry.pointer)
                }
            }
        }
    }

    /// Removes what this worker made and could not finish; ENOENT is as good.
    func removeTemporary(_ name: Name, _ target: borrowing Descriptor, _ entry: PassEntry) {
        do throws(SystemError) {
            try name.withPointer { pointer throws(SystemError) in try target.removeFile(pointer) }
        } catch {
            if error.code == .noEntry { return }
            fail(.remove, .destination, error, isWrite: true, of: .name(name, entry.directory))
        }
    }

    // MARK: Comparing contents

    /// Reads what the comparison needs to know: targets of symlinks, contents with `--checksum`.
    ///
    /// Nil when that failed, which was recorded, or the pass is interrupted.
    func compareContents(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?
    ) -> ContentKnowledge? {
        guard let source = open.source, let target = open.destination, let destination else {
            return .unknown
        }
        if status.kind == .symlink { return compareTargets(entry, source, target, status) }
        var side = Failure.Side.source
        do throws(SystemError) {
            let sourceFile = try openForComparison(entry, source, status)
            side = .destination
            let targetFile = try openForComparison(entry, target, destination)
            guard let sourceFile, let targetFile else {
                noteVanished(AffectedEntry(entry, status))
                return nil
            }
            // What the disk has lost may still be whole in memory, clean as after a write that succeeded.
            targetFile.descriptor.forgetCachedPages()
            return compareFiles(entry, sourceFile, targetFile, status)
        } catch {
            if error.code == .noEntry {
                noteVanished(AffectedEntry(entry, status))
            } else {
                fail(.open, side, error, of: AffectedEntry(entry, status))
            }
            return nil
        }
    }

    private func compareFiles(
        _ entry: PassEntry,
        _ source: SharedDescriptor,
        _ target: SharedDescriptor,
        _ status: FileStatus
    ) -> ContentKnowledge? {
        // A disk may give at the second reading what it did not at the first; no third time.
        for isLast in [false, true] {
            do throws(CopyFailure) {
                return try copier.areEqual(
                    source.descriptor,
                    target.descriptor,
                    sizeBytes: status.sizeBytes
                ).map { $0 ? .equal : .different }
            } catch {
                let file = error.side == .source ? source : target
                let isReadable = examine(entry, file.descriptor, status, after: error)
                guard isReadable else { return nil }
                if isLast {
                    fail(
                        .read,
                        error.side,
                        error.error,
                        bytes: error.bytes,
                        of: AffectedEntry(entry, status)
                    )
                }
            }
        }
        return nil
    }

    /// Nil when the name no longer means the entry whose status was taken.
    private func openForComparison(
        _ entry: PassEntry,
        _ directory: SharedDescriptor,
        _ status: FileStatus
    ) throws(SystemError) -> SharedDescriptor? {
        let opened = try directory.descriptor.openRegularFile(entry.pointer, isDirect: false)
        guard let opened, opened.status.identity == status.identity else { return nil }
        return SharedDescriptor(opened.takeReader())
    }

    private func compareTargets(
        _ entry: PassEntry,
        _ source: SharedDescriptor,
        _ target: SharedDescriptor,
        _ status: FileStatus
    ) -> ContentKnowledge? {
        var side = Failure.Side.source
        do throws(SystemError) {
            let sourceLength = try source.descriptor.readSymlink(entry.pointer, into: sourceTarget)
            side = .destination
            let targetLength = try target.descriptor.readSymlink(
                entry.pointer,
                into: destinationTarget
            )
            let areEqual =
                sourceLength == targetLength
                && sourceTarget.prefix(sourceLength).elementsEqual(
                    destinationTarget.prefix(targetLength)
                )
            return areEqual ? .equal : .different
        } catch {
            if error.code == .noEntry || error.code == .invalid {
                noteVanished(AffectedEntry(entry, status))
            } else {
                fail(.examine, side, error, of: AffectedEntry(entry, status))
            }
            return nil
        }
    }
}
