// A regular file: copied beside its place under a temporary name, complete with attributes, then renamed
// over (S12-S18).

import LinuxIO

/// A file of DESTINATION that is being written, and the name that it has now.
struct NewFile: ~Copyable {
    let name: Name
    /// Whether that is a temporary name, to be renamed over the entry's own.
    let isTemporary: Bool
    /// What SOURCE's has beyond its status.
    let survey: SourceSurvey
    /// Whether it was made with the mode that it is to have, see `AttributeCarrier.modeAtBirth`.
    let hasItsMode: Bool
    /// Whether it was opened for direct writes.
    let isDirect: Bool
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

    init(status: FileStatus, reader: SharedDescriptor, isDirect: Bool) {
        self.status = status
        self.reader = reader
        self.isDirect = isDirect
    }

    init(_ opened: consuming RegularFile) {
        status = opened.status
        isDirect = opened.isDirect
        reader = SharedDescriptor(opened.takeReader())
    }
}

/// How the contents of a new file ended.
struct ContentEnd {
    /// Where the bytes end that SOURCE gave.
    let end: UInt64
    /// Where the file ends now, where one worker knows.
    let writtenEnd: UInt64?
    /// What is missing of a salvaged file, which it is marked with.
    var damage: Damage?
}

/// Makes regular files of DESTINATION.
///
/// Belongs to one worker.
final class FileMaker {
    let context: PassContext
    let reports: PassReports
    let copier: ContentCopier
    let salvager: Salvager
    private let book: EvidenceBook
    private let carrier: AttributeCarrier
    private let publisher: Publisher

    init(
        _ rooms: LaneRooms,
        _ copier: ContentCopier,
        _ salvager: Salvager
    ) {
        context = rooms.context
        reports = rooms.reports
        book = rooms.book
        carrier = rooms.carrier
        publisher = rooms.publisher
        self.copier = copier
        self.salvager = salvager
    }

    // MARK: Both ends

    /// Opens a file of SOURCE; nil when that failed, which was recorded, or it vanished.
    ///
    /// What is read is a regular file of this volume, whatever the name means by now.
    func openSource(_ pair: EntryPair, isDirect: Bool) -> SourceFile? {
        guard let source = pair.open.source else { return nil }
        let known = pair.source
        do throws(SystemError) {
            if let handle = pair.handle,
                // It is the very inode that was examined.
                let opened = try handle.descriptor.reopen(withStatus: known, isDirect: isDirect)
            {
                return SourceFile(opened)
            }
            let opened = try source.descriptor.openRegularFile(pair.pointer, isDirect: isDirect)
            guard let opened, !context.volumes.sourceBoundary.isOutside(opened.status),
                // A file may be replaced meanwhile, and the new one is copied; but what leads a link group must be
                // that group's inode.
                known.linkCount == 1 || opened.status.identity == known.identity
            else {
                reports.reportVanished(pair)
                return nil
            }
            // What was written down was another's.
            if opened.status.identity != known.identity { reports.doubt(pair.affected) }
            return SourceFile(opened)
        } catch {
            reports.reportUnread(error, .open, pair)
            return nil
        }
    }

    /// Makes the file, with as few rights as it can have; nil when that failed, which was recorded.
    ///
    /// Without a temporary name in a directory that this pass made and holds at 0700: times are set last, so a
    /// file that was cut short never looks up to date (S12). Nobody but root can come to it there, so it is made with
    /// the mode that it is to have, if nothing of SOURCE's has to be set before that (S14).
    func create(
        _ pair: EntryPair,
        _ source: SourceFile,
        in target: borrowing Descriptor
    ) -> NewFile? {
        let kept: UInt32?
        do throws(SystemError) { kept = try keptMode(pair, target) } catch {
            reports.of(pair).fail(.readAccessControl, .destination, error)
            return nil
        }
        let survey: SourceSurvey
        do throws(AttributeFailure) {
            survey = try carrier.survey(source.reader.descriptor, reports.of(pair))
        } catch {
            // S34: it keeps its old copy.
            reports.of(pair).fail(error)
            return nil
        }
        let facts = pair.directory.state.facts.withLock { ($0.isNew, $0.inherited) }
        var hasOwnName = pair.destination == nil && facts.0
        var isDirect =
            ContentCopier.writesDirectly(source.status.sizeBytes)
            && context.volumes.takesDirectWrites
        while true {
            let name = hasOwnName ? pair.entry.name : context.temporaryNames.next()
            let mode =
                hasOwnName && context.volumes.makesModes
                ? carrier.modeAtBirth(source.status, survey, facts.1) : nil
            do throws(SystemError) {
                let writer = try target.createFile(name, mode: mode ?? 0o600, isDirect: isDirect)
                return NewFile(
                    name: name,
                    isTemporary: !hasOwnName,
                    survey: survey,
                    hasItsMode: mode != nil,
                    isDirect: isDirect,
                    keptMode: kept,
                    writer: writer
                )
            } catch {
                if error.code == .exists {
                    hasOwnName = false
                    continue
                }
                if error.code == .invalid, isDirect {
                    // Another directory of DESTINATION lets nothing be written so; the file was made all the same.
                    isDirect = false
                    publisher.remove(name, in: target, of: pair.directory)
                    continue
                }
                reports.of(pair).failWrite(.create, error)
                return nil
            }
        }
    }

    /// S67: the mode of the file that is to be replaced; its ACL does not stay, so what only that gave goes.
    private func keptMode(
        _ pair: EntryPair,
        _ target: borrowing Descriptor
    ) throws(SystemError) -> UInt32? {
        guard let destination = pair.destination, destination.kind == .regular,
            !carrier.rules.preserved.contains(.mode)
        else { return nil }
        let old = try target.openHandle(pair.pointer)
        guard let list = try AccessControlList(.access, of: old) else { return destination.mode }
        return list.narrowed(destination.mode)
    }

    // MARK: Contents and the rest

    /// Begins the contents of a new file.
    func prepare(
        _ file: borrowing NewFile,
        _ source: SourceFile
    ) throws(ContentFailure) -> CacheBypass {
        let bypass = try copier.prepare(
            file.writer,
            sizeBytes: source.status.sizeBytes,
            readsDirectly: source.isDirect,
            isDirect: file.isDirect
        )
        if bypass.writes { context.volumes.noteDirectWrites() }
        return bypass
    }

    /// Copies the contents of one file with one worker, and all that follows.
    func copyAlone(
        _ pair: EntryPair,
        _ source: SourceFile,
        _ file: consuming NewFile,
        isLeader: Bool
    ) -> ActionResult {
        let name = file.name
        let opened = source.status
        do throws(ContentFailure) {
            var bypass = try prepare(file, source)
            let outcome = try copier.copy(
                from: source.reader.descriptor,
                to: file.writer,
                range: 0..<opened.sizeBytes,
                sizeBytes: opened.sizeBytes,
                bypass: &bypass,
                mayHaveHoles: opened.sizeBytes > UInt64(ContentCopier.bufferBytes)
                    || opened.allocatedBytes < opened.sizeBytes
            )
            guard case .copied(let end) = outcome else {
                giveUp(name, pair)
                return .failed
            }
            let contents = ContentEnd(end: end, writtenEnd: bypass.writtenEnd)
            return complete(pair, source, file, contents, isLeader: isLeader)
        } catch {
            return rescue(pair, source, file, after: error, isLeader: isLeader)
        }
    }

    /// Where a copy ended with a read error of SOURCE: a file that is given at the second reading is copied whole, and
    /// what is salvaged of another may take its place.
    func rescue(
        _ pair: EntryPair,
        _ source: SourceFile,
        _ file: consuming NewFile,
        after failure: ContentFailure,
        isLeader: Bool
    ) -> ActionResult {
        switch salvager.reread(pair, source, into: file.writer, after: failure) {
        case .givenUp:
            giveUp(file.name, pair)
            return .failed
        case .complete(let contents):
            let result = complete(pair, source, file, contents, isLeader: isLeader)
            if let damage = contents.damage {
                // Where it could not be put in place that is told, too.
                var isDone = false
                if case .done = result { isDone = true }
                let report = DamageReport(damage, isDone ? .salvaged : .kept)
                salvager.tell(report, failure.error, pair)
            }
            return result
        }
    }

    /// Everything of a new file but its contents: size, attributes, closing, its name.
    ///
    /// Removes the file when one of these fails.
    func complete(
        _ pair: EntryPair,
        _ source: SourceFile,
        _ file: consuming NewFile,
        _ contents: ContentEnd,
        isLeader: Bool
    ) -> ActionResult {
        guard let target = pair.open.destination else { return .failed }
        let name = file.name
        let isTemporary = file.isTemporary
        let keptMode = file.keptMode
        let opened = source.status
        let report = reports.of(pair)
        var isPublished = false
        defer { if !isPublished { giveUp(name, pair) } }
        let identity: InodeIdentity?
        do throws(SystemError) {
            // The last data may have been a hole, and a file that shrank ends earlier (S17, S20).
            let size = min(contents.end, opened.sizeBytes)
            if contents.writtenEnd != size { try file.writer.truncate(to: size) }
            identity = isLeader ? try file.writer.status().identity : nil
        } catch {
            report.failWrite(.write, error)
            return .failed
        }
        let wanted = CarriedAttributes(
            status: opened,
            needs: carrier.rules.newEntryNeeds,
            isNew: true,
            inherited: pair.directory.state.facts.withLock { $0.inherited },
            keptMode: keptMode,
            survey: file.survey,
            hasItsMode: file.hasItsMode,
            mark: contents.damage.map(DamageMark.text)
        )
        guard carrier.carry(wanted, from: source.reader.descriptor, to: file.writer, report) else {
            return .failed
        }
        doubtIfChanged(pair, source)
        do throws(SystemError) {
            try file.writer.close()
            if isTemporary { try publisher.publish(name, as: pair, in: target.descriptor) }
            isPublished = true
        } catch {
            report.failWrite(.publish, error)
            return .failed
        }
        carrier.settings.freeze(pair.pointer, in: target.descriptor, as: opened, report)
        reports.countMade(opened)
        return .done(identity)
    }

    /// S17: a write that was under way when the file was opened stamps it once, at its beginning; what it adds
    /// after that shows in the size alone.
    private func doubtIfChanged(_ pair: EntryPair, _ source: SourceFile) {
        guard book.isWriting else { return }
        // What cannot be asked is doubted.
        let now = try? source.reader.descriptor.status()
        if now?.sizeBytes != source.status.sizeBytes || now?.changed != source.status.changed {
            reports.doubt(pair.affected)
        }
    }

    /// Removes what cannot be finished.
    func giveUp(_ name: Name, _ pair: EntryPair) {
        guard let target = pair.open.destination else { return }
        publisher.remove(name, in: target.descriptor, of: pair.directory)
    }
}
