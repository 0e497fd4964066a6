// What a run knows of the plan that it is a part of, where the plan itself is not needed.

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
