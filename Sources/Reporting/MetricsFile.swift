// `--metrics`: figures for Prometheus' node exporter, whose textfile collector reads the file whenever it is asked.
//
// Kept true: a reader sees one whole text or another; what other commands of the same two volumes write there stays, for the
// file itself is what is known, and a command changes what it has found out; a run that was refused before it began leaves
// the file as it was. What it does not promise: that the file survives a power cut.

import Dispatch
import History
package import LinuxIO
package import Migration

/// The file and what it says.
///
/// Any thread may call it.
package final class MetricsFile: Sendable {
    private struct State: Sendable {
        var values = MetricValues()
        /// The two volumes were judged.
        var isBegun = false
        /// A pass of ours runs: what is known here is newer than what the file says.
        var isPassing = false
        var isTicking = false
        var error: SystemError?

        /// Takes over what others wrote, but for what only a pass of ours can know.
        mutating func take(_ text: [UInt8]?, version: String) {
            var found = MetricValues()
            found.source = values.source
            found.part = values.part
            found.destination = values.destination
            if let text { found.take(from: text) }
            if isPassing {
                values.takeLaterVerification(of: found)
            } else {
                found.set(.buildInfo, parts: [version: 1])
                values = found
            }
        }
    }

    private let path: Name
    private let version: String
    private let state = Lock(State())
    /// Held while the file is written; what it says can be changed meanwhile.
    private let writing = Lock(())
    private let ticker: Ticker
    /// Ours is a tenth of that.
    private static let earlierBytesMax = 65_536
    /// Others hold the directory for as long as a small file and a few rows of the record need.
    private static let othersMilliseconds: UInt64 = 1_000
    /// Where a disk hangs a process ends within ten seconds of a signal.
    private static let hurriedMilliseconds = 2_000

    /// Makes sure that it can be written; what is there stays.
    ///
    /// `milliseconds`: between two writings of a pass.
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

    /// Why the last writing failed; nil: it did not.
    package var error: SystemError? { state.withLock { $0.error } }

    /// May be written from now on, with the figures of these two; calls after the first one do nothing.
    ///
    /// `part`: of a run of a plan, its shard, or `closing`.
    package func begin(_ source: [UInt8], _ destination: [UInt8], part: String? = nil) {
        state.withLock { state in
            if state.isBegun { return }
            state.isBegun = true
            state.values.source = source
            state.values.destination = destination
            state.values.part = part
        }
    }

    /// A pass begins, of which the record says `sums`: it is written every 15 s until `publish` ends it.
    ///
    /// `refresh` is called before each time, on a thread of its own, and may hang; that of the first pass is that of all.
    package func passBegins(
        _ sums: RecordedSums?,
        refresh: @escaping @Sendable (MetricsFile) -> Void
    ) {
        // What cannot be read, or is not there, lasts no longer.
        let earlier = try? ReplacementFile(path).earlier(count: Self.earlierBytesMax)
        state.withLock { state in
            state.take(earlier, version: version)
            state.isPassing = true
            // The last one may have been refused: this one was not.
            state.values.set(.passLastStatus, nil as Int?)
            if let sums { state.values.note(sums) }
        }
        let isTicking = state.withLock { state in
            defer { state.isTicking = true }
            return state.isTicking
        }
        if isTicking { return }
        ticker.start { [weak self] in
            guard let self, state.withLock({ $0.isPassing }) else { return }
            refresh(self)
            write(isTick: true, recorded: { nil }) { _ in }
        }
    }

    /// Changes what a pass that runs tells when it is written next.
    package func change(_ body: (inout MetricValues) -> Void) {
        state.withLock { body(&$0.values) }
    }

    /// Changes what it says, and writes it now; no figures of other commands are lost.
    ///
    /// - Parameters:
    ///   - endsPass: the pass of ours is over.
    ///   - recorded: asks the record, while no other command writes the same file; nil: it cannot be read, and what was known
    ///     stays.
    ///   - change: after that.
    package func publish(
        endsPass: Bool = false,
        recorded: () -> RecordedSums?,
        _ change: (inout MetricValues) -> Void
    ) {
        write(endsPass: endsPass, recorded: recorded, change)
    }

    /// The same where the record has nothing to say.
    package func publish(
        endsPass: Bool = false,
        _ change: (inout MetricValues) -> Void = { _ in }
    ) {
        write(endsPass: endsPass, recorded: { nil }, change)
    }

    /// The same where a disk hangs, which may be that of the file: it is not waited for long.
    package func publishHurriedly(
        endsPass: Bool = false,
        _ change: @escaping @Sendable (inout MetricValues) -> Void
    ) {
        let done = DispatchSemaphore(value: 0)
        do throws(SystemError) {
            try BlockingThread.start { [self] in
                publish(endsPass: endsPass, change)
                done.signal()
            }
        } catch {
            // No thread is to be had: the file stays as it is, and its time tells.
            return
        }
        // As before.
        _ = done.wait(timeout: .now() + .milliseconds(Self.hurriedMilliseconds))
    }

    private func write(
        isTick: Bool = false,
        endsPass: Bool = false,
        recorded: () -> RecordedSums?,
        _ change: (inout MetricValues) -> Void
    ) {
        writing.withLock { _ in
            let isWanted = state.withLock { $0.isBegun && (!isTick || $0.isPassing) }
            guard isWanted else { return }
            var failure: SystemError?
            do throws(SystemError) {
                let place = try ReplacementFile(path)
                // Where there are no such locks two who write in one moment can lose what one of them wrote.
                _ = try? place.excludeOthers(milliseconds: Self.othersMilliseconds)
                let earlier = try? place.earlier(count: Self.earlierBytesMax)
                let sums = recorded()
                let text = state.withLock { state in
                    state.take(earlier, version: version)
                    if let sums { state.values.note(sums) }
                    if endsPass { state.values.noteEnd() }
                    change(&state.values)
                    let now = Int64(clamping: WallClock.nanoseconds)
                    state.values.set(.figuresTime, now / 1_000_000_000)
                    return state.values.text
                }
                var file = try place.open(mode: 0o644)
                try file.write(text)
                try file.publish(isSynchronized: false)
            } catch {
                failure = error
            }
            state.withLock { state in
                state.error = failure
                if endsPass { state.isPassing = false }
            }
        }
    }

    // MARK: A pass that runs

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
}

extension MetricValues {
    /// No pass runs any more.
    mutating func noteEnd() {
        set(.passRunning, 0)
        set(.passWorkers, 0)
        set(.sourceRead, seconds: nil)
    }

    /// A pass has ended, recorded or not.
    package mutating func note(_ summary: PassSummary) {
        set(.passLastStatus, summary.status.rawValue)
        set(.passLastDuration, seconds: Double(summary.durationNanoseconds) / 1e9)
    }

    /// What the record says.
    package mutating func note(_ sums: RecordedSums) {
        let lastTook = sums.lastEnded.flatMap { $0.durationNanoseconds }
        var outcomes: [String: UInt64] = [:]
        for (status, count) in sums.totals.passes {
            outcomes[status.map { "\($0)" } ?? "killed"] = count
        }
        // A loop that was refused a pass left that to be seen until one begins.
        let isRefused =
            number(.passLastStatus) == Double(ExitStatus.refused.rawValue)
            && number(.passNumber) == sums.newest.map { Double($0.id) }
        set(.passes, parts: outcomes)
        set(.walks, parts: sums.totals.walks)
        set(.filesCopied, sums.totals.counts[.filesCopied])
        set(.copiedBytes, sums.totals.counts[.bytesCopied])
        set(.extrasDeleted, sums.totals.counts[.extrasDeleted])
        set(.failures, sums.totals.counts[.failures])
        set(.failuresOpen, sums.openFailures)
        set(.passLastSuccess, sums.lastSuccessNanoseconds.map { $0 / 1_000_000_000 })
        set(.passRunning, sums.isRunning ? 1 : 0)
        set(.passNumber, sums.newest?.id)
        set(.passLastStart, sums.newest.map { $0.startNanoseconds / 1_000_000_000 })
        if !isRefused { set(.passLastStatus, sums.lastEnded?.status) }
        set(.passLastDuration, seconds: lastTook.map { Double($0) / 1e9 })
        guard let verification = sums.verifications.last else { return }
        set(.verifyLastStatus, verification.status)
        set(.verifyLastTime, verification.endNanoseconds / 1_000_000_000)
        // As the page of `report` says it: a look at less takes nothing back.
        set(.verifyLastDifferences, PairOutlook.differences(sums.verifications) ?? 0)
    }

    /// It was looked at how long the switch would take; nil: that is not known.
    ///
    /// `isReady`: by `--ready-below`; nil: nobody asks for that.
    package mutating func note(_ estimate: SwitchEstimate?, isReady: Bool? = nil) {
        let now = Int64(clamping: WallClock.nanoseconds)
        set(.entriesPending, estimate?.pending.entries)
        set(.pendingBytes, estimate?.pending.bytes)
        set(.switchSeconds, seconds: estimate?.seconds)
        set(.switchLow, seconds: estimate?.interval?.low)
        set(.switchHigh, seconds: estimate?.interval?.high)
        set(.switchTime, estimate.map { _ in now / 1_000_000_000 })
        set(.ready, isReady.map { $0 ? 1 : 0 })
    }

    /// What is free on DESTINATION; nil: it cannot be asked, and what was known stays.
    package mutating func note(_ room: DestinationRoom?) {
        guard let room else { return }
        set(.destinationAvailable, room.bytes)
        set(.destinationFreeInodes, room.inodes)
    }

    /// A pass of a loop was held back for so long.
    package mutating func note(_ held: HeldBack) {
        let before = number(.heldBack) ?? 0
        set(.heldBack, seconds: before + Double(held.heldNanoseconds) / 1e9)
    }

    /// A verification has ended, recorded or not.
    package mutating func note(_ summary: VerificationSummary) {
        set(.verifyLastStatus, summary.status.rawValue)
        set(.verifyLastTime, Int64(clamping: WallClock.nanoseconds) / 1_000_000_000)
        // What an earlier one found stands, if the record says so.
        let differences = summary.counters.differences.value()
        if differences > 0 || number(.verifyLastDifferences) == nil {
            set(.verifyLastDifferences, differences)
        }
    }
}
