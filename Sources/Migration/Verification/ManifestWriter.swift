// Digests of what was compared, written to a file in the order of paths: the same trees give the same file, byte
// for byte. Memory stays the same however many there are: full runs are sorted and written to a file without a
// name, and at the end all runs are merged.
//
//   added ─▶ a run in memory, 4 MiB ─▶ sorted, written ─▶ … ─▶ all runs merged ─▶ FILE
//
// FILE appears under its name only when it is complete and on its disk; one that was there before is replaced then,
// and stays as it was when anything fails.

package import LinuxIO

/// Collects digests from all workers.
///
/// Thread-safe; `publish` once, when nobody adds any more.
package final class ManifestWriter: Sendable {
    /// Paths and digests of one run.
    package static let runBytes = 4 << 20

    private struct State: ~Copyable, Sendable {
        var run = ManifestRun()
        var spilled: [Range<UInt64>] = []
        var count: UInt64 = 0
        var failure: SystemError?
        var target: ReplacementFile?
    }

    private let state: Lock<State>
    private let spool: SharedDescriptor
    private let runBytes: Int
    private let earlierBytes: UInt64

    /// Prepares for a file at `path`, whose directory must be there; nothing is there under that name yet.
    package init(_ path: Name, runBytes: Int = ManifestWriter.runBytes) throws(SystemError) {
        let target = try ReplacementFile(path)
        spool = SharedDescriptor(try target.makeSpool())
        earlierBytes = target.earlierBytes
        state = Lock(State(target: target))
        self.runBytes = runBytes
    }

    /// Adds one file.
    ///
    /// What fails here is told by `publish`.
    package func add(_ digest: [UInt8], path: [UInt8]) {
        state.withLock { state in
            guard state.failure == nil else { return }
            state.count += 1
            state.run.add(digest, path)
            guard state.run.byteCount >= runBytes else { return }
            do throws(SystemError) { try spill(&state) } catch { state.failure = error }
        }
    }

    private func spill(_ state: inout State) throws(SystemError) {
        let start = state.spilled.last?.upperBound ?? 0
        let bytes = state.run.sortedBytes()
        try bytes.withUnsafeBufferPointer { buffer throws(SystemError) in
            try spool.descriptor.write(UnsafeRawBufferPointer(buffer), at: start)
        }
        state.spilled.append(start..<start + UInt64(bytes.count))
        state.run = ManifestRun()
    }

    /// Whether a manifest that names nothing would replace a file that holds more than that.
    package var wouldEmpty: Bool {
        state.withLock { $0.failure == nil && $0.count == 0 }
            && earlierBytes > UInt64(Self.head.count + Self.tail(0).count)
    }

    /// Writes all lines in the order of paths and gives the file its name; returns how many files it names.
    package func publish() throws(SystemError) -> UInt64 {
        try state.withLock { state throws(SystemError) in
            if let failure = state.failure { throw failure }
            guard let target = state.target.take() else { return 0 }
            var runs = state.spilled.map { ManifestRunReader(spool, $0) }
            runs.append(ManifestRunReader(state.run.sortedBytes()))
            var lines = ManifestMerge(runs)
            var file = try target.open()
            try file.write(Self.head)
            while let line = try lines.next() { try file.write(line.bytes) }
            try file.write(Self.tail(state.count))
            try file.publish()
            return state.count
        }
    }

    /// The first line and the last, comments to sha256sum(1).
    ///
    /// With them a manifest that was cut off between two lines is told from a whole one.
    static let head = Array("# cutover verify: SHA-256, sha256sum -c reads this\n".utf8)
    static func tail(_ count: UInt64) -> [UInt8] {
        Array("# cutover verify: end, \(count) files\n".utf8)
    }
}

/// Records in memory that become one sorted run: a length of four bytes, the digest, the path.
struct ManifestRun: Sendable {
    private var arena: [UInt8] = []
    private var starts: [Int] = []

    var byteCount: Int { arena.count + starts.count * MemoryLayout<Int>.stride }

    mutating func add(_ digest: [UInt8], _ path: [UInt8]) {
        precondition(digest.count == ManifestLine.digestBytes)
        starts.append(arena.count)
        let length = UInt32(path.count)
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            arena.append(UInt8(truncatingIfNeeded: length >> shift))
        }
        arena += digest
        arena += path
    }

    /// All records in the order of paths.
    func sortedBytes() -> [UInt8] {
        arena.withUnsafeBytes { arena in
            let sorted = starts.sorted { left, right in
                Self.path(at: left, in: arena)
                    .lexicographicallyPrecedes(Self.path(at: right, in: arena))
            }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(arena.count)
            for start in sorted {
                bytes += arena[start..<Self.path(at: start, in: arena).endIndex]
            }
            return bytes
        }
    }

    private static func path(
        at start: Int,
        in arena: UnsafeRawBufferPointer
    ) -> Slice<UnsafeRawBufferPointer> {
        let length = Int(arena.loadUnaligned(fromByteOffset: start, as: UInt32.self).littleEndian)
        let begin = start + ManifestRunReader.headBytes
        return arena[begin..<begin + length]
    }
}
