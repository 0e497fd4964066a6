// Small files read together: collected while a run of entries is visited, then read in one submission, and written one
// after the other (FileBatch).

import LinuxIO

/// A small file that waits.
struct WaitingFile {
    var pair: EntryPair
    let line: Itemization?
}

extension FileCopier {
    /// One that is open, with its part of the buffer and the number of its read, if it was read with others.
    private struct Opened {
        let file: WaitingFile
        let source: SourceFile
        var part: (read: Int, bytes: Range<Int>)?
    }

    /// Handles that are let go of and not closed yet; nothing else of what a worker may hold is open then
    /// (DescriptorBudget).
    private static let handlesMost = 4

    /// Puts a file that is to be copied on this worker's batch; false when it must be copied by itself.
    func collect(_ pair: EntryPair, _ line: Itemization?) -> Bool {
        guard pair.mayWait, SmallFiles.suit(pair.source), let batch = makeBatch() else {
            return false
        }
        batch.files.append(WaitingFile(pair: pair, line: line))
        if batch.files.count == batch.ring.capacity { copyCollected() }
        return true
    }

    /// This worker's batch, made at its first use; nil where io_uring cannot be had.
    private func makeBatch() -> FileBatch<WaitingFile>? {
        if let batch { return batch }
        guard context.plan.readsTogether, !lacksBatch else { return nil }
        // Refused to this worker though not to the pass (memory): it reads file by file, which is only slower.
        batch = try? FileBatch(filesMax: context.plan.budget.batchFiles)
        lacksBatch = batch == nil
        return batch
    }

    /// Copies what is on the batch; called at the end of each run of entries.
    func copyCollected() {
        guard let batch, !batch.files.isEmpty else { return }
        var files = batch.take()
        // One file is read ahead by the kernel as well as by us.
        guard files.count > 1, context.log.mayWrite else {
            for file in files where !context.log.isInterrupted {
                conclude(context.log.mayWrite ? copyNow(file.pair, Self.task(file)) : .failed, file)
            }
            return
        }
        var opened = read(&files, batch)
        for file in opened where !context.log.isInterrupted {
            // S18: after a stop no further file is begun, though it was collected before.
            conclude(context.log.mayWrite ? copy(file, batch) : .failed, file.file)
        }
        closingTogether(SmallFiles.filesMax, batch) { opened.removeAll() }
    }

    /// Does what lets go of files of SOURCE and their handles, which are closed in few calls where that can be had.
    private func closingTogether(
        _ most: Int,
        _ batch: FileBatch<WaitingFile>,
        _ body: () -> Void
    ) {
        guard context.volumes.closesTogether, self.batch === batch else { return body() }
        do throws(SystemError) { try batch.ring.closingTogether(most, body) } catch {
            // The ring is of no use any more; the next run makes another.
            self.batch = nil
        }
    }

    private static func task(_ file: WaitingFile) -> CopyTask {
        CopyTask(line: file.line, isLeader: false)
    }

    private func conclude(_ result: ActionResult, _ file: WaitingFile) {
        reports.conclude(result, file.pair, line: file.line)
    }

    /// Opens all and reads those that fit the buffer; those that cannot be opened are concluded.
    ///
    /// Lets go of the handles that they came with, each soon after it is open: a worker holds one descriptor for each
    /// file, and few more.
    private func read(_ files: inout [WaitingFile], _ batch: FileBatch<WaitingFile>) -> [Opened] {
        var all: [Opened] = []
        closingTogether(Self.handlesMost, batch) {
            for index in files.indices {
                let source = maker.openSource(files[index].pair, isDirect: true)
                files[index].pair = files[index].pair.withoutHandle
                if let source {
                    all.append(Opened(file: files[index], source: source))
                } else {
                    conclude(.failed, files[index])
                }
            }
        }
        if self.batch === batch { read(&all, batch) }
        return all
    }

    /// Reads those that fit the buffer.
    private func read(_ all: inout [Opened], _ batch: FileBatch<WaitingFile>) {
        var used = 0
        for index in all.indices {
            let source = all[index].source
            let end = UInt64(used) + ContentCopier.roundedUp(source.status.sizeBytes)
            guard source.isDirect, SmallFiles.suit(source.status),
                end <= UInt64(SmallFiles.bytesMax)
            else { continue }
            context.contentRules.wait(for: Int(source.status.sizeBytes))
            let bytes = used..<Int(end)
            let memory = UnsafeMutableRawBufferPointer(rebasing: batch.buffer[bytes])
            all[index].part = (batch.ring.add(source.reader.descriptor, into: memory), bytes)
            used = bytes.upperBound
        }
        do throws(SystemError) { try batch.ring.run() } catch {
            // The ring is of no use any more; each file is read by itself, and the next run makes another.
            for index in all.indices { all[index].part = nil }
            self.batch = nil
        }
    }

    private func copy(_ opened: Opened, _ batch: FileBatch<WaitingFile>) -> ActionResult {
        let source = opened.source
        let pair = opened.file.pair.with(source: source.status)
        guard let target = pair.open.destination else { return .failed }
        let size = Int(source.status.sizeBytes)
        // Fewer bytes than the file had, or an error: reading it by itself finds out which, and where.
        guard let part = opened.part, let count = try? batch.ring.result(of: part.read),
            count >= size
        else { return copy(pair, source, Self.task(opened.file)) }
        guard let new = maker.create(pair, source, in: target.descriptor) else { return .failed }
        let contents = UnsafeMutableRawBufferPointer(
            rebasing: batch.buffer[part.bytes].prefix(size)
        )
        context.contentRules.countCopied(UInt64(size))
        let end: ContentEnd
        do throws(ContentFailure) {
            var bypass = try maker.prepare(new, source)
            try maker.copier.write(contents, to: new.writer, at: 0, &bypass)
            end = ContentEnd(end: source.status.sizeBytes, writtenEnd: bypass.writtenEnd)
        } catch {
            maker.salvager.fail(error, pair)
            maker.giveUp(new.name, pair)
            return .failed
        }
        return maker.complete(pair, source, new, end, isLeader: false)
    }
}
