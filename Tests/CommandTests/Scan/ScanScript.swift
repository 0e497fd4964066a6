// Scripts of edits between passes: chosen from a seed and made, judged after each pass, made again,
// and made shorter when they have found a mistake.

import Glibc
import TestSupport
import Testing

/// What comes between two passes that must be right.
struct ScanRound: Sendable, CustomStringConvertible {
    /// A pass that comes between: it may be other than usual, and may fail.
    enum Disturbance: Sendable, CustomStringConvertible {
        case none
        /// A pass with other options; `faults` for CUTOVER_FAULTS of a debug build.
        case pass(options: [String], deletes: Bool, faults: String)
        /// A pass that gets a signal so long after it began.
        case signal(Int32, microseconds: UInt32)
        /// A usual pass, while which the later edits are made.
        case meanwhile

        var description: String {
            switch self {
            case .none: "nothing"
            case .pass(let options, let deletes, let faults):
                "a pass \(options) \(deletes ? "" : "without --delete") \(faults)"
            case .signal(let signal, let microseconds):
                "a pass with signal \(signal) after \(microseconds) us"
            case .meanwhile: "a pass, and while it runs:"
            }
        }
    }

    var edits: [UserEdit]
    var disturbance = Disturbance.none
    /// More edits after the disturbance.
    var laterEdits: [UserEdit] = []
    /// A dry run before the pass must print the pass's very lines.
    ///
    /// Other passes itemize nothing: those that do rename no directories on DESTINATION.
    var tries = false

    /// No pass comes between.
    var isQuiet: Bool {
        if case .none = disturbance { true } else { false }
    }

    var description: String {
        let lines =
            edits.map(\.description)
            + (isQuiet ? [] : ["-- \(disturbance)"] + laterEdits.map(\.description))
        return lines.map { "    " + $0 + "\n" }.joined()
    }
}

/// A seed's trees, and the rounds that followed.
struct ScanScript: Sendable, CustomStringConvertible {
    let seed: UInt64
    var rounds: [ScanRound] = []

    /// How many edits it has.
    var count: Int { rounds.reduce(0) { $0 + $1.edits.count + $1.laterEdits.count } }

    var description: String {
        rounds.enumerated().map { "  round \($0 + 1)\n\($1)" }.joined()
    }
}

/// What became of a script.
struct ScanResult: Sendable {
    /// The script as it was made, up to the round that went wrong.
    var script: ScanScript
    /// What went wrong; nil when all was right.
    var problem: String?
    /// Passes after the first that were judged, and those of them that scanned.
    var passes = 0
    var scans = 0
    /// Why the others walked.
    var walkReasons: [String] = []
}

/// Makes scripts on a pair of volumes, one after the other.
struct ScanTheatre {
    /// What a script is made with.
    struct Ways: Sendable {
        /// Passes come between that are killed, interrupted, failing, or of other options.
        var disturbs = false
        /// Everything remembered is thrown away before each pass.
        var forgets = false
        var rounds = 4
    }

    private let source: LoopVolume
    private let destination: LoopVolume
    private let memory: MemoryFolder

    init() throws {
        source = try LoopVolume(.xfs())
        destination = try ScanStage.quietVolume(megabytes: 320)
        memory = try MemoryFolder()
    }

    /// Chooses a script from its seed and makes it.
    func play(seed: UInt64, _ ways: Ways) throws -> ScanResult {
        var choice = SeededRandom(seed: seed &+ 1_000_003)
        var edits: UserEdits?
        return try play(ScanScript(seed: seed), ways, rounds: ways.rounds) { home, _, step in
            if edits == nil { edits = UserEdits(seed: seed &* 31 &+ 7, home: home) }
            guard step == .before else {
                return ScanRound(edits: try edits?.apply(1 + choice.below(4)) ?? [])
            }
            let few = choice.below(100)
            let count = few < 10 ? 0 : few < 45 ? 1 + choice.below(3) : 4 + choice.below(17)
            var round = ScanRound(edits: try edits?.apply(count) ?? [])
            if ways.disturbs { round.disturbance = Self.disturbance(&choice) }
            round.tries = choice.chance(30)
            return round
        }
    }

    /// Makes a script again, or a part of it; what can no longer be done is left out.
    func replay(_ script: ScanScript, _ ways: Ways) throws -> ScanResult {
        var later = script.rounds.map { $0.laterEdits }
        let rounds = script.rounds.count
        return try play(ScanScript(seed: script.seed), ways, rounds: rounds) { home, index, step in
            var round = script.rounds[index]
            var edits = round.edits
            if step == .after {
                edits = later[index]
                // While a pass runs they are asked for again and again, as when they were chosen.
                if case .meanwhile = round.disturbance { edits = Array(edits.prefix(3)) }
                later[index].removeFirst(edits.count)
            }
            round.edits = []
            round.laterEdits = []
            for edit in edits {
                do { try edit.apply(home) } catch is CallError { continue }
                round.edits.append(edit)
            }
            return round
        }
    }

    /// Edits come before a disturbance and after it.
    private enum Step { case before, after }

    /// Makes the edits of a step, and answers them as the `edits` of a round.
    private typealias Choosing = (_ home: [UInt8], _ round: Int, _ step: Step) throws -> ScanRound

    private func play(
        _ script: ScanScript,
        _ ways: Ways,
        rounds: Int,
        _ choose: Choosing
    ) throws -> ScanResult {
        var result = ScanResult(script: script)
        let name = Scratch.uniqueName("seed\(script.seed)")
        let home = joined(source.mountPoint, name)
        let pair = ScanPair(
            from: joined(home, UserEdits.source),
            to: joined(destination.mountPoint, name),
            state: joined(memory.path, name),
            reportFile: joined(memory.path, name + ".json")
        )
        defer {
            for path in [home, pair.to, pair.state, pair.reportFile] {
                do { try Files.removeTree(path) } catch {
                    Issue.record("a tree was left behind: \(error)")
                }
            }
        }
        try fill(home, pair, seed: script.seed)
        let first = try pair.sync()
        if first.outcome.status != 0 { result.problem = "first pass: \(first.outcome)" }
        for index in 0..<rounds where result.problem == nil {
            var round = try choose(home, index, .before)
            result.script.rounds.append(round)
            if !round.isQuiet {
                result.problem = try disturb(pair, round.disturbance) {
                    round.laterEdits += try choose(home, index, .after).edits
                }
                result.script.rounds[index] = round
            }
            if ways.forgets { try Files.removeTree(pair.state) }
            if result.problem == nil { try judge(pair, round, &result) }
        }
        return result
    }

    private func fill(_ home: [UInt8], _ pair: ScanPair, seed: UInt64) throws {
        let aside = joined(home, UserEdits.aside)
        for path in [home, pair.from, aside, pair.to] { try Files.makeDirectory(path) }
        var random = SeededRandom(seed: seed)
        try Lookalike.fill(pair.from, entries: 40 + random.below(100), &random)
        try Lookalike.fill(aside, entries: 25, &random)
    }

    // MARK: Judging

    /// One pass that must be right, and what must then be true.
    private func judge(_ pair: ScanPair, _ round: ScanRound, _ result: inout ScanResult) throws {
        var foreseen: [String]?
        let linked = round.tries ? try pair.shownNamesOfSeveral() : []
        if round.tries {
            let before = try pair.stateContents()
            let dry = try pair.sync(["-n", "-i"])
            foreseen = Self.lines(dry.outcome, without: linked)
            if try pair.stateContents() != before { result.problem = "a dry run changed the state" }
        }
        let pass = try pair.sync(round.tries ? ["-i"] : [])
        let how = "the pass (\(pass.method?.rawValue ?? "?"): \(pass.walkReason ?? "no reason"))"
        result.passes += 1
        if pass.method == .scan { result.scans += 1 }
        if let reason = pass.walkReason { result.walkReasons.append(reason) }
        if pass.outcome.status != 0 { return result.problem = "\(how) failed: \(pass.outcome)" }
        let differences = try pair.differences()
        if !differences.isEmpty {
            let lines = differences.prefix(8).joined(separator: "\n  ")
            return result.problem = "\(how) left differences:\n  \(lines)\n\(pass.outcome)"
        }
        let done = Self.lines(pass.outcome, without: linked)
        if let foreseen, foreseen != done {
            return result.problem = "\(how) did \(done), and the dry run had said \(foreseen)"
        }
        let walk = try pair.leftToDo()
        if walk.status != 0 || !walk.stdout.isEmpty {
            result.problem = "after \(how) a walk would do: \(walk)"
        }
    }

    /// Itemized lines in order, but those of files that have several names on either side: which
    /// name of a group that came apart keeps the inode depends on which worker meets one first.
    private static func lines(_ outcome: Outcome, without linked: Set<String>) -> [String] {
        outcome.lines.filter { line in
            let name = line.dropFirst(12).split(separator: " => ", maxSplits: 1).first ?? ""
            return !linked.contains(String(name))
        }.sorted()
    }

    // MARK: Disturbing

    /// Options of a pass that comes between.
    ///
    /// Not `--size-only`: it gives files the times of contents
    /// that it did not copy, and no later pass can know.
    private static let otherOptions: [[String]] = [
        ["--no-xattrs"], ["--no-acls"], ["--no-perms"], ["--no-owner"], ["--no-times"],
        ["--no-hard-links"], ["--no-specials"], ["--exclude", "a"], ["--exclude", "/b/*"],
        ["--branch", "a"], ["--branch", "home"], ["--max-delete", "1"], ["--changes", "walk"],
        ["--checksum"], ["--ignore-times"], ["-n"], ["--workers", "1"],
    ]

    private static func disturbance(_ random: inout SeededRandom) -> ScanRound.Disturbance {
        switch random.below(13) {
        case 0, 1: return .none
        case 10...12: return .meanwhile
        case 2, 3, 4:
            let options = otherOptions[random.below(otherOptions.count)]
            let deletes = random.chance(70) || options[0] == "--max-delete"
            return .pass(options: options, deletes: deletes, faults: "")
        case 5, 6:
            let operation = FaultTable.operations[random.below(FaultTable.operations.count)]
            let error = ["EIO", "ENOSPC", "EDQUOT", "ENOENT", "EMFILE"][random.below(5)]
            let count = random.chance(20) ? ":*" : ""
            let fault = "\(operation):\(1 + random.below(12)):\(error)\(count)"
            return .pass(options: [], deletes: true, faults: fault)
        case 7: return .signal(SIGINT, microseconds: UInt32(random.below(50_000)))
        default: return .signal(SIGKILL, microseconds: UInt32(random.below(100_000)))
        }
    }

    /// Lets a pass go wrong or be different, and edits be made after it or meanwhile.
    ///
    /// - Returns: what it must not do even so.
    private func disturb(
        _ pair: ScanPair,
        _ disturbance: ScanRound.Disturbance,
        _ edit: () throws -> Void
    ) throws -> String? {
        switch disturbance {
        case .none: break
        case .meanwhile:
            let process = try pair.start()
            // It takes a moment before it reads; a few edits are made all the same.
            for batch in 0..<12 where batch < 2 || process.isRunning {
                try edit()
                usleep(4000)
            }
            let outcome = process.wait()
            let isFine = [0, 23, 24].contains(outcome.status ?? -1)
            return isFine ? nil : "\(disturbance): \(outcome)"
        case .pass(let options, let deletes, let faults):
            let environment = faults.isEmpty ? [] : ["CUTOVER_FAULTS=" + faults]
            let pass = try pair.sync(options, deletes: deletes, environment: environment)
            // Statuses of failing passes are FaultTests' subject.
            if let signal = pass.outcome.signal { return "\(disturbance): signal \(signal)" }
        case .signal(let signal, let microseconds):
            let process = try pair.start()
            waitUntil {
                let isBegun = ((try? Files.status(pair.reportFile))?.st_size ?? 0) > 0
                return isBegun || !process.isRunning
            }
            usleep(microseconds)
            process.send(signal)
            let outcome = process.wait()
            if let ended = outcome.signal, ended != signal { return "\(disturbance): \(outcome)" }
        }
        try edit()
        return nil
    }
}
