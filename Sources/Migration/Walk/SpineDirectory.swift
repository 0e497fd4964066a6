// A directory of a plan's spine, as one run of the plan is in it: which of its names are whose. Only runs of plans have
// any; a pass without a plan asks nothing here.

import LinuxIO

extension PlannedRun {
    /// The roots as its spine.
    var spine: SpineDirectory { SpineDirectory(plan.root, share) }
}

/// A directory of the spine under way.
package final class SpineDirectory: Sendable {
    let plan: PlanDirectory
    private let share: PlanShare
    /// Of the names that the plan tells one by one, those that SOURCE has.
    private let onSource = Lock<Set<Name>>([])

    init(_ plan: PlanDirectory, _ share: PlanShare) {
        self.plan = plan
        self.share = share
    }

    /// Which part of the plan the run does.
    var part: RunPart { share.part }

    /// Whether others write to it meanwhile: a shard enters it, and neither gives it attributes nor gives back what it was
    /// lent for changes, which closing does.
    var isShared: Bool { part != .closing }

    /// Whether its names need not be listed: none but those that the plan opened are this run's.
    var isOnlyPassed: Bool { part == .closing && plan.hashCut != nil }

    /// Whether an entry of SOURCE is looked at.
    ///
    /// To be asked of all that SOURCE lists before `hasExtra` is asked of any.
    func holds(_ name: Name, isDirectory: Bool) -> Bool {
        if plan.children[name] != nil { noteOnSource(name) }
        if case .others = plan.role(of: name, isDirectory: isDirectory, for: part) { return false }
        return true
    }

    /// SOURCE has a name, whoever's it is: nobody deletes it.
    func noteOnSource(_ name: Name) {
        onSource.withLock { names in _ = names.insert(name) }  // It may be told twice.
    }

    /// Whether an entry is still what the plan has it for: one that was a directory of the spine when it was listed, and is
    /// none any more, is not a shard's.
    func mayHandle(_ name: Name, isDirectory: Bool) -> Bool {
        switch plan.role(of: name, isDirectory: isDirectory, for: part) {
        case .mine, .spine: true
        case .others: false
        }
    }

    /// The directory of the spine that an entry is, which is one on SOURCE; nil: it is the run's own, as all below it.
    func child(_ name: Name) -> SpineDirectory? {
        guard case .spine(let directory) = plan.role(of: name, isDirectory: true, for: part) else {
            return nil
        }
        return SpineDirectory(directory, share)
    }

    /// Whether a name that only DESTINATION has is this run's to be deleted.
    func hasExtra(_ name: Name) -> Bool {
        if plan.children[name] != nil, onSource.withLock({ $0.contains(name) }) { return false }
        if case .mine = plan.extraRole(of: name, for: part) { return true }
        return false
    }

    /// Whether a leftover of this name is this run's to be removed.
    ///
    /// A shard removes what runs of its own number and plan left: a neighbour of any other may be at work. Where names are
    /// dealt out by hash, closing lists none; there a shard also takes those without a number that are dealt to it.
    func mayRemoveLeftover(_ name: Name) -> Bool {
        guard let shard = part.shard else { return true }
        if let owner = TemporaryNames.shard(of: name.bytes) { return owner == ShardOfPlan(share) }
        return plan.hashCut?.shard(of: name) == shard
    }

    /// Names of the plan that this run would look at, and SOURCE lacks: they have vanished since it was made.
    ///
    /// To be asked when SOURCE was listed to its end.
    var vanished: [Name] {
        let present = onSource.withLock { $0 }
        return plan.children.compactMap { name, child -> Name? in
            if present.contains(name) { return nil }
            switch (child, part) {
            case (.shard(let owner), .shard(let shard)): return owner == shard ? name : nil
            case (.opened(let directory), .shard(let shard)):
                return directory.shards.contains(shard) ? name : nil
            // What moved to where its shard had been already is nowhere on DESTINATION now.
            case (_, .closing): return name
            }
        }.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }
}
