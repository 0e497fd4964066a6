// Sorted runs of a manifest's records, merged to one order: each run is read by blocks, so many runs need little
// memory.

import LinuxIO

/// One run, in memory or read from the spool.
struct ManifestRunReader {
    /// Length and digest, before the path.
    static let headBytes = 4 + ManifestLine.digestBytes
    private static let blockBytes = 65_536

    private let spool: SharedDescriptor?
    /// What is left in the spool.
    private var range: Range<UInt64>
    private var buffer: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        spool = nil
        range = 0..<0
        buffer = bytes
    }

    init(_ spool: SharedDescriptor, _ range: Range<UInt64>) {
        self.spool = spool
        self.range = range
        buffer = []
    }

    /// The next record; nil at the end.
    mutating func next() throws(SystemError) -> ManifestLine? {
        guard try fill(Self.headBytes) else { return nil }
        let length = buffer.withUnsafeBytes {
            Int($0.loadUnaligned(fromByteOffset: position, as: UInt32.self).littleEndian)
        }
        guard try fill(Self.headBytes + length) else { throw SystemError(.read, .corrupted) }
        let path = position + Self.headBytes
        let line = ManifestLine(
            digest: Array(buffer[position + 4..<path]),
            path: Array(buffer[path..<path + length])
        )
        position = path + length
        return line
    }

    /// Whether so many bytes are in the buffer, or could be read into it.
    private mutating func fill(_ count: Int) throws(SystemError) -> Bool {
        if buffer.count - position >= count { return true }
        guard let spool, !range.isEmpty else { return false }
        buffer.removeFirst(position)
        position = 0
        while buffer.count < count, !range.isEmpty {
            let wanted = min(Self.blockBytes, range.count)
            var block = [UInt8](repeating: 0, count: wanted)
            let start = range.lowerBound
            let read = try block.withUnsafeMutableBufferPointer { memory throws(SystemError) in
                try spool.descriptor.read(into: UnsafeMutableRawBufferPointer(memory), at: start)
            }
            if read == 0 { throw SystemError(.read, .corrupted) }
            buffer += block[..<read]
            range = start + UInt64(read)..<range.upperBound
        }
        return buffer.count >= count
    }
}

/// The smallest record of all runs, again and again: a binary heap of the runs' first records.
struct ManifestMerge {
    private var heap: [(line: ManifestLine, run: Int)] = []
    private var runs: [ManifestRunReader]
    private var isStarted = false

    init(_ runs: [ManifestRunReader]) { self.runs = runs }

    /// The next record in the order of paths; nil at the end.
    mutating func next() throws(SystemError) -> ManifestLine? {
        if !isStarted {
            isStarted = true
            for index in runs.indices {
                if let line = try runs[index].next() {
                    heap.append((line, index))
                    siftUp(heap.count - 1)
                }
            }
        }
        guard let first = heap.first else { return nil }
        if let following = try runs[first.run].next() {
            heap[0] = (following, first.run)
        } else {
            heap[0] = heap[heap.count - 1]
            heap.removeLast()
        }
        siftDown()
        return first.line
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        heap[left].line.path.lexicographicallyPrecedes(heap[right].line.path)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0, precedes(index, (index - 1) / 2) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func siftDown() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if precedes(child, least) { least = child }
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
