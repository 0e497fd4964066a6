// One run of one part of a plan: the plan read, the part locked, and for closing the results of all shards judged before
// anything is touched.

package import LinuxIO

/// What of a plan one command does.
package struct PlanRequest: Sendable {
    /// What is done with the part.
    package enum Work: Sendable { case pass, verification }

    package var folder: Name
    package var part: RunPart
    package var work: Work
    /// Closing goes on though shards are missing or have failed.
    package var acceptsFailed: Bool

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
    package let request: PlanRequest
    package let folder: PlanFolder
    /// Raised each time that this part begins.
    package let round: UInt64
    /// Of closing: how each shard ended; those that are missing are not among them.
    package let joined: [PartResult]
    /// Of closing that accepts them: what is wrong with shards.
    package let troubles: [ShardTrouble]

    /// Opens, locks and judges; nothing is written but locks.
    package init(_ request: PlanRequest) throws(Refusal) {
        self.request = request
        folder = try PlanFolder(request.folder)
        plan = try Self.read(folder)
        if let shard = request.part.shard, !(0..<plan.shards).contains(shard) {
            throw .noSuchShard(shard, shards: plan.shards)
        }
        try folder.lock(request.part, Self.word(request.work))
        let earlier = Self.result(request.part, request.work, folder, plan)
        round = (try? earlier.get())?.round ?? 0
        (joined, troubles) = ([], [])
    }

    /// The part that this run does.
    package var part: RunPart { request.part }

    /// As passes know it.
    package var share: PlanShare {
        PlanShare(identifier: plan.identifier, shards: plan.shards, part: part)
    }

    private static func read(_ folder: PlanFolder) throws(Refusal) -> TreePlan {
        do throws(PlanProblem) {
            let bytes = try folder.contents(
                of: PlanFolder.planFile,
                bytesMax: TreePlan.fileBytesMax
            )
            guard let bytes else { throw .unreadable(SystemError(.open, .noEntry)) }
            return try TreePlan(reading: bytes)
        } catch {
            throw folder.unusable(PlanFolder.planFile, error.sentence)
        }
    }
}
