// What each option does, in one sentence, for the shells that show it: read from the help, so that it is said once.

import ArgumentParser

/// Texts for candidates.
enum OptionTexts {
    /// Wider than any help: each text stays on one line.
    private static let columns = 10_000

    private static func type(of command: Subcommand) -> any ParsableCommand.Type {
        switch command {
        case .sync: SyncCommand.self
        case .follow: FollowCommand.self
        case .check: CheckCommand.self
        case .verify: VerifyCommand.self
        case .tune: TuneCommand.self
        case .plan: PlanCommand.self
        case .history: HistoryCommand.self
        case .report: ReportCommand.self
        }
    }

    /// What a subcommand does.
    static func abstract(of command: Subcommand) -> String {
        type(of: command).configuration.abstract
    }

    /// By the option as it is typed, with its dashes.
    ///
    /// In the help a line has the names, and the text behind them or, where they are long, on the next line.
    static func texts(of command: Subcommand) -> [String: String] {
        let help = Cutover.helpMessage(for: type(of: command), columns: columns)
        var texts: [String: String] = [:]
        var waiting: [String] = []
        for line in help.split(separator: "\n") {
            if line.hasPrefix("  -") {
                let end = line.dropFirst(2).firstRange(of: "  ")?.lowerBound
                let names = line[..<(end ?? line.endIndex)]
                waiting = names.split { $0 == " " || $0 == "," }.map(String.init)
                    .filter { $0.hasPrefix("-") }
                let text = line.dropFirst(names.count).drop { $0 == " " }
                if !text.isEmpty {
                    for name in waiting { texts[name] = sentence(text) }
                    waiting = []
                }
            } else {
                for name in waiting { texts[name] = sentence(line.drop { $0 == " " }) }
                waiting = []
            }
        }
        return texts
    }

    /// The first sentence, without what stands in brackets at its end.
    private static func sentence(_ text: Substring) -> String {
        let ends = [". ", "; ", " ("].compactMap { text.firstRange(of: $0)?.lowerBound }
        var sentence = text[..<(ends.min() ?? text.endIndex)]
        if sentence.hasSuffix(".") { sentence.removeLast() }
        return String(sentence)
    }
}
