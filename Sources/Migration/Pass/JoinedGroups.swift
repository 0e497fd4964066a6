// What a pass does beside all others when it is a part of a plan: quotas are left to closing, which joins hard links.

import LinuxIO

extension PlannedRun {
    /// Quotas are those of a whole volume, and carried once: by closing.
    func limit(_ options: inout PassOptions) {
        options.share = share
        if part != .closing { options.quotas = .off }
    }
}

extension PlannedRun {
    /// Closing joins hard links across shards, when all names of its own are in place.
    func joinGroups(_ roots: Roots, _ context: PassContext) {
        guard part == .closing, context.links.keepsOpenGroups,
            context.log.mayWrite
        else { return }
        let (groups, unread) = openGroups()
        for shard in unread {
            context.log.record(
                Failure(
                    path: [],
                    side: .destination,
                    activity: .link,
                    detail:
                        "the links file of shard \(shard) cannot be read or is of another run; run the shard again"
                )
            )
        }
        GroupJoiner(
            context,
            roots,
            groups + context.links.openGroups(),
            mayHaveLeftovers: wasCut
        )
        .run()
    }
}

extension LinkRegistry {
    /// The groups of one pass.
    convenience init(_ roots: Roots, _ options: PassOptions, isFirstCopy: Bool) {
        self.init(
            isFirstCopy: isFirstCopy,
            holdsUntilComplete: options.itemizes,
            // Where the C library does not know: large groups are remembered to the end of the pass.
            linkCountMax: roots.destination.map { $0.descriptor.linkCountMax() ?? 1000 } ?? .max,
            keepsOpenGroups: options.share != nil && options.preserved.contains(.hardLinks)
        )
    }
}
