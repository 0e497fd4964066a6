// A large file compared by several workers, in ranges. With a manifest by one, for a digest is made of all bytes
// in their order, but as a piece of its own that any worker can take.

import LinuxIO
import Synchronization

/// One file that several workers compare at a time.
///
/// Shared by them.
final class LargeComparison: Sendable {
    let pair: FilePair
    let ranges: FileRanges
    let findings = Lock(ContentFindings())
    let digest = Lock<SHA256?>(nil)

    init(_ pair: FilePair, workers: Int, isWhole: Bool) {
        self.pair = pair
        ranges = FileRanges(pair.source.status, workers: workers, isWhole: isWhole)
    }
}

extension FileVerifier {
    /// Takes a file for several workers, if it is worth it and there are descriptors for it.
    func takesAsLarge(_ status: FileStatus) -> Bool {
        FileRanges.isLarge(status) && lane.workers > 1 && context.largeFiles.take(of: lane.workers)
    }

    /// Cuts a large file up for this worker and whoever has time.
    func startLargeComparison(_ pair: FilePair) {
        let status = pair.source.status
        let isWhole = context.manifest != nil
        let pieces = isWhole ? 1 : min(FileRanges.count(sizeBytes: status.sizeBytes), lane.workers)
        let large = LargeComparison(pair, workers: pieces, isWhole: isWhole)
        // One piece of the directory for the whole file, ended by the last worker.
        pair.entry.directory.addPiece()
        // Counted as seen with its entry; from here on it is seen range by range, for who watches.
        context.counters.bytesSeen.takeBack(status.allocatedBytes)
        for _ in 0..<pieces { lane.handOn(.ranges(large)) }
    }

    /// Compares ranges until none is left; concludes the file if this worker leaves it last, and says so.
    func compareRanges(of file: LargeComparison) -> Bool {
        while let range = file.ranges.take() {
            guard context.mayBegin else {
                // Not equal: not compared to the end.
                file.findings.withLock { $0.isInterrupted = true }
                _ = file.ranges.giveUp()  // Nobody is told: the signal or the time limit was.
                context.counters.bytesSeen.count(file.ranges.see(range))
                continue
            }
            var digest: SHA256? = context.manifest == nil ? nil : SHA256()
            let found = comparer.compare(
                file.pair.source,
                file.pair.destination,
                range: range,
                digest: &digest
            )
            // With a digest there is one range.
            if let digest { file.digest.withLock { $0 = digest } }
            if found.isInterrupted { _ = file.ranges.giveUp() }  // Nobody is told: the signal was.
            file.findings.withLock { $0.add(found) }
            context.counters.bytesSeen.count(file.ranges.see(range))
        }
        guard file.ranges.leave() else { return false }
        context.counters.bytesSeen.count(file.ranges.takeUnseen())
        context.largeFiles.giveBack()
        var findings = file.findings.withLock { $0 }
        findings.unreadable.sort { $0.bytes.lowerBound < $1.bytes.lowerBound }
        conclude(file.pair, findings, file.digest.withLock { $0 })
        return true
    }
}
