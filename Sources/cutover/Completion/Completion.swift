// What TAB offers, in bash, zsh and fish:
//
//   Completion          this file: the question of a shell, and the answer in its form
//   CompletionScripts   the functions of the shells, which ask
//   ShellLine           the line as the shell's words, with what is open at the cursor
//   CompletionPlace     where in a command line the cursor is
//   CompletionValues    what fits there
//   CompletionLooks     what has to be looked up: top-level entries of SOURCE, ids of passes
//   OptionTexts         what each option does, from its help
//
// A shell that is asked for a completion starts the program on behalf of somebody who has decided nothing yet. So kept
// true: no file is written and no lock waited for; what is looked up is looked up by a process of its own that has a
// second; and whatever goes wrong, the answer is empty, nothing is printed to standard error, and the status is 0.

import LinuxIO

/// A shell that can be asked for.
enum CompletionShell: String, CaseIterable {
    case bash, zsh, fish
}

/// What the cursor can stand for.
struct CompletionAnswer: Equatable {
    /// What the shell offers itself, by its own rules: it knows `~`, `$variables` and its settings.
    enum Paths: UInt8 {
        case none = 0x2D
        case directories = 0x64
        case files = 0x66
    }

    /// One word to choose, and what it means; an empty text for none.
    struct Candidate: Equatable {
        var word: [UInt8]
        var text = ""
    }

    var paths = Paths.none
    var candidates: [Candidate] = []
    /// What of the word is no part of a candidate: `--branch=`.
    var lead: [UInt8] = []
}

/// Answers to shells.
enum Completion {
    /// The first word of a question.
    ///
    /// An option of nobody: a program that does not know it answers with a usage error, whatever follows.
    static let word = "---complete"

    /// More than a person looks through.
    private static let candidatesMax = 10_000

    /// The answer to `words`, what follows `word`: the shell, the line up to the cursor, and after it; of bash also what
    /// it calls the current word.
    ///
    /// Parts that end with NUL: a letter for paths, the lead, then word and text of each candidate. Of bash the words are as they
    /// have to stand in the line, of fish with the lead, of zsh as they are. An empty answer for what is no question.
    static func answer(to words: [[UInt8]]) -> [UInt8] {
        guard words.count >= 3,
            let shell = CompletionShell(rawValue: String(decoding: words[0], as: UTF8.self)),
            let line = ShellLine(head: words[1], tail: words[2], of: shell)
        else { return [] }
        var answer = CompletionValues(CompletionPlace(line)).answer
        let replaced = words.count > 3 ? words[3] : []
        answer.candidates = Array(answer.candidates.prefix(candidatesMax))
        switch shell {
        case .zsh: break
        case .fish: answer.candidates = forFish(answer, line.current)
        case .bash: answer.candidates = forBash(answer, line.current, replaced)
        }
        var bytes = [answer.paths.rawValue, 0] + answer.lead + [0]
        for candidate in answer.candidates where !candidate.word.contains(0) {
            bytes += candidate.word + [0] + Array(candidate.text.utf8) + [0]
        }
        return bytes
    }

    /// fish takes what follows a TAB for the text, and leaves a tilde at the beginning of a word as it is, a home directory then,
    /// unless a backslash before it was typed.
    private static func forFish(
        _ answer: CompletionAnswer,
        _ current: ShellWord
    ) -> [CompletionAnswer.Candidate] {
        let mayBeHome = answer.lead.isEmpty && current.raw.first != UInt8(ascii: "\\")
        return answer.candidates.compactMap { candidate in
            if candidate.word.contains(0x09) { return nil }
            if mayBeHome, candidate.word.first == UInt8(ascii: "~") { return nil }
            return .init(word: answer.lead + candidate.word, text: candidate.text)
        }
    }

    /// bash takes what it is given, in the place of `replaced`: the end of the word, after the last `=`, `:` or quotation
    /// mark that divides words for it.
    private static func forBash(
        _ answer: CompletionAnswer,
        _ current: ShellWord,
        _ replaced: [UInt8]
    ) -> [CompletionAnswer.Candidate] {
        guard let typed = current.text else { return [] }
        return answer.candidates.compactMap { candidate in
            let whole = answer.lead + candidate.word
            guard whole.starts(with: typed) else { return nil }
            switch current.open {
            case .nothing:
                guard current.raw.count >= replaced.count,
                    Array(current.raw.suffix(replaced.count)) == replaced
                else { return nil }
                let kept = current.raw.dropLast(replaced.count)
                let quoted = ShellQuoting.quoted(answer.lead) + ShellQuoting.quoted(candidate.word)
                guard quoted.starts(with: kept) else { return nil }
                return .init(word: Array(quoted.dropFirst(kept.count)))
            case .single, .double:
                // What stands before the quotation mark stays, and inside of it nothing can be quoted anew.
                let before = current.textBeforeOpen
                guard whole.starts(with: before) else { return nil }
                let rest = Array(whole.dropFirst(before.count))
                return ShellQuoting.isPlain(rest, in: current.open) ? .init(word: rest) : nil
            case .escapes: return nil
            }
        }
    }
}
