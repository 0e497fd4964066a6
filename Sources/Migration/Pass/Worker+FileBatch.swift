// Small files read together: collecting them while a piece of work goes through its entries, then reading
// and writing them (FileBatch).

import LinuxIO

extension Worker {
    /// Puts a file that is to be copied on this worker's batch; false when it must be copied by itself.
    func collect(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        line: Itemization?
    ) -> Bool {
        guard isCollecting, FileBatch.suits(status), let batch = batch() else { return false }
        batch.files.append(
            FileBatch.File(entry: entry, status: status, destination: destination, line: line)
        )
        if batch.files.count == batch.ring.capacity { copyCollected(open) }
        return true
    }

    /// This worker's batch, made at its first use; nil where io_uring cannot be had.
    private func batch() -> FileBatch? {
        if let fileBatch { return fileBatch }
        guard context.readsTogether else { return nil }
        // Refused to this worker though not to the pass (memory): it reads file by file, which is only slower.
        fileBatch = try? FileBatch(filesMax: context.budget.batchFiles)
        if fileBatch == nil { isCollecting = false }
        return fileBatch
    }

    /// Copies what is on the batch.
    func copyCollected(_ open: OpenDirectory) {
        guard let batch = fileBatch, !batch.files.isEmpty else { return }
        let files = batch.files
        batch.files.removeAll(keepingCapacity: true)
        // One file is read ahead by the kernel as well as by us.
        guard files.count > 1, context.mayWrite else {
            for file in files where !context.isInterrupted {
                settle(context.mayWrite ? copyAlone(file, open) : .failed, file)
            }
            return
        }
        for opened in read(files, open, batch) where !context.isInterrupted {
            // S18: after a stop no further file is begun, though it was collected before.
            settle(context.mayWrite ? copy(opened, open, batch) : .failed, opened.file)
        }
    }

    private func settle(_ result: ActionResult, _ file: FileBatch.File) {
        settle(result, file.status, replacing: file.destination, line: file.line)
    }

    private func copyAlone(_ file: FileBatch.File, _ open: OpenDirectory) -> ActionResult {
        copyFile(
            file.entry,
            open,
            file.status,
            file.destination,
            line: file.line,
            isLeader: false
        )
    }

    /// Opens all and reads those that fit the buffer; those that cannot be opened are settled.
    private func read(
        _ files: [FileBatch.File],
        _ open: OpenDirectory,
        _ batch: FileBatch
    ) -> [FileBatch.Opened] {
        guard let source = open.source else { return [] }
        var used = 0
        var all: [FileBatch.Opened] = []
        for file in files {
            guard let opened = openSource(file.entry, source, file.status, isDirect: true) else {
                settle(.failed, file)
                continue
            }
            var part: (read: Int, bytes: Range<Int>)?
            let end = UInt64(used) + ContentCopier.roundedUp(opened.status.sizeBytes)
            if opened.isDirect, FileBatch.suits(opened.status), end <= UInt64(FileBatch.bytesMax) {
                context.throttle?.wait(for: Int(opened.status.sizeBytes)) { context.isInterrupted }
                let bytes = used..<Int(end)
                let memory = UnsafeMutableRawBufferPointer(rebasing: batch.buffer[bytes])
                part = (batch.ring.add(opened.reader.descriptor, into: memory), bytes)
                used = bytes.upperBound
            }
            all.append(FileBatch.Opened(file: file, source: opened, part: part))
        }
        do throws(SystemError) { try batch.ring.run() } catch {
            // The ring is of no use any more; each file is read by itself.
            for index in all.indices { all[index].part = nil }
            fileBatch = nil
            isCollecting = false
        }
        return all
    }

    private func copy(
        _ opened: FileBatch.Opened,
        _ open: OpenDirectory,
        _ batch: FileBatch
    ) -> ActionResult {
        guard let target = open.destination else { return .failed }
        let file = opened.file
        let source = opened.source
        let size = Int(source.status.sizeBytes)
        // Fewer bytes than the file had, or an error: reading it by itself finds out which, and where.
        guard let part = opened.part, let count = try? batch.ring.result(of: part.read),
            count >= size
        else {
            return copyFile(
                file.entry,
                source,
                target,
                file.destination,
                line: file.line,
                isLeader: false
            )
        }
        guard
            let new = create(
                file.entry,
                source.status,
                target.descriptor,
                replacing: file.destination
            )
        else { return .failed }
        let contents = UnsafeMutableRawBufferPointer(
            rebasing: batch.buffer[part.bytes].prefix(size)
        )
        context.counters.bytesCopied.count(UInt64(size))
        let name = new.name
        do throws(CopyFailure) {
            var passing = try copier.prepare(
                new.writer,
                sizeBytes: UInt64(size),
                readsDirectly: false
            )
            try copier.write(contents, to: new.writer, at: 0, &passing)
        } catch {
            failCopy(error, file.entry, source.status)
            removeTemporary(name, target.descriptor, file.entry)
            return .failed
        }
        return complete(
            file.entry,
            source.status,
            source.reader.descriptor,
            new,
            target,
            end: source.status.sizeBytes,
            writtenEnd: copier.writtenEnd,
            isLeader: false
        )
    }
}
