// A large file copied by several workers, in ranges.

import LinuxIO
import Synchronization

extension FileCopier {
    /// Cuts a large file up for this worker and whoever has time.
    func copyInRanges(
        _ pair: EntryPair,
        _ source: SourceFile,
        _ file: consuming NewFile,
        _ task: CopyTask
    ) -> ActionResult {
        let name = file.name
        let status = source.status
        let bypass: CacheBypass
        let writer: Descriptor
        do throws(ContentFailure) {
            bypass = try maker.prepare(file, source)
            writer = try Self.duplicate(of: file.writer, sizeBytes: status.sizeBytes)
        } catch {
            maker.salvager.fail(error, pair)
            context.largeFiles.giveBack()
            maker.giveUp(name, pair)
            return .failed
        }
        let pieces = min(FileRanges.count(sizeBytes: status.sizeBytes), lane.workers)
        let large = LargeFile(
            pair,
            source,
            writing: file,
            through: writer,
            bypass,
            as: task,
            workers: pieces
        )
        // One piece of the directory for the whole file, ended by the last worker.
        pair.directory.addPiece()
        // Counted as seen with its entry; from here on it is seen range by range, for who watches.
        context.log.counters.bytesSeen.takeBack(status.allocatedBytes)
        for _ in 0..<pieces { lane.handOn(.ranges(large)) }
        return .underWay
    }

    private static func duplicate(
        of writer: borrowing Descriptor,
        sizeBytes: UInt64
    ) throws(ContentFailure) -> Descriptor {
        do throws(SystemError) { return try writer.duplicate() } catch {
            throw ContentFailure(side: .destination, error: error, bytes: 0..<sizeBytes)
        }
    }

    /// Copies ranges until none is left; the worker that leaves the file last completes it.
    ///
    /// Nil for the others; else what became of the file, which is told already.
    func copyRanges(of file: LargeFile) -> ActionResult? {
        let counters = context.log.counters
        // Each worker's own: where one falls back on the page cache, the others find out for themselves.
        var bypass = file.bypass
        while let range = file.ranges.take() {
            defer { counters.bytesSeen.count(file.ranges.see(range)) }
            guard context.log.mayBegin else {
                _ = file.ranges.giveUp()  // Nobody is told: the signal or the time limit was.
                continue
            }
            do throws(ContentFailure) {
                let outcome = try maker.copier.copy(
                    from: file.source.reader.descriptor,
                    to: file.writer,
                    range: range,
                    sizeBytes: file.source.status.sizeBytes,
                    bypass: &bypass,
                    mayHaveHoles: true
                )
                switch outcome {
                case .interrupted: _ = file.ranges.giveUp()  // Nobody is told: the signal was.
                case .copied(let end): if end < range.upperBound { file.noteEnd(end) }
                }
            } catch {
                if file.ranges.giveUp() { handle(error, of: file) }
            }
        }
        guard file.ranges.leave() else { return nil }
        counters.bytesSeen.count(file.ranges.takeUnseen())
        let result = complete(file)
        reports.conclude(result, file.pair, line: file.line)
        return result
    }

    /// What the disk does not give is looked for when no other worker reads the file any more.
    private func handle(_ failure: ContentFailure, of file: LargeFile) {
        if failure.side == .source, failure.isDamage {
            file.noteDamage(failure)
        } else {
            maker.salvager.fail(failure, file.pair)
        }
    }

    private func complete(_ file: LargeFile) -> ActionResult {
        context.largeFiles.giveBack()
        guard let new = file.takeFile() else { return .failed }
        if let failure = file.damageFailure {
            return maker.rescue(
                file.pair,
                file.source,
                new,
                after: failure,
                isLeader: file.isLeader
            )
        }
        if file.ranges.isGivenUp {
            maker.giveUp(new.name, file.pair)
            return .failed
        }
        let contents = ContentEnd(end: file.end, writtenEnd: nil)
        return maker.complete(file.pair, file.source, new, contents, isLeader: file.isLeader)
    }
}
