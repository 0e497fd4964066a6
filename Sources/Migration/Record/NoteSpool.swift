// The notes of a pass, in no order as workers make them, in the order of inodes at its end. Memory stays the
// same however many there are: full runs are sorted and written to a file without a name in the state folder.
//
//   added ─▶ a run in memory, 131,072 notes (5 MB) ─▶ sorted, written ─▶ … ─▶ all runs merged
//
// A run that cannot be written (the state folder is full) ends the noting: `failure` says why, the pass itself
// is not concerned, and nothing of it is remembered.

import LinuxIO

/// Collects notes from all workers.
///
/// Thread-safe; `merged` once, when nobody adds any more.
final class NoteSpool: Sendable {
    /// Notes of one run.
    static let runNotes = 131_072

    private struct State: Sendable {
        var pending: [InodeNote] = []
        var runs: [Range<UInt64>] = []
        var file: SharedDescriptor?
        var failure: SystemError?
    }

    private let state = Lock(State())
    private let folder: SharedDescriptor
    private let runNotes: Int

    /// `folder` is where the file is made, if one is needed.
    init(folder: SharedDescriptor, runNotes: Int = NoteSpool.runNotes) {
        self.folder = folder
        self.runNotes = runNotes
    }

    var failure: SystemError? { state.withLock { $0.failure } }

    func add(_ notes: [InodeNote]) {
        state.withLock { state in
            guard state.failure == nil else { return }
            state.pending += notes
            guard state.pending.count >= runNotes else { return }
            do throws(SystemError) { try spill(&state) } catch { state.failure = error }
        }
    }

    private func spill(_ state: inout State) throws(SystemError) {
        state.pending.sort { $0.inode < $1.inode }
        let file: SharedDescriptor
        if let opened = state.file {
            file = opened
        } else {
            file = SharedDescriptor(try folder.descriptor.createUnnamedFile())
            state.file = file
        }
        let start = state.runs.last?.upperBound ?? 0
        let bytes = state.pending.count * MemoryLayout<InodeNote>.stride
        try state.pending.withUnsafeBufferPointer { notes throws(SystemError) in
            try file.descriptor.write(UnsafeRawBufferPointer(notes), at: start)
        }
        state.runs.append(start..<start + UInt64(bytes))
        state.pending.removeAll(keepingCapacity: true)
    }

    /// All notes in the order of inode numbers.
    func merged() -> NoteStream {
        state.withLock { state in
            state.pending.sort { $0.inode < $1.inode }
            var runs = [NoteRun(state.pending)]
            if let file = state.file {
                runs += state.runs.map { NoteRun(file: file, range: $0) }
            }
            state.pending = []
            return NoteStream(runs)
        }
    }
}

/// One sorted run, in memory or read from the file by blocks.
struct NoteRun {
    private var notes: [InodeNote]
    private var position = 0
    private var file: SharedDescriptor?
    private var rest: Range<UInt64> = 0..<0
    private static let blockNotes = 1_024

    init(_ notes: [InodeNote]) { self.notes = notes }

    init(file: SharedDescriptor, range: Range<UInt64>) {
        notes = []
        self.file = file
        rest = range
    }

    /// The next note, which stays; nil at the end.
    mutating func peek() throws(SystemError) -> InodeNote? {
        if position == notes.count { try fill() }
        return position < notes.count ? notes[position] : nil
    }

    mutating func advance() { position += 1 }

    private mutating func fill() throws(SystemError) {
        guard let file, !rest.isEmpty else { return }
        let stride = MemoryLayout<InodeNote>.stride
        let count = min(Self.blockNotes, rest.count / stride)
        notes = [InodeNote](
            repeating: InodeNote(inode: 0, .removed),
            count: count
        )
        let start = rest.lowerBound
        var filled = 0
        while filled < count * stride {
            let done = filled
            let read = try notes.withUnsafeMutableBufferPointer { notes throws(SystemError) in
                let bytes = UnsafeMutableRawBufferPointer(notes)
                return try file.descriptor.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: bytes[done...]),
                    at: start + UInt64(done)
                )
            }
            // The file has no name and one writer: it cannot end early but by a damaged disk.
            if read == 0 { throw SystemError(.read, .inputOutput) }
            filled += read
        }
        rest = start + UInt64(filled)..<rest.upperBound
        position = 0
    }
}

/// Several sorted runs as one; a binary heap of the runs by their next inode.
struct NoteStream {
    private var runs: [NoteRun]
    private var heap: [(inode: UInt64, run: Int)] = []
    private var isStarted = false

    init(_ runs: [NoteRun]) { self.runs = runs }

    /// The notes on the next inode, in ascending order; nil at the end.
    mutating func nextInode(into notes: inout [InodeNote]) throws(SystemError) -> Bool {
        if !isStarted {
            isStarted = true
            for run in runs.indices {
                if let note = try runs[run].peek() { push((note.inode, run)) }
            }
        }
        notes.removeAll(keepingCapacity: true)
        guard let inode = heap.first?.inode else { return false }
        while let top = heap.first, top.inode == inode {
            if let note = try runs[top.run].peek() { notes.append(note) }
            runs[top.run].advance()
            let next = try runs[top.run].peek()
            replaceTop(next.map { ($0.inode, top.run) })
        }
        return true
    }

    private mutating func push(_ item: (inode: UInt64, run: Int)) {
        heap.append(item)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].inode < heap[parent].inode else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func replaceTop(_ item: (inode: UInt64, run: Int)?) {
        if let item {
            heap[0] = item
        } else {
            let last = heap.removeLast()
            if heap.isEmpty { return }
            heap[0] = last
        }
        var parent = 0
        while true {
            var least = parent
            for child in 2 * parent + 1...2 * parent + 2
            where child < heap.count && heap[child].inode < heap[least].inode { least = child }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
