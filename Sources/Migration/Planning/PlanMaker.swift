// Makes a plan: both roots opened and judged as a pass does it, SOURCE listed, cut, dealt.
//
// It keeps true: both views take no write, nothing is locked, no state is written. What it does not promise: that the
// tree is as it was listed when the shards run; who comes later finds an owner all the same (PlanDirectory).

import History
import LinuxIO

/// What a plan is to be.
package struct PlanRequest: Sendable {
    package var shards: Int
    /// What the hash of names begins with.
    package var seed: UInt64
    /// The options of a pass that all shards will have.
    package var pass: PassOptions
    /// The same as words, for the plan.
    package var words: [[UInt8]]

    package init(shards: Int, seed: UInt64, pass: PassOptions, words: [[UInt8]]) {
        self.shards = shards
        self.seed = seed
        self.pass = pass
        self.words = words
    }
}

/// A plan that was made, and what there is to say of it.
package struct MadePlan: Sendable {
    package let plan: TreePlan
    package let cut: PlanCut
    package let unread: PlanUnread
    /// The pass that knew the weights of light branches, and how many it knew; nil: all of SOURCE was listed.
    package let recorded: (pass: Int64, branches: Int)?

    package init(
        plan: TreePlan,
        cut: PlanCut,
        unread: PlanUnread,
        recorded: (pass: Int64, branches: Int)?
    ) {
        self.plan = plan
        self.cut = cut
        self.unread = unread
        self.recorded = recorded
    }
}

/// Makes one plan.
package final class PlanMaker {
    private let request: PlanRequest
    private let roots: Roots
    private let destination: SharedDescriptor
    private let supply: WorkerSupply
    private let control: RunControl

    /// The number of workers that there are threads for, where it is smaller than what was asked for (S58).
    package var threadsLimited: Int? { supply.fewThreads }
    /// Where both roots are.
    package var places: [RootPlace] { roots.places }

    /// Opens and judges both roots, as a dry run does.
    ///
    /// Call it from one thread at a time, as `Pass.init`.
    package init(
        _ process: ProcessSetup,
        _ names: RootNames,
        _ request: PlanRequest,
        control: RunControl
    ) throws(Refusal) {
        self.request = request
        self.control = control
        supply = try process.supply(request.pass.workers.number())
        var pass = request.pass
        // Nothing is made or locked, and both views take no write.
        pass.isDryRun = true
        roots = try Roots(names, pass)
        guard let opened = roots.destinationItself else {
            throw .destinationMissing(path: Array(names.destination.bytes))
        }
        destination = opened
    }

    /// Runs to the end; nil when it was interrupted.
    package func run() throws(Refusal) -> MadePlan? {
        let heading = try heading()
        let record = RecordedBranches(roots, stateFolder: request.pass.stateFolder)
        let weigher = TreeWeigher(
            shards: request.shards,
            seed: request.seed,
            expected: record?.whole ?? expected
        )
        let known = record?.light(shards: request.shards) ?? [:]
        let listing = PlanListing(roots, request.pass, known: known, weigher, control)
        let tree: WeighedDirectory
        do throws(SystemError) { tree = try listing.run(supply) } catch {
            throw .cannotExamine(.source, error)
        }
        if control.isInterrupted { return nil }
        let cut = PlanCutter.cut(tree, shards: request.shards, seed: request.seed)
        return MadePlan(
            plan: TreePlan(heading, loads: cut.loads, spine: cut.spine, root: cut.root),
            cut: cut,
            unread: listing.unread,
            recorded: record.flatMap { known.isEmpty ? nil : ($0.pass, known.count) }
        )
    }

    private func heading() throws(Refusal) -> PlanHeading {
        var side = Failure.Side.source
        do throws(SystemError) {
            let source = try PlannedRoot(
                of: roots.sourceItself.descriptor,
                path: roots.sourcePath
            )
            side = .destination
            let destination = try PlannedRoot(
                of: destination.descriptor,
                path: roots.destinationPath
            )
            return PlanHeading(
                shards: request.shards,
                seed: request.seed,
                source: source,
                destination: destination,
                options: request.words
            )
        } catch {
            throw .cannotExamine(side, error)
        }
    }

    /// What the volume's counts say, where SOURCE is all of it.
    private var expected: PlanWeight {
        guard roots.isSourceWholeVolume else { return PlanWeight() }
        let volume = roots.sourceVolume
        return PlanWeight(entries: volume.usedInodes, bytes: volume.usedBytes)
    }
}

/// What top-level entries held when a whole pass last walked.
struct RecordedBranches {
    let pass: Int64
    let whole: PlanWeight
    private let weights: [Name: PlanWeight]

    /// More passes are not looked through for one that walked.
    private static let passesMax = 100

    /// Nil: nothing is recorded of these roots, or it cannot be read; then SOURCE is listed.
    init?(_ roots: Roots, stateFolder: Name?) {
        // Why it cannot be read is told where a pass needs it.
        guard let stateFolder, let pair = roots.pair,
            let found = try? Archive(folder: Array(stateFolder.bytes))?.record(of: pair),
            case .success(let contents) = found.contents, contents.pair == pair,
            let passes = try? contents.history.passes(newest: Self.passesMax),
            let last = passes.first(where: {
                $0.isComplete && !$0.isPartial && $0.method == "walk"
            }), let branches = try? contents.history.branches(ofPass: last.id)
        else { return nil }
        self.init(pass: last.id, branches)
    }

    /// Nil where the branches hold nothing.
    init?(pass: Int64, _ branches: [BranchRecord]) {
        var whole = PlanWeight()
        var weights: [Name: PlanWeight] = [:]
        for branch in branches {
            let weight = PlanWeight(entries: branch.entries, bytes: branch.bytes)
            whole += weight
            weights[Name(branch.name)] = weight
        }
        if whole.entries == 0 { return nil }
        self.pass = pass
        self.whole = whole
        self.weights = weights
    }

    /// Those that need not be listed: half of what is opened, for they may have grown since.
    func light(shards: Int) -> [Name: PlanWeight] {
        let shares = PlanShares(whole: whole)
        let most = PlanGrain(shards: shards).opened / 2
        return weights.filter { shares.share(of: $0.value) <= most }
    }
}
