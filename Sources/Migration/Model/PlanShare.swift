// What a run knows of the plan that it is a part of, where the plan itself is not needed.

package import LinuxIO

/// Which part of a plan one run does.
package enum RunPart: Hashable, Sendable {
    /// The subtrees and names that are dealt to one number.
    case shard(Int)
    /// What is done once, when all shards are done: the spine, and what came to it since.
    case closing

    /// Its number; nil of closing.
    package var shard: Int? {
        if case .shard(let number) = self { number } else { nil }
    }

    /// As its files in PLAN are called: `17`, `closing`.
    package var word: String { shard.map { "\($0)" } ?? "closing" }
}

/// Which part of which plan a run is.
package struct PlanShare: Hashable, Sendable {
    /// The plan's.
    package var identifier: String
    /// How many shards it has.
    package var shards: Int
    package var part: RunPart

    package init(identifier: String, shards: Int, part: RunPart) {
        self.identifier = identifier
        self.shards = shards
        self.part = part
    }
}

/// Why a shard cannot be joined.
package struct ShardTrouble: Equatable, Sendable {
    package enum What: Equatable, Sendable {
        /// It has no result.
        case missing
        /// It began, and has not ended: it is at work still, or was killed.
        case unfinished
        /// It ended with this status: something of its part was not done.
        case failed(UInt64)
        /// Its result is of another plan.
        case ofOtherPlan
        /// It did not run since the last closing.
        case notSince
        /// It was compared, and a pass came after it.
        case beforePass
        case unreadable(PlanProblem)
    }

    package var shard: Int
    package var what: What

    package init(_ shard: Int, _ what: What) { (self.shard, self.what) = (shard, what) }
}

/// Who is at work on a plan.
package enum PlanHolder: Equatable, Sendable {
    /// This very part.
    case shard(Int)
    case closing
    /// Some of them.
    case shards
}

/// What is told of a plan when a part of it has ended.
package struct PlanOutcome: Sendable {
    package var share: PlanShare
    /// Of closing: so many shards were joined.
    package var shardsJoined = 0
    /// Of closing a comparison: those of them that found differences.
    package var shardsDifferent: [Int] = []
    /// Of closing: what the longest of them took.
    package var longestNanoseconds: UInt64 = 0
    /// Of closing that goes on without them: shards that are missing or failed.
    package var troubles: [ShardTrouble] = []
    /// Of closing: shards whose failures are not in its list, for their file is missing or of another run.
    package var failuresUnread: [Int] = []
    /// Why PLAN does not know how it ended; nil: it does.
    package var problem: SystemError?

    package init(_ share: PlanShare) { self.share = share }
}
