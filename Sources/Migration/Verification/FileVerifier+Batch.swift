// Small files read together: those of a piece are opened on both sides and read in one submission of direct reads,
// so that the block layer joins those that lie side by side on the disks (docs/design/copy.md).

import LinuxIO

extension FileVerifier {
    /// Files of one submission: each is open on both sides.
    static let batchPairsMax = 32

    /// A run of entries begins; `mayWait`: files of it may be read together.
    func begin(mayWait: Bool) { isCollecting = context.readsTogether && mayWait }

    /// It has ended: what waits is compared.
    func end(_ open: OpenDirectory) {
        compareCollected(open)
        isCollecting = false
    }

    /// Puts a file on this worker's batch; false when it must be read by itself.
    func collect(_ pair: FilePair, _ open: OpenDirectory) -> Bool {
        guard isCollecting, pair.source.isDirect, pair.destination.isDirect,
            SmallFiles.suit(pair.source.status), SmallFiles.suit(pair.destination.status),
            let ring = readRing()
        else { return false }
        let start = batch.last?.part?.bytes.upperBound ?? 0
        let length = Int(ContentCopier.roundedUp(pair.source.status.sizeBytes))
        if start + length > ContentComparer.halfBytes {
            compareCollected(open)
            return collect(pair, open)
        }
        let bytes = start..<start + length
        var waiting = pair
        waiting.part = (
            bytes,
            ring.add(
                pair.source.reader.descriptor,
                into: UnsafeMutableRawBufferPointer(rebasing: comparer.left[bytes])
            ),
            ring.add(
                pair.destination.reader.descriptor,
                into: UnsafeMutableRawBufferPointer(rebasing: comparer.right[bytes])
            )
        )
        batch.append(waiting)
        if 2 * batch.count + 2 > ring.capacity { compareCollected(open) }
        return true
    }

    /// This worker's ring, made at its first use; nil where io_uring cannot be had.
    private func readRing() -> ReadRing? {
        if let ring { return ring }
        // Refused to this worker though not to all (memory): it reads file by file, which is only slower.
        ring = try? ReadRing(capacity: context.budget.batchFiles)
        if ring == nil { isCollecting = false }
        return ring
    }

    /// Reads and compares what is on the batch.
    func compareCollected(_ open: OpenDirectory) {
        guard let ring, !batch.isEmpty else { return }
        let pairs = batch
        batch.removeAll(keepingCapacity: true)
        var isRead = true
        do throws(SystemError) { try ring.run() } catch {
            // The ring is of no use any more; each file is read by itself.
            isRead = false
            self.ring = nil
            isCollecting = false
        }
        // Those that must be read by themselves need the buffer that the others are in: they come last.
        var rest: [FilePair] = []
        for pair in pairs {
            if context.isInterrupted { return }
            if !isRead || !compareRead(pair, ring) { rest.append(pair) }
        }
        for pair in rest where !context.isInterrupted { compareAlone(pair) }
    }

    /// Compares a file that was read with others; false when it was not read whole, or differs: reading it by
    /// itself finds out what is wrong, and where.
    private func compareRead(_ pair: FilePair, _ ring: ReadRing) -> Bool {
        let size = Int(pair.source.status.sizeBytes)
        guard let part = pair.part, let left = try? ring.result(of: part.source),
            let right = try? ring.result(of: part.destination), left >= size, right >= size
        else { return false }
        let bytes = part.bytes.prefix(size)
        let source = UnsafeRawBufferPointer(rebasing: comparer.left[bytes])
        guard haveSameBytes(source, UnsafeRawBufferPointer(rebasing: comparer.right[bytes])) else {
            return false
        }
        context.counters.bytesRead.count(2 * UInt64(size))
        var digest: SHA256?
        if context.manifest != nil {
            var made = SHA256()
            made.update(source)
            digest = made
        }
        conclude(pair, ContentFindings(), digest)
        return true
    }
}
