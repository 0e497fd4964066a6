// `--metrics`: figures for Prometheus' node exporter, whose textfile collector reads the file whenever it is asked.
//
// Kept true: a reader sees one whole text or another; nothing is written after `finish`; a run that was refused before it
// began leaves the file as it was. What it does not promise: that the file survives a power cut.

import History
package import LinuxIO
package import Migration

/// The file and what it says.
///
/// Any thread may call it.
package final class MetricsFile: Sendable {
    private struct State: Sendable {
        var values = MetricValues()
        var error: SystemError?
        var isBegun = false
        var isEnded = false
    }

    private let path: Name
    private let version: String
    private let state = Lock(State())
    private let ticker: Ticker
    /// Ours is a tenth of that.
    private static let earlierBytesMax = 65_536

    /// Makes sure that it can be written; what is there stays.
    ///
    /// `milliseconds`: between two writings.
    /// - Throws: what keeps a file from being made there.
    package init(
        _ path: Name,
        version: String,
        milliseconds: Int = 15_000
    ) throws(SystemError) {
        (self.path, self.version) = (path, version)
        ticker = Ticker(milliseconds: milliseconds)
        // Gone again with what it gives.
        _ = try ReplacementFile(path).open(mode: 0o644)
    }

    /// Why a writing failed first; nil while all went well.
    package var error: SystemError? { state.withLock { $0.error } }

    /// May be written from now on, and is every 15 s where there is a `refresh`, which is called before each time, on a
    /// thread of its own, and may hang.
    ///
    /// What lasts of what the file says of the same two volumes is taken over. Calls after the first one do nothing.
    package func begin(
        _ source: [UInt8],
        _ destination: [UInt8],
        refresh: (@Sendable (MetricsFile) -> Void)? = nil
    ) {
        if state.withLock({ $0.isBegun }) { return }
        // What cannot be read, or is not there, lasts no longer.
        let earlier = try? ReplacementFile(path).earlier(count: Self.earlierBytesMax)
        state.withLock { state in
            state.isBegun = true
            state.values.source = source
            state.values.destination = destination
            state.values.set(.buildInfo, by: "version", [version: 1])
            if let earlier { state.values.take(Metric.lasting, from: earlier) }
        }
        guard let refresh else { return }
        // Never waited for: `refresh` asks a volume, which may hang.
        ticker.start { [weak self] in
            guard let self, !state.withLock({ $0.isEnded }) else { return }
            refresh(self)
            publish()
        }
    }

    /// Changes what it says.
    package func change(_ body: (inout MetricValues) -> Void) {
        state.withLock { body(&$0.values) }
    }

    /// Writes it for the last time, if it was ever begun.
    package func finish() { publish(isLast: true) }

    /// Writes it now.
    package func publish(isLast: Bool = false) {
        state.withLock { state in
            guard state.isBegun, !state.isEnded else { return }
            state.isEnded = isLast
            let now = Int64(clamping: WallClock.nanoseconds)
            state.values.set(.figuresTime, now / 1_000_000_000)
            do throws(SystemError) {
                var file = try ReplacementFile(path).open(mode: 0o644)
                try file.write(state.values.text)
                try file.publish(isSynchronized: false)
            } catch {
                state.error = state.error ?? error
            }
        }
    }

    // MARK: Passes

    /// A pass has begun.
    func note(_ event: PassEvent) {
        guard case .started(let start) = event else { return }
        let now = WallClock.nanoseconds
        change { values in
            values.set(.passRunning, 1)
            values.set(.passWorkers, start.workers)
            values.set(.passNumber, start.pass)
            values.set(.passLastStart, Int64(clamping: now) / 1_000_000_000)
            values.set(.sourceEntries, start.entriesTotal)
            values.set(.sourceBytes, start.bytesTotal)
        }
        publish()
    }

    /// How far it is.
    func note(_ running: RunningPass) {
        change { $0.set(.passWorkers, running.workers) }
    }

    /// How long single reads of SOURCE take; nil: that is not known.
    package func note(readSeconds: Double?) {
        change { $0.set(.sourceRead, seconds: readSeconds) }
    }

    /// It has ended, and the record has it.
    package func note(_ summary: PassSummary, _ sums: RecordedSums?) {
        note(sums)
        change { values in
            values.set(.passRunning, 0)
            values.set(.passWorkers, 0)
            values.set(.passLastStatus, summary.status.rawValue)
            values.set(
                .passLastDuration,
                seconds: Double(summary.durationNanoseconds) / 1e9
            )
        }
        note(summary.next)
    }

    /// What the record says; nil: nothing, and what was known stays.
    package func note(_ sums: RecordedSums?) {
        guard let sums else { return }
        let lastTook = sums.lastEnded.flatMap { $0.durationNanoseconds }
        var outcomes: [String: UInt64] = [:]
        for (status, count) in sums.totals.passes {
            outcomes[status.map { "\($0)" } ?? "killed"] = count
        }
        change { values in
            values.set(.passes, by: "outcome", outcomes)
            values.set(.walks, by: "reason", sums.totals.walks)
            values.set(.filesCopied, sums.totals.counts[.filesCopied])
            values.set(.copiedBytes, sums.totals.counts[.bytesCopied])
            values.set(.extrasDeleted, sums.totals.counts[.extrasDeleted])
            values.set(.failures, sums.totals.counts[.failures])
            values.set(.failuresOpen, sums.openFailures)
            values.set(.passLastSuccess, sums.lastSuccessNanoseconds.map { $0 / 1_000_000_000 })
            values.set(.passRunning, sums.isRunning ? 1 : 0)
            values.set(.passNumber, sums.newest?.id)
            values.set(.passLastStart, sums.newest.map { $0.startNanoseconds / 1_000_000_000 })
            values.set(.passLastStatus, sums.lastEnded?.status)
            values.set(.passLastDuration, seconds: lastTook.map { Double($0) / 1e9 })
            guard let verification = sums.verifications.last else { return }
            values.set(.verifyLastStatus, verification.status)
            values.set(.verifyLastTime, verification.endNanoseconds / 1_000_000_000)
            // As the page of `report` says it: a look at less takes nothing back.
            let differences = PairOutlook.differences(sums.verifications)
            values.set(.verifyLastDifferences, differences ?? 0)
        }
    }

    /// How long the switch would take; nil: that is not known.
    package func note(_ estimate: SwitchEstimate?) {
        change { values in
            values.set(.entriesPending, estimate?.pending.entries)
            values.set(.pendingBytes, estimate?.pending.bytes)
            values.set(.switchSeconds, seconds: estimate?.seconds)
            values.set(.switchLow, seconds: estimate?.interval?.low)
            values.set(.switchHigh, seconds: estimate?.interval?.high)
        }
    }

    /// What is free on DESTINATION; nil: it cannot be asked, and what was known stays.
    package func note(_ room: DestinationRoom?) {
        guard let room else { return }
        change { values in
            values.set(.destinationAvailable, room.bytes)
            values.set(.destinationFreeInodes, room.inodes)
        }
    }

    /// A pass of a loop was held back for so long.
    package func note(_ held: HeldBack) {
        change { values in
            let before = values.number(.heldBack) ?? 0
            values.set(.heldBack, seconds: before + Double(held.heldNanoseconds) / 1e9)
        }
    }

    // MARK: Verifications

    /// A verification has ended, recorded or not.
    package func note(_ summary: VerificationSummary) {
        let now = WallClock.nanoseconds
        change { values in
            values.set(.verifyLastStatus, summary.status.rawValue)
            values.set(.verifyLastTime, Int64(clamping: now) / 1_000_000_000)
            // What an earlier one found stands, if the record says so.
            let differences = summary.counters.differences.value()
            if differences > 0 || values.number(.verifyLastDifferences) == nil {
                values.set(.verifyLastDifferences, differences)
            }
        }
    }
}
