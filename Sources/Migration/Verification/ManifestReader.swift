// A manifest read from a file, line by line: all of it is judged before anything is looked at that it names.
//
// Refused is what sha256sum(1) would not have written, and what leads out of the root; the first such line, by
// its number. A file that does not end with a newline was cut off, and so was one of cutover's own that lacks its
// last line.

import LinuxIO

/// The lines of a manifest, in order.
///
/// Belongs to one thread at a time.
struct ManifestReader {
    private static let blockBytes = 262_144

    private let file: SharedDescriptor
    private var buffer: [UInt8] = []
    /// What of the buffer was given out.
    private var position = 0
    private var offset: UInt64 = 0
    private var isAtEnd = false
    private(set) var lineNumber: UInt64 = 0
    private(set) var fileCount: UInt64 = 0
    private var isOurs = false
    private var isEnded = false

    /// Reads from the start of an open file.
    init(_ file: SharedDescriptor) { self.file = file }

    /// Opens the file that the person named; symlinks are followed.
    static func open(_ path: Name) throws(ManifestRefusal) -> SharedDescriptor {
        do throws(SystemError) {
            let file = try InputFile.open(path)
            guard try file.status().kind == .regular else { throw SystemError(.open, .invalid) }
            return SharedDescriptor(file)
        } catch {
            throw error.code == .invalid ? .notAFile : .cannotOpen(error)
        }
    }

    /// Judges all lines; returns how many files they name.
    static func judge(_ file: SharedDescriptor) throws(ManifestRefusal) -> UInt64 {
        var reader = ManifestReader(file)
        while try reader.next() != nil {}
        if reader.fileCount == 0, !reader.isOurs { throw .empty }
        return reader.fileCount
    }

    /// The next file; nil at the end.
    mutating func next() throws(ManifestRefusal) -> ManifestLine? {
        while let line = try nextLine() {
            if line.first == 0x23 {
                noteComment(line)
                continue
            }
            if isEnded { throw .badLine(number: lineNumber, .notALine) }
            do throws(ManifestProblem) {
                let parsed = try ManifestLine(parsing: line)
                fileCount += 1
                return parsed
            } catch {
                throw .badLine(number: lineNumber, error)
            }
        }
        if isOurs, !isEnded { throw .cutOff }
        return nil
    }

    /// sha256sum(1) skips lines that begin with #; two of them are ours.
    private mutating func noteComment(_ line: ArraySlice<UInt8>) {
        if lineNumber == 1, line.elementsEqual(ManifestWriter.head.dropLast()) { isOurs = true }
        if isOurs, line.elementsEqual(ManifestWriter.tail(fileCount).dropLast()) { isEnded = true }
    }

    private mutating func nextLine() throws(ManifestRefusal) -> ArraySlice<UInt8>? {
        var searched = position
        while true {
            if let newline = buffer[searched...].firstIndex(of: 0x0A) {
                lineNumber += 1
                if newline - position > ManifestLine.bytesMax {
                    throw .lineTooLong(number: lineNumber)
                }
                defer { position = newline + 1 }
                return buffer[position..<newline]
            }
            if isAtEnd {
                if position == buffer.count { return nil }
                throw .cutOff
            }
            if buffer.count - position > ManifestLine.bytesMax {
                throw .lineTooLong(number: lineNumber + 1)
            }
            searched = buffer.count - position
            try fill()
        }
    }

    private mutating func fill() throws(ManifestRefusal) {
        buffer.removeFirst(position)
        position = 0
        var block = [UInt8](repeating: 0, count: Self.blockBytes)
        do throws(SystemError) {
            let start = offset
            let count = try block.withUnsafeMutableBufferPointer { memory throws(SystemError) in
                try file.descriptor.read(into: UnsafeMutableRawBufferPointer(memory), at: start)
            }
            buffer += block[..<count]
            offset += UInt64(count)
            isAtEnd = count == 0
        } catch {
            throw .cannotRead(error)
        }
    }
}
