// How a pass ended, as it is committed.

import History
import LinuxIO

/// What is committed of a pass.
struct PassEnd {
    var status: ExitStatus
    /// When it ended, with all on the disk; what it takes to commit that is not counted.
    var moment: ClockReading
    var method: ChangeMethod
    /// All was looked at, and what was written is on the disk; single failures are allowed.
    var isWhole: Bool
    var isSynchronized: Bool
    /// Not of a pass that is given up: DESTINATION may be what does not answer.
    ///
    /// Then others are taken to have written to it.
    var asksDestination = true
    var counts: PassRecord.Counts
    /// What its parts took, but for the commit, and what it cost.
    var times = PassTimes()
    var costs = WorkWindows.Costs()
    var amount = WorkAmount()
    /// What came of trying numbers of workers; without a choice nothing is written down of it.
    var tuned: TuneOutcome?
    var branches: [BranchRecord]
    var failures: [FailureRecord]
    /// What was learned; nil where that is not whole.
    var recorder: Recorder?
    /// What a scan found changed.
    var changed: [ChangedInode]
}

extension TunedWorkers {
    /// Nil: too little was measured.
    init?(_ outcome: TuneOutcome, machine: String?, at moment: Int64) {
        guard let choice = outcome.choice else { return nil }
        self.init(
            workers: choice.workers,
            topWorkers: choice.topWorkers,
            limit: choice.limit?.rawValue,
            machine: machine,
            momentNanoseconds: moment,
            rates: outcome.rows.map {
                Rate(workers: $0.workers, rate: $0.rate, spread: $0.spread, steps: $0.steps)
            },
            isOfBytes: outcome.isOfBytes
        )
    }
}

extension FailureRecord {
    init(_ failure: Failure) {
        self.init(
            path: failure.path,
            side: failure.side.rawValue,
            activity: failure.activity.rawValue,
            errorNumber: failure.error?.code.rawValue,
            firstByte: failure.bytes?.lowerBound,
            endByte: failure.bytes?.upperBound,
            detail: failure.detail ?? failure.damage?.text
        )
    }
}
