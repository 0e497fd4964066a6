// A large file copied by several workers, in ranges.

import LinuxIO
import Synchronization

extension Worker {
    /// Cuts a large file up; this worker and whoever has time copy its ranges.
    func startLargeFile(
        _ entry: PassEntry,
        _ source: SourceFile,
        _ file: consuming NewFile,
        _ target: SharedDescriptor,
        replacing destination: FileStatus?,
        line: Itemization?,
        isLeader: Bool
    ) -> ActionResult {
        let name = file.name
        let opened = source.status
        let passing: PageCachePassing
        let writer: Descriptor
        do throws(CopyFailure) {
            passing = try copier.prepare(
                file.writer,
                sizeBytes: opened.sizeBytes,
                readsDirectly: source.isDirect
            )
            writer = try Self.duplicate(of: file.writer, sizeBytes: opened.sizeBytes)
        } catch {
            failCopy(error, entry, opened)
            context.largeFiles.giveBack()
            removeTemporary(name, target.descriptor, entry)
            return .failed
        }
        let pieces = min(FileRanges.count(sizeBytes: opened.sizeBytes), lane.workers)
        let large = LargeFile(
            entry: entry,
            status: opened,
            destination: destination,
            reader: source.reader,
            writer: writer,
            passing: passing,
            file: file,
            target: target,
            line: line,
            isLeader: isLeader,
            workers: pieces
        )
        // One piece of the directory for the whole file, ended by the last worker.
        entry.directory.addPiece()
        // Counted as seen with its entry; from here on it is seen range by range, for who watches.
        let allocated = opened.allocatedBytes
        counters.bytesSeen.wrappingSubtract(allocated, ordering: .relaxed)
        for _ in 1..<pieces { lane.handOn(.ranges(large)) }
        copyRanges(of: large)
        return .underWay
    }

    private static func duplicate(
        of writer: borrowing Descriptor,
        sizeBytes: UInt64
    ) throws(CopyFailure) -> Descriptor {
        do throws(SystemError) { return try writer.duplicate() } catch {
            throw CopyFailure(side: .destination, error: error, bytes: 0..<sizeBytes)
        }
    }

    /// Copies ranges until none is left; completes the file if this worker leaves it last.
    func copyRanges(of file: LargeFile) {
        while let range = file.ranges.take() {
            defer { counters.bytesSeen.count(file.ranges.see(range)) }
            do throws(CopyFailure) {
                let outcome = try copier.copy(
                    from: file.reader.descriptor,
                    to: file.writer,
                    range: range,
                    sizeBytes: file.status.sizeBytes,
                    passing: file.passing,
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
        guard file.ranges.leave() else { return }
        counters.bytesSeen.count(file.ranges.takeUnseen())
        completeLargeFile(file)
        finishPiece(of: file.entry.directory)
    }

    /// What the disk does not give is looked for when no other worker reads the file any more.
    private func handle(_ failure: CopyFailure, of file: LargeFile) {
        if failure.side == .source, failure.isDamage {
            file.noteDamage(failure)
        } else {
            failCopy(failure, file.entry, file.status)
        }
    }

    private func completeLargeFile(_ file: LargeFile) {
        context.largeFiles.giveBack()
        guard let new = file.takeFile() else { return }
        let entry = file.entry
        var result = ActionResult.failed
        if let failure = file.damageFailure {
            result = rescue(
                entry,
                SourceFile(
                    status: file.status,
                    reader: file.reader,
                    isDirect: file.passing.reads
                ),
                new,
                file.target,
                replacing: file.destination,
                after: failure,
                isLeader: file.isLeader
            )
        } else if file.ranges.isGivenUp {
            removeTemporary(new.name, file.target.descriptor, entry)
        } else {
            result = complete(
                entry,
                file.status,
                file.reader.descriptor,
                new,
                file.target,
                end: file.end,
                writtenEnd: nil,
                isLeader: file.isLeader
            )
        }
        settle(result, file.status, replacing: file.destination, line: file.line)
        guard file.isLeader else { return }
        if case .done(let identity) = result {
            establish(entry, file.status, identity)
        } else {
            leaderFailed(file.status.identity)
        }
    }
}
