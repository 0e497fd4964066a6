// A command line as a shell reads it, as far as its words are known without running anything: quotation marks,
// backslashes, `$'...'`, a leading `~/`. A word that needs more (a variable, a pattern, another user's home) has no text, and
// nothing is guessed for it.

import LinuxIO

/// One word of a line.
struct ShellWord: Equatable {
    /// What is still open at its end.
    enum Open: Equatable { case nothing, single, double, escapes }

    /// As it stands in the line.
    var raw: [UInt8] = []
    /// What it means; nil: only the shell knows.
    var text: [UInt8]? = []
    var open = Open.nothing
    /// What stands before the quotation mark that is open.
    var textBeforeOpen: [UInt8] = []

    /// The text, for words of ASCII such as options.
    var string: String? { text.map { String(decoding: $0, as: UTF8.self) } }
}

/// The words of a command around the cursor.
struct ShellLine: Equatable {
    /// Those before the word at the cursor, without the program's name.
    var before: [ShellWord] = []
    /// The word at the cursor, up to it; empty after a blank.
    var current = ShellWord()
    /// Those after it.
    var after: [ShellWord] = []

    /// Nil: the cursor is in the program's name.
    init?(head: [UInt8], tail: [UInt8], of shell: CompletionShell) {
        var reader = ShellReader(head, shell)
        var words = reader.words()
        if !reader.endsInWord { words.append(ShellWord()) }
        guard words.count > 1, let last = words.popLast() else { return nil }
        before = Array(words.dropFirst())
        current = last
        // The rest of the word at the cursor belongs to it.
        var rest = ShellReader(Array(tail.drop { $0 != 0x20 && $0 != 0x09 }), shell)
        after = rest.words()
    }
}

/// Reads words.
private struct ShellReader {
    private let bytes: [UInt8]
    private let isFish: Bool
    private var place = 0
    private var word = ShellWord()
    private var isInWord = false

    /// Whether the last word goes up to the end.
    private(set) var endsInWord = false

    init(_ bytes: [UInt8], _ shell: CompletionShell) {
        self.bytes = bytes
        isFish = shell == .fish
    }

    private mutating func next() -> UInt8? {
        guard place < bytes.count else { return nil }
        word.raw.append(bytes[place])
        place += 1
        return bytes[place - 1]
    }

    private func peek() -> UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func add(_ byte: UInt8) { word.text?.append(byte) }

    mutating func words() -> [ShellWord] {
        var words: [ShellWord] = []
        while let byte = peek() {
            if byte == 0x20 || byte == 0x09 || byte == 0x0A {
                place += 1
                if isInWord { words.append(word) }
                (word, isInWord) = (ShellWord(), false)
                continue
            }
            isInWord = true
            readPart()
        }
        endsInWord = isInWord
        if isInWord { words.append(word) }
        return words
    }

    private mutating func readPart() {
        let isFirst = word.raw.isEmpty
        guard let byte = next() else { return }
        switch byte {
        case UInt8(ascii: "'"): quote(.single) { $0.readSingle() }
        case UInt8(ascii: "\""): quote(.double) { $0.readDouble() }
        case UInt8(ascii: "\\"): if isFish { readEscape() } else if let next = next() { add(next) }
        case UInt8(ascii: "$"):
            if !isFish, peek() == UInt8(ascii: "'") {
                place += 1
                word.raw.append(UInt8(ascii: "'"))
                quote(.escapes) { $0.readEscapes() }
            } else {
                word.text = nil
            }
        case UInt8(ascii: "~") where isFirst: readHome()
        case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "{"),
            UInt8(ascii: "`"), UInt8(ascii: "("), UInt8(ascii: ";"), UInt8(ascii: "|"),
            UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"):
            word.text = nil
        default: add(byte)
        }
    }

    /// `read` says whether the quotation mark was closed.
    private mutating func quote(_ kind: ShellWord.Open, _ read: (inout ShellReader) -> Bool) {
        word.textBeforeOpen = word.text ?? []
        word.open = read(&self) ? .nothing : kind
    }

    private mutating func readSingle() -> Bool {
        while let byte = next() {
            if byte == UInt8(ascii: "'") { return true }
            let isEscape = byte == UInt8(ascii: "\\")
            if isFish, isEscape, let quoted = peek(), quoted == 0x27 || quoted == 0x5C {
                place += 1
                word.raw.append(quoted)
                add(quoted)
            } else {
                add(byte)
            }
        }
        return false
    }

    private mutating func readDouble() -> Bool {
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "$"), UInt8(ascii: "`"): word.text = nil
            case UInt8(ascii: "\\"):
                guard let quoted = next() else { return false }
                if ![0x22, 0x24, 0x5C, 0x60].contains(quoted) { add(byte) }
                add(quoted)
            default: add(byte)
            }
        }
        return false
    }

    /// The inside of `$'...'`.
    private mutating func readEscapes() -> Bool {
        while let byte = next() {
            if byte == UInt8(ascii: "'") { return true }
            if byte == UInt8(ascii: "\\") { readEscape() } else { add(byte) }
        }
        return false
    }

    private static let controls: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "e"): 27, UInt8(ascii: "E"): 27,
        UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
        UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
    ]

    /// What follows a backslash where that has meanings.
    private mutating func readEscape() {
        guard let byte = next() else { return }
        switch byte {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): number(radix: 16, digits: 2)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            place -= 1
            word.raw.removeLast()
            number(radix: 8, digits: 3)
        case UInt8(ascii: "u"), UInt8(ascii: "U"), UInt8(ascii: "c"): word.text = nil
        default: add(Self.controls[byte] ?? byte)
        }
    }

    private mutating func number(radix: Int, digits: Int) {
        var value = 0
        var count = 0
        while count < digits, let byte = peek(),
            let digit = Int(String(decoding: [byte], as: UTF8.self), radix: radix)
        {
            value = value * radix + digit
            count += 1
            place += 1
            word.raw.append(byte)
        }
        if count > 0, let byte = UInt8(exactly: value) { add(byte) } else { word.text = nil }
    }

    private mutating func readHome() {
        let isOurs = peek() == nil || peek() == UInt8(ascii: "/") || peek() == 0x20
        guard isOurs, let home = ProcessLimits.environment("HOME") else {
            word.text = nil
            return
        }
        word.text?.append(contentsOf: home.bytes)
    }
}

/// Words as bash takes them.
enum ShellQuoting {
    private static let plain = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,:=@%+-".utf8
    )

    /// The word with what is needed to be these bytes again: backslashes, or `$'...'` where no other way has a
    /// control byte, or one that is no UTF-8.
    static func quoted(_ word: [UInt8]) -> [UInt8] {
        if !isText(word) {
            var text = Array("$'".utf8)
            for byte in word {
                switch byte {
                case UInt8(ascii: "'"), UInt8(ascii: "\\"): text += [0x5C, byte]
                case 0x20..<0x7F: text.append(byte)
                default:
                    let digits = String(byte, radix: 8)
                    text += Array(
                        "\\\(String(repeating: "0", count: 3 - digits.count))\(digits)".utf8
                    )
                }
            }
            return text + [0x27]
        }
        return word.flatMap { $0 >= 0x80 || plain.contains($0) ? [$0] : [0x5C, $0] }
    }

    /// Whether it is UTF-8 without control characters, be they of one byte or of two.
    private static func isText(_ word: [UInt8]) -> Bool {
        guard let text = String(validating: word, as: UTF8.self) else { return false }
        return text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// Whether a word means itself inside of quotation marks.
    static func isPlain(_ word: [UInt8], in open: ShellWord.Open) -> Bool {
        let special: [UInt8] = open == .single ? [0x27] : Array("\"$`\\!".utf8)
        return isText(word) && word.allSatisfy { !special.contains($0) }
    }
}
