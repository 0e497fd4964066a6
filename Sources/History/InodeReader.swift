// The record of a range of inodes, in ascending order, as fast as it can be read.
//
// Each reader has its own connection, so several threads read several ranges side by side. It holds no
// lock between two calls, and no memory but one buffer of some 110 kB.

/// Streams recorded inodes; used by one thread.
///
/// Not to be used while `History.finish` runs: what it gives would be partly of before, partly of
/// after, and either would wait for the other.
package final class InodeReader {
    /// Keeps the lock.
    private let history: History
    private let connection: Connection
    private let range: Range<UInt64>
    private let buffer: UnsafeMutableRawBufferPointer
    /// What of the buffer is filled, chunk by chunk.
    private var chunks: [(number: Int64, records: Range<Int>)] = []
    private var chunkIndex = 0
    private var recordIndex = 0
    private var nextChunk: Int64
    private var lastChunk: Int64

    /// Chunks of one read: 4,096 inodes at most.
    private static let batch = 64

    init(_ history: History, _ range: Range<UInt64>) throws(StorageError) {
        self.history = history
        self.range = range
        connection = try Connection(
            folder: history.folder,
            name: history.names.database,
            for: .streaming
        )
        buffer = .allocate(byteCount: Self.batch * Chunk.largest, alignment: 16)
        chunks.reserveCapacity(Self.batch)
        nextChunk = Chunk.number(of: range.lowerBound)
        lastChunk = range.isEmpty ? -1 : Chunk.number(of: range.upperBound - 1)
    }

    deinit {
        connection.close()
        buffer.deallocate()
    }

    /// The next record; nil: there are no more.
    /// - Throws: `failed`.
    package func next() throws(HistoryProblem) -> InodeRecord? {
        while true {
            if chunkIndex == chunks.count {
                guard try fill() else { return nil }
            }
            let chunk = chunks[chunkIndex]
            if recordIndex == chunk.records.count / Chunk.recordSize {
                chunkIndex += 1
                recordIndex = 0
                continue
            }
            let records = UnsafeRawBufferPointer(rebasing: buffer[chunk.records])
            let record = Chunk.record(records, at: recordIndex, chunk: chunk.number)
            recordIndex += 1
            if range.contains(record.inode) { return record }
        }
    }

    /// Reads the next chunks; false: there are none.
    private func fill() throws(HistoryProblem) -> Bool {
        chunks.removeAll(keepingCapacity: true)
        chunkIndex = 0
        recordIndex = 0
        guard nextChunk <= lastChunk else { return false }
        do {
            try connection.access { try read($0) }
        } catch {
            throw history.problem(error)
        }
        return !chunks.isEmpty
    }

    private func read(_ database: Database) throws {
        let query = try Query(
            database,
            "SELECT chunk, records FROM inodes WHERE chunk BETWEEN ? AND ? ORDER BY chunk LIMIT ?"
        )
        try query.bind(.integer(nextChunk), .integer(lastChunk), SQLValue(Self.batch))
        defer { query.end() }
        var end = 0
        while try query.step() {
            let number = query.integer(0)
            let records = try Chunk.records(of: query.blob(1), chunk: number)
            UnsafeMutableRawBufferPointer(rebasing: buffer[end...]).copyMemory(from: records)
            chunks.append((number, end..<end + records.count))
            end += records.count
            nextChunk = number + 1
        }
        if chunks.count < Self.batch { nextChunk = lastChunk + 1 }
    }
}

extension History {
    /// A reader of the recorded inodes in `range`, in ascending order.
    /// - Throws: `failed`.
    package func inodeReader(_ range: Range<UInt64>) throws(HistoryProblem) -> InodeReader {
        do {
            return try InodeReader(self, range)
        } catch {
            throw problem(error)
        }
    }
}
