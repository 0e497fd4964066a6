// The record of SOURCE's inodes at hand, for a pass that meets each of them: a walk.
//
// A question to SQLite costs ten system calls and more, and all workers wait for one connection. So the whole
// record is read once, in order, before they begin, and never changes after that: a look costs no lock and no
// call. Up to `bytesMax` of it is kept; what does not fit is asked for one by one (`Lookups`), which
// gives the same answers, slower. Of the inodes it is always known which there are.
//
// It keeps true: it is the record of one moment. Nobody else changes it while this pass has the pair's lock.

/// The record at hand.
///
/// Any thread may ask it.
package final class RecordTable: Sendable {
    /// 2,000,000 inodes and their directories are 60 MB.
    package static let bytesMax = 64 << 20

    /// Where a record stands in the table.
    package struct Place: Sendable {
        package let chunk: Int
        /// The bit of the inode among the 64 of its chunk.
        package let bit: UInt64

        package init(chunk: Int, bit: UInt64) {
            self.chunk = chunk
            self.bit = bit
        }
    }

    /// Whether it knows which inodes there are; if not, all that follows is empty.
    package let isRead: Bool
    let history: History
    /// In ascending order, as SQLite has them.
    private let numbers: [Int64]
    /// Which of the 64 inodes of each chunk are recorded.
    private let present: [UInt64]
    /// Where the records of each chunk begin in `records`; empty where they are not kept.
    private let starts: [Int]
    private let records: [UInt8]
    private let directories: DirectoryTable?
    private let names: NameTable?

    /// A table that keeps nothing: each question goes to SQLite.
    package init(unread history: History) {
        self.history = history
        isRead = false
        numbers = []
        present = []
        starts = []
        records = []
        directories = nil
        names = nil
    }

    /// Reads the whole record.
    /// - Throws: `failed`.
    package init(_ history: History, bytesMax: Int = RecordTable.bytesMax) throws(HistoryProblem) {
        self.history = history
        var chunks = Chunks(bytesMax: bytesMax)
        var directories: DirectoryTable?
        var names: NameTable?
        do throws(StorageError) {
            // One that keeps no pages: each is read once.
            let connection = try Connection(
                folder: history.folder,
                name: history.names.database,
                for: .streaming
            )
            defer { connection.close() }
            try connection.access { database in
                try chunks.read(database)
                var left = bytesMax - chunks.records.count
                directories = try DirectoryTable(database, bytesMax: left)
                left -= directories?.byteCount ?? 0
                names = try NameTable(database, bytesMax: left)
            }
        } catch {
            throw history.problem(error)
        }
        isRead = true
        numbers = chunks.numbers
        present = chunks.present
        starts = chunks.starts
        records = chunks.records
        self.directories = directories
        self.names = names
    }

    // MARK: Inodes

    /// Chunks that there are; a `Place` is in one of them.
    package var chunkCount: Int { numbers.count }

    /// Which inodes of a chunk are recorded, one bit each.
    package func recorded(inChunk index: Int) -> UInt64 { present[index] }

    /// The inode of a place.
    package func inode(at place: Place) -> UInt64 {
        UInt64(numbers[place.chunk]) << 6 | UInt64(place.bit.trailingZeroBitCount)
    }

    /// Where an inode is recorded; nil: it is not.
    ///
    /// `near` is the chunk in which the one who asks was last, and is then: neighbours in a directory are mostly
    /// neighbours here.
    package func place(of inode: UInt64, near: inout Int) -> Place? {
        let number = Chunk.number(of: inode)
        if near >= numbers.count || numbers[near] != number {
            let found = numbers.lowerBound(number)
            guard found < numbers.count, numbers[found] == number else { return nil }
            near = found
        }
        let bit: UInt64 = 1 << UInt64(Chunk.offset(of: inode))
        return present[near] & bit == 0 ? nil : Place(chunk: near, bit: bit)
    }

    /// What stands at a place.
    /// - Throws: `failed`.
    package func record(at place: Place) throws(HistoryProblem) -> InodeRecord {
        guard !starts.isEmpty else {
            let inode = inode(at: place)
            guard let record = try history.inode(inode) else {
                throw .failed("inode \(inode) is not recorded any more")
            }
            return record
        }
        let index = (present[place.chunk] & (place.bit &- 1)).nonzeroBitCount
        let start = starts[place.chunk]
        return records.withUnsafeBytes { bytes in
            Chunk.record(
                UnsafeRawBufferPointer(rebasing: bytes[start...]),
                at: index,
                chunk: numbers[place.chunk]
            )
        }
    }

    // MARK: Names

    /// Whether a directory is recorded in this one under this name.
    /// - Throws: `failed`.
    package func hasDirectory(
        _ inode: UInt64,
        in parent: UInt64,
        named name: UnsafeRawBufferPointer
    ) throws(HistoryProblem) -> Bool {
        if let directories { return directories.has(inode, in: parent, named: name) }
        guard let known = try history.directory(inode), known.parent == parent else { return false }
        return known.name.withUnsafeBytes { $0.elementsEqual(name) }
    }

    /// Whether an inode with several names has this one.
    /// - Throws: `failed`.
    package func hasName(_ name: NameRecord, of inode: UInt64) throws(HistoryProblem) -> Bool {
        if let names { return names.has(name, of: inode) }
        return try history.isRecorded(name, of: inode)
    }

    /// All recorded names of an inode that has several, in the order of `NameRecord`.
    /// - Throws: `failed`.
    package func names(of inode: UInt64) throws(HistoryProblem) -> [NameRecord] {
        if let names { return names.all(of: inode) }
        return try history.names(of: inode).sorted()
    }
}

/// The chunks while they are read.
private struct Chunks {
    private(set) var numbers: [Int64] = []
    private(set) var present: [UInt64] = []
    private(set) var starts: [Int] = []
    private(set) var records: [UInt8] = []
    private let bytesMax: Int

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    mutating func read(_ database: Database) throws {
        let query = try Query(database, "SELECT chunk, records FROM inodes ORDER BY chunk")
        defer { query.end() }
        var isKept = true
        while try query.step() {
            let number = query.integer(0)
            let bytes = try Chunk.records(of: query.blob(1), chunk: number)
            var mask: UInt64 = 0
            for index in 0..<bytes.count / Chunk.recordSize {
                mask |= 1 << UInt64(bytes[index * Chunk.recordSize])
            }
            numbers.append(number)
            present.append(mask)
            guard isKept else { continue }
            starts.append(records.count)
            records += bytes
            guard records.count > bytesMax else { continue }
            isKept = false
            starts = []
            records = []
        }
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index of a sorted collection whose element is not below `value`; its end, where all are.
    func lowerBound(_ value: Element) -> Int where Element: Comparable {
        bound { $0 < value }
    }

    /// The first index for which `isBelow` says no, as it must for all that follow.
    func bound(_ isBelow: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if isBelow(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
