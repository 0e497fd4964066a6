// What came of trying numbers of workers, made up for reports.

import Migration

func tuneStep(_ workers: Int = 16) -> TuneStep {
    var step = TuneStep(
        workers: workers,
        round: 2,
        nanoseconds: 6_001_000_000,
        entries: 65_220,
        bytes: 1 << 30,
        load: TuneLoad(processors: 0.61, source: 0.94)
    )
    step.rate = 10_870
    return step
}

/// The table of the manual: 16 of up to 120 are taken.
func tuneOutcome(limit: TuneLimit? = .source) -> TuneOutcome {
    let rates: [(Int, Double, Double)] = [
        (1, 1_912, 0.02), (2, 3_700, 0.02), (4, 6_810, 0.03), (8, 9_480, 0.02), (16, 10_870, 0.02),
        (30, 11_150, 0.02), (60, 10_920, 0.04), (120, 9_940, 0.06),
    ]
    var outcome = TuneOutcome()
    outcome.rows = rates.map { workers, rate, spread in
        TuneRow(
            workers: workers,
            rate: rate,
            share: rate / 11_150,
            spread: spread,
            steps: 3
        )
    }
    outcome.choice = .init(
        workers: 16,
        topWorkers: 30,
        limit: limit,
        load: TuneLoad(processors: 0.61, source: 0.94, destination: 0.4)
    )
    outcome.entrySeconds = 8.25e-5
    outcome.byteSeconds = 1.5e-9
    outcome.steps = 24
    outcome.stepsNeeded = 16
    outcome.isRemembered = true
    return outcome
}
