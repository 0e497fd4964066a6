// Standard output and standard error as one place: both may be the same terminal, where a progress
// line that redraws must give way to any other line and come back below it.
//
// Kept true: a line is written whole; the progress line is erased before anything else is written to
// the terminal; nothing of what is drawn reaches a pipe or a file.

import LinuxIO

/// The two standard streams of one pass.
///
/// Called by any thread.
///
/// `drawn` guards the order of writes to the terminal; it is held while writing, so a terminal that
/// is stopped (^S) holds up the ticker and whoever has a message, but not itemized lines, which only
/// gather until `OutputFile.gatheredMax`.
final class Console: Sendable {
    private let output: OutputFile
    private let error: OutputFile
    /// The progress line that stands on the terminal now.
    private let drawn = Lock<String?>(nil)

    /// Back to the first column, and erase to the end of the line (ECMA-48 EL).
    private static let erase = "\r\u{1B}[K"

    init(output: OutputFile, error: OutputFile) {
        // Two buffers, even where both are one terminal: what erases must not queue behind lines.
        precondition(output !== error)
        self.output = output
        self.error = error
    }

    /// Adds bytes, whole lines, to standard output; `flush` writes them.
    func print(_ bytes: [UInt8]) {
        if output.gather(bytes) { flush() }
    }

    /// Writes what was added to standard output.
    func flush() {
        drawn.withLock { drawn in flush(&drawn) }
    }

    /// Writes lines to standard error, after what was printed before.
    func tell(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        drawn.withLock { drawn in
            flush(&drawn)
            eraseProgress(&drawn)
            let fitted = TextLayout.fitted(lines, for: error)
            error.write(Array((fitted.joined(separator: "\n") + "\n").utf8))
        }
    }

    /// Draws the progress line anew; it is narrower than the terminal.
    func draw(_ progress: String) {
        drawn.withLock { drawn in
            flush(&drawn)
            guard drawn != progress else { return }
            // The text first, then what is left of an older one: no flicker.
            error.write(Array("\r\(progress)\u{1B}[K".utf8))
            drawn = progress
        }
    }

    /// Takes the progress line away.
    func erase() {
        drawn.withLock { drawn in eraseProgress(&drawn) }
    }

    private func flush(_ drawn: inout String?) {
        guard output.hasGathered else { return }
        if output.isTerminal { eraseProgress(&drawn) }
        output.flush()
    }

    private func eraseProgress(_ drawn: inout String?) {
        guard drawn != nil else { return }
        error.write(Array(Self.erase.utf8))
        drawn = nil
    }
}
