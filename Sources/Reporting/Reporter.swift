// Tells of one pass while it runs and when it ends: the receiver of its events and the reader of its
// counters.
//
//     workers --events--> Reporter --lines--> Console (standard output, standard error)
//     counters <--ticker--/      \--JSON----> --json, --failures
//
// Kept true: standard output carries itemized lines or JSON and nothing else; a failure is in
// `--failures` before `receive` returns; a reader that went away (EPIPE on standard output) disturbs
// nothing; any other output that was lost is told once and changes the exit status.

import LinuxIO
package import Migration

/// The reporter of one pass.
///
/// `receive` is called by any worker; the others by the thread that runs the pass: `begin`, then the
/// pass, then `finish`.
package final class Reporter: Sendable {
    private let streams: ReportStreams
    private let progress: ProgressTeller
    private let counters: Counters
    private let asides = Lock(PassAsides())
    /// SOURCE and DESTINATION, once they are known.
    private let places = Lock<[[UInt8]]?>(nil)
    /// Nil: the pass is the only one.
    private let voice: PassVoice?

    /// `counters`: the counts of the pass, read by the ticker.
    package convenience init(_ streams: ReportStreams, counters: Counters) {
        self.init(streams, counters: counters, voice: nil)
    }

    /// `voice`: passes follow one another, and this one's reports stay open when it ends.
    init(_ streams: ReportStreams, counters: Counters, voice: PassVoice?) {
        self.counters = counters
        self.streams = streams
        self.voice = voice
        progress = ProgressTeller(
            streams,
            sample: { ProgressSample(nanoseconds: $0, counters: counters) },
            json: {
                let line = EventJSON.progress($0, time: WallClock.nanoseconds)
                return voice?.stamp(line) ?? line
            },
            status: { ServiceText.pass($0, isSynchronizing: $1) }
        )
    }

    private var configuration: ReporterConfiguration { streams.configuration }
    private var shown: ShownName { streams.shown }

    /// Empties the files for reports, starts the clock and the ticker; `publish` is told every two seconds how far the
    /// pass is.
    package func begin(publish: (@Sendable (RunningPass) -> Void)? = nil) {
        streams.begin()
        progress.start { [counters, metrics = configuration.metrics] progress, isHidden in
            guard let publish else { return }
            var running = RunningPass(progress)
            metrics?.note(running)
            running.extrasDeleted = counters.extrasDeleted.value()
            if isHidden { running.phase = .synchronizing }
            publish(running)
        }
    }

    /// Takes note of an event, and tells it where that was asked for.
    package func receive(_ event: PassEvent) {
        switch event {
        case .changed(let itemization):
            if configuration.itemizes { streams.print(itemization.line) }
        case .quota(let change):
            if configuration.itemizes { streams.print(change.line) }
        case .failed(let failure): streams.writeFailure(failure, in: .pass)
        default: break
        }
        configuration.metrics?.note(event)
        note(event)
        streams.emit(line(event), isRare: !event.isChange)
        if !configuration.isQuiet { streams.console.tell(messages(event)) }
        if case .started = event { streams.tellTimeLimit() }
    }

    private func line(_ event: PassEvent) -> JSONLine {
        let line = EventJSON.line(event, time: WallClock.nanoseconds)
        // Says itself which pass begins.
        if case .started = event { return line }
        return voice?.stamp(line) ?? line
    }

    /// Ends the reports: the ticker stops, all that was gathered is written, the summary is told.
    ///
    /// - Returns: the status to exit with: the summary's, or 23 where the pass went well and a report
    ///   that was asked for is incomplete.
    package func finish(_ summary: PassSummary) -> ExitStatus {
        progress.stop()
        if let voice {
            let time = WallClock.nanoseconds
            let line = EventJSON.summary(summary, status: summary.status, time: time)
            streams.emit(voice.stamp(line), isRare: true)
            return summary.status
        }
        tellTuning(summary.tuning)
        streams.closeEvents()
        if let next = summary.next {
            let time = WallClock.nanoseconds
            let line = EstimateText.line(next, pass: summary.recordedPass, time: time)
            streams.emit(line, isRare: true)
        }
        streams.emit(
            EventJSON.summary(summary, status: status(of: summary), time: WallClock.nanoseconds),
            isRare: true
        )
        streams.close()
        var told = summary
        told.status = status(of: summary)
        let text = SummaryText(
            told,
            asides: asides.withLock { $0 },
            shown: shown,
            failuresFile: streams.failuresFile,
            historyCommand: summary.recordedPass.map(historyCommand)
        )
        let next = summary.next.map { ["cutover: " + EstimateText($0).sentence] } ?? []
        streams.console.tell(configuration.isQuiet ? text.quietLines : text.lines + next)
        streams.tellService(told.status)
        return told.status
    }

    /// Prints the table, which is what `cutover tune` is asked for.
    private func tellTuning(_ outcome: TuneOutcome?) {
        guard let outcome, let plan = configuration.tuning else { return }
        let text = TuneText(outcome, plan)
        if !configuration.isQuiet {
            for line in text.lines { streams.print(Array(line.utf8)) }
        }
        streams.emit(text.line(time: WallClock.nanoseconds), isRare: true)
    }

    /// So many workers work now, of those that are wanted.
    func show(workers: Int) { progress.set(workers: workers) }

    /// How much of the pass is done; nil: that is not known.
    ///
    /// `pending`: what a look counted right before it; `isWalk`: it looks at all of SOURCE.
    func done(of pending: PendingWork?, isWalk: Bool) -> WorkDone? {
        guard isWalk else { return pending.flatMap { WorkDone(of: $0, counters) } }
        let progress = progress.present
        return WorkDone(
            entriesTotal: progress.entriesTotal,
            bytesTotal: progress.bytesTotal,
            isExact: progress.totalsAreExact,
            counters
        )
    }

    /// Whether output that was asked for is incomplete, but for a reader of standard output that went
    /// away.
    package var hadOutputError: Bool { streams.hadError }

    /// What shows a recorded pass again; other passes may be recorded in the same folder, so both volumes are named
    /// where a shell takes their names as they are.
    private func historyCommand(_ pass: Int64) -> String {
        var command = "cutover history --pass \(pass)"
        if !configuration.stateName.isEmpty {
            command += " --state " + shown.path(configuration.stateName)
        }
        guard let places = places.withLock({ $0 }), places.allSatisfy(Self.isPlain) else {
            return command
        }
        return command + " " + places.map(shown.path).joined(separator: " ")
    }

    private static func isPlain(_ path: [UInt8]) -> Bool {
        path.allSatisfy { byte in
            switch byte {
            case 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x5F, 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: false
            }
        }
    }

    // MARK: Events

    private func note(_ event: PassEvent) {
        switch event {
        case .started(let start):
            voice?.begin(start)
            progress.set(Progress(start), limit: configuration.timeLimit)
            places.withLock { $0 = [start.sourcePath, start.destinationPath] }
        case .workersChanged(let count): progress.set(workers: count)
        case .mountSkipped(let path, let side, let crossing):
            asides.withLock { $0.addMount(path, side, crossing) }
        case .directoryProtected(let path): asides.withLock { $0.addProtected(path) }
        case .synchronizing: progress.hide()
        case .failed(let failure):
            voice?.note(failure)
            if failure.damage != nil { asides.withLock { $0.damaged.add(failure) } }
        case .vanished, .changed, .quota, .notice, .tuneStep, .waiting, .stopped: break
        }
    }

    /// Whether an event is told of a pass in a loop, which has a row.
    private func isTold(_ event: PassEvent, in voice: PassVoice) -> Bool {
        switch event {
        case .started: voice.loop.tellsBegin()
        case .synchronizing: false
        case .notice(let notice): voice.isNews(notice)
        default: true
        }
    }

    /// The lines for people that an event is worth at once.
    private func messages(_ event: PassEvent) -> [String] {
        let isVerbose = configuration.isVerbose
        if let voice, !isTold(event, in: voice) { return [] }
        switch event {
        case .started(let start):
            let line =
                "cutover: \(shown.path(start.sourcePath)) (\(start.sourceType)) to "
                + "\(shown.path(start.destinationPath)) (\(start.destinationType)), "
                + Quantity.count(UInt64(max(start.workers, 0)), "worker", "workers")
            let found = start.tunedNanoseconds.map { " (tuned \(CalendarTime(local: $0).date))" }
            let tuning = configuration.tuning.map {
                "cutover: " + TuneText.beginning($0, workers: start.workers)
            }
            let manner = start.isDryRun ? ", dry run" : voice?.loop.manner ?? ""
            return [line + (found ?? "") + manner] + (tuning.map { [$0] } ?? [])
        case .failed(let failure): return isVerbose ? [FailureText(failure).line(shown)] : []
        case .vanished(let path):
            return isVerbose ? ["\(shown.path(path)): vanished from SOURCE"] : []
        case .mountSkipped(let path, let side, let crossing):
            let what = MountText.clause(side, crossing)
            return isVerbose ? ["\(shown.path(path)): \(what); skipped"] : []
        case .directoryProtected(let path):
            let reason = "SOURCE's could not be listed to its end; nothing is deleted here"
            return isVerbose ? ["\(shown.path(path)): \(reason)"] : []
        case .changed, .quota: return []
        case .notice(let notice):
            if NoticeText.isDetail(notice), !isVerbose { return [] }
            return ["cutover: " + NoticeText.sentence(notice)]
        case .workersChanged(let count):
            return ["cutover: now \(Quantity.count(UInt64(max(count, 0)), "worker", "workers"))"]
        case .tuneStep(let step): return isVerbose ? ["cutover: " + TuneText.sentence(step)] : []
        case .waiting(let call): return ["cutover: " + WaitingText.line(call, shown)]
        case .stopped(_, let failure):
            let what = shown.line(FailureText(failure).shortMessage)
            // Everything else was done before.
            if failure.activity.isOfQuotas { return ["cutover: stopping: \(what)"] }
            return [
                "cutover: stopping: \(shown.path(failure.path)): " + what,
                "cutover: now counting what is missing on DESTINATION",
            ]
        case .synchronizing(let isWhole):
            let waiting = "waiting for DESTINATION's disk (syncfs)"
            return ["cutover: " + (isWhole ? "all is written; " + waiting : waiting)]
        }
    }

    /// The summary's status, with what became of the reports.
    private func status(of summary: PassSummary) -> ExitStatus {
        Self.told(summary.status, hadOutputError: hadOutputError)
    }

    /// A status, or 23 in its place where a report that was asked for is incomplete.
    static func told(_ status: ExitStatus, hadOutputError: Bool) -> ExitStatus {
        guard hadOutputError else { return status }
        switch status {
        case .done, .someVanished, .deletionLimit, .timeLimit: return .someFailed
        case .different, .refused, .destinationStopped, .interrupted, .someFailed, .usage:
            return status
        }
    }
}

extension PassEvent {
    /// Whether it is one of the events that come in thousands.
    fileprivate var isChange: Bool {
        switch self {
        case .changed, .quota: true
        default: false
        }
    }
}

extension RunningPass {
    /// The figures of a pass that runs.
    fileprivate init(_ progress: Progress) {
        self.init()
        let now = progress.latest
        entriesSeen = now.entriesSeen
        entriesTotal = progress.entriesTotal
        bytesSeen = now.bytesSeen
        bytesTotal = progress.bytesTotal
        filesCopied = now.filesCopied
        bytesCopied = now.bytesCopied
        failures = now.failures
        workers = UInt64(max(progress.workers, 0))
        remainingNanoseconds = progress.remainingNanoseconds
    }
}
