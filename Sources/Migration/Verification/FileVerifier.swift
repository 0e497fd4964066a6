// Contents of a regular file: opened on both sides, read, and what came out concluded. What differs is read once
// more before it is told.
//
//   FileVerifier              one file by itself
//   FileVerifier+Window       small ones, read together in the order of the disks
//   FileVerifier+LargeFiles   a large one, read by several workers
//   HeldPair                  one that is going to be opened
//   FileVerifier+Damage       what a disk does not give of a file, found to the block

import Dispatch
import LinuxIO

/// A file that is open on both sides.
struct FilePair {
    var entry: VerifiedEntry
    let source: ComparedFile
    let destination: ComparedFile
    /// Something of it was told that users changed since the last whole pass: it stands on no manifest.
    var isPending = false
}

extension FilePair {
    /// As they were when the files were opened.
    var statuses: DifferingEntries { DifferingEntries(source.status, destination.status) }
}

/// Compares the contents of files.
///
/// Belongs to one worker.
final class FileVerifier {
    let context: VerificationContext
    let lane: WalkLane<VerifiedState, VerificationTask>
    let reports: VerificationReports
    let comparer: ContentComparer
    private let aspects: AspectFinder
    /// What reads small files together; made at the first ones.
    var ring: ReadRing?
    /// A part of a window that this worker took, until it was read.
    var unitInHand: WindowUnit?
    /// Tells that a file may find room in a window now.
    let turnComes = DispatchSemaphore(value: 0)

    init(
        _ lane: WalkLane<VerifiedState, VerificationTask>,
        _ reports: VerificationReports,
        _ aspects: AspectFinder
    ) {
        context = reports.context
        self.lane = lane
        self.reports = reports
        self.aspects = aspects
        comparer = ContentComparer(context.log.reading, blockBytes: context.blockBytes)
    }

    /// Only an open file tells its project id (Q18).
    var opensFiles: Bool { context.options.comparesContents || context.comparesProjects }

    /// Compares contents, or lets the file wait for others that are read with it.
    func compareContents(
        _ entry: VerifiedEntry,
        _ open: OpenDirectory,
        _ look: Observation,
        _ held: HeldPair?
    ) {
        guard opensFiles, var pair = openPair(entry, open, look, held)
        else { return }
        tellSettings(of: &pair)
        guard context.options.comparesContents else { return }
        guard context.isSampled(inode: look.source.inode) else { return }
        let source = pair.source.status
        let destination = pair.destination.status
        guard source.sizeBytes == destination.sizeBytes else {
            reportSizes(pair, look)
            return
        }
        if collect(pair) { return }
        if takesAsLarge(source) {
            startLargeComparison(pair)
            return
        }
        compareAlone(pair)
    }

    /// Opens both sides; nil when that failed, which was recorded, or one of them vanished.
    private func openPair(
        _ entry: VerifiedEntry,
        _ open: OpenDirectory,
        _ look: Observation,
        _ held: HeldPair?
    ) -> FilePair? {
        guard let left = open.source, let right = open.destination,
            let source = openFile(entry, .source, left, look.source, held),
            let destination = openFile(entry, .destination, right, look.destination, held)
        else { return nil }
        return FilePair(
            entry: entry,
            source: source,
            destination: destination,
            isPending: look.isPending
        )
    }

    private func openFile(
        _ entry: VerifiedEntry,
        _ side: Failure.Side,
        _ directory: SharedDescriptor,
        _ known: FileStatus,
        _ held: HeldPair?
    ) -> ComparedFile? {
        do throws(SystemError) {
            let opened: RegularFile?
            if let held = held?.side(side), held.status.identity == known.identity {
                let handle = held.handle
                // Where it was looked at twice, as it is now.
                let hasMoved = reports.hasMoved(held.status, known)
                opened = try handle.descriptor.reopen(
                    withStatus: hasMoved ? try handle.descriptor.status() : held.status,
                    isDirect: true
                )
            } else {
                // Or replaced before the second look.
                opened = try directory.descriptor.openRegularFile(entry.pointer, isDirect: true)
            }
            guard let opened, opened.status.identity == known.identity else {
                // Replaced meanwhile: another file, of which nothing is known.
                reports.log.reportVanished(entry.path)
                return nil
            }
            return ComparedFile(side, opened)
        } catch {
            reports.report(error, .open, side, path: entry.path)
            return nil
        }
    }

    /// Flags that only an open file tells of, and project ids.
    private func tellSettings(of pair: inout FilePair) {
        do throws(AttributeFailure) {
            let found = try aspects.settingsAspects(
                pair.source.reader.descriptor,
                pair.destination.reader.descriptor
            )
            if found.isEmpty { return }
            let isChanged = reports.isRecent(pair.source.status, pair.destination.status)
            reports.tell(
                found,
                of: pair.entry,
                pair.statuses,
                isChanged: isChanged,
                isPending: &pair.isPending
            )
        } catch {
            reports.report(error.error, error.activity, error.side, path: pair.entry.path)
        }
    }

    /// Sizes differ: that was told, unless it came about after the look; the manifest gets what SOURCE has.
    private func reportSizes(_ pair: FilePair, _ look: Observation) {
        let sizes = (pair.source.status.sizeBytes, pair.destination.status.sizeBytes)
        if look.source.sizeBytes == look.destination.sizeBytes {
            var isPending = pair.isPending
            reports.tell(
                [.size(sizes.0, sizes.1)],
                of: pair.entry,
                pair.statuses,
                isChanged: true,
                isPending: &isPending
            )
            return
        }
        guard context.manifest != nil, !pair.isPending else { return }
        let (digest, findings) = comparer.digest(of: pair.source)
        reportUnreadable(findings, pair)
        if !hasChanged(pair) { write(digest, pair) }
    }

    // MARK: Comparing

    /// Compares one file with this worker alone.
    func compareAlone(_ pair: FilePair) {
        var digest: SHA256? = context.manifest == nil ? nil : SHA256()
        let findings = comparer.compare(
            pair.source,
            pair.destination,
            range: 0..<pair.source.status.sizeBytes,
            digest: &digest
        )
        conclude(pair, findings, digest)
    }

    /// Tells what became of a file, all of which was read.
    func conclude(_ pair: FilePair, _ read: ContentFindings, _ madeDigest: SHA256?) {
        var findings = read
        var digest = madeDigest
        if !findings.unreadable.isEmpty {
            examineDamage(of: pair, &findings)
            // What could be read in the end has no digest yet.
            if digest == nil, context.manifest != nil, findings.isReadable {
                digest = comparer.digest(of: pair.source).digest
            }
        }
        if findings.isInterrupted || context.isInterrupted { return }
        reportUnreadable(findings, pair)
        if findings.isReadable { context.counters.filesCompared.count() }
        guard let firstByte = findings.firstByte else {
            write(digest, pair)
            return
        }
        tellContents(of: pair, firstByte, findings, digest)
    }

    /// Tells that contents differ, from that byte on; SOURCE's go on the manifest all the same, if they stay what they
    /// are.
    private func tellContents(
        of pair: FilePair,
        _ firstByte: UInt64,
        _ findings: ContentFindings,
        _ digest: SHA256?
    ) {
        var pair = pair
        // Once more where it began to differ, before anything is told.
        let isSteady = differsStill(pair, at: firstByte)
        let isChanged = hasChanged(pair)
        if !isSteady, !isChanged {
            reports.tell(
                [.unsteady],
                of: pair.entry,
                pair.statuses,
                isChanged: false,
                isPending: &pair.isPending
            )
            return
        }
        let block = context.blockBytes
        let difference = ContentDifference(
            firstByte: firstByte,
            blocksDiffering: findings.blocksDiffering,
            blocks: (pair.source.status.sizeBytes + block - 1) / block,
            blockBytes: block
        )
        reports.tell(
            [.contents(difference)],
            of: pair.entry,
            pair.statuses,
            isChanged: isChanged,
            isPending: &pair.isPending
        )
        if !isChanged { write(digest, pair) }
    }

    /// Reads the place where two files differ once more.
    private func differsStill(_ pair: FilePair, at byte: UInt64) -> Bool {
        let start = byte / 65_536 * 65_536
        let end = min(start + 65_536, pair.source.status.sizeBytes)
        var noDigest: SHA256?
        pair.destination.reader.descriptor.forgetCachedPages()
        let again = comparer.compare(
            pair.source,
            pair.destination,
            range: start..<end,
            digest: &noDigest
        )
        return !again.isEqual
    }

    /// Whether one of the two files changed after the verification had begun.
    private func hasChanged(_ pair: FilePair) -> Bool {
        for file in [pair.source, pair.destination] {
            do throws(SystemError) {
                let now = try file.reader.descriptor.status()
                if context.isRecent(now) || reports.hasMoved(file.status, now) { return true }
            } catch {
                reports.fail(.examine, file.side, error, path: pair.entry.path)
            }
        }
        return false
    }

    private func reportUnreadable(_ findings: ContentFindings, _ pair: FilePair) {
        for range in findings.unreadable {
            reports.fail(.read, range.side, range.error, bytes: range.bytes, path: pair.entry.path)
        }
        for damaged in findings.damaged {
            reports.log.record(
                Failure(
                    path: pair.entry.path,
                    side: damaged.side,
                    activity: .read,
                    error: damaged.error,
                    bytes: damaged.damage.bounds,
                    damage: DamageReport(damaged.damage, .kept)
                )
            )
        }
    }

    /// Puts a file on the manifest, if there is one and SOURCE's bytes are all known.
    private func write(_ digest: SHA256?, _ pair: FilePair) {
        guard let manifest = context.manifest, let digest, !pair.isPending else { return }
        manifest.add(digest.bytes, path: pair.entry.path)
    }
}
