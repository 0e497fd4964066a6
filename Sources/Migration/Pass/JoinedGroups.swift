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
    /// Tells which hard links cannot be joined; closing joins hard links across shards, when all names of its own are in place.
    func joinGroups(_ roots: Roots, _ context: PassContext) {
        guard context.links.keepsOpenGroups else { return }
        for path in context.links.strangers() { context.log.record(RootDevices.failure(path)) }
        guard part == .closing, context.log.mayWrite, let destination = roots.destination else {
            return
        }
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
            destination,
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
            devices: options.share != nil && options.preserved.contains(.hardLinks)
                ? RootDevices(roots) : nil
        )
    }
}
