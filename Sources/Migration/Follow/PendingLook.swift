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
    /// Of the look itself: that of the pass in it is another.
    package let control = RunControl()
    private let pass = Lock<Pass?>(nil)
    private let hasMetPass = Lock(false)

    /// Whether it could not look for another pass that runs; known when it has run.
    package var metAnotherPass: Bool { hasMetPass.withLock { $0 } }

    /// `options`: those of the pass; `limitSeconds`: a look that takes longer is given up.
    package init(
        _ process: ProcessSetup,
        _ names: RootNames,
        _ options: PassOptions,
        limitSeconds: Int
    ) {
        self.process = process
        self.names = names
        self.limitSeconds = limitSeconds
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

    /// Ends the look soon; it has no result then.
    package func interrupt() -> Bool {
        control.interrupt()
        return true
    }

    package var isSynchronizing: Bool { false }

    package func giveUp(waiting: [WaitingCall]) -> SwitchEstimate? { nil }

    package func changeWorkers(by difference: Int) {
        pass.withLock { $0 }?.changeWorkers(by: difference)
    }

    /// The estimate; nil: nothing is known of any pass, the look was interrupted, or SOURCE or DESTINATION cannot be
    /// opened as they have to be, which the next pass will tell.
    package func run() -> SwitchEstimate? {
        let counters = Counters()
        do throws(Refusal) {
            let pass = try Pass(process, names, options, counters: counters) { _ in }
            guard pass.estimator.isPossible else { return nil }
            let comparison = pass.comparisonTime
            if pass.foreseesScan, let counted = count(pass, counters, comparison) { return counted }
            if !control.mayBegin { return nil }
            return uncounted(pass.estimator, comparison)
        } catch {
            if case .stateBusy = error { hasMetPass.withLock { $0 = true } }
            return nil
        }
    }

    private func count(
        _ pass: Pass,
        _ counters: Counters,
        _ comparison: ComparisonTime
    ) -> SwitchEstimate? {
        self.pass.withLock { $0 = pass }
        // A signal or a time limit, also one that came before.
        control.whenEnding { [weak pass] in pass?.control.interrupt() }
        let patience = Patience(seconds: limitSeconds) { pass.control.interrupt() }
        let summary = pass.run()
        patience.end()
        guard summary.method == .scan, pass.control.cause == nil else { return nil }
        let amount = WorkAmount(counters, isByScan: true)
        return pass.estimator.estimate(
            method: summary.method.name,
            amount,
            pending: PendingWork(
                entries: counters.touched(isByScan: false),
                files: counters.filesCopied.value(),
                bytes: counters.bytesCopied.value(),
                isCounted: true
            ),
            changes: summary.times.changes.map { Double($0) / 1e9 },
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
