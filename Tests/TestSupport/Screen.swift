// A terminal of some width that a test can look at: a pseudo-terminal, and what a screen shows of what is written to
// it. The one escape sequence that it knows is "erase to the end of the line"; any other is a failure.

import Glibc
import Testing

/// A pseudo-terminal: what is written to it is drawn on a screen of its width.
package final class Screen {
    /// Where programs write.
    package let descriptor: Int32
    private let terminal: PseudoTerminal
    private var received: [UInt8] = []

    /// Opens one of that width, raw: nothing that is written is changed on its way.
    ///
    /// - Throws: when there is none.
    package init(columns: UInt16) throws {
        terminal = try PseudoTerminal(columns: columns)
        descriptor = open(terminal.path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(descriptor >= 0)
        var settings = termios()
        tcgetattr(descriptor, &settings)
        cfmakeraw(&settings)
        try #require(tcsetattr(descriptor, TCSANOW, &settings) == 0)
    }

    deinit { close(descriptor) }

    /// Gives it another width, as a person does who drags the corner of the window.
    package func resize(columns: UInt16) throws { try terminal.resize(columns: columns) }

    /// Everything written so far.
    ///
    /// Whoever writes waits when some KiB have not been read.
    package var bytes: [UInt8] {
        drain()
        return received
    }

    /// Takes what was written, so that there is room for more.
    package func drain() { received += terminal.drain() }

    /// The lines that were drawn over one another, in their order: after a carriage return, and erased behind.
    package var redrawn: [String] {
        bytes.split(separator: UInt8(ascii: "\r")).compactMap { part in
            let text = part.prefix { $0 != 0x1B }
            let isErased = part.dropFirst(text.count).starts(with: Array("\u{1B}[K".utf8))
            return text.isEmpty || !isErased ? nil : String(decoding: text, as: UTF8.self)
        }
    }

    /// The lines that stand on the screen after carriage returns and erasures, and the widest that
    /// any line ever was.
    package func drawn() -> (lines: [String], widest: Int) {
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
