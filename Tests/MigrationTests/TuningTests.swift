// What is tried on a running pass, and when it ends: made up samples, real threads.

import LinuxIO
import TestSupport
import Testing

@testable import Migration

@Suite("Trying numbers on a running pass", .timeLimit(.minutes(1))) struct TuningTests {
    /// What a tuning did to its pass.
    private final class Seen: Sendable {
        let samples = Lock(0)
        let steps = Lock([TuneStep]())
        let limits = Lock([Int?]())
        let taken = Lock([Int]())
    }

    /// Tries two numbers, of which `samplesMax` samples are had, until nothing more is tried.
    private func run(samplesMax: Int) -> (seen: Seen, outcome: TuneOutcome) {
        let seen = Seen()
        let tuning = Tuning(
            TunePlan(from: 1, to: 2, stepNanoseconds: 4_000_000, seed: 1),
            most: 2,
            Tuning.Steering(
                limit: { limit in seen.limits.withLock { $0.append(limit) } },
                wanted: { 2 },
                take: { workers in seen.taken.withLock { $0.append(workers) } }
            ),
            measure: {
                let number = seen.samples.withLock { count in
                    count += 1
                    return count
                }
                if number > samplesMax { return nil }
                return TuneSample(
                    nanoseconds: UInt64(number) * 3_000_000,
                    entries: UInt64(number) * 1_000,
                    bytes: 0
                )
            },
            tell: { step in seen.steps.withLock { $0.append(step) } }
        )
        tuning.start()
        waitUntil(seconds: 30) { seen.limits.withLock { $0.last == .some(nil) } }
        tuning.end()
        return (seen, tuning.outcome)
    }

    @Test(
        "a pass that only counts what is missing is no rate: nothing more is tried, and nothing taken"
    )
    func stoppedByDestination() {
        // Stopped in the second step: between its two samples.
        let (seen, outcome) = run(samplesMax: 3)
        #expect(seen.steps.withLock { $0.count } == 1)
        #expect(seen.samples.withLock { $0 } == 4)
        #expect(seen.taken.withLock { $0 } == [])
        #expect(outcome.choice == nil)
        // All work again at what is left.
        #expect(seen.limits.withLock { $0.last } == .some(nil))
    }

    @Test("one that goes on has all steps, and the best number")
    func goesOn() {
        let (seen, outcome) = run(samplesMax: .max)
        #expect(seen.steps.withLock { $0.count } >= 4)
        #expect(seen.taken.withLock { $0 } == [outcome.choice?.workers].compactMap(\.self))
        #expect(outcome.choice != nil)
    }
}
