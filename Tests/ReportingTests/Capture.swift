// Places to report into that a test can read back: a file, a pipe whose reader goes away, a terminal.

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
        file = try OutputFile(creating: Name(path))
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

/// A pseudo-terminal: what is written to it is drawn on a screen of its width.
final class Screen {
    /// Standard output and standard error of one program on this terminal.
    let output: OutputFile
    let error: OutputFile
    private let primary: Int32
    private let secondary: Int32
    private var received: [UInt8] = []

    init(columns: UInt16) throws {
        // posix_openpt(3) and what belongs to it are not in Glibc's module: the ioctls of pty(7).
        primary = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var isLocked: Int32 = 0
        var number: UInt32 = 0
        let unlock: UInt = 0x4004_5431  // TIOCSPTLCK
        let getNumber: UInt = 0x8004_5430  // TIOCGPTN
        try #require(primary >= 0 && ioctl(primary, unlock, &isLocked) == 0)
        try #require(ioctl(primary, getNumber, &number) == 0)
        secondary = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(secondary >= 0)
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(secondary, UInt(TIOCSWINSZ), &size) == 0)
        var settings = termios()
        tcgetattr(secondary, &settings)
        cfmakeraw(&settings)
        try #require(tcsetattr(secondary, TCSANOW, &settings) == 0)
        try #require(fcntl(primary, F_SETFL, O_NONBLOCK) == 0)
        output = OutputFile(borrowing: secondary)
        error = OutputFile(borrowing: secondary)
    }

    deinit {
        close(primary)
        close(secondary)
    }

    /// Everything written so far.
    var bytes: [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(primary, &buffer, buffer.count)
            if count <= 0 { return received }
            received += buffer[..<count]
        }
    }

    /// The lines that stand on the screen after carriage returns and erasures, and the widest that
    /// any line ever was.
    ///
    /// An escape sequence other than "erase to the end of the line" is a failure.
    func drawn() -> (lines: [String], widest: Int) {
        var lines: [[Unicode.Scalar]] = [[]]
        var column = 0
        var widest = 0
        var scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\r": column = 0
            case "\n":
                lines.append([])
                column = 0
            case "\u{1B}":
                let isErase = scalars.starts(with: "[K".unicodeScalars)
                #expect(isErase, "an escape sequence that is not ours")
                scalars = scalars.dropFirst(2)
                lines[lines.count - 1].removeSubrange(column...)
            default:
                var line = lines[lines.count - 1]
                if column < line.count { line[column] = scalar } else { line.append(scalar) }
                lines[lines.count - 1] = line
                column += 1
                widest = max(widest, column)
            }
        }
        let texts = lines.map { line in
            var text = String.UnicodeScalarView()
            text.append(contentsOf: line)
            return String(text)
        }
        return (texts, widest)
    }
}
