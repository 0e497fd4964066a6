// What each second of a pass's work cost, taken by a thread of its own while workers work: what the estimate of later
// passes is made of.

import History
import LinuxIO

/// Sums up a pass's work second by second.
final class WorkWindows: Sendable {
    /// What came of it.
    struct Costs: Sendable {
        var atFullPower = CostSums()
        var heldBack = CostSums()
    }

    private struct State: Sendable {
        var costs = Costs()
        var before: WorkAmount
        var since: UInt64
        /// At the end of the window before.
        var power: RunControl.Power
    }

    private let counters: Counters
    private let isByScan: Bool
    private let power: @Sendable () -> RunControl.Power
    private let state: Lock<State>
    private let ticker: Ticker

    /// Begins at once.
    ///
    /// `power` is asked at the end of each second: one that was held back, at its end, counts among those, and one in
    /// which the run stood still to measure others, at its begin or its end, among none. `milliseconds`: another length
    /// than a second, for tests.
    init(
        _ counters: Counters,
        isByScan: Bool,
        milliseconds: Int = 1_000,
        power: @escaping @Sendable () -> RunControl.Power
    ) {
        ticker = Ticker(milliseconds: milliseconds)
        self.counters = counters
        self.isByScan = isByScan
        self.power = power
        let now = monotonicNanoseconds()
        let amount = WorkAmount(counters, isByScan: isByScan)
        state = Lock(State(before: amount, since: now, power: power()))
        // Without a thread for it all of the work is one window.
        ticker.start { [weak self] in self?.take() }
    }

    /// The last one, shorter than a second; then all.
    func end() -> Costs {
        ticker.stop()
        take()
        return state.withLock { $0.costs }
    }

    /// Ends a window; the second hand does, and tests.
    func take() {
        let now = monotonicNanoseconds()
        let amount = WorkAmount(counters, isByScan: isByScan)
        let power = power()
        state.withLock { state in
            let seconds = Double(now &- state.since) / 1e9
            let done = amount - state.before
            switch (state.power, power) {
            case (.stopped, _), (_, .stopped): break
            case (_, .heldBack): state.costs.heldBack.add(done.values, seconds: seconds)
            case (_, .full): state.costs.atFullPower.add(done.values, seconds: seconds)
            }
            state.before = amount
            state.since = now
            state.power = power
        }
    }
}

extension WorkAmount {
    /// What was done so far, by the counts of a running pass.
    init(_ counters: Counters, isByScan: Bool) {
        self.init(
            seen: isByScan ? 0 : Double(counters.entriesSeen.value()),
            touched: Double(counters.touched(isByScan: isByScan)),
            bytes: Double(counters.bytesCopied.value())
        )
    }
}

extension Counters {
    /// Entries that were changed on DESTINATION, or in a dry run would be, and directories that a scan had listed.
    package func touched(isByScan: Bool) -> UInt64 {
        var names: [PassCounter] = [
            .filesCopied, .directoriesMade, .directoriesMoved, .symlinksMade, .specialsMade,
            .linksMade, .attributesRepaired, .extrasDeleted,
        ]
        if isByScan { names.append(.directoriesListed) }
        return names.reduce(0) { $0 + self[$1].value() }
    }
}
