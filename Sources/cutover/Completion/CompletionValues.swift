// What fits where the cursor is. Each kind of value has one place here; an option whose value nobody can guess (a pattern, a
// number) offers nothing, rather than names of files.

import ArgumentParser
import Migration
import Reporting

/// Makes the answer for a place.
struct CompletionValues {
    private let place: CompletionPlace

    init(_ place: CompletionPlace) { self.place = place }

    /// What the cursor can stand for.
    var answer: CompletionAnswer {
        switch place.expected {
        case .nothing: return CompletionAnswer()
        case .subcommand: return CompletionAnswer(candidates: Self.subcommands)
        case .option: return CompletionAnswer(candidates: options)
        case .value(let option, let lead):
            var answer = answer(for: option, lead: lead)
            answer.lead = lead
            return answer
        case .operand(let index):
            guard index < 2 else { return CompletionAnswer() }
            let words = place.isFirstWord ? Self.subcommands + [Self.help] : []
            return CompletionAnswer(paths: .directories, candidates: words)
        }
    }

    // MARK: Words

    private static let subcommands: [CompletionAnswer.Candidate] = Subcommand.allCases.map {
        .init(word: Array($0.rawValue.utf8), text: OptionTexts.abstract(of: $0))
    }

    private static let help = CompletionAnswer.Candidate(
        word: Array("help".utf8),
        text: "Show the options of a subcommand."
    )

    /// Options that may be given more than once.
    private static let repeatable: Set<String> = [
        "exclude", "exclude-from", "branch", "hours", "verbose",
    ]

    /// The options of the subcommand that are not given yet: long ones, and letters behind a single dash.
    private var options: [CompletionAnswer.Candidate] {
        let texts = OptionTexts.texts(of: place.command)
        let isLetter = place.typed == [0x2D]
        let candidates = CommandOption.all.filter { option in
            option.commands.contains(place.command)
                && (Self.repeatable.contains(option.name) || !place.given.contains(option.name))
        }.flatMap { option -> [String] in
            let letters = isLetter ? option.letters.map { "-\($0)" } : []
            return (option.name.isEmpty ? [] : ["--\(option.name)"]) + letters
        }
        let others = place.isFirstWord ? ["--help", "--version"] : ["--help"]
        return (candidates + others).map { .init(word: Array($0.utf8), text: texts[$0] ?? "") }
    }

    // MARK: Values

    private func answer(for option: CommandOption, lead: [UInt8]) -> CompletionAnswer {
        switch option.name {
        case "state", "out", "plan": return CompletionAnswer(paths: .directories)
        case "print": return words(Scheduler.allCases.map(\.rawValue))
        case "exclude-from", "json", "failures", "manifest", "metrics", "output":
            return CompletionAnswer(paths: .files)
        case "changes": return words(PassOptions.ChangeSearch.allValueStrings)
        case "progress": return words(ReporterConfiguration.ProgressMode.allValueStrings)
        case "quotas":
            return words(
                place.command == .verify
                    ? CompareOptions.QuotaChoice.allValueStrings
                    : PassOptions.QuotaChoice.allValueStrings
            )
        case "xattrs": return namespaces(lead)
        case "branch": return branches(lead)
        case "pass": return passes
        default: return CompletionAnswer()
        }
    }

    private func words(_ words: [String]) -> CompletionAnswer {
        CompletionAnswer(candidates: words.map { .init(word: Array($0.utf8)) })
    }

    /// A list by commas: each namespace once, after what stands there.
    private func namespaces(_ lead: [UInt8]) -> CompletionAnswer {
        let typed = (place.typed ?? []).dropFirst(lead.count)
        let parts = typed.split(separator: 0x2C, omittingEmptySubsequences: false)
        let kept = parts.dropLast().flatMap { $0 + [0x2C] }
        let left = ["user", "trusted", "security"].map { Array($0.utf8) }.filter { word in
            !parts.dropLast().contains { Array($0) == word }
        }
        return CompletionAnswer(candidates: left.map { .init(word: kept + $0) })
    }

    /// Top-level entries of SOURCE.
    private func branches(_ lead: [UInt8]) -> CompletionAnswer {
        guard case .some(.some(let source)) = place.operands.first else {
            return CompletionAnswer()
        }
        let given = Set((place.values["branch"] ?? []).compactMap { $0 })
        let typed = Array((place.typed ?? []).dropFirst(lead.count))
        let found = CompletionLooks.entries(of: source, beginningWith: typed)
        // A value that begins with a dash is believed to be one only behind `=`.
        return CompletionAnswer(
            candidates: found.filter { !given.contains($0) && (!lead.isEmpty || $0.first != 0x2D) }
                .map { .init(word: $0) }
        )
    }

    /// Recorded passes of the two volumes, or of the only ones.
    private var passes: CompletionAnswer {
        // What only the shell knows is not asked about as if it were not there.
        let operands = place.operands.compactMap { $0 }
        let state = place.values["state"]?.last
        guard operands.count == place.operands.count, state != .some(nil) else {
            return CompletionAnswer()
        }
        return CompletionAnswer(
            candidates: CompletionLooks.passes(of: operands, state: state ?? nil)
        )
    }
}
