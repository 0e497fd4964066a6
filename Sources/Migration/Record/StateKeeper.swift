// The state of one pair of volumes during one pass: opened and judged at the start, the watermark moved while the
// pass runs, committed at its end. This is the one place that decides what the record may prove.
//
//   open ─▶ `earlier`, `method` ─▶ begin ─▶ watermark every 30 s, after a syncfs of DESTINATION ─▶ finish ─▶ close
//
// Nothing here stops a pass but another pass on the same pair: what cannot be remembered is said, and the pass
// walks.

import History
import LinuxIO
import Synchronization

/// Keeps the state of one pass.
package final class StateKeeper: Sendable {
    /// A direct write under way when a pass begins may land after the pass has read, with the time of its
    /// start: 2 s is long for one write.
    static let racyMarginNanoseconds: Int64 = 2_000_000_000
    /// Between two watermarks; the kernel writes back what is dirty for 30 s itself.
    static let watermarkSeconds = 30

    private struct Current: Sendable {
        var pass: PassRecord
        /// Set once the state could not be written any more.
        var lost: Notice?
        var isLost: Bool { lost != nil }
        /// Committed as a whole one.
        var isRemembered = false
        /// The number of workers that was found is committed.
        var isTuned = false
        /// The disk has lost writes of this pass.
        var hasLostWrites = false
    }

    /// Nil: nothing is remembered.
    let history: History?
    let earlier: EarlierPasses
    /// The record of a whole pass; nil where there is none that can be used.
    let record: History?
    let method: ChangeMethod
    /// An earlier pass of these two volumes is known, or was and cannot be asked.
    let knowsEarlierPass: Bool
    /// Where spools are made.
    let folder: SharedDescriptor?
    let notices: [Notice]
    /// Where this pass tells how far it is.
    let statusFile: StatusFile?
    /// What earlier passes say of how long one takes.
    let estimator: Estimator
    /// The number of workers that was found best for this pair on this machine; nil: none was, or it cannot be read.
    let tuned: TunedWorkers?
    private let options: PassOptions
    private let roots: Roots
    private let current: Lock<Current>
    /// Something could not be written down: the next pass walks.
    private let isLost = Atomic<Bool>(false)

    /// Opens the state of this pair and decides what it proves.
    ///
    /// Refused only when another pass on this pair is running, and where `workers` refuses: it is told the number that was
    /// found best for this pair, and gives how many there are.
    package init(
        roots: Roots,
        options: PassOptions,
        isRoot: Bool,
        workers supply: (_ tuned: Int?) throws(Refusal) -> Int
    ) throws(Refusal) {
        self.roots = roots
        self.options = options
        let now = ClockReading.now(on: roots.destinationItself)
        var notices: [Notice] = []
        let (history, isUnread) = try Self.open(roots, options, &notices)
        var folder: SharedDescriptor?
        let remembers = history?.isReadOnly == false
        if remembers, let path = options.stateFolder {
            folder = Self.open(path)
        }
        let past = history.flatMap {
            PassHistory($0, now, options: options.signature)
        }
        if options.needsRecord, history != nil, past == nil {
            throw .stateUnusable(
                path: options.stateFolder.map { Array($0.bytes) } ?? [],
                reason: "it cannot be read"
            )
        }
        if history != nil, past == nil { notices.append(Self.unreadable(history)) }
        let hasUnread = isUnread || (history != nil && past == nil)
        if hasUnread { notices.append(.comparesWithoutState) }
        let judged = ScanDecision(
            options,
            roots,
            past,
            history,
            now,
            hasUnread: hasUnread,
            isRoot: isRoot
        )
        earlier = judged.earlier
        record = judged.record
        method = judged.method
        knowsEarlierPass = past?.last != nil || hasUnread
        if past?.unsafeSince != nil { notices.append(.comparesAfterPowerCut) }
        if judged.rolledBack != nil { notices.append(.comparesAfterRollback) }
        self.history = past == nil ? nil : history
        statusFile = past == nil ? nil : history?.statusFile
        self.folder = folder
        self.notices = notices
        let machine = Machine.identifier
        tuned = past?.tuned.flatMap { $0.machine == machine ? $0 : nil }
        let workers = try supply(tuned?.workers)
        estimator = Estimator(
            past?.passes ?? [],
            .init(options: options.signature, workers: workers, machine: machine)
        )
        var pass = PassRecord(
            startNanoseconds: now.time,
            bootIdentifier: now.bootIdentifier,
            startBootNanoseconds: now.sinceBoot,
            options: options.signature,
            method: method.name,
            reason: method.reason?.recorded,
            workers: workers,
            isPartial: !options.branches.isEmpty || options.share?.part == .closing,
            cutoverVersion: options.version
        )
        Self.describe(&pass, options, roots)
        pass.destinationInstance = now.destinationInstance
        pass.rolledBackToNanoseconds = judged.rolledBack?.moment
        current = Lock(Current(pass: pass))
    }

    /// Writes down what was asked for, of which volumes, and where.
    private static func describe(
        _ pass: inout PassRecord,
        _ options: PassOptions,
        _ roots: Roots
    ) {
        pass.arguments = RecordedOptions(options).recorded
        pass.isHeldBack = options.isHeldBack
        pass.machine = Machine.identifier
        pass.sourceType = roots.sourceVolume.typeName
        pass.destinationType = roots.destinationVolume.typeName
        pass.host = Machine.host
        // Of a dry run nothing is recorded, and these are calls.
        if options.isDryRun { return }
        let (source, destination) = (roots.sourceWords, roots.destinationWords)
        pass.sourceFeatures = source.features
        pass.destinationFeatures = destination.features
        pass.sourceMountOptions = source.mountOptions
        pass.destinationMountOptions = destination.mountOptions
    }

    private static func unreadable(_ history: History?) -> Notice {
        .nothingRemembered(path: history?.path ?? "", reason: "it cannot be read")
    }

    /// The id under which this pass is recorded; nil where it is not.
    var recordedPass: Int64? {
        let id = current.withLock { $0.pass.id }
        return id == 0 ? nil : id
    }

    /// Whether it was committed as a whole pass, on which the next one can rest.
    var isRemembered: Bool { current.withLock { $0.isRemembered } }

    /// Whether the number of workers that it found was committed.
    var isTuned: Bool { current.withLock { $0.isTuned } }

    /// Whether something of this pass could not be written down.
    var hasLostRecord: Bool { isLost.load(ordering: .relaxed) }

    /// Tells others how far this pass is, once it is recorded that it runs.
    func publish(_ running: RunningPass) {
        guard let id = recordedPass else { return }
        var running = running
        running.pass = id
        running.process = ProcessLimits.process
        running.startNanoseconds = startNanoseconds
        running.writtenBootNanoseconds = bootNanoseconds()
        statusFile?.publish(running.text)
    }

    /// How long this pass had taken at a moment, as `cutover history` shows it.
    func duration(until end: ClockReading) -> UInt64 {
        UInt64(max(0, end.sinceBoot - current.withLock { $0.pass.startBootNanoseconds }))
    }

    /// When this pass began, in nanoseconds since 1970, by the clock that filesystems stamp with.
    var startNanoseconds: Int64 { current.withLock { $0.pass.startNanoseconds } }

    /// `isUnread`: there is a state, or may be, that could not be opened.
    private static func open(
        _ roots: Roots,
        _ options: PassOptions,
        _ notices: inout [Notice]
    ) throws(Refusal) -> (history: History?, isUnread: Bool) {
        guard let folder = options.stateFolder, let pair = roots.pair else {
            guard options.needsRecord else { return (nil, false) }
            throw .stateUnusable(
                path: options.stateFolder.map { Array($0.bytes) } ?? [],
                reason: "SOURCE or DESTINATION has nothing by which to tell it from other volumes"
            )
        }
        if roots.isInDestination(folder) { throw .stateOnDestination(path: Array(folder.bytes)) }
        do throws(HistoryProblem) {
            let opened = try History.open(
                folder: Array(folder.bytes),
                pair: pair,
                isReadOnly: options.isDryRun
            )
            if let reason = opened.setAside { notices.append(.stateSetAside(reason)) }
            return (opened.history, false)
        } catch {
            switch error {
            case .busy:
                let holder = History.lockHolder(folder: Array(folder.bytes), pair: pair)
                throw .stateBusy(BusyPass(holder, stateFolder: folder))
            case .cannotUseFolder(let path, let reason) where options.needsRecord:
                throw .stateUnusable(path: Array(path.utf8), reason: reason)
            case .failed(let reason) where options.needsRecord:
                throw .stateUnusable(path: Array(folder.bytes), reason: reason)
            case .cannotUseFolder(let path, let reason):
                notices.append(.nothingRemembered(path: path, reason: reason))
            case .failed(let reason):
                notices.append(
                    .nothingRemembered(path: text(folder), reason: reason)
                )
            }
            return toRead(folder, pair)
        }
    }

    /// What cannot be written may be there to read: which files are racy, for one (S7).
    private static func toRead(
        _ folder: Name,
        _ pair: PairIdentity
    ) -> (history: History?, isUnread: Bool) {
        let folder = Array(folder.bytes)
        do throws(HistoryProblem) {
            let history = try History.open(folder: folder, pair: pair, isReadOnly: true).history
            if let history { return (history, false) }
        } catch {
            // Why it is of no use was said when it could not be written.
        }
        // One that is damaged, or that a killed pass left half written, is not set aside by who only reads.
        return (nil, History.mayExist(folder: folder, pair: pair))
    }

    /// What writes down this pass; nil where nothing is remembered of it.
    ///
    /// A pass of some branches is none that a later one could rest on.
    func makeRecorder() -> Recorder? {
        guard let folder, options.branches.isEmpty, options.share?.part != .closing else {
            return nil
        }
        return Recorder(racyFrom: racyFrom, folder: folder)
    }

    /// From which time of change on an entry of SOURCE may change once more without a later one to show it (S7).
    ///
    /// A shard whose SOURCE stamps with another clock than this host's knows of that clock what SOURCE's root shows: it is
    /// not behind the root's own time of change. So more is racy than has to be, and never less.
    private var racyFrom: Int64 {
        let start = startNanoseconds - Self.racyMarginNanoseconds
        if options.share == nil || roots.stampWithThisClock { return start }
        return min(start, roots.sourceStatus.changed.nanosecondsSince1970)
    }

    /// Nil where it cannot be opened: then no spool can be made, and nothing is remembered.
    private static func open(_ folder: Name) -> SharedDescriptor? {
        do throws(SystemError) { return SharedDescriptor(try Descriptor.openRoot(folder)) } catch {
            return nil
        }
    }

    private static func text(_ name: Name) -> String {
        // For people; what is no UTF-8 is shown as such.
        String(decoding: name.bytes, as: UTF8.self)
    }

    // MARK: While the pass runs

    /// Writes down that a pass runs: if it never ends, the next one knows.
    func begin() -> Notice? {
        guard let history, !history.isReadOnly else { return nil }
        do throws(HistoryProblem) {
            if options.isNewPair { try history.declare() }
            let id = try history.begin(current.withLock { $0.pass })
            current.withLock { $0.pass.id = id }
            return nil
        } catch {
            return lose(error)
        }
    }

    /// Writes down again and again up to when all is on the disk, until the result is ended.
    ///
    /// Nil where nothing is remembered. `whenLost` is called, on a thread of its own, when the disk has lost writes.
    func beginWatermarks(
        whenLost: @escaping @Sendable (SystemError) -> Void
    ) -> Watermarks? {
        guard history?.isReadOnly == false, let root = roots.destination,
            // An open file of its own: syncfs(2) tells each of them once of an error, and the pass has to be told at
            // its end. Where it cannot be had there is no watermark, and a power cut makes the next pass compare more.
            let own = try? root.descriptor.openDirectory(Name("."))
        else { return nil }
        let destination = SharedDescriptor(own)
        let watermarks = Watermarks()
        do throws(SystemError) {
            try BlockingThread.start { [self] in
                watermarks.repeat(every: Self.watermarkSeconds) {
                    // After an error the next call would succeed, and what was lost would count as safe.
                    moveWatermark(destination, whenLost)
                }
            }
            return watermarks
        } catch {
            // The last thread was taken by others since they were counted. Without a watermark a power cut only
            // makes the next pass compare more.
            return nil
        }
    }

    /// Whether it may be moved again.
    private func moveWatermark(
        _ destination: SharedDescriptor,
        _ whenLost: (SystemError) -> Void
    ) -> Bool {
        guard let history else { return false }
        let pass = current.withLock { $0 }
        guard !pass.isLost, pass.pass.id != 0 else { return false }
        // Before the call: what is written while it runs may miss it.
        var time = coarseTimeNanoseconds()
        var failure: SystemError?
        do throws(SystemError) { try destination.descriptor.synchronizeFilesystem() } catch {
            // Nobody may be told again: not the next pass, should this one be killed.
            time = PassRecord.lostWrites
            failure = error
            current.withLock { $0.hasLostWrites = true }
        }
        do throws(HistoryProblem) {
            try history.setWatermark(time, pass: pass.pass.id)
        } catch {
            // Kept for the end of the pass, which tells.
            current.withLock { $0.lost = lose(error) }
        }
        if let failure { whenLost(failure) }
        return failure == nil && !current.withLock { $0.isLost }
    }

    /// Commits the pass: its end, and if it is whole what it learned.
    func finish(_ end: PassEnd) -> Notice? {
        guard let history, !history.isReadOnly else { return nil }
        let (pass, lost, hasLostWrites) = current.withLock {
            ($0.pass, $0.lost, $0.hasLostWrites)
        }
        // That writes were lost is worth a second try.
        if let lost, !hasLostWrites { return lost }
        // `begin` failed, which was said.
        guard pass.id != 0 else { return nil }
        let begun = monotonicNanoseconds()
        let now = end.moment
        var ended = pass
        ended.method = end.method.name
        note(end, in: &ended)
        if case .walk(let reason?) = end.method { ended.reason = reason.recorded }
        ended.endNanoseconds = now.time
        ended.endBootNanoseconds = now.sinceBoot
        ended.status = Int(end.status.rawValue)
        ended.counts = end.counts
        var notice: Notice?
        var changes: RecordChanges?
        if end.isWhole, !hasLostWrites, let recorder = end.recorder {
            // First: it takes what the workers' buffers still hold, and that can fail, too.
            let made = recorder.changes(after: end.changed)
            if let reason = recorder.failure {
                notice = .nothingRemembered(path: history.path, reason: reason)
            } else {
                changes = made
            }
        }
        ended.isComplete = changes != nil
        // A descriptor may not be told of an error that another descriptor's syncfs(2) already reported.
        let isSynchronized = end.isSynchronized && !hasLostWrites
        if isSynchronized { ended.watermarkNanoseconds = now.time }
        if hasLostWrites { ended.watermarkNanoseconds = PassRecord.lostWrites }
        // `syncfs` has just ended, and nothing was written since.
        let traces = isSynchronized ? roots.destinationTraces(afterSynchronizing: false) : nil
        ended.destinationInodes = traces?.inodes
        ended.destinationMount = traces?.mount
        ended.destinationSectorsWritten = traces?.sectorsWritten
        if end.asksDestination {
            ended.destinationChangedNanoseconds = roots.destinationChangedNanoseconds
        }
        let tuned = end.tuned.flatMap { TunedWorkers($0, machine: pass.machine, at: now.time) }
        do throws(HistoryProblem) {
            try history.finish(
                ended,
                branches: end.branches,
                failures: end.failures,
                changes: changes,
                tuned: tuned,
                begun: begun
            )
            if tuned != nil { current.withLock { $0.isTuned = true } }
            if changes != nil {
                current.withLock { $0.isRemembered = true }
                if !options.isNewPair { try history.forgetDeclaration() }
            }
            return notice
        } catch {
            return lose(error)
        }
    }

    /// What it took, for the estimate of later ones.
    private func note(_ end: PassEnd, in ended: inout PassRecord) {
        ended.times = end.times
        ended.entriesTouched = UInt64(exactlyOrMax: end.amount.touched)
        if end.costs.atFullPower.seconds > 0 { ended.costsAtFullPower = end.costs.atFullPower.text }
        if end.costs.heldBack.seconds > 0 { ended.costsHeldBack = end.costs.heldBack.text }
        var foreseen = options.foreseen
        if foreseen?.method != ended.method {
            // Nobody looked right before, or at another pass: what would have been said, had somebody looked.
            foreseen = estimator.foreseen(
                method: ended.method,
                end.amount,
                changes: end.times.changes.map { Double($0) / 1e9 }
            )
        }
        ended.foreseenNanoseconds = foreseen?.nanoseconds
        ended.foreseenLowNanoseconds = foreseen?.interval?.lowerBound
        ended.foreseenHighNanoseconds = foreseen?.interval?.upperBound
    }

    /// The pass has ended: another one on this pair may begin.
    func close() { history?.close() }

    private func lose(_ problem: HistoryProblem) -> Notice {
        isLost.store(true, ordering: .relaxed)
        return .nothingRemembered(path: history?.path ?? "", reason: problem.sentence)
    }
}
