// Where in a command line the cursor is. A line that is being typed is wrong most of the time, so nothing is judged here:
// what is not understood counts as an operand.

/// What the words around the cursor say of the word at it.
struct CompletionPlace {
    /// What that word can be.
    enum Expected {
        /// The value of an option, of which `lead` stands in the word already: `--branch=`.
        case value(of: CommandOption, lead: [UInt8])
        /// A value that is ignored.
        case nothing
        /// An option.
        case option
        /// The subcommand after `help`.
        case subcommand
        /// An operand, counted from 0.
        case operand(Int)
    }

    private(set) var command = Subcommand.sync
    /// Nothing stands before the word at the cursor: it can be a subcommand, too.
    let isFirstWord: Bool
    private(set) var expected = Expected.operand(0)
    /// The word at the cursor; nil: only the shell knows it.
    let typed: [UInt8]?
    /// All operands but the word at the cursor; nil for those that only the shell knows.
    private(set) var operands: [[UInt8]?] = []
    /// Long names of options that are given, or letters of those that have no name.
    private(set) var given: Set<String> = []
    /// Values that are given.
    private(set) var values: [String: [[UInt8]?]] = [:]

    private enum Due { case none, ignored, value(CommandOption) }
    private var due = Due.none
    private var isAfterOptions = false

    init(_ line: ShellLine) {
        typed = line.current.text
        isFirstWord = line.before.isEmpty
        if let first = line.before.first?.string {
            if first == "help" {
                expected = line.before.count == 1 ? .subcommand : .nothing
                return
            }
            command = Subcommand(rawValue: first) ?? .sync
        }
        let isExplicit = line.before.first?.string.flatMap(Subcommand.init(rawValue:)) != nil
        for word in line.before.dropFirst(isExplicit ? 1 : 0) { read(word) }
        expected = expectation
        // The word at the cursor may be the value that is due.
        due = .none
        for word in line.after { read(word) }
    }

    private var expectation: Expected {
        switch due {
        case .value(let option): return .value(of: option, lead: [])
        case .ignored: return .nothing
        case .none: break
        }
        let word = typed ?? []
        if !isAfterOptions, word.first == 0x2D {
            guard let sign = word.firstIndex(of: 0x3D) else { return .option }
            let name = String(decoding: word[..<sign].dropFirst(2), as: UTF8.self)
            guard let option = CommandOption.named(name, of: command), option.value != nil else {
                return .nothing
            }
            return .value(of: option, lead: Array(word[...sign]))
        }
        return .operand(operands.count)
    }

    private mutating func read(_ word: ShellWord) {
        switch due {
        case .none: break
        case .ignored:
            due = .none
            return
        case .value(let option):
            values[option.name, default: []].append(word.text)
            due = .none
            return
        }
        guard !isAfterOptions, let text = word.string, text.hasPrefix("-"), text != "-" else {
            operands.append(word.text)
            return
        }
        if text == "--" {
            isAfterOptions = true
        } else if text.hasPrefix("--") {
            readLong(text, word.text ?? [])
        } else {
            readLetters(text)
        }
    }

    private mutating func readLong(_ text: String, _ bytes: [UInt8]) {
        let name = String(text.dropFirst(2).prefix { $0 != "=" })
        let sign = bytes.firstIndex(of: 0x3D)
        given.insert(name)
        if let option = CommandOption.named(name, of: command), option.value != nil {
            if let sign {
                values[name, default: []].append(Array(bytes[(sign + 1)...]))
            } else {
                due = .value(option)
            }
        } else if sign == nil,
            RsyncOption.all.contains(where: { $0.takesValue && $0.names.contains(name) })
        {
            due = .ignored
        }
    }

    private mutating func readLetters(_ text: String) {
        var letters = text.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = CommandOption.lettered(letter, of: command) else { continue }
            given.insert(option.name.isEmpty ? String(letter) : option.name)
            if option.value == nil { continue }
            if letters.isEmpty { due = .value(option) }
            return
        }
    }
}
