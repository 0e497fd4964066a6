// A pass from its start to `syncfs`: the roots, the plan, the pool, the summary.
//
//   Pass             made, run, given up, ended
//   Pass+Preparing   what is found out before it begins
//   PassTuning       how numbers of workers are tried on it
//   PassContext      what all workers share: PassPlan, PassLog, PassMemory, PassVolumes, and what they hand each other
//   ChangeFinding    scan or walk; DirectoryMover renames what moved (DirectoryPlaces)
//   PassVisitor      what one worker does, with its own map
//   PassDirectory    a directory under way; EntryPair: an entry; AffectedEntry: what a failure is about
//   LinkRegistry     hard links: LinkRole, WaitingNames; GroupJoiner joins those of shards (JoinedGroups, PlannedPass)
//   PassQuotaReport  what quotas tell a pass

import Dispatch
import History
import LinuxIO
import Synchronization

/// One pass from SOURCE to DESTINATION.
///
/// `run` blocks its thread and may be called once; the other methods may be called from any thread meanwhile.
package final class Pass: SteeredRun, HeldRun {
    private let roots: Roots
    package let control = RunControl()
    private let context: PassContext
    private let walk: TreeWalk<PassVisitor>
    private let rootNode: PassDirectory
    private let workers: Int
    /// When this number was found best for the pair; nil: it was given, or is the usual one.
    private let tunedNanoseconds: Int64?
    private let tuning = PassTuning()
    private let notices: [Notice]
    private let keeper: StateKeeper
    /// After the last entry.
    private let quotas: QuotaStep
    /// The part of a plan that it is; nil: it has none.
    private let planned: PlannedRun?
    private let method: Lock<ChangeMethod>
    /// Whether somebody commits the end of the pass: `run`, or who gives it up.
    private let isEnding = Atomic<Bool>(false)
    private let isWaitingForDisk = Atomic<Bool>(false)
    private let hasToldSynchronizing = Atomic<Bool>(false)
    /// Whether `run` has asked for the last time whether it is interrupted.
    private let isStatusFixed = Atomic<Bool>(false)
    /// When it was made, by `monotonicNanoseconds`.
    private let madeAt = monotonicNanoseconds()

    /// The counts, for a ticker to read while the pass runs.
    package let counters: Counters

    /// Judges the roots and prepares everything; touches nothing but a missing DESTINATION, which is made.
    ///
    /// Call it from one thread at a time: it reads the rules of libattr. `opened` is told where both roots are, as
    /// soon as they are open.
    ///
    /// `planned`: the part of a plan that it is to be.
    package init(  // Seven: who is told what is the command's, and differs for each.
        _ process: ProcessSetup,
        _ names: RootNames,
        _ wanted: PassOptions,
        planned: PlannedRun? = nil,
        counters: Counters,
        opened: ([RootPlace]) -> Void = { _ in },
        emit: @escaping @Sendable (PassEvent) -> Void
    ) throws(Refusal) {
        var options = wanted
        planned?.limit(&options)
        var supply = try process.supply(wanted.workers.number())
        options.mask = process.mask
        let roots = try Roots(names, options)
        try planned?.judge(roots)
        opened(roots.places)
        let isRoot = ProcessLimits.isRoot
        let quotas = try VolumeQuotas.surveyed(roots, options)
        // Before anything is tried out on DESTINATION: it looks for traces of others' writes there.
        let keeper = try StateKeeper(
            roots: roots,
            options: options,
            isRoot: isRoot
        ) { tuned throws(Refusal) in
            if let tuned, wanted.workers.takesTuned {
                supply = try process.supply(wanted.workers.number(tuned: tuned))
            }
            return supply.workers
        }
        options.workers = WorkersWanted(supply.workers)
        let times = Self.timeStorage(roots, options)
        let budget = supply.budget(batchFilesMax: SmallFiles.filesMax)
        let reading = Self.reading(files: budget.batchFiles)
        let isFirstCopy = try Self.isFirstCopy(roots)
        let volumes = PassVolumes(roots, options, isRoot: isRoot)
        context = PassContext(
            PassPlan(
                options,
                Self.comparison(options, times, isRoot: isRoot),
                budget,
                readsTogether: reading.isTogether,
                spine: planned?.spine
            ),
            PassLog(options, control, counters, emit: emit, hasRoom: { volumes.hasRoom() }),
            PassMemory(
                earlier: keeper.earlier,
                record: keeper.record,
                recorder: keeper.makeRecorder()
            ),
            volumes,
            LinkRegistry(roots, options, isFirstCopy: isFirstCopy)
        )
        var notices = [reading.notice] + keeper.notices
        if !isFirstCopy, !keeper.knowsEarlierPass, !options.comparesAll {
            notices.append(.trustsSizeAndTime)
        }
        notices += Self.notices(supply)
        if times.stepNanoseconds > 1 {
            notices.append(.coarseTimes(stepNanoseconds: times.stepNanoseconds))
        }
        notices += Self.notices(roots, options)
        notices += quotas.notices
        self.quotas = quotas.step
        rootNode = try Self.openRoot(roots, context)
        self.roots = roots
        self.planned = planned
        self.counters = counters
        workers = supply.workers
        let isTuned = wanted.workers.takesTuned && keeper.tuned?.workers == supply.workers
        tunedNanoseconds = isTuned ? keeper.tuned?.momentNanoseconds : nil
        self.keeper = keeper
        self.notices = notices
        method = Lock(keeper.method)
        walk = Self.makeWalk(context, workers: workers)
        walk.endLimits(with: control)
    }

    package func interrupt() -> Bool {
        control.interrupt()
        return !isStatusFixed.load(ordering: .sequentiallyConsistent)
    }

    /// Tells others how far this pass is: in a file beside its record, which goes when the pass has ended.
    package func publish(_ running: RunningPass) { keeper.publish(running) }

    /// What closing has to join of this run of a plan, once it has run.
    var openGroups: [OpenGroup] { context.links.openGroups() }

    /// What earlier passes say of how long this one takes.
    package var estimator: Estimator { keeper.estimator }

    /// How long comparing both roots takes, by the record; `unreadable` once this has run, for then the record is closed.
    var comparisonTime: ComparisonTime { ComparisonTime(keeper.history) }

    /// Whether it is to find changes by a scan, as far as is known before it runs.
    var foreseesScan: Bool { keeper.method == .scan }

    package var isSynchronizing: Bool { isWaitingForDisk.load(ordering: .relaxed) }

    package func changeWorkers(by difference: Int) -> Bool {
        let changed = walk.changeWorkers(by: difference)
        if changed.lacksThreads { context.log.say(.threadsLimited(changed.workers)) }
        context.log.emit(.workersChanged(changed.workers))
        return true
    }

    package var workersWanted: Int { walk.workersWanted }

    package func limitWorkers(to most: Int?, isMeasuring: Bool) {
        walk.limitWorkers(to: most)
        control.pause(most == 0)
        control.use(most == nil ? .full : isMeasuring ? .stopped : .heldBack)
    }

    package func run() -> PassSummary {
        // First: all that is told says of which pass it is.
        let lost = keeper.begin()
        context.log.emit(.started(startFacts()))
        for notice in notices { context.log.say(notice) }
        // S54: what cannot be seen is not carried; that is never "done".
        let options = context.plan.options
        for failure in Privileges.current.hidden(options.preserved, options.attributes).failures {
            context.log.record(failure)
        }
        quotas.begin(PassQuotaReport(context))
        if let lost { context.log.say(lost) }
        var clock = PassClock(since: madeAt)
        clock.begin(.changes)
        let found = ChangeFinding(context, keeper, roots, rootNode).run()
        clock.begin(.work)
        method.withLock { $0 = found.method }
        let watermarks = keeper.beginWatermarks { [context] error in
            context.log.recordSynchronizeFailure(Self.synchronizeFailure(error))
        }
        if context.plan.scope.hasRoots, context.plan.comparison.clampsTime(of: roots.sourceStatus) {
            context.clampedTimes.note([])
        }
        let windows = beginWindows(found.method)
        if found.method == .scan || !options.onlyScans {
            tuning.run(self, roots, context, found.method) { walk.run(rootNode) }
        }
        planned?.joinGroups(roots, context)
        let costs = windows.end()
        // What is under way of the watermarks is a `syncfs`, too.
        isWaitingForDisk.store(true, ordering: .relaxed)
        watermarks?.end()
        if let found = context.clampedTimes.found {
            context.log.say(.clampedTimes(entries: found.entries, first: found.first))
        }
        let isStranded = reportStranded()
        clock.begin(.synchronize)
        // S19: before `synchronize`, so that limits are as durable as all else (Q8).
        quotas.run(PassQuotaReport(context)) { beginSynchronizing() }
        let isSynchronized = synchronize()
        let end = ClockReading.now(on: nil)
        let times = clock.end()
        // From here on no signal changes the status; one that came before is seen by `status`.
        isStatusFixed.store(true, ordering: .sequentiallyConsistent)
        let status = status()
        let isMine = remember(
            found,
            status,
            Effort(end: end, times: times, costs: costs),
            isSynchronized: isSynchronized,
            isStranded: isStranded
        )
        // Given up: the process ends, and who commits it needs the record.
        defer { if isMine { release() } }
        var summary = PassSummary(
            status: status,
            isDryRun: context.plan.options.isDryRun,
            method: found.method,
            counters: counters,
            durationNanoseconds: keeper.duration(until: end),
            times: times,
            slowestBranches: Array(branchTimes().prefix(3)),
            firstFailures: Array(context.log.firstFailures.prefix(PassSummary.failuresShownMax)),
            stop: context.log.stopFacts(roots),
            workersBusyMax: walk.workersBusyMax,
            recordedPass: keeper.recordedPass
        )
        tellMore(of: &summary)
        return summary
    }

    /// Commits that it was interrupted; nothing that its workers learned is remembered.
    package func giveUp(waiting: [WaitingCall]) -> PassSummary {
        let now = ClockReading.now(on: nil)
        let found = ChangeFinding.Outcome(method: method.withLock { $0 })
        var status = control.statusIfGivenUp
        if status == .timeLimit, counters.failures.value() > 0 { status = .someFailed }
        // No question is asked of either volume from here on.
        if isEnding.exchange(true, ordering: .sequentiallyConsistent) {
            // `run` commits just now: an interrupted pass, too, unless its status was fixed before the signal came.
        } else {
            var end = end(found, status, at: now, isGivenUp: true)
            end.tuned = tuning.outcome
            if let notice = keeper.finish(end) { context.log.say(notice) }
        }
        keeper.statusFile?.withdraw()
        var summary = PassSummary(
            status: status,
            isDryRun: context.plan.options.isDryRun,
            method: found.method,
            counters: counters,
            durationNanoseconds: keeper.duration(until: now),
            times: PassTimes(),
            slowestBranches: Array(branchTimes().prefix(3)),
            firstFailures: Array(context.log.firstFailures.prefix(PassSummary.failuresShownMax)),
            stop: nil,
            workersBusyMax: walk.workersBusyMax,
            isGivenUp: true,
            waiting: waiting,
            recordedPass: keeper.recordedPass
        )
        summary.isCutByTimeLimit = control.statusIfGivenUp == .timeLimit
        summary.tuning = tuning.outcome
        summary.tuning?.isRemembered = keeper.isTuned
        return summary
    }

    private func startFacts() -> PassStart {
        let source = roots.sourceVolume
        return PassStart(
            sourcePath: roots.sourcePath,
            destinationPath: roots.destinationPath,
            sourceType: source.typeName,
            destinationType: roots.destinationVolume.typeName,
            entriesTotal: source.countsInodes ? source.usedInodes : nil,
            bytesTotal: source.usedBytes,
            totalsAreExact: roots.isSourceWholeVolume && context.plan.scope.isWhole
                && context.plan.options.filter.isEmpty,
            workers: workers,
            tunedNanoseconds: tunedNanoseconds,
            isDryRun: context.plan.options.isDryRun,
            pass: keeper.recordedPass
        )
    }

    // MARK: Ending

    /// No name may be left waiting for its link group; if one is, that must not pass for success.
    ///
    /// Whether one was.
    private func reportStranded() -> Bool {
        guard context.log.cause == nil else { return false }
        let stranded = context.links.stranded()
        for entry in stranded {
            context.log.record(
                Failure(
                    path: entry.path,
                    side: .destination,
                    activity: .link,
                    detail: "its link group was never led: a defect of cutover, please report it"
                )
            )
        }
        return !stranded.isEmpty
    }

    /// DESTINATION's disk is waited for; said once.
    private func beginSynchronizing() {
        if hasToldSynchronizing.exchange(true, ordering: .relaxed) { return }
        context.log.emit(.synchronizing(isWhole: status() == .done))
    }

    /// S19: a pass is complete only when DESTINATION is on the disk.
    ///
    /// And so is the mark on its root, whose time the state keeps then; a pass that is killed before has no end
    /// there, and the next one walks.
    ///
    /// Whether it is.
    private func synchronize() -> Bool {
        guard !context.plan.options.isDryRun, let destination = roots.destination else {
            return false
        }
        beginSynchronizing()
        do throws(SystemError) {
            try destination.descriptor.synchronizeFilesystem()
            // After that an image with this mark has all that the pass wrote; the mark is to last, too.
            if context.volumes.noteChangesDone() {
                try destination.descriptor.synchronizeFilesystem()
            }
            return true
        } catch {
            context.log.recordSynchronizeFailure(Self.synchronizeFailure(error))
            return false
        }
    }

    /// Whether contents that a disk may have lost may be uncompared: what failed is compared next time, but not where
    /// only sizes count.
    private var leavesUnsafe: Bool {
        context.memory.earlier.unsafeFrom != nil && context.plan.options.changeTest == .sizeOnly
            && counters.failures.value() > 0
    }

    private static func synchronizeFailure(_ error: SystemError) -> Failure {
        Failure(path: [], side: .destination, activity: .synchronize, error: error)
    }

    private func tellMore(of summary: inout PassSummary) {
        summary.isCutByTimeLimit = context.log.cause == .timeLimit
        summary.isRemembered = keeper.isRemembered
        summary.tuning = tuning.outcome
        summary.tuning?.isRemembered = keeper.isTuned
        summary.hasLostRecord = keeper.hasLostRecord
        summary.pace = estimator.pace(method: summary.method.name)
    }

    /// When the pass ended, what it took, and what it cost.
    private struct Effort {
        var end: ClockReading
        var times: PassTimes
        var costs: WorkWindows.Costs
    }

    private func beginWindows(_ method: ChangeMethod) -> WorkWindows {
        let isHeldBack = context.plan.options.isHeldBack
        return WorkWindows(counters, isByScan: method == .scan) { [control] in
            let power = control.power
            return power == .full && isHeldBack ? .heldBack : power
        }
    }

    /// Commits what the next pass needs to know of this one; false: somebody else does.
    private func remember(
        _ found: ChangeFinding.Outcome,
        _ status: ExitStatus,
        _ effort: Effort,
        isSynchronized: Bool,
        isStranded: Bool
    ) -> Bool {
        if isEnding.exchange(true, ordering: .sequentiallyConsistent) { return false }
        let isWhole =
            isSynchronized && !isStranded && context.log.cause == nil && context.log.stop == nil
            && context.plan.scope.isRemembered && !leavesUnsafe
            && !(found.method == .scan && context.memory.isDisturbed)
        var end = end(found, status, at: effort.end, isGivenUp: false)
        end.isWhole = isWhole
        end.isSynchronized = isSynchronized
        end.recorder = isWhole ? context.memory.recorder : nil
        end.times = effort.times
        end.costs = effort.costs
        end.tuned = tuning.outcome
        end.amount = WorkAmount(counters, isByScan: found.method == .scan)
        if let notice = keeper.finish(end) { context.log.say(notice) }
        keeper.statusFile?.withdraw()
        return true
    }

    /// The next pass may begin.
    private func release() {
        keeper.close()
        roots.unlockDestination()
    }

    /// The end of a pass that is not whole.
    private func end(
        _ found: ChangeFinding.Outcome,
        _ status: ExitStatus,
        at moment: ClockReading,
        isGivenUp: Bool
    ) -> PassEnd {
        PassEnd(
            status: status,
            moment: moment,
            method: found.method,
            isWhole: false,
            isSynchronized: false,
            asksDestination: !isGivenUp,
            counts: PassRecord.Counts(counters),
            branches: branchTimes().map {
                BranchRecord(
                    name: $0.name,
                    workNanoseconds: $0.workNanoseconds,
                    entries: $0.entries,
                    bytes: $0.bytes
                )
            },
            failures: context.log.firstFailures.map(FailureRecord.init),
            recorder: nil,
            changed: found.changed
        )
    }

    /// S48, with its precedence 20 > 11 > 23 > 26 > 24 > 25.
    private func status() -> ExitStatus {
        let cause = context.log.cause
        if cause == .signal { return .interrupted }
        if context.log.stop != nil { return .destinationStopped }
        if counters.failures.value() > 0 { return .someFailed }
        if cause == .timeLimit { return .timeLimit }
        if counters.vanished.value() > 0 { return .someVanished }
        if counters.deletionsRefused.value() > 0 { return .deletionLimit }
        return .done
    }

    /// All branches, the slowest first.
    private func branchTimes() -> [PassSummary.BranchTime] {
        let times = context.log.branches.map { branch in
            PassSummary.BranchTime(
                name: Array(branch.name.bytes),
                workNanoseconds: branch.workNanoseconds.value(),
                entries: branch.entries.value(),
                bytes: branch.bytes.value()
            )
        }
        return times.sorted { $0.workNanoseconds > $1.workNanoseconds }
    }
}
