// One entry of both sides. What differs is looked at a second time before it is told, and told apart where one of
// the two sides changed meanwhile: a volume in use is never the same for long.

import LinuxIO
import Synchronization

/// What was seen of one entry at one time.
struct Observation {
    let source: FileStatus
    let destination: FileStatus
    let aspects: [FoundDifference.Aspect]
    /// Something of the entry was told that users changed since the last whole pass.
    var isPending = false
}

extension Verifier {
    /// Compares a run of entries of one directory.
    func visit(_ piece: EntryPiece<VerifiedState>) {
        let open: OpenDirectory
        do throws(LostDirectory) { open = try lane.directories.use(piece.directory) } catch {
            reports.report(error.error, .open, error.side, path: piece.directory.path)
            return
        }
        defer { lane.directories.release(piece.directory) }
        for index in piece.range {
            guard context.mayBegin else { return }
            handle(VerifiedEntry(index, of: piece), open)
        }
    }

    private func handle(_ entry: VerifiedEntry, _ open: OpenDirectory) {
        let held = files.opensFiles ? HeldPair(entry, open, context) : nil
        guard let source = open.source, let destination = open.destination,
            let status = held?.source.status ?? status(of: entry, source, .source)
        else { return }
        if let spine = entry.directory.state.spine {
            if !spine.mayHandle(entry.name, isDirectory: status.kind == .directory) {
                // A directory of the spine when it was listed.
                log.reportVanished(entry.path)
                return
            }
            if spine.isShared, status.kind == .directory, spine.child(entry.name) != nil {
                if names.canGoThrough(entry, status, destination.descriptor) { handOn(entry) }
                return
            }
        }
        counters.entriesSeen.count()
        counters.bytesSeen.count(status.allocatedBytes)
        if let crossing = context.boundary(.source).crossing(at: status) {
            reportSkippedMount(crossing, .source, path: entry.path)
            return
        }
        if !context.isCarried(status.kind) { return }
        guard entry.isOnDestination else {
            reportMissing(entry, status, open)
            return
        }
        let other: FileStatus
        do throws(SystemError) {
            if let held {
                other = held.destination.status
            } else if let found = try context.boundary(.destination).status(
                of: entry.pointer,
                in: destination.descriptor
            ) {
                other = found
            } else {
                reportMissing(entry, status, open)
                return
            }
        } catch {
            reports.fail(.examine, .destination, error, path: entry.path)
            return
        }
        if let crossing = context.boundary(.destination).crossing(at: other) {
            reportMountOver(entry, crossing, status, source.descriptor)
            return
        }
        if context.comparison.clampsTime(of: status) { context.clampedTimes.note(entry.path) }
        compare(entry, open, status, other, held)
    }

    private func handOn(_ entry: VerifiedEntry) {
        lane.handOn(
            VerifiedDirectory(
                parent: entry.directory,
                name: entry.name,
                state: VerifiedState(spine: entry.directory.state.spine?.child(entry.name))
            )
        )
    }

    /// The status of one side; nil when the entry is gone or that failed, which was recorded.
    private func status(
        of entry: VerifiedEntry,
        _ directory: SharedDescriptor,
        _ side: Failure.Side
    ) -> FileStatus? {
        do throws(SystemError) {
            let boundary = context.boundary(side)
            if let status = try boundary.status(of: entry.pointer, in: directory.descriptor) {
                return status
            }
            log.reportVanished(entry.path)
        } catch {
            reports.fail(.examine, side, error, path: entry.path)
        }
        return nil
    }

    private func reportMissing(
        _ entry: VerifiedEntry,
        _ status: FileStatus,
        _ open: OpenDirectory
    ) {
        guard let source = open.source, let destination = open.destination else { return }
        do throws(SystemError) {
            // It came meanwhile, or was removed or renamed on DESTINATION, which only its directory shows.
            let place = try destination.descriptor.status()
            let isChanged = context.isRecent(status) || context.isRecent(place)
            let difference = FoundDifference(
                path: entry.path,
                kind: status.kind,
                aspect: .missing
            )
            var standing = DifferenceStanding(isChanged: isChanged)
            if !isChanged, let pending = context.pending, !pending.mayStay(difference.path, status)
            {
                standing = pending.judge.standing(
                    ofMissing: status.kind,
                    source: status.changed.nanosecondsSince1970,
                    sourceDirectory: context.directoryChange(source),
                    destinationDirectory: place.changed.nanosecondsSince1970,
                    isInRoot: entry.directory.isRoot
                )
            }
            if case .pending = standing { counters.pending.count() }
            log.tell(difference, standing)
        } catch {
            reports.fail(.examine, .destination, error, path: entry.path)
        }
    }

    // MARK: Comparing

    private func compare(
        _ entry: VerifiedEntry,
        _ open: OpenDirectory,
        _ source: FileStatus,
        _ destination: FileStatus,
        _ held: HeldPair?
    ) {
        if source.kind == .directory, destination.kind == .directory {
            handOn(entry)
            return
        }
        var isPending = false
        if source.kind != .directory, destination.kind != .directory {
            let meeting = context.links.meet(source: source, destination: destination) {
                entry.path
            }
            switch meeting {
            case .first: account(destination)
            case .again:
                // The same two inodes were compared under another name. A manifest names every name.
                if context.manifest == nil { return }
            case .torn where !context.options.preserved.contains(.hardLinks): break
            case .torn:
                let aspect = FoundDifference.Aspect.links(LinkFacts(source), LinkFacts(destination))
                reports.tell(
                    [aspect],
                    of: entry,
                    DifferingEntries(source, destination),
                    isChanged: reports.isRecent(source, destination),
                    isPending: &isPending
                )
            }
        }
        guard let look = secondLook(at: entry, open, source, destination, isPending) else {
            return
        }
        if look.source.kind == .regular, look.destination.kind == .regular {
            files.compareContents(entry, open, look, held)
        }
    }

    /// Looks at an entry, twice if it differs, and tells what does.
    ///
    /// Nil when it is gone or that failed, which was recorded.
    private func secondLook(
        at entry: VerifiedEntry,
        _ open: OpenDirectory,
        _ source: FileStatus,
        _ destination: FileStatus,
        _ isPending: Bool
    ) -> Observation? {
        guard var first = aspects.look(at: entry, open, source, destination) else { return nil }
        first.isPending = isPending
        if first.aspects.isEmpty { return first }
        guard let sourceDirectory = open.source, let destinationDirectory = open.destination,
            let sourceNow = status(of: entry, sourceDirectory, .source),
            let destinationNow = status(of: entry, destinationDirectory, .destination),
            var second = aspects.look(at: entry, open, sourceNow, destinationNow)
        else { return nil }
        var isChanged =
            reports.isRecent(sourceNow, destinationNow) || reports.hasMoved(source, sourceNow)
            || reports.hasMoved(destination, destinationNow)
        var isTouchedBelow = false
        // A directory in the place of something else: with the next pass all below it would go.
        if let pending = context.pending, !isChanged, destinationNow.kind == .directory,
            sourceNow.kind != .directory
        {
            switch extras.look(
                below: entry.name,
                in: destinationDirectory.descriptor,
                path: entry.path,
                pending
            ) {
            case .notLookedAt: return nil
            case .untouched: break
            case .changedMeanwhile: isChanged = true
            case .touched: isTouchedBelow = true
            }
        }
        second.isPending = isPending
        reports.tell(
            second.aspects,
            of: entry,
            DifferingEntries(
                sourceNow,
                destinationNow,
                in: sourceDirectory,
                isTouchedBelow: isTouchedBelow
            ),
            isChanged: isChanged,
            isPending: &second.isPending
        )
        return second
    }

    /// Compares the attributes of a directory that is open on both sides; twice, where they differ, before it is
    /// told.
    func compareDirectory(
        _ node: VerifiedDirectory,
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor,
        _ before: (source: FileStatus, destination: FileStatus)
    ) {
        do throws(AttributeFailure) {
            if try aspects.openAspects(source, destination, before.source, before.destination)
                .isEmpty
            {
                return
            }
            let sourceNow = try status(of: source, .source)
            let destinationNow = try status(of: destination, .destination)
            let found = try aspects.openAspects(source, destination, sourceNow, destinationNow)
            let isChanged =
                reports.isRecent(sourceNow, destinationNow)
                || reports.hasMoved(before.source, sourceNow)
                || reports.hasMoved(before.destination, destinationNow)
            // Nothing more is told of it that would count it again.
            var isPending = false
            reports.tell(
                found,
                path: node.path,
                DifferingEntries(sourceNow, destinationNow),
                isChanged: isChanged,
                isPending: &isPending
            )
        } catch {
            reports.report(error.error, error.activity, error.side, path: node.path)
        }
    }

    private func status(
        of descriptor: borrowing Descriptor,
        _ side: Failure.Side
    ) throws(AttributeFailure) -> FileStatus {
        do throws(SystemError) { return try descriptor.status() } catch {
            throw AttributeFailure(.examine, side, error)
        }
    }
}

extension LinkFacts {
    init(_ status: FileStatus) {
        self.init(inode: status.inode, names: status.linkCount, device: status.device)
    }
}
