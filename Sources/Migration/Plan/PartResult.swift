// How one part of a plan ended: `17.result.json` in PLAN. It is there from the moment that the part begins, without a
// status, so that how it ended before cannot be taken for how it ended now.

/// How one run of a part went.
package struct PartResult: Equatable, Sendable {
    /// The plan's identifier.
    package var plan: String
    package var part: RunPart
    /// What was done with the part: how a comparison ended says nothing of a pass.
    package var work = PartRequest.Work.pass
    /// Raised each time that the part begins.
    package var round: UInt64
    /// As the run exits; nil: it has not come to its end.
    package var status: UInt64?
    package var host: String
    package var durationNanoseconds: UInt64
    /// By the names that reports give to counters.
    package var counts: [String: UInt64] = [:]
    /// SHA-256 of its file of failures in PLAN, when it had ended; nil: there was none.
    package var failuresDigest: String?
    /// Of closing: the round of each shard, in their order, that the last closing joined which came to its end, be it this one;
    /// 0: none.
    package var joined: [UInt64] = []
    /// Of a comparison: the rounds of the passes that it is of, its part's and closing's; 0: there was none.
    package var passes: [UInt64] = []

    package init(
        plan: String,
        part: RunPart,
        round: UInt64,
        status: UInt64? = nil,
        host: String
    ) {
        self.plan = plan
        self.part = part
        self.round = round
        self.status = status
        self.host = host
        durationNanoseconds = 0
    }

    /// Of a comparison: it found some.
    var hasDifferences: Bool { counts[VerificationCounter.differences.key ?? "", default: 0] > 0 }

    private static func format(_ work: PartRequest.Work) -> String {
        work == .pass ? "cutover result" : "cutover comparison"
    }

    private static let version: UInt64 = 1
    /// More was written by nobody: 100,000 rounds take 2 MB.
    static let fileBytesMax = 16 << 20

    /// The whole file.
    package var fileContents: [UInt8] {
        var bytes: [UInt8] = []
        PlanJSON.object([
            .init("format", .init(Self.format(work))),
            .init("version", .number(Self.version)),
            .init("plan", .init(plan)),
            .init("shard", part.shard.map { .number(UInt64($0)) } ?? .null),
            .init("round", .number(round)),
            .init("status", status.map { .number($0) } ?? .null),
            .init("host", .init(host)),
            .init("duration_nanoseconds", .number(durationNanoseconds)),
            .init(
                "counts",
                .object(counts.sorted { $0.key < $1.key }.map { .init($0.key, .number($0.value)) })
            ),
            .init("failures_sha256", failuresDigest.map { .init($0) } ?? .null),
            .init("joined", .list(joined.map { .number($0) })),
            .init("passes", .list(passes.map { .number($0) })),
        ]).write(to: &bytes)
        return bytes + [0x0A]
    }

    /// Reads what `fileContents` wrote.
    package init(reading bytes: [UInt8]) throws(PlanProblem) {
        guard let json = PlanJSON(reading: bytes) else { throw .damaged }
        let works: [PartRequest.Work] = [.pass, .verification]
        let format = json["format"]?.text
        guard let work = works.first(where: { Self.format($0) == format }) else { throw .foreign }
        guard let version = json["version"]?.number else { throw .damaged }
        if version != Self.version { throw .otherVersion(version) }
        guard let plan = json["plan"]?.text, let shard = json["shard"],
            let round = json["round"]?.number, let status = json["status"],
            let host = json["host"]?.text, let duration = json["duration_nanoseconds"]?.number,
            case .object(let counts) = json["counts"], let joined = json["joined"]?.list
        else { throw .damaged }
        var part = RunPart.closing
        if shard != .null {
            guard let number = shard.number, number < TreePlan.shardsMax else { throw .damaged }
            part = .shard(Int(number))
        }
        guard status == .null || status.number != nil else { throw .damaged }
        self.init(
            plan: plan,
            part: part,
            round: round,
            status: status.number,
            host: host
        )
        self.work = work
        durationNanoseconds = duration
        // An earlier version wrote none.
        failuresDigest = json["failures_sha256"]?.text
        for count in counts {
            guard let number = count.value.number,
                self.counts.updateValue(number, forKey: count.key) == nil
            else { throw .damaged }
        }
        self.joined = try Self.rounds(joined)
        passes = try Self.rounds(json["passes"]?.list ?? [])
    }

    private static func rounds(_ list: [PlanJSON]) throws(PlanProblem) -> [UInt64] {
        var rounds: [UInt64] = []
        for round in list {
            guard let round = round.number else { throw .damaged }
            rounds.append(round)
        }
        return rounds
    }
}
