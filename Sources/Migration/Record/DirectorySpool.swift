// SOURCE's directories as a pass lists them: inode, parent, name. In memory up to 1 MiB, then in a file without
// a name in the state folder; read back in the order in which they came.
//
//   one directory: inode 8 bytes, parent 8, length of the name 2, the name

import History
import LinuxIO

/// Collects directories from all workers.
///
/// Thread-safe; `reader` once, when nobody adds any more.
final class DirectorySpool: Sendable {
    private static let pendingBytesMax = 1 << 20
    private static let headerBytes = 18

    private struct State: Sendable {
        var pending: [UInt8] = []
        var file: SharedDescriptor?
        var fileBytes: UInt64 = 0
        var failure: SystemError?
    }

    private let state = Lock(State())
    private let folder: SharedDescriptor

    init(folder: SharedDescriptor) { self.folder = folder }

    var failure: SystemError? { state.withLock { $0.failure } }

    func add(inode: UInt64, parent: UInt64, name: ArraySlice<UInt8>) {
        state.withLock { state in
            guard state.failure == nil else { return }
            withUnsafeBytes(of: inode.littleEndian) { state.pending += $0 }
            withUnsafeBytes(of: parent.littleEndian) { state.pending += $0 }
            withUnsafeBytes(of: UInt16(name.count).littleEndian) { state.pending += $0 }
            state.pending += name
            guard state.pending.count >= Self.pendingBytesMax else { return }
            do throws(SystemError) { try spill(&state) } catch { state.failure = error }
        }
    }

    private func spill(_ state: inout State) throws(SystemError) {
        let file: SharedDescriptor
        if let opened = state.file {
            file = opened
        } else {
            file = SharedDescriptor(try folder.descriptor.createUnnamedFile())
            state.file = file
        }
        let start = state.fileBytes
        try state.pending.withUnsafeBufferPointer { bytes throws(SystemError) in
            try file.descriptor.write(UnsafeRawBufferPointer(bytes), at: start)
        }
        state.fileBytes += UInt64(state.pending.count)
        state.pending.removeAll(keepingCapacity: true)
    }

    /// Reads all of them, the file first.
    func reader() -> Reader {
        state.withLock { state in
            defer { state.pending = [] }
            return Reader(file: state.file, fileBytes: state.fileBytes, rest: state.pending)
        }
    }

    /// The directories, one after the other; used by one thread.
    final class Reader {
        private let file: SharedDescriptor?
        private var unread: Range<UInt64>
        private var memory: [UInt8]
        private var buffer: [UInt8] = []
        private var position = 0

        fileprivate init(file: SharedDescriptor?, fileBytes: UInt64, rest: [UInt8]) {
            self.file = file
            unread = 0..<fileBytes
            memory = rest
        }

        func next() throws(SystemError) -> DirectoryRecord? {
            guard try have(DirectorySpool.headerBytes) else { return nil }
            let inode = number(8, at: 0)
            let parent = number(8, at: 8)
            let length = Int(number(2, at: 16))
            // `add` writes whole directories, so the name is there when its length is.
            guard try have(DirectorySpool.headerBytes + length) else {
                throw SystemError(.read, .inputOutput)
            }
            let start = position + DirectorySpool.headerBytes
            position = start + length
            return DirectoryRecord(
                inode: inode,
                parent: parent,
                name: Array(buffer[start..<start + length])
            )
        }

        private func number(_ bytes: Int, at offset: Int) -> UInt64 {
            (0..<bytes).reversed().reduce(0) { $0 << 8 | UInt64(buffer[position + offset + $1]) }
        }

        /// Whether so many bytes are there, read if need be; false at the end.
        private func have(_ count: Int) throws(SystemError) -> Bool {
            while buffer.count - position < count {
                buffer.removeFirst(position)
                position = 0
                if let file, !unread.isEmpty {
                    var block = [UInt8](repeating: 0, count: min(1 << 16, unread.count))
                    let offset = unread.lowerBound
                    let read = try block.withUnsafeMutableBufferPointer {
                        bytes throws(SystemError) in
                        try file.descriptor.read(
                            into: UnsafeMutableRawBufferPointer(bytes),
                            at: offset
                        )
                    }
                    // The file has no name and one writer: it cannot end early but by a damaged disk.
                    if read == 0 { throw SystemError(.read, .inputOutput) }
                    buffer += block[..<read]
                    unread = offset + UInt64(read)..<unread.upperBound
                } else if !memory.isEmpty {
                    buffer += memory
                    memory = []
                } else {
                    return false
                }
            }
            return true
        }
    }
}
