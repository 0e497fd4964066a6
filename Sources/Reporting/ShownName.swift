// Names made harmless to look at (S50). Escapes are rsync's, `\#` and three octal digits for a byte,
// for two reasons: scripts that read rsync's itemized lines read these too, and it can be undone,
// since a backslash that would begin such an escape is escaped itself.
//
// Two strengths. For a pipe or file: exactly rsync's rule, bytes below a blank but tab, and bytes
// that are not text in the person's locale. For a terminal, and always on standard error: also tab,
// DEL, C1 controls, line separators and characters that turn the direction of writing, which make a
// terminal show something else than the name.

import LinuxIO

/// How names are escaped for one stream.
package struct ShownName: Sendable {
    /// Whether bytes may act on who looks: also escape all that steers a terminal.
    package var isForTerminal: Bool
    /// Whether UTF-8 is printed as it is; otherwise every byte above 127 is escaped, as rsync does in
    /// the C locale.
    package var isUTF8: Bool

    package init(isForTerminal: Bool, isUTF8: Bool = Terminal.isUTF8) {
        self.isForTerminal = isForTerminal
        self.isUTF8 = isUTF8
    }

    /// The bytes to print for a name, or for a whole line without its newline.
    package func escaped(_ name: some RandomAccessCollection<UInt8>) -> [UInt8] {
        let bytes = Array(name)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 8)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                let isShown = byte == 0x5C ? !Self.looksEscaped(bytes[index...]) : mayShow(byte)
                if isShown { result.append(byte) } else { Self.append(byte, to: &result) }
                index += 1
            } else if isUTF8, let (scalar, length) = UTF8Text.scalar(in: bytes[index...]),
                !isForTerminal || !Self.steers(scalar)
            {
                result += bytes[index..<index + length]
                index += length
            } else {
                Self.append(byte, to: &result)
                index += 1
            }
        }
        return result
    }

    /// The same as text.
    ///
    /// Where not even UTF-8 may be printed the text is ASCII.
    func text(_ name: some RandomAccessCollection<UInt8>) -> String {
        String(decoding: escaped(name), as: UTF8.self)
    }

    /// The path of an entry, or "." for the roots themselves.
    func path(_ path: [UInt8]) -> String { path.isEmpty ? "." : text(path) }

    /// Text of our own or the engine's that may quote names, made harmless; newlines stay.
    func message(_ message: String) -> String {
        message.split(separator: "\n", omittingEmptySubsequences: false)
            .map { text(Array($0.utf8)) }
            .joined(separator: "\n")
    }

    /// The same of a text that is one line, whatever the names in it hold: no newline of theirs begins another.
    func line(_ line: String) -> String { text(Array(line.utf8)) }

    private func mayShow(_ byte: UInt8) -> Bool {
        if byte == 0x09 || byte == 0x7F { return !isForTerminal }
        return byte >= 0x20
    }

    /// Whether a backslash begins what would be read as an escape: `\#` and three digits.
    private static func looksEscaped(_ bytes: ArraySlice<UInt8>) -> Bool {
        let head = Array(bytes.prefix(5))
        return head.count == 5 && head[1] == 0x23
            && head[2...].allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Characters that a terminal obeys rather than shows: C1 controls, line and paragraph separators,
    /// marks, embeddings, overrides and isolates of writing direction.
    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x80...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func append(_ byte: UInt8, to result: inout [UInt8]) {
        result += [0x5C, 0x23, 0x30 + byte >> 6, 0x30 + byte >> 3 & 7, 0x30 + byte & 7]
    }
}

/// UTF-8 as the Unicode standard defines it: no overlong forms, no surrogates, up to U+10FFFF.
enum UTF8Text {
    /// The first scalar and its length in bytes; nil when the bytes do not begin with a valid one.
    static func scalar(in bytes: ArraySlice<UInt8>) -> (scalar: Unicode.Scalar, length: Int)? {
        guard let first = bytes.first else { return nil }
        let length: Int
        switch first {
        case 0x00...0x7F: return (Unicode.Scalar(first), 1)
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return nil
        }
        let rest = bytes.dropFirst().prefix(length - 1)
        guard rest.count == length - 1, rest.allSatisfy({ $0 & 0xC0 == 0x80 }) else { return nil }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for byte in rest { value = value << 6 | UInt32(byte & 0x3F) }
        let smallest: [UInt32] = [0x80, 0x800, 0x1_0000]
        // Unicode.Scalar refuses surrogates and what is above U+10FFFF.
        guard value >= smallest[length - 2], let scalar = Unicode.Scalar(value) else { return nil }
        return (scalar, length)
    }

    /// Whether all of it is valid.
    static func isValid(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let (_, length) = scalar(in: rest) else { return false }
            rest = rest.dropFirst(length)
        }
        return true
    }
}
