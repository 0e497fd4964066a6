// A directory of the spine: one that a plan has opened, so that what lies in it is dealt to several shards.
//
// Who has a name is answered for names that SOURCE has (`role`) and for those that only DESTINATION has (`extraRole`).
// Of each name exactly one of all shards and closing is told `mine`, or `spine` of an opened directory by several, but
// for a planned subtree that is gone: no shard deletes that, closing does.

package import LinuxIO

/// What a plan says of one name.
package enum PlanPart: Sendable {
    /// All of it, whatever it is, belongs to one shard.
    case shard(Int)
    /// Its own names are dealt out.
    case opened(PlanDirectory)
}

/// A directory of the spine.
package final class PlanDirectory: Sendable {
    /// What is said of names one by one.
    package let children: [Name: PlanPart]
    /// How all other names are dealt out; nil: they are closing's.
    package let hashCut: HashCut?
    /// The shards that have a part here or below.
    package let shards: ShardSet
    /// Directories of the spine from here down, this one counted.
    package let depth: Int

    package init(children: [Name: PlanPart] = [:], hashCut: HashCut? = nil) {
        var shards = ShardSet()
        var depth = 0
        for part in children.values {
            switch part {
            case .shard(let shard): shards.insert(shard)
            case .opened(let directory):
                shards.formUnion(directory.shards)
                depth = max(depth, directory.depth)
            }
        }
        for range in hashCut?.ranges ?? [] { shards.insert(range.shard) }
        self.children = children
        self.hashCut = hashCut
        self.shards = shards
        self.depth = depth + 1
    }

    /// What a run does with a name that SOURCE has.
    ///
    /// `isDirectory`: whether it is a directory on SOURCE now; one that the plan has opened, and that is none any more, is
    /// closing's.
    package func role(of name: Name, isDirectory: Bool, for part: RunPart) -> PlannedRole {
        switch (children[name], part) {
        case (.shard(let owner), .shard(let shard)): owner == shard ? .mine : .others
        case (.shard, .closing): .others
        case (.opened(let directory), .shard(let shard)):
            isDirectory && directory.shards.contains(shard) ? .spine(directory) : .others
        case (.opened(let directory), .closing): isDirectory ? .spine(directory) : .mine
        case (nil, .shard(let shard)): hashCut?.shard(of: name) == shard ? .mine : .others
        case (nil, .closing): hashCut == nil ? .mine : .others
        }
    }

    /// What a run does with a name that only DESTINATION has: `mine`, to be deleted if that is asked for, with all
    /// guards; or `others`.
    ///
    /// Where names are dealt out by hash, each shard deletes those that are dealt to it, and closing none: it need not
    /// list such a directory. Elsewhere closing deletes them all, planned subtrees that are gone among them.
    package func extraRole(of name: Name, for part: RunPart) -> PlannedRole {
        guard let hashCut else { return part == .closing ? .mine : .others }
        guard case .shard(let shard) = part else { return .others }
        if case .shard(let owner) = children[name] { return owner == shard ? .mine : .others }
        return hashCut.shard(of: name) == shard ? .mine : .others
    }

    /// The directories of the spine in this one, in the order of their names' bytes.
    package var openedChildren: [(name: Name, directory: PlanDirectory)] {
        children.compactMap { name, part in
            guard case .opened(let directory) = part else { return nil }
            return (name, directory)
        }
        .sorted { $0.name.bytes.lexicographicallyPrecedes($1.name.bytes) }
    }
}

/// Some numbers of shards.
package struct ShardSet: Equatable, Sendable {
    /// One bit for each, the last word is not 0.
    private var words: [UInt64] = []

    package init() {}

    package func contains(_ shard: Int) -> Bool {
        guard shard >= 0, shard / 64 < words.count else { return false }
        return words[shard / 64] & (1 << UInt64(shard % 64)) != 0
    }

    package var isEmpty: Bool { words.isEmpty }
    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    mutating func insert(_ shard: Int) {
        precondition(shard >= 0, "a shard's number is not negative")
        while words.count <= shard / 64 { words.append(0) }
        words[shard / 64] |= 1 << UInt64(shard % 64)
    }

    mutating func formUnion(_ other: ShardSet) {
        while words.count < other.words.count { words.append(0) }
        for index in other.words.indices { words[index] |= other.words[index] }
    }
}
