// Places to report into that a test can read back: a file, a pipe whose reader goes away; and a terminal (Screen).

import Glibc
import LinuxIO
import TestSupport
import Testing

/// A file without a name that output is written to and read back from.
final class Capture: Sendable {
    let file: OutputFile
    private let raw: Int32

    init() throws {
        let path = joined(try Scratch.directory(), Scratch.uniqueName("capture"))
        // The output owns its descriptor: it outlives this object where a reporter holds it.
        file = try OutputFile(report: Name(path))
        raw = withBytes(path) { open($0, O_RDONLY | O_CLOEXEC) }
        try #require(raw >= 0)
        try Files.unlink(path)
    }

    deinit { close(raw) }

    /// Everything written so far.
    var bytes: [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = pread(raw, &buffer, buffer.count, off_t(result.count))
            if count <= 0 { return result }
            result += buffer[..<count]
        }
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map(String.init) }
}

extension Screen {
    /// A stream of one program on this terminal, with a buffer of its own.
    var stream: OutputFile { OutputFile(borrowing: descriptor) }
}
