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
    }

    private let counters: Counters
    private let isByScan: Bool
    private let isHeldBack: @Sendable () -> Bool
    private let state: Lock<State>
    private let ticker = Ticker(milliseconds: 1_000)

    /// Begins at once.
    ///
    /// `isHeldBack` is asked at the end of each second: one that was held back, at its end, counts among those.
    init(_ counters: Counters, isByScan: Bool, isHeldBack: @escaping @Sendable () -> Bool) {
        self.counters = counters
        self.isByScan = isByScan
        self.isHeldBack = isHeldBack
        let now = monotonicNanoseconds()
        state = Lock(State(before: WorkAmount(counters, isByScan: isByScan), since: now))
        // Without a thread for it all of the work is one window.
        ticker.start { [weak self] in self?.take() }
    }

    /// The last one, shorter than a second; then all.
    func end() -> Costs {
        ticker.stop()
        take()
        return state.withLock { $0.costs }
    }

    private func take() {
        let now = monotonicNanoseconds()
        let amount = WorkAmount(counters, isByScan: isByScan)
        let isHeldBack = isHeldBack()
        state.withLock { state in
            let seconds = Double(now &- state.since) / 1e9
            let done = amount - state.before
            if isHeldBack {
                state.costs.heldBack.add(done.values, seconds: seconds)
            } else {
                state.costs.atFullPower.add(done.values, seconds: seconds)
            }
            state.before = amount
            state.since = now
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
