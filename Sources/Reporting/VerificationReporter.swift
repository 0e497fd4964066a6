// Tells of one verification while it runs and when it ends: differences on standard output, everything else on
// standard error, as Reporter does of a pass.

import LinuxIO
package import Migration

/// The reporter of one verification.
///
/// `receive` is called by any worker; the others by the thread that runs it: `begin`, then the verification, then
/// `finish`.
package final class VerificationReporter: Sendable {
    private let streams: ReportStreams
    private let progress: ProgressTeller
    private let manifestName: [UInt8]?
    private let asides = Lock(PassAsides())

    /// - Parameters:
    ///   - streams: where it is told.
    ///   - counters: the counts, read by the ticker.
    ///   - manifest: the name of the manifest that is written; nil: none is.
    package init(
        _ streams: ReportStreams,
        counters: VerificationCounters,
        manifest: [UInt8]?
    ) {
        self.streams = streams
        manifestName = manifest
        progress = ProgressTeller(
            streams,
            sample: { ProgressSample(nanoseconds: $0, counters: counters) },
            json: { VerificationJSON.progress($0, time: WallClock.nanoseconds) },
            status: { progress, _ in ServiceText.verification(progress) }
        )
    }

    private var shown: ShownName { streams.shown }
    private var isVerbose: Bool { streams.configuration.isVerbose }

    /// Empties the files for reports, starts the clock and the ticker.
    package func begin() {
        streams.begin()
        progress.start()
    }

    /// Takes note of an event, and tells it.
    package func receive(_ event: VerificationEvent) {
        var isRare = true
        switch event {
        case .found(let found):
            streams.print(DifferenceText(found).line(.found))
            isRare = false
        case .changed(let found):
            streams.print(DifferenceText(found).line(.changed))
            isRare = false
        case .pending(let found, let changed):
            if isVerbose {
                streams.print(DifferenceText(found).line(.pending(changed: changed)))
            }
            isRare = false
        case .failed(let failure): streams.writeFailure(failure, in: .verification)
        case .started(let start):
            progress.set(Progress(start), limit: streams.configuration.timeLimit)
        case .workersChanged(let count): progress.set(workers: count)
        case .mountSkipped(let path, let side, let crossing):
            asides.withLock { $0.addMount(path, side, crossing) }
        case .vanished, .notice, .waiting: break
        }
        streams.emit(
            VerificationJSON.line(event, time: WallClock.nanoseconds),
            isRare: isRare
        )
        if !streams.configuration.isQuiet || Self.isToldQuietly(event) {
            streams.console.tell(messages(event))
        }
        if case .started = event { streams.tellTimeLimit() }
    }

    /// Ends the reports: the ticker stops, all that was gathered is written, the summary is told.
    ///
    /// - Returns: the status to exit with: the summary's, or 23 where a report that was asked for is
    ///   incomplete.
    package func finish(_ summary: VerificationSummary) -> ExitStatus {
        progress.stop()
        streams.closeEvents()
        streams.emit(
            VerificationJSON.summary(
                summary,
                status: status(of: summary),
                time: WallClock.nanoseconds
            ),
            isRare: true
        )
        streams.close()
        let status = status(of: summary)
        let text = VerificationSummaryText(
            summary,
            status: status,
            asides: asides.withLock { $0 },
            shown: shown,
            failuresFile: streams.failuresFile,
            manifestName: manifestName.map { shown.path($0) }
        )
        streams.console.tell(streams.configuration.isQuiet ? text.quietLines : text.lines)
        streams.tellService(status)
        return status
    }

    /// `-q` keeps what makes "equal" mean nothing.
    private static func isToldQuietly(_ event: VerificationEvent) -> Bool {
        switch event {
        case .notice(.emptySource), .notice(.nothingCompared): true
        default: false
        }
    }

    /// The lines for people that an event is worth at once, on standard error.
    private func messages(_ event: VerificationEvent) -> [String] {
        switch event {
        case .started(let start):
            return [VerificationText.first(start, shown)]
                + (start.filter.map { [VerificationText.filter($0)] } ?? [])
                + (start.sample.map { [VerificationText.sample($0)] } ?? [])
        case .failed(let failure):
            return isVerbose ? [FailureText(failure, in: .verification).line(shown)] : []
        case .vanished(let path):
            return isVerbose ? ["\(shown.path(path)): vanished, or became another entry"] : []
        case .mountSkipped(let path, let side, let crossing):
            let what = MountText.clause(side, crossing)
            return isVerbose ? ["\(shown.path(path)): \(what); not compared"] : []
        case .notice(let notice): return ["cutover: " + VerificationNoticeText.sentence(notice)]
        case .workersChanged(let count):
            return ["cutover: now \(Quantity.count(UInt64(max(count, 0)), "worker", "workers"))"]
        case .waiting(let call): return ["cutover: " + WaitingText.line(call, shown)]
        case .found, .changed, .pending: return []
        }
    }

    private func status(of summary: VerificationSummary) -> ExitStatus {
        streams.hadError && summary.status != .interrupted ? .someFailed : summary.status
    }
}
