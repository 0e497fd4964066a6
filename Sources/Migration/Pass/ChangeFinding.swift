// How a pass begins: by a scan, a plan and renamed directories, or by nothing at all, which is a walk.

import History
import LinuxIO
import Synchronization

/// Finds out what a pass looks at.
struct ChangeFinding {
    /// What came of it.
    struct Outcome {
        var method: ChangeMethod
        /// What a scan found changed, in ascending order; empty for a walk.
        var changed: [ChangedInode] = []
    }

    private let context: PassContext
    private let keeper: StateKeeper
    private let roots: Roots
    private let rootNode: PassDirectory

    init(_ context: PassContext, _ keeper: StateKeeper, _ roots: Roots, _ rootNode: PassDirectory) {
        self.context = context
        self.keeper = keeper
        self.roots = roots
        self.rootNode = rootNode
    }

    /// Prepares the root for the workers, before they begin.
    func run() -> Outcome {
        flushMappings()
        guard case .walk(let reason) = keeper.method else {
            do throws(WalkReason) { return try scan() } catch {
                return walk(error)
            }
        }
        recall()
        if let reason { context.log.say(.walks(reason)) }
        return Outcome(method: keeper.method)
    }

    /// Stores through a mapping move a file's times only when its page was clean: so all pages are made clean
    /// now, and a store after this pass has read a page shows (S7).
    private func flushMappings() {
        guard context.memory.recorder != nil else { return }
        do throws(SystemError) { try roots.source.descriptor.synchronizeFilesystem() } catch {
            // SOURCE cannot write back: its files are read as memory has them, and it tells its owner itself.
        }
    }

    /// Gets the record ready for a walk, which asks it for every entry.
    private func recall() {
        // Where it cannot be read as a whole it is asked one by one; what cannot be read then proves nothing.
        let table = keeper.record.map { (try? RecordTable($0)) ?? RecordTable(unread: $0) }
        context.memory.recordTable.withLock { $0 = table }
        context.memory.recorder?.begin(comparingWith: table)
    }

    private func walk(_ reason: WalkReason) -> Outcome {
        recall()
        context.memory.isCountedByScan.store(false, ordering: .relaxed)
        context.log.counters.entriesSeen.reset()
        rootNode.state.facts.withLock { $0.visit = nil }
        context.log.say(.walks(reason))
        return Outcome(method: .walk(reason))
    }

    private func scan() throws(WalkReason) -> Outcome {
        guard let history = keeper.history else { throw WalkReason(.nothingRemembered) }
        context.memory.recorder?.begin(mergingInto: history)
        context.memory.isCountedByScan.store(true, ordering: .relaxed)
        let lanes = min(context.plan.options.workers.number(), 8)
        let counters = context.log.counters
        let changed = try ChangeScan(
            history: history,
            recorder: context.memory.recorder,
            volume: roots.source,
            lanesMax: lanes,
            control: context.log.control,
            countSeen: { counters.entriesSeen.count($0) }
        ).run()
        let rootInode = roots.sourceStatus.inode
        let planner = try VisitPlanner(
            history,
            context.memory.recorder,
            context.log.control,
            changed: changed,
            source: roots.source,
            rootInode: rootInode
        )
        let plan = try planner.plan(lanes: lanes) { moves, made in
            guard !moves.isEmpty, DirectoryMover.isAllowed(context.plan.options),
                let destination = roots.destination
            else { return MovedDirectories() }
            // Its status was read before, and says nothing of what is renamed or made in it now (S23).
            rootNode.state.noteChange()
            context.volumes.noteChangeOfDestination()
            var mover = DirectoryMover(
                context,
                moves,
                places: DirectoryPlaces(history, rootInode: rootInode, made: made),
                destination: destination
            )
            return mover.run()
        }
        rootNode.state.facts.withLock { $0.visit = Visit(node: plan.root, marks: plan.marks) }
        return Outcome(method: .scan, changed: changed)
    }
}
