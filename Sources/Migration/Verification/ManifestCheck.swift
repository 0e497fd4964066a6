// DESTINATION checked against a manifest: every file that it names is read and its digest compared. SOURCE is not
// needed, so this works on another host.
//
// All lines are judged before DESTINATION is opened, and each name is walked component by component from its root
// with O_NOFOLLOW: nothing outside of it can be read, whatever the manifest says and whatever symlinks there are.

package import LinuxIO
import Synchronization

/// One check of a tree against a manifest.
package final class ManifestCheck: SteeredRun {
    private let context: ManifestContext
    private let pool: WorkerPool<ManifestWork>
    private let workers: Int
    private let workersMax: Int
    private let notices: [VerificationNotice]
    /// When `run` began, in monotonic nanoseconds.
    private let began = Atomic<UInt64>(0)

    /// The counts, for a ticker to read meanwhile.
    package let counters: VerificationCounters

    /// Judges the manifest, then opens DESTINATION; touches nothing.
    package init(  // Six: see `Verification.init`.
        _ process: ProcessSetup,
        manifest path: Name,
        destination: Name,
        workers wanted: Int,
        counters: VerificationCounters,
        emit: @escaping @Sendable (VerificationEvent) -> Void
    ) throws(Refusal) {
        let supply = try process.supply(wanted)
        workers = supply.workers
        workersMax = DescriptorBudget.workersMax(descriptorLimit: process.descriptorLimit)
        notices = VerificationNotice.limits(of: supply)
        let beginning = VerificationClock()
        let manifest: SharedDescriptor
        let files: UInt64
        do throws(ManifestRefusal) {
            manifest = try ManifestReader.open(path)
            files = try ManifestReader.judge(manifest)
        } catch {
            throw .badManifest(path: Array(path.bytes), error)
        }
        context = ManifestContext(
            root: try LoneRoot(destination),
            manifest: manifest,
            files: files,
            beginning: beginning,
            log: VerificationFindings(counters: counters, emit: emit)
        )
        self.counters = counters
        pool = Self.makePool(context, workers: workers)
    }

    package var control: RunControl { context.log.control }
    /// It writes nothing.
    package var isSynchronizing: Bool { false }

    package func interrupt() -> Bool {
        context.log.control.interrupt()
        return true
    }

    package func changeWorkers(by difference: Int) -> Bool {
        let changed = pool.change(by: difference, most: workersMax)
        if changed.lacksThreads { context.log.say(.threadsLimited(changed.workers)) }
        context.log.emit(.workersChanged(changed.workers))
        return true
    }

    package var places: [RootPlace] { context.root.places }

    package func giveUp(waiting: [WaitingCall]) -> VerificationSummary {
        summary(control.statusIfGivenUp, waiting)
    }

    package func run() -> VerificationSummary {
        began.store(monotonicNanoseconds(), ordering: .relaxed)
        context.log.emit(.started(startFacts()))
        for notice in notices { context.log.say(notice) }
        do throws(SystemError) { try context.root.root.descriptor.synchronizeFilesystem() } catch {
            context.log.record(
                Failure(path: [], side: .destination, activity: .synchronize, error: error)
            )
        }
        pool.run(.lines)
        return summary(context.log.status, [])
    }

    private func summary(_ status: ExitStatus, _ waiting: [WaitingCall]) -> VerificationSummary {
        let now = monotonicNanoseconds()
        var summary = VerificationSummary(
            status: status,
            isByManifest: true,
            comparesContents: true,
            sample: nil,
            counters: counters,
            durationNanoseconds: now - min(began.load(ordering: .relaxed), now),
            firstFailures: context.log.firstFailures,
            manifest: nil,
            workersBusyMax: pool.workersBusyMax,
            waiting: waiting
        )
        summary.isCutByTimeLimit = status == .timeLimit || context.log.cause == .timeLimit
        return summary
    }

    private static func makePool(
        _ context: ManifestContext,
        workers: Int
    ) -> WorkerPool<ManifestWork> {
        WorkerPool<ManifestWork>(
            workers: workers,
            makeLane: { pool, lane in
                let verifier = ManifestVerifier(
                    context: context,
                    push: { pool.push($0, lane: lane) }
                )
                return verifier.perform
            },
            whenQuiet: { [] }
        )
    }

    private func startFacts() -> VerificationStart {
        VerificationStart(
            source: nil,
            destinationPath: context.root.path,
            destinationType: context.root.volume.typeName,
            entriesTotal: context.files,
            bytesTotal: nil,
            totalsAreExact: true,
            workers: workers,
            comparesContents: true,
            sample: nil
        )
    }
}

/// What all workers of one check share.
final class ManifestContext: Sendable {
    let root: LoneRoot
    let files: UInt64
    let beginning: VerificationClock
    let log: VerificationFindings
    private let reader: Lock<ManifestReader>

    init(
        root: LoneRoot,
        manifest: SharedDescriptor,
        files: UInt64,
        beginning: VerificationClock,
        log: VerificationFindings
    ) {
        self.root = root
        self.files = files
        self.beginning = beginning
        self.log = log
        reader = Lock(ManifestReader(manifest))
    }

    /// The next few files; empty at the end.
    ///
    /// Every line was judged before; if one is wrong now, the file was changed meanwhile, and the rest is a failure.
    func nextLines(_ count: Int) -> [ManifestLine] {
        reader.withLock { reader in
            var lines: [ManifestLine] = []
            do throws(ManifestRefusal) {
                while lines.count < count, let line = try reader.next() { lines.append(line) }
            } catch {
                log.record(
                    Failure(
                        path: [],
                        side: .destination,
                        activity: .read,
                        detail: "the manifest, which changed after it was read the first time"
                    )
                )
            }
            return lines
        }
    }
}
