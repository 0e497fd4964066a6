// The command line before the parser sees it. Finds the subcommand, knows every option that any of them has, takes
// rsync's habits (RsyncOption), and finds what is certainly a mistake while it still can be named well: the parser
// asks for missing operands first, takes no value that begins with a dash, and reads `-h` as help wherever it stands.
//
//   words ─▶ subcommand ─▶ each word: option, letters, operand ─▶ what stands together ─▶ the same for the parser

/// What the words of a command line mean.
struct CommandWords {
    /// What is to be done.
    enum Meaning: Equatable {
        /// The subcommand, its options in full, `--`, its operands.
        case run([String])
        case printHelp
        case printVersion
        case printCompletion(CompletionShell)
    }

    /// Why it cannot be meant so: one line, and the subcommand whose help says more.
    struct Mistake: Error, Equatable {
        let reason: String
        /// Nil: that of the program.
        let command: Subcommand?
    }

    let command: Subcommand
    /// The subcommand was typed.
    private let isExplicit: Bool
    private var options: [String] = []
    private var operands: [String] = []
    /// `-h`, which is help when nothing else stands there.
    private var asksForHelp = false
    /// Something else than `-h` stands there.
    private var hasOthers = false
    private var given: Set<String> = []

    /// What `words` mean, without the program's name.
    static func meaning(of words: [String]) throws(Mistake) -> Meaning {
        switch words {
        case ["--version"]: return .printVersion
        case ["--help"], ["-h"], ["help"]: return .printHelp
        default: break
        }
        // What the parser offers for tools, hidden from the help.
        if words == ["--experimental-dump-help"] { return .run(words) }
        if words.first == completionOption {
            guard words.count == 2, let shell = CompletionShell(rawValue: words[1]) else {
                let shells = CompletionShell.allCases.map(\.rawValue).joined(separator: ", ")
                throw Mistake(reason: "'\(completionOption)' takes one of \(shells).", command: nil)
            }
            return .printCompletion(shell)
        }
        if words.first == "help" { return .run([try subcommand(ofHelp: words), "--help"]) }
        var reader = CommandWords(words.first.flatMap { Subcommand(rawValue: $0) })
        do throws(Mistake) {
            try reader.read(Array(words.dropFirst(reader.isExplicit ? 1 : 0)))
            return try reader.result()
        } catch {
            // `verfiy --content` is no mistake of the option.
            if !reader.isExplicit, let first = words.first, let typing = mistyped(first) {
                throw typing
            }
            throw error
        }
    }

    private static let completionOption = "--generate-completion-script"

    private static let subcommands = Subcommand.allCases.map(\.rawValue)

    private static func subcommand(ofHelp words: [String]) throws(Mistake) -> String {
        let named = words.dropFirst()
        let choice = subcommands.joined(separator: ", ")
        if let wrong = named.first(where: { !subcommands.contains($0) }) {
            throw Mistake(
                reason: "There is no subcommand '\(wrong)'; there are \(choice).",
                command: nil
            )
        }
        guard let word = named.first, named.count == 1 else {
            throw Mistake(reason: "'help' takes one subcommand: \(choice).", command: nil)
        }
        return word
    }

    private init(_ command: Subcommand?) {
        self.command = command ?? .sync
        isExplicit = command != nil
    }

    // MARK: Reading

    private mutating func read(_ words: [String]) throws(Mistake) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                break
            } else if word.hasPrefix("--") {
                try readLong(word, &rest)
            } else if word.hasPrefix("-"), word != "-" {
                try readLetters(word, &rest)
            } else {
                operands.append(word)
            }
        }
    }

    private mutating func readLong(
        _ word: String,
        _ rest: inout ArraySlice<String>
    ) throws(Mistake) {
        let parts = word.dropFirst(2).split(
            separator: "=",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let name = String(parts[0])
        let attached = parts.count > 1 ? String(parts[1]) : nil
        if name == "help" || name == "version" {
            if attached != nil { throw mistake("'--\(name)' takes no value.") }
            options.append(word)
            given.insert(name)
            return
        }
        hasOthers = true
        if let option = CommandOption.named(name, of: command) {
            guard option.value != nil else {
                if attached != nil { throw mistake("'--\(name)' takes no value.") }
                options.append(word)
                given.insert(name)
                return
            }
            try add(option, attached, &rest, written: "--\(name)")
        } else if let option = rsyncOption(where: { $0.names.contains(name) }) {
            try take(option, written: "--\(name)")
            if option.takesValue, attached == nil, rest.popFirst() == nil {
                throw mistake("'--\(name)' needs a value.")
            }
        } else {
            throw unknown("--\(name)", name: name)
        }
    }

    private mutating func readLetters(
        _ word: String,
        _ rest: inout ArraySlice<String>
    ) throws(Mistake) {
        let name = String(word.dropFirst())
        let isLong = CommandOption.all.contains { $0.name == name }
        if isLong || name == "help" || name == "version" {
            throw mistake("'\(word)' is written with two dashes: '-\(word)'.")
        }
        var letters = Substring(name)
        var kept = ""
        while let letter = letters.popFirst() {
            if letter == "h" {
                asksForHelp = true
                continue
            }
            hasOthers = true
            if let option = CommandOption.lettered(letter, of: command) {
                if option.value == nil {
                    kept.append(letter)
                    continue
                }
                let joined = letters.first == "=" ? letters.dropFirst() : letters
                let attached = letters.isEmpty ? nil : String(joined)
                try add(option, attached, &rest, written: "-\(letter)")
                break
            }
            guard let option = rsyncOption(where: { $0.letters.contains(letter) }) else {
                throw unknown("-\(letter)", letter: letter, in: word)
            }
            try take(option, written: "-\(letter)")
        }
        if !kept.isEmpty { options.append("-" + kept) }
    }

    /// Takes an option's value: what is attached to it, or the next word, which may begin with a dash.
    private mutating func add(
        _ option: CommandOption,
        _ attached: String?,
        _ rest: inout ArraySlice<String>,
        written: String
    ) throws(Mistake) {
        let what = option.value ?? ""
        guard let value = attached ?? rest.first else {
            throw mistake("'\(written)' needs a value: \(what).")
        }
        if attached == nil {
            // `--json -n` would write a file called -n, and be no dry run.
            if isOption(value), !option.valueLeavesOut || value.hasPrefix("--") {
                throw mistake(
                    "'\(written)' needs a value: \(what); '\(value)' is an option. "
                        + "If it is the value, write '\(option.spelling)=\(value)'."
                )
            }
            rest.removeFirst()
        }
        if value.isEmpty { throw mistake("'\(written)' needs a value: \(what), and it is empty.") }
        options.append("\(option.spelling)=\(value)")
        given.insert(option.name)
    }

    /// Takes an option of rsync's that changes nothing.
    private mutating func take(_ option: RsyncOption, written: String) throws(Mistake) {
        if let refusal = option.refusal { throw mistake("'\(written)' is refused: \(refusal).") }
        given.formUnion(option.names.prefix(1))
    }

    // MARK: Finding

    /// Only a pass takes rsync's habits.
    private func rsyncOption(where isMeant: (RsyncOption) -> Bool) -> RsyncOption? {
        [.sync, .follow, .tune, .plan].contains(command)
            ? RsyncOption.all.first(where: isMeant) : nil
    }

    /// Whether a word, where a value is due, can only be an option.
    private func isOption(_ word: String) -> Bool {
        if word == "--" { return true }
        if word.hasPrefix("--") {
            let name = String(word.dropFirst(2).prefix { $0 != "=" })
            return name == "help" || name == "version"
                || CommandOption.named(name, of: command) != nil
                || rsyncOption { $0.names.contains(name) } != nil
        }
        guard word.hasPrefix("-"), word != "-" else { return false }
        return word.dropFirst().allSatisfy { letter in
            letter == "h" || CommandOption.lettered(letter, of: command) != nil
                || rsyncOption { $0.letters.contains(letter) } != nil
        }
    }

    // MARK: What stands together

    private func result() throws(Mistake) -> Meaning {
        if given.contains("help") || asksForHelp && !hasOthers && operands.isEmpty {
            return .run([command.rawValue, "--help"])
        }
        if given.contains("version") {
            guard options.count == 1, operands.isEmpty, !hasOthers else {
                throw mistake("'--version' stands alone.")
            }
            return .printVersion
        }
        if given.contains(RsyncOption.oneFilesystem), given.contains("cross-mounts") {
            throw mistake("Give only one of --one-file-system and --cross-mounts.")
        }
        try judgeOperands()
        return .run([command.rawValue] + options + ["--"] + operands)
    }

    /// A subcommand that was mistyped, or does not come first, is an operand too many.
    private func judgeOperands() throws(Mistake) {
        guard !isExplicit, operands.count != 2, let first = operands.first else { return }
        if let meant = Subcommand(rawValue: first) {
            throw Mistake(
                reason: "'\(first)' comes before the options: cutover \(first) [OPTIONS] ...",
                command: meant
            )
        }
        if let typing = Self.mistyped(first) { throw typing }
        if operands.count > 2 {
            throw mistake(
                "Unexpected argument '\(operands[2])' after SOURCE and DESTINATION, "
                    + "and '\(first)' is not a subcommand."
            )
        }
    }

    /// A word that is nearly a subcommand.
    private static func mistyped(_ word: String) -> Mistake? {
        guard let near = NearWord(word).nearest(of: subcommands), near != word,
            let meant = Subcommand(rawValue: near)
        else { return nil }
        return Mistake(
            reason: "'\(word)' is not a subcommand. Did you mean '\(near)'? "
                + "(A SOURCE of this name is written './\(word)'.)",
            command: meant
        )
    }

    private func unknown(_ written: String, name: String) -> Mistake {
        if let other = CommandOption.all.first(where: { $0.name == name }) {
            return elsewhere(written, other.commands)
        }
        let names = CommandOption.all.filter { $0.commands.contains(command) }.map(\.name)
        let meant = NearWord(name).nearest(of: names + ["help", "version"])
        return mistake(
            "Unknown option '\(written)'."
                + (meant.map { " Did you mean '--\($0)'?" } ?? "")
        )
    }

    private func unknown(_ written: String, letter: Character, in word: String) -> Mistake {
        if let other = CommandOption.all.first(where: { $0.letters.contains(letter) }) {
            return elsewhere(written, other.commands)
        }
        if letter == "V" {
            return mistake("Unknown option '-V'; '--version' prints the version, '-v' says more.")
        }
        return mistake(
            "Unknown option '\(written)'" + (word.count > 2 ? " in '\(word)'." : ".")
        )
    }

    /// An option that other subcommands have.
    private func elsewhere(_ written: String, _ commands: Set<Subcommand>) -> Mistake {
        let names = Subcommand.allCases.filter(commands.contains).map { "'cutover \($0.rawValue)'" }
        return mistake(
            "'\(written)' is an option of \(names.joined(separator: ", ")), "
                + "not of 'cutover \(command.rawValue)'."
        )
    }

    private func mistake(_ reason: String) -> Mistake {
        Mistake(reason: reason, command: command)
    }
}
