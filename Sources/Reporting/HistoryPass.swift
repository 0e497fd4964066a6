// A recorded pass as `cutover history` shows it: what became of it, and how long it took.

package import History
import LinuxIO
package import Migration

/// One recorded pass with what goes with it.
package struct HistoryPass: Sendable {
    package var record: PassRecord
    /// It runs now.
    package var isRunning: Bool
    /// What it tells of itself, if it runs and does.
    package var running: RunningPass?
    /// Empty where they were not asked for, or are kept no more.
    package var failures: [FailureRecord]
    /// The same, those that took longest first.
    package var branches: [BranchRecord]

    package init(
        _ record: PassRecord,
        isRunning: Bool = false,
        running: RunningPass? = nil,
        failures: [FailureRecord] = [],
        branches: [BranchRecord] = []
    ) {
        self.record = record
        self.isRunning = isRunning
        self.running = running
        self.failures = failures
        self.branches = branches
    }

    /// It failed in part and, though it was of everything, was not done to its end.
    var endedEarlyWithFailures: Bool {
        outcome == .ended(.someFailed) && !record.isComplete && !record.isPartial
    }

    /// What became of a pass.
    enum Outcome: Equatable {
        case running
        /// No end was recorded: it was killed, or the machine went down.
        case unfinished
        case ended(ExitStatus)
        /// A status of another version.
        case unknown(Int)
    }

    var outcome: Outcome {
        guard let status = record.status else { return isRunning ? .running : .unfinished }
        return Int32(exactly: status).flatMap(ExitStatus.init).map { .ended($0) }
            ?? .unknown(status)
    }

    /// How long it took, or has taken until `sinceBoot`; nil where that is not known.
    ///
    /// By the clock that nobody sets.
    func duration(sinceBoot: Int64) -> UInt64? {
        isRunning
            ? UInt64(exactly: sinceBoot - record.startBootNanoseconds) : record.durationNanoseconds
    }

    /// What it counted: nil before its end.
    var counts: PassRecord.Counts? { record.endNanoseconds == nil ? nil : record.counts }
    /// The columns of the table: before its end what it tells of itself.
    var shownCounts: (seen: UInt64, files: UInt64, bytes: UInt64, deleted: UInt64)? {
        if let counts {
            return (
                counts[.entriesSeen], counts[.filesCopied], counts[.bytesCopied],
                counts[.extrasDeleted]
            )
        }
        return running.map { ($0.entriesSeen, $0.filesCopied, $0.bytesCopied, $0.extrasDeleted) }
    }

    /// Why it walked, if that was written down: understood, or else as it stands there.
    var walkReason: (reason: WalkReason?, recorded: String)? {
        record.reason.map { (WalkReason(recorded: $0), $0) }
    }
}

/// All that is shown of one pair of volumes.
package struct HistoryPair: Sendable {
    /// The roots as they were called at the last pass.
    package var source: [UInt8]
    package var destination: [UInt8]
    /// The database file.
    package var path: String
    /// The newest ones, in the order in which they ran.
    package var passes: [HistoryPass]
    /// How many there are.
    package var passCount: Int
    /// The ids of both filesystems.
    package var sourceFilesystem: [UInt8] = []
    package var destinationFilesystem: [UInt8] = []
    /// The oldest first.
    package var verifications: [RecordedVerification] = []
    /// What passes found that tried numbers of workers, the oldest first.
    package var tunings: [TunedWorkers] = []
    /// Nil: it was not asked for.
    package var outlook: PairOutlook?

    package init(
        source: [UInt8],
        destination: [UInt8],
        path: String,
        passes: [HistoryPass],
        passCount: Int
    ) {
        self.source = source
        self.destination = destination
        self.path = path
        self.passes = passes
        self.passCount = passCount
    }
}

extension TunedWorkers {
    /// As the pass had them.
    var rows: [TuneRow] {
        let best = rates.map(\.rate).max() ?? 0
        return rates.map {
            TuneRow(
                workers: $0.workers,
                rate: $0.rate,
                share: best > 0 ? $0.rate / best : 0,
                spread: $0.spread,
                steps: $0.steps
            )
        }
    }
}

extension Failure {
    /// A failure as it was recorded; nil where a word of it is of another version.
    init?(_ record: FailureRecord) {
        guard let side = Side(rawValue: record.side),
            let activity = Activity(rawValue: record.activity)
        else { return nil }
        var bytes: Range<UInt64>?
        if let first = record.firstByte, let end = record.endByte, first <= end {
            bytes = first..<end
        }
        self.init(
            path: record.path,
            side: side,
            activity: activity,
            // Which call it was is not recorded, and no sentence tells it.
            error: record.errorNumber.map { SystemError(.read, ErrorCode(rawValue: $0)) },
            bytes: bytes,
            detail: record.detail
        )
        guard activity == .read, let bytes, let text = record.detail else { return }
        damage = DamageReport(text: text, bounds: bytes)
        // Said in the sentence, unless it does not hold all.
        if damage?.damage.isExact == true { detail = nil }
    }
}
