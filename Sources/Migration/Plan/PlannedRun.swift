// One run of one part of a plan: the plan read, the part locked, and for closing the results of all shards judged before
// anything is touched.

package import LinuxIO

/// What of a plan one command does.
package struct PartRequest: Sendable {
    /// What is done with the part.
    package enum Work: Sendable { case pass, verification }

    package var folder: Name
    package var part: RunPart
    package var work: Work
    /// Closing goes on though shards are missing or have failed.
    package var acceptsFailed: Bool

    /// The file with the failures of this run.
    package var failuresFile: Name {
        Name(Array(folder.bytes) + Array("/\(PartFiles(part, work).failures)".utf8))
    }

    /// The folder with the record of this part's passes.
    package var stateFolder: Name { Name(Array(folder.bytes) + Array("/\(part.word).state".utf8)) }

    package init(_ folder: Name, _ part: RunPart, _ work: Work, acceptsFailed: Bool = false) {
        self.folder = folder
        self.part = part
        self.work = work
        self.acceptsFailed = acceptsFailed
    }
}

/// One part of a plan, locked by this run.
package final class PlannedRun: Sendable {
    package let plan: TreePlan
    package let request: PartRequest
    package let folder: PartFolder
    /// Raised each time that this part begins.
    package let round: UInt64
    /// Whether the run of this part before began and did not end.
    package let wasCut: Bool
    /// Of a comparison: the rounds of the passes that it is of, its part's and closing's.
    let passes: [UInt64]
    /// Of closing: the rounds that the last closing joined which came to its end; empty: there was none.
    let closedRounds: [UInt64]
    /// Of closing: how each shard ended; those that are missing are not among them.
    package let joined: [PartResult]
    /// Of closing that accepts them: what is wrong with shards.
    package let troubles: [ShardTrouble]
    /// Of closing: shards whose failures are not in its list.
    let failuresUnread = Lock<[Int]>([])

    /// Opens, locks and judges; nothing is written but locks.
    package init(_ request: PartRequest) throws(Refusal) {
        self.request = request
        folder = try PartFolder(request.folder)
        do throws(PlanProblem) { plan = try PlanFolder.read(request.folder) } catch {
            throw .badPlan(path: Array(request.folder.bytes), error)
        }
        if let shard = request.part.shard, !(0..<plan.shards).contains(shard) {
            throw .noSuchShard(shard, shards: plan.shards)
        }
        try folder.lock(request.part, Self.word(request.work))
        let closed = try Self.closedRounds(plan, request.work, folder)
        // One that cannot be read says nothing of how often there was one: closing tells it from others by its plan, and by
        // what it has joined.
        let earlier = try? PartFiles(request.part, request.work).result(in: folder)
        let joinedRound = request.part.shard.flatMap { closed.isEmpty ? nil : closed[$0] } ?? 0
        round = max(earlier?.round ?? 0, joinedRound) + 1
        wasCut = earlier.map { $0.status == nil } ?? false
        passes = request.work == .pass ? [] : Self.passes(of: request.part, folder)
        guard request.part == .closing else {
            (closedRounds, joined, troubles) = ([], [], [])
            return
        }
        closedRounds = closed
        let results = ShardResults(plan, request.work, folder, closedRounds: closed)
        if !results.troubles.isEmpty, !request.acceptsFailed {
            throw .shardsNotDone(results.troubles)
        }
        (joined, troubles) = (results.found, results.troubles)
    }

    /// What the last closing joined that came to its end: the round of each shard; empty: there was none.
    ///
    /// Refused where that cannot be read: old results would pass for new ones.
    private static func closedRounds(
        _ plan: TreePlan,
        _ work: PartRequest.Work,
        _ folder: PartFolder
    ) throws(Refusal) -> [UInt64] {
        let files = PartFiles(.closing, work)
        do throws(PlanProblem) {
            guard let closing = try files.result(in: folder), closing.plan == plan.identifier,
                closing.joined.count == plan.shards
            else { return [] }
            return closing.joined
        } catch {
            throw folder.unusable(
                files.result,
                "it cannot be read, so nobody knows which shards were joined; remove it and run all shards again"
            )
        }
    }

    /// The rounds of the passes that a comparison of a part is of: of the part and of closing; 0: there was none.
    static func passes(of part: RunPart, _ folder: PartFolder) -> [UInt64] {
        [part, .closing].map { part in
            // One that cannot be read is none, before and after.
            (try? PartFiles(part, .pass).result(in: folder))?.round ?? 0
        }
    }

    /// The part that this run does.
    package var part: RunPart { request.part }

    /// As passes know it.
    package var share: PlanShare {
        PlanShare(identifier: plan.identifier, shards: plan.shards, part: part)
    }

}

// MARK: While it runs

extension PlannedRun {
    private var files: PartFiles { PartFiles(part, request.work) }

    /// The folder with the record of this part's passes.
    package var stateFolder: Name { request.stateFolder }

    /// Writes down that the part begins, in place of how it ended before; nothing was done yet.
    func begin() throws(Refusal) {
        var result = PartResult(
            plan: plan.identifier,
            part: part,
            round: round,
            host: Machine.host ?? ""
        )
        result.work = request.work
        result.passes = passes
        // Or one that is killed, or refused later, would take away what tells old results from new ones.
        result.joined = closedRounds
        do throws(SystemError) {
            try folder.write(files.result, result.fileContents)
            // Those of the run before; of this one they may go elsewhere.
            try folder.empty(files.failures)
        } catch {
            throw folder.unusable(files.result, error.code.sentence)
        }
    }

    /// Writes down what closing has to know of the part, and then how it ended; others may begin it then.
    private func end(_ ended: PartResult, links: [UInt8]?) throws(SystemError) {
        defer { folder.unlock() }
        if let links { try folder.write(files.links, links) }
        try folder.write(files.result, ended.fileContents)
    }

    /// Writes down how a pass or a comparison of the part ended; where it is closing, status and counts are those of all
    /// shards from then on.
    ///
    /// `links`: the file with what a shard leaves to closing.
    func end<Name: CounterName>(
        _ own: ExitStatus,
        _ durationNanoseconds: UInt64,
        _ counters: CounterTable<Name>,
        links: @autoclosure () -> [UInt8]
    ) -> (status: ExitStatus, outcome: PlanOutcome) {
        var outcome = outcome
        var status = own
        if part == .closing {
            status = .worst(of: [status] + statuses)
            if !troubles.isEmpty || !outcome.failuresUnread.isEmpty {
                status = .worst(of: [status, .someFailed])
            }
        }
        var counts: [String: UInt64] = [:]
        for counter in Name.allCases {
            if let key = counter.key { counts[key] = counters[counter].value() }
        }
        do throws(SystemError) {
            try end(
                result(status, durationNanoseconds, counts),
                links: part == .closing ? nil : links()
            )
        } catch {
            outcome.problem = error
            status = .worst(of: [status, .someFailed])
        }
        for joined in joined {
            for counter in Name.allCases {
                guard let key = counter.key, let count = joined.counts[key] else { continue }
                counters[counter].count(count)
            }
        }
        return (status, outcome)
    }

    /// What is told of it at its end.
    var outcome: PlanOutcome {
        var outcome = PlanOutcome(share)
        outcome.troubles = troubles
        outcome.failuresUnread = failuresUnread.withLock { $0 }
        outcome.shardsJoined = joined.count
        outcome.shardsDifferent = joined.filter { $0.hasDifferences }.compactMap(\.part.shard)
        outcome.longestNanoseconds = joined.map(\.durationNanoseconds).max() ?? 0
        return outcome
    }

    /// How it ended, for PLAN.
    func result(
        _ status: ExitStatus,
        _ durationNanoseconds: UInt64,
        _ counts: [String: UInt64]
    ) -> PartResult {
        var result = PartResult(
            plan: plan.identifier,
            part: part,
            round: round,
            status: UInt64(status.rawValue),
            host: Machine.host ?? ""
        )
        result.durationNanoseconds = durationNanoseconds
        result.work = request.work
        result.counts = counts
        result.failuresDigest = ownFailures?.digest
        result.passes = passes
        let isClosed = ShardResults.isDone(status, request.work)
        result.joined = part == .closing && isClosed ? joinedRounds : closedRounds
        return result
    }

    /// How the shards ended that closing joins; one that did not do all of its part counts as failed.
    var statuses: [ExitStatus] {
        joined.map { result in
            let status = result.status.flatMap { Int32(exactly: $0) }
                .flatMap(ExitStatus.init(rawValue:))
            return status.flatMap { ShardResults.isDone($0, request.work) ? $0 : nil }
                ?? .someFailed
        }
    }

    /// The round of each shard; 0 of those that are missing.
    private var joinedRounds: [UInt64] {
        var rounds = [UInt64](repeating: 0, count: plan.shards)
        for result in joined {
            if let shard = result.part.shard { rounds[shard] = result.round }
        }
        return rounds
    }

    /// The links file of a shard with these groups.
    func file(of groups: [OpenGroup]) -> [UInt8] {
        OpenGroups(plan: plan.identifier, part: part, round: round, groups: groups).fileContents
    }

    /// The same of a comparison.
    func file(of pairs: [MetPair]) -> [UInt8] {
        MetPairs(plan: plan.identifier, part: part, round: round, pairs: pairs).fileContents
    }

    /// The groups that the shards left open; by shard why one's cannot be read.
    package func openGroups() -> (groups: [OpenGroup], unread: [Int]) {
        let (files, unread) = links { bytes, result throws(PlanProblem) in
            let read = try OpenGroups(reading: bytes)
            guard read.plan == plan.identifier, read.part == result.part,
                read.round == result.round
            else { throw .foreign }
            return read.groups
        }
        return (files.flatMap { $0 }, unread)
    }

    /// What names that the shards compared have on both sides, in the order of shards; whose file cannot be read.
    func openPairs() -> (pairs: [MetPair], unread: [Int]) {
        let (files, unread) = links { bytes, result throws(PlanProblem) in
            let read = try MetPairs(reading: bytes)
            guard read.plan == plan.identifier, read.part == result.part,
                read.round == result.round
            else { throw .foreign }
            return read.pairs
        }
        return (files.flatMap { $0 }, unread)
    }

    /// The links files of the shards that closing joins, read by `read`; whose is missing, damaged or of another run.
    private func links<Read>(
        _ read: ([UInt8], PartResult) throws(PlanProblem) -> Read
    ) -> (read: [Read], unread: [Int]) {
        var found: [Read] = []
        var unread: [Int] = []
        for result in joined {
            guard let shard = result.part.shard else { continue }
            let file = PartFiles(result.part, request.work).links
            do throws(PlanProblem) {
                let bytes = try folder.contents(of: file, bytesMax: LinksFile.bytesMax)
                guard let bytes else { throw .damaged }
                found.append(try read(bytes, result))
            } catch {
                // Why does not matter: the shard is to run again.
                unread.append(shard)
            }
        }
        return (found, unread)
    }

    private static func word(_ work: PartRequest.Work) -> String {
        work == .pass ? "" : "verify."
    }

    /// Refuses roots that are not those that the plan was made for.
    func judge(_ roots: Roots) throws(Refusal) {
        for (side, planned, root) in [
            (Failure.Side.source, plan.source, Optional(roots.sourceItself)),
            (.destination, plan.destination, roots.destinationItself),
        ] {
            let found: PlannedRoot?
            do throws(SystemError) {
                found = try root.map { root throws(SystemError) in
                    try PlannedRoot(of: root.descriptor, path: planned.path)
                }
            } catch {
                throw .cannotExamine(side, error)
            }
            if found?.isSame(as: planned) != true {
                throw .planOfOtherRoot(side, path: planned.path)
            }
        }
    }
}

/// How the files of one part are called.
struct PartFiles {
    let result: String
    let links: String
    let failures: String
    private let work: PartRequest.Work

    init(_ part: RunPart, _ work: PartRequest.Work) {
        let stem = part.word + (work == .pass ? "" : ".verify")
        (result, links, failures) = (stem + ".result.json", stem + ".links", stem + ".failures")
        self.work = work
    }

    /// Nil: there is none.
    func result(in folder: PartFolder) throws(PlanProblem) -> PartResult? {
        let bytes = try folder.contents(of: result, bytesMax: PartResult.fileBytesMax)
        guard let bytes else { return nil }
        let read = try PartResult(reading: bytes)
        // Somebody renamed it.
        if read.work != work { throw .foreign }
        return read
    }
}

/// How all shards of a plan ended.
struct ShardResults {
    /// Those that are of this plan and have ended, well or not.
    private(set) var found: [PartResult] = []
    /// Why closing is refused.
    private(set) var troubles: [ShardTrouble] = []

    /// Status words that closing takes for done: all was looked at.
    private static let done: [ExitStatus] = [.done, .someVanished, .deletionLimit]

    /// A comparison that found differences has compared all.
    static func isDone(_ status: ExitStatus, _ work: PartRequest.Work) -> Bool {
        done.contains(status) || (work == .verification && status == .different)
    }

    /// `closedRounds`: what the last closing joined; empty: there was none.
    init(
        _ plan: TreePlan,
        _ work: PartRequest.Work,
        _ folder: PartFolder,
        closedRounds: [UInt64]
    ) {
        for shard in 0..<plan.shards {
            do throws(PlanProblem) {
                let files = PartFiles(.shard(shard), work)
                guard let result = try files.result(in: folder) else {
                    troubles.append(ShardTrouble(shard, .missing))
                    continue
                }
                note(result, shard, plan, folder)
            } catch {
                troubles.append(ShardTrouble(shard, .unreadable(error)))
            }
        }
        if !closedRounds.isEmpty { judgeRounds(closedRounds) }
    }

    private mutating func note(
        _ result: PartResult,
        _ shard: Int,
        _ plan: TreePlan,
        _ folder: PartFolder
    ) {
        let work = result.work
        guard result.plan == plan.identifier, result.part == .shard(shard) else {
            troubles.append(ShardTrouble(shard, .ofOtherPlan))
            return
        }
        guard let status = result.status else {
            troubles.append(ShardTrouble(shard, .unfinished))
            return
        }
        let known = Int32(exactly: status).flatMap(ExitStatus.init(rawValue:))
        if known.map({ Self.isDone($0, work) }) != true {
            troubles.append(ShardTrouble(shard, .failed(status)))
        }
        if work == .verification,
            result.passes != PlannedRun.passes(of: .shard(shard), folder)
        {
            troubles.append(ShardTrouble(shard, .beforePass))
        }
        found.append(result)
    }

    /// In a further round all shards run again before they are joined: those that did not run since the last closing are
    /// missing.
    ///
    /// Where none did, an array may never have started, and old answers would pass for new ones.
    private mutating func judgeRounds(_ closed: [UInt64]) {
        for result in found {
            if let shard = result.part.shard, closed[shard] == result.round,
                !troubles.contains(where: { $0.shard == shard })
            {
                troubles.append(ShardTrouble(shard, .notSince))
            }
        }
        troubles.sort { $0.shard < $1.shard }
    }
}
