// How a pass ended: what its summary is made of.

package import History
import LinuxIO

/// The end of a pass.
package struct PassSummary: Sendable {
    package var status: ExitStatus
    package var isDryRun: Bool
    /// How it found what changed.
    package var method: ChangeMethod
    /// The counts, read when no worker ran any more.
    package var counters: Counters
    package var durationNanoseconds: UInt64
    /// What its parts took; unknown of a pass that is given up.
    package var times: PassTimes
    /// The part of it that DESTINATION's disk took.
    package var synchronizeNanoseconds: UInt64 { times.synchronize ?? 0 }
    /// The part of it that it took to find out what to look at, in seconds.
    package var changesSeconds: Double { Double(times.changes ?? 0) / 1e9 }
    /// The part of it in which users' changes were copied, in seconds; nil of a walk, which looks at all there is meanwhile.
    package var copyingSeconds: Double? {
        method == .scan ? times.work.map { Double($0) / 1e9 } : nil
    }
    /// A scan found that there was nothing to do, and nothing failed.
    package var foundNothing: Bool {
        method == .scan && status == .done && counters.touched(isByScan: true) == 0
    }
    /// The slowest first, three at most.
    package var slowestBranches: [BranchTime]
    /// Failures, the first `PassSummary.failuresShownMax` of them.
    package var firstFailures: [Failure]
    /// Why DESTINATION stopped the pass, and what it then had.
    package var stop: Stop?
    /// The most workers that had work at the same time.
    package var workersBusyMax: Int
    /// A time limit was reached and something was left, whatever else the status says.
    package var isCutByTimeLimit = false
    /// It was interrupted and did not come back in time (S59).
    package var isGivenUp: Bool
    /// Calls that did not come back then.
    package var waiting: [WaitingCall]
    /// The id under which the record has it; nil: nothing of it is recorded.
    package var recordedPass: Int64?
    /// It is recorded as a whole pass, on which the next one can rest.
    package var isRemembered = false
    /// Something of it could not be recorded, which was told.
    package var hasLostRecord = false
    /// Seconds of work that users make in a second, as far as earlier passes tell.
    package var pace: Double?
    /// What came of trying numbers of workers; nil: that was not asked for.
    package var tuning: TuneOutcome?
    /// How long the next one would take now, where somebody looked.
    package var next: SwitchEstimate?

    /// Of a run of a plan.
    package var plan: PlanOutcome?

    package static let failuresShownMax = 10

    package init(  // One for each field.
        status: ExitStatus,
        isDryRun: Bool,
        method: ChangeMethod = .walk(nil),
        counters: Counters,
        durationNanoseconds: UInt64,
        times: PassTimes,
        slowestBranches: [BranchTime],
        firstFailures: [Failure],
        stop: Stop?,
        workersBusyMax: Int,
        isGivenUp: Bool = false,
        waiting: [WaitingCall] = [],
        recordedPass: Int64? = nil
    ) {
        self.status = status
        self.isDryRun = isDryRun
        self.method = method
        self.counters = counters
        self.durationNanoseconds = durationNanoseconds
        self.times = times
        self.slowestBranches = slowestBranches
        self.firstFailures = firstFailures
        self.stop = stop
        self.workersBusyMax = workersBusyMax
        self.isGivenUp = isGivenUp
        self.waiting = waiting
        self.recordedPass = recordedPass
    }

    /// One top-level entry's share of the work.
    package struct BranchTime: Sendable {
        package var name: [UInt8]
        /// Time of all workers together in this branch.
        package var workNanoseconds: UInt64
        package var entries: UInt64
        package var bytes: UInt64

        package init(name: [UInt8], workNanoseconds: UInt64, entries: UInt64, bytes: UInt64) {
            self.name = name
            self.workNanoseconds = workNanoseconds
            self.entries = entries
            self.bytes = bytes
        }
    }

    /// What a stopped pass knows of DESTINATION.
    package struct Stop: Sendable {
        package var reason: DestinationStop
        package var failure: Failure
        package var availableBytes: UInt64
        /// Nil where the filesystem does not count inodes.
        package var freeInodes: UInt64?

        package init(
            reason: DestinationStop,
            failure: Failure,
            availableBytes: UInt64,
            freeInodes: UInt64?
        ) {
            self.reason = reason
            self.failure = failure
            self.availableBytes = availableBytes
            self.freeInodes = freeInodes
        }
    }
}
