// A look at what the next pass would have to do, without doing it: a dry pass that scans and never walks. From what it
// counts, and what the record knows, follows how long that pass would take.

import History
import LinuxIO

/// Looks, and estimates.
///
/// `run` blocks its thread and may be called once. A time limit ends it as a signal does.
package final class PendingLook: SteeredRun {
    private let process: ProcessSetup
    private let names: RootNames
    private let options: PassOptions
    private let limitSeconds: Int
    private let isWithoutUsers: Bool
    /// Of the next pass; nil: those of the options.
    private let workers = Lock<WorkersWanted?>(nil)
    /// Of the look itself: that of the pass in it is another.
    package let control = RunControl()
    private let hasMetPass = Lock(false)

    /// Whether it could not look for another pass that runs; known when it has run.
    package var metAnotherPass: Bool { hasMetPass.withLock { $0 } }

    /// `options`: those of the pass; `limitSeconds`: a look that takes longer is given up; `isWithoutUsers`: nobody can write
    /// to SOURCE.
    package init(
        _ process: ProcessSetup,
        _ names: RootNames,
        _ options: PassOptions,
        limitSeconds: Int,
        isWithoutUsers: Bool = false
    ) {
        self.process = process
        self.names = names
        self.limitSeconds = limitSeconds
        self.isWithoutUsers = isWithoutUsers
        var look = options
        look.isDryRun = true
        look.onlyScans = true
        look.itemizes = false
        look.metFiles = nil
        look.salvages = false
        look.isNewPair = false
        // Room and quotas are judged by the pass itself; what it takes to judge them is in what passes took.
        look.checksFirst = false
        look.quotas = .off
        self.options = look
    }

    /// The next pass will have so many workers, and not those of the options; to be called before it runs.
    package func expect(workers: WorkersWanted) { self.workers.withLock { $0 = workers } }

    /// Ends the look soon; it has no result then.
    package func interrupt() -> Bool {
        control.interrupt()
        return true
    }

    package var isSynchronizing: Bool { false }

    package func giveUp(waiting: [WaitingCall]) -> SwitchEstimate? { nil }

    /// It counts with as many as it began with: those of the pass that comes are meant.
    package func changeWorkers(by difference: Int) -> Bool { false }

    /// The estimate; nil: nothing is known of any pass, the look was interrupted, or SOURCE or DESTINATION cannot be
    /// opened as they have to be, which the next pass will tell.
    package func run() -> SwitchEstimate? { run(foundNothing: nil) }

    /// The estimate after a pass by a scan that just found nothing to do: its scan was the count, and none is made anew.
    ///
    /// `changes`: seconds that it took to find that out. Nil as of `run`.
    package func runAfterNothing(changes: Double) -> SwitchEstimate? {
        run(foundNothing: .scanned(changes: changes))
    }

    private func run(foundNothing: Count?) -> SwitchEstimate? {
        let counters = Counters()
        var options = self.options
        options.workers = workers.withLock { $0 } ?? options.workers
        do throws(Refusal) {
            let pass = try Pass(process, names, options, counters: counters) { _ in }
            guard pass.estimator.isPossible else { return nil }
            let comparison = pass.comparisonTime
            if pass.foreseesScan {
                switch foundNothing ?? count(pass) {
                case .scanned(let changes):
                    return counted(pass, counters, changes: changes, comparison)
                case .cut: return nil
                // It turned out to be none, as the pass's would.
                case .walked: break
                }
            }
            if !control.mayBegin { return nil }
            return uncounted(pass.estimator, comparison)
        } catch {
            if case .stateBusy = error { hasMetPass.withLock { $0 = true } }
            return nil
        }
    }

    /// What came of counting.
    package enum Count: Sendable, Equatable {
        /// All was counted; `changes`: seconds that it took to find.
        case scanned(changes: Double?)
        /// The next pass will walk.
        case walked
        /// A signal, or its own time limit, ended it: a scan stands ahead still, and of what nothing is known.
        case cut

        /// - Parameters:
        ///   - summary: of the dry pass.
        ///   - cause: what ended it before it was done.
        package init(_ summary: PassSummary, _ cause: RunControl.Cause?) {
            if cause != nil {
                self = .cut
            } else if summary.method == .scan {
                self = .scanned(changes: summary.times.changes.map { Double($0) / 1e9 })
            } else {
                self = .walked
            }
        }
    }

    private func count(_ pass: Pass) -> Count {
        // A signal or a time limit, also one that came before.
        control.whenEnding { [weak pass] in pass?.control.interrupt() }
        let patience = Patience(seconds: limitSeconds) { pass.control.interrupt() }
        let summary = pass.run()
        patience.end()
        return Count(summary, pass.control.cause)
    }

    private func counted(
        _ pass: Pass,
        _ counters: Counters,
        changes: Double?,
        _ comparison: ComparisonTime
    ) -> SwitchEstimate? {
        var pending = PendingWork(
            entries: counters.touched(isByScan: false),
            files: counters.filesCopied.value(),
            bytes: counters.bytesCopied.value(),
            isCounted: true
        )
        pending.isWithoutUsers = isWithoutUsers
        return pass.estimator.estimate(
            method: ChangeMethod.scan.name,
            WorkAmount(counters, isByScan: true),
            pending: pending,
            changes: changes,
            comparison: comparison
        )
    }

    private func uncounted(
        _ estimator: Estimator,
        _ comparison: ComparisonTime
    ) -> SwitchEstimate? {
        let now = ClockReading.now(on: nil)
        guard let since = estimator.lastStartBoot(now: now.bootIdentifier) else { return nil }
        let seconds = Double(max(now.sinceBoot - since, 0)) / 1e9
        guard let work = estimator.uncounted(seconds: seconds) else { return nil }
        return estimator.estimate(
            method: ChangeMethod.walk(nil).name,
            work.amount,
            pending: work.pending,
            comparison: comparison
        )
    }
}
