// Text in columns of a terminal: how wide a text shows, cut or wrapped to a width. The widths are
// those that terminals use (two columns for East Asian wide characters and emoji, none for marks
// that combine); where a terminal disagrees by a column, a line of a table is ragged and no more.

package import LinuxIO

/// Text measured and cut in columns.
package enum TextLayout {
    /// How many columns a text takes.
    ///
    /// It holds no control characters (ShownName).
    package static func columns(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + columns($1) }
    }

    /// The text, or its beginning with "..." at its end, in at most so many columns.
    package static func cut(_ text: String, to width: Int) -> String {
        if columns(text) <= width { return text }
        let mark = String(repeating: ".", count: max(0, min(3, width)))
        return beginning(text, width - mark.count) + mark
    }

    /// As much of a text as takes so many columns.
    static func beginning(_ text: String, _ width: Int) -> String {
        var kept = String.UnicodeScalarView()
        var room = width
        for scalar in text.unicodeScalars {
            room -= columns(scalar)
            if room < 0 { break }
            kept.append(scalar)
        }
        return String(kept)
    }

    /// The text and blanks up to a width.
    package static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - columns(text)))
    }

    /// Blanks up to a width and the text.
    package static func rightAligned(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - columns(text))) + text
    }

    /// Words in lines of a width, the first after `lead`, the others after blanks.
    ///
    /// A word that is wider than a line stays whole: a path that is broken cannot be copied.
    package static func wrapped(_ words: [String], lead: String, indent: Int, width: Int)
        -> [String]
    {
        var lines: [String] = []
        var line = lead
        var isEmpty = true
        for word in words {
            if !isEmpty, columns(line) + 1 + columns(word) > width {
                lines.append(line)
                line = String(repeating: " ", count: indent)
                isEmpty = true
            }
            line += isEmpty ? word : " " + word
            isEmpty = false
        }
        lines.append(line)
        return lines
    }

    /// The summary and the failures keep to this.
    private static let usualWidth = 80

    /// What a line below a row of a table begins with.
    static let belowRow = "        "

    /// Lines as they are best read: on a terminal a notice, a refusal or a line below a row that is longer than the
    /// summary's lines is wrapped
    /// at the terminal's width; elsewhere each stays one line, as programs read them.
    package static func fitted(_ lines: [String], for output: OutputFile) -> [String] {
        guard output.isTerminal, let width = output.columns else { return lines }
        return lines.flatMap { line in
            let isBelowRow = line.hasPrefix(belowRow)
            guard isBelowRow || line.hasPrefix("cutover: "), columns(line) > max(width, usualWidth)
            else {
                return [line]
            }
            let words = line.split(separator: " ").map(String.init)
            let lead = isBelowRow ? belowRow : ""
            return wrapped(words, lead: lead, indent: lead.utf8.count + 2, width: width)
        }
    }

    private static func columns(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x20...0x2FF: return 1
        // Wide and full-width ranges of UAX #11, blocks rather than single characters.
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F000...0x1FAFF,
            0x20000...0x3FFFD:
            return 2
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return scalar.properties.isEmojiPresentation ? 2 : 1
        }
    }
}
