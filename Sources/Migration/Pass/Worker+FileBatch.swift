// Small files read together: collecting them while a piece of work goes through its entries, then reading
// and writing them (FileBatch).

import LinuxIO

extension Worker {
    /// Puts a file that is to be copied on this worker's batch; false when it must be copied by itself.
    func collect(
        _ entry: Entry,
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
        var files = batch.files
        batch.files.removeAll(keepingCapacity: true)
        if context.isInterrupted { return }
        // One file is read ahead by the kernel as well as by us.
        if files.count > 1, context.mayWrite { read(&files, open, batch) }
        for file in files {
            if context.isInterrupted { return }
            // S18: after a stop no further file is begun, though it was collected before.
            switch context.mayWrite ? copy(file, open, batch) : .failed {
            case .done:
                if let line = file.line { context.emit(.changed(line)) }
                if let destination = file.destination { context.links.noteUnlinked(destination) }
            case .failed: tally(file.status)
            case .underWay: break
            }
        }
    }

    /// Opens all and reads those that fit the buffer.
    private func read(_ files: inout [FileBatch.File], _ open: OpenDirectory, _ batch: FileBatch) {
        guard let source = open.source else { return }
        var used = 0
        for index in files.indices {
            let file = files[index]
            guard let opened = openSource(file.entry, source, file.status, isDirect: true) else {
                files[index].hasFailed = true
                continue
            }
            files[index].source = opened
            let wanted = FileBatch.readBytes(opened.status)
            guard opened.isDirect, FileBatch.suits(opened.status),
                used + wanted <= FileBatch.bytesMax
            else { continue }
            context.throttle?.wait(for: Int(opened.status.sizeBytes)) { context.isInterrupted }
            let part = used..<used + wanted
            files[index].bytes = part
            files[index].read = batch.ring.add(
                opened.reader.descriptor,
                into: UnsafeMutableRawBufferPointer(rebasing: batch.buffer[part])
            )
            used = part.upperBound
        }
        do throws(SystemError) { try batch.ring.run() } catch {
            // The ring is of no use any more; each file is read by itself.
            for index in files.indices { files[index].read = nil }
            fileBatch = nil
            isCollecting = false
        }
    }

    private func copy(_ file: FileBatch.File, _ open: OpenDirectory, _ batch: FileBatch)
        -> ActionResult
    {
        if file.hasFailed { return .failed }
        guard let target = open.destination else { return .failed }
        guard let source = file.source else {
            return copyFile(
                file.entry,
                open,
                file.status,
                file.destination,
                line: file.line,
                isLeader: false
            )
        }
        let size = Int(source.status.sizeBytes)
        // Fewer bytes than the file had, or an error: reading it by itself finds out which, and where.
        guard let read = file.read, let count = try? batch.ring.result(of: read), count >= size
        else {
            return copyAlone(file, source, target)
        }
        guard let new = create(file.entry, target.descriptor, hasName: file.destination != nil)
        else {
            return .failed
        }
        let contents = UnsafeMutableRawBufferPointer(
            rebasing: batch.buffer[file.bytes].prefix(size)
        )
        context.counters.bytesCopied.count(UInt64(size))
        let name = new.name
        do throws(CopyFailure) {
            copier.writtenEnd = 0
            var passing = PageCachePassing(
                reads: false,
                writes: try copier.prepare(new.writer, sizeBytes: UInt64(size)),
                endBytes: UInt64(size)
            )
            try copier.write(contents, to: new.writer, at: 0, &passing)
        } catch {
            failCopy(error, file.entry)
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

    /// Copies a file that is open already, by reads of its own.
    private func copyAlone(
        _ file: FileBatch.File,
        _ source: SourceFile,
        _ target: SharedDescriptor
    ) -> ActionResult {
        guard let new = create(file.entry, target.descriptor, hasName: file.destination != nil)
        else {
            return .failed
        }
        return finishSmallFile(file.entry, source, new, target, isLeader: false)
    }
}
