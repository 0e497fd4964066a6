// What is told of runs that are a part of a plan.

import LinuxIO
package import Migration

/// The words for parts of plans.
package enum PlannedText {
    /// Why a part does not begin.
    package static func refusal(_ refusal: Refusal) -> String {
        switch refusal {
        case .planOfOtherRoot(let side, let path):
            "the plan was made for another \(side == .source ? "SOURCE" : "DESTINATION") (\(shown(path))); "
                + "mount that one, or make a plan for these"
        case .noSuchShard(let shard, let shards):
            "the plan has shards 0 to \(shards - 1), and no \(shard)"
        case .planBusy(let holder): busy(holder)
        case .shardsNotDone(let troubles):
            "not all shards are done: \(list(troubles)). Run these, then closing; "
                + "--accept-failed joins what is there"
        default: ""
        }
    }

    private static func shown(_ path: [UInt8]) -> String {
        String(decoding: ShownName(isForTerminal: true).escaped(path), as: UTF8.self)
    }

    private static func busy(_ holder: PlanHolder) -> String {
        switch holder {
        case .shard(let shard): "another run of shard \(shard) is at work"
        case .closing:
            "closing of this plan is at work, or another one holds its lock; wait for its end"
        case .shards: "shards of this plan are at work, or another closing; wait for their end"
        }
    }

    /// More are told by their number alone.
    private static let listedMax = 20

    private static func list(_ troubles: [ShardTrouble]) -> String {
        if troubles.count > listedMax, troubles.allSatisfy({ $0.what == .notSince }) {
            // Of a round that was forgotten, or never started.
            return "\(Quantity.count(UInt64(troubles.count))) shards \(words(.notSince))"
        }
        let listed = troubles.prefix(listedMax).map { "\($0.shard) \(words($0.what))" }
        let more = troubles.count - listed.count
        return listed.joined(separator: ", ")
            + (more > 0 ? " and \(Quantity.count(UInt64(more))) more" : "")
    }

    /// "shards 3, 7 and 12 more".
    private static func numbers(_ shards: [Int]) -> String {
        let listed = shards.prefix(listedMax).map { "\($0)" }.joined(separator: ", ")
        let more = shards.count - min(shards.count, listedMax)
        return (shards.count == 1 ? "shard " : "shards ") + listed
            + (more > 0 ? " and \(Quantity.count(UInt64(more))) more" : "")
    }

    private static func words(_ what: ShardTrouble.What) -> String {
        switch what {
        case .missing: "has no result"
        case .unfinished: "did not come to its end"
        case .failed(let status): "ended with status \(status)"
        case .ofOtherPlan: "has a result of another plan"
        case .notSince: "did not run since the last closing"
        case .beforePass: "was compared before the last pass"
        case .unreadable(let problem): "has a result that cannot be used (\(words(problem)))"
        }
    }

    private static func words(_ problem: PlanProblem) -> String {
        switch problem {
        case .unreadable(let error), .unwritable(let error): error.code.sentence
        case .otherVersion(let version): "it is of format \(version)"
        case .foreign: "it is something else"
        default: "it is damaged"
        }
    }

    /// What part of which plan a recorded pass was, by the text that the record keeps of its options; nil: of none.
    static func part(signature: String) -> String? {
        guard let word = signature.split(separator: ",").last, word.hasPrefix(" plan ") else {
            return nil
        }
        let words = word.split(separator: " ")
        guard words.count == 3 else { return nil }
        let plan = "plan \(words[1].prefix(8))"
        return words[2] == "closing" ? "closing of \(plan)" : "shard \(words[2]) of \(plan)"
    }

    /// The lines of a summary, without newlines.
    static func lines(_ outcome: PlanOutcome) -> [String] {
        let share = outcome.share
        let plan = "plan \(share.identifier.prefix(8))"
        var lines: [String] = []
        if let shard = share.part.shard {
            lines.append("shard \(shard) of \(Quantity.count(UInt64(share.shards))), \(plan)")
        } else {
            let shards = Quantity.count(UInt64(outcome.shardsJoined), "shard", "shards")
            let time = Quantity.duration(outcome.longestNanoseconds)
            lines.append(
                "closing of \(plan): \(shards) joined, the longest took \(time); counts are of all"
            )
        }
        if !outcome.shardsDifferent.isEmpty {
            lines.append(
                "differences in \(numbers(outcome.shardsDifferent)); each has told its own"
            )
        }
        if !outcome.troubles.isEmpty { lines.append("not done: \(list(outcome.troubles))") }
        if !outcome.failuresUnread.isEmpty {
            lines.append(
                "failures of \(numbers(outcome.failuresUnread)) are not in the list: the file is missing or of another run"
            )
        }
        if let problem = outcome.problem {
            lines.append(
                "how it ended could not be written to PLAN (\(problem.code.sentence)): run it again"
            )
        }
        return lines
    }

    /// Whether closing has not joined all there is to join.
    static func isIncomplete(_ outcome: PlanOutcome?) -> Bool {
        outcome.map {
            !$0.troubles.isEmpty || !$0.failuresUnread.isEmpty || $0.problem != nil
        } ?? false
    }

    /// Whether a run's counts are of all shards, so that by its own time they are no rate.
    static func countsAll(_ outcome: PlanOutcome?) -> Bool { outcome?.share.part == .closing }

    /// The keys of an event.
    static func add(_ outcome: PlanOutcome, to line: inout JSONLine) {
        line.add("plan", outcome.share.identifier)
        line.add("shard", outcome.share.part.shard)
        line.add("shards", outcome.share.shards)
        let isClosing = outcome.share.part == .closing
        line.add("shards_joined", isClosing ? outcome.shardsJoined : nil)
        line.add("failures_unread", numbers: isClosing ? outcome.failuresUnread : nil)
    }
}
