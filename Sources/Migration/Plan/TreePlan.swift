// How one tree is cut for several runs, each perhaps on a machine of its own. Values alone: nothing here opens, lists
// or writes. The map of this folder:
//
//   TreePlan       a whole plan: its name, its roots, its options, the tree of cuts
//   PlanDirectory  a directory of the spine, and who has which of its names
//   HashCut        names of one directory dealt out by their hash
//   PlannedRoot    a root by what every host sees alike
//   PlanWeight     entries and bytes
//   PlanText       plan.json: written in one form, and read back strictly
//   PlanJSON       as much of JSON as that needs
//   PlanProblem    what is wrong with a file
//
// It keeps true: of one name below the roots one run has all, whatever the others do. What it does not promise: that a
// name is there still; the tree goes on changing while a plan is carried out.

/// How one tree is cut into shards.
package struct TreePlan: Sendable {
    /// 32 hexadecimal digits that no other plan has.
    package let identifier: String
    /// How many runs there are, closing not counted; they are `0..<shards`.
    package let shards: Int
    /// What the hash of names begins with, and what decides between equals.
    package let seed: UInt64
    package let source: PlannedRoot
    package let destination: PlannedRoot
    /// The options of a pass that all runs have, as words of the command line: `--delete`, `--exclude=*.tmp`.
    package let options: [[UInt8]]
    /// The work of each shard when the plan was made.
    package let loads: [PlanWeight]
    /// What was not dealt to any shard.
    package let spine: PlanWeight
    /// What is cut in the roots themselves.
    package let root: PlanDirectory

    /// More make no sense on any cluster, and each has files of its own.
    package static let shardsMax = 100_000
    /// Directories of the spine one below the other: they are gone through by recursion.
    package static let depthMax = 512

    package init(
        _ heading: PlanHeading,
        loads: [PlanWeight],
        spine: PlanWeight,
        root: PlanDirectory
    ) {
        identifier = heading.identifier
        shards = heading.shards
        seed = heading.seed
        source = heading.source
        destination = heading.destination
        options = heading.options
        self.loads = loads
        self.spine = spine
        self.root = root
    }

    /// All but the cuts.
    package var heading: PlanHeading {
        PlanHeading(
            identifier: identifier,
            shards: shards,
            seed: seed,
            source: source,
            destination: destination,
            options: options
        )
    }
}

/// What a plan says of itself before its cuts.
package struct PlanHeading: Equatable, Sendable {
    package var identifier: String
    package var shards: Int
    package var seed: UInt64
    package var source: PlannedRoot
    package var destination: PlannedRoot
    package var options: [[UInt8]]

    package init(  // Six: one for each line of the file.
        identifier: String = Self.newIdentifier(),
        shards: Int,
        seed: UInt64,
        source: PlannedRoot,
        destination: PlannedRoot,
        options: [[UInt8]]
    ) {
        self.identifier = identifier
        self.shards = shards
        self.seed = seed
        self.source = source
        self.destination = destination
        self.options = options
    }

    /// 128 random bits in hexadecimal.
    package static func newIdentifier() -> String {
        var random = SystemRandomNumberGenerator()
        return PlanDigits.text(random.next()) + PlanDigits.text(random.next())
    }
}

/// What one run does with a name in a directory of the spine.
package enum PlannedRole: Sendable {
    /// It and all below it are the run's own, as in any pass.
    case mine
    /// A directory of the spine: it is entered for what lies below, and is nobody's but closing's itself.
    case spine(PlanDirectory)
    /// Another run's: left alone, on both sides.
    case others
}
