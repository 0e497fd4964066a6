// Tells of passes in a loop: a row for each, when the switch would be short enough, and why the loop waits or ends.

import LinuxIO
package import Migration

/// The reporter of one loop.
///
/// Called by the main thread; reporters of its passes are called by theirs.
package final class FollowReporter: Sendable {
    private let streams: ReportStreams
    private let loop: LoopVoice
    private let readyBelow: Double?
    private let hasHours: Bool
    /// The pass that runs, or the last one.
    private let present = Lock<Present?>(nil)
    /// What was said last of the switch.
    private let saidReady = Lock(false)
    private let hasHeader = Lock(false)
    /// The last line of JSON is written; held while one is.
    private let hasEnded = Lock(false)

    private struct Present {
        let reporter: Reporter
        let voice: PassVoice
        /// What a look right before it found.
        let foreseen: SwitchEstimate?
        /// And all that belongs to it: what is told from now on is of none.
        var isOver = false

        /// How much of it is done; nil: that is not known.
        var done: WorkDone? {
            let isWalk = voice.walk != nil
            return reporter.done(of: isWalk ? nil : foreseen?.pending, isWalk: isWalk)
        }
    }

    /// - Parameters:
    ///   - streams: stay open from pass to pass.
    ///   - isIdle: passes run in the idle I/O class.
    ///   - givesWay: they are held back where others are disturbed.
    ///   - hasHours: work is not done at all times.
    ///   - readyBelowSeconds: `--ready-below`.
    package init(
        _ streams: ReportStreams,
        isIdle: Bool,
        givesWay: Bool,
        hasHours: Bool,
        readyBelowSeconds: Double?
    ) {
        self.hasHours = hasHours
        self.streams = streams
        loop = LoopVoice(manner: (isIdle ? ", idle" : "") + (givesWay ? ", giving way" : ""))
        readyBelow = readyBelowSeconds
    }

    private var isQuiet: Bool { streams.configuration.isQuiet }
    private var isTable: Bool { streams.configuration.standardError.isTerminal }

    /// The reporter of the next pass.
    ///
    /// `foreseen`: what a look right before it found; nil: nobody looked.
    package func reporter(_ counters: Counters, foreseen: SwitchEstimate?) -> Reporter {
        let voice = PassVoice(loop)
        let reporter = Reporter(streams, counters: counters, voice: voice)
        present.withLock { $0 = Present(reporter: reporter, voice: voice, foreseen: foreseen) }
        return reporter
    }

    /// The pass, its row and what was run after it are over: what comes now is of none, until the next one begins.
    package func passIsOver() { present.withLock { $0?.isOver = true } }

    /// Writes a line of JSON that comes when it comes, from another thread; false: the last one is written already.
    private func emit(_ line: JSONLine) -> Bool {
        hasEnded.withLock { hasEnded in
            if !hasEnded { streams.emit(line, isRare: true) }
            return !hasEnded
        }
    }

    // MARK: Passes

    /// The row of a pass, and below it what a person should know.
    ///
    /// `held`: how long it gave way to others.
    package func end(_ summary: PassSummary, began: Int64, _ held: HeldBack?) {
        streams.console.erase()
        let row = FollowRow(summary, began: began)
        if isQuiet {
            if let stop = summary.stop {
                let text = StopText(stop, counters: summary.counters).line
                streams.console.tell(["cutover: \(text)"])
            }
            if present.withLock({ $0 })?.voice.news == nil, summary.waiting.isEmpty { return }
        }
        var lines: [String] = []
        if isTable {
            let needsHeader = hasHeader.withLock { had in
                defer { had = true }
                return !had
            }
            if needsHeader { lines.append(FollowRow.header) }
            lines.append(row.columns)
        } else {
            lines.append(row.sentence)
        }
        var below = below(summary)
        if let held = held.flatMap({ BackOffText.row($0, streams.shown) }) { below.append(held) }
        lines += below.map { TextLayout.belowRow + $0 }
        streams.console.tell(lines)
    }

    /// Below the last row: the hours of work ended before the pass did.
    package func tellHoursOver() {
        if !isQuiet { streams.console.tell([TextLayout.belowRow + FollowText.hoursOver(done)]) }
    }

    /// Another process has made a pass of this pair, which takes the place of one of the loop.
    package func tell(others pass: Int64) {
        if !isQuiet { streams.console.tell(["cutover: " + FollowText.others(pass)]) }
    }

    /// How much of the present pass is done, or of the last one; nil: that is not known.
    private var done: WorkDone? { present.withLock { $0 }?.done }

    /// Says in a line of which pass it is; null: of none.
    private func stamp(_ line: JSONLine) -> JSONLine {
        var line = line
        let present = present.withLock { $0 }
        line.add("pass", present?.isOver == false ? present?.voice.pass : nil)
        return line
    }

    private func below(_ summary: PassSummary) -> [String] {
        let voice = present.withLock { $0 }?.voice
        var lines: [String] = []
        if let reason = voice?.walk, !WalkReasonText.isExpected(reason) {
            lines.append("walked: \(WalkReasonText.clause(reason))")
        }
        if !isQuiet, let stop = summary.stop {
            lines.append(StopText(stop, counters: summary.counters).line)
        }
        if let first = voice?.news {
            let more = max(summary.counters.failures.value(), 1) - 1
            let others = more > 0 ? " and \(Quantity.count(more)) more" : ""
            let history = summary.recordedPass.map { " ('cutover history --pass \($0)')" } ?? ""
            let path = streams.shown.path(first.path)
            lines.append("failed: \(path)\(others)\(history)")
        }
        lines += WaitingText.lines(summary.waiting, streams.shown)
        return lines
    }

    /// What back-off does, for programs; people read of it in the row, or with -v as it happens.
    package func tell(backOff event: BackOffEvent) {
        let done = done
        let line = BackOffText.json(event, time: WallClock.nanoseconds, done: done)
        guard emit(stamp(line)) else { return }
        let isNews: Bool
        switch event {
        case .heldNearlyAllDay: isNews = true
        case .lacks(let lack):
            // A probe is there as somebody asked for it, and without reads users are hardly felt at all.
            isNews = lack.cause != .pressure || streams.configuration.isVerbose
        case .changed(let answer, let workers):
            let present = present.withLock { $0 }
            present?.reporter.show(workers: workers)
            isNews =
                present?.voice.isNews(answer.state) == true || streams.configuration.isVerbose
        }
        if isNews, !isQuiet {
            let text = BackOffText.line(event, streams.shown, done: done, hasHours: hasHours)
            streams.console.tell(["cutover: " + text])
        }
    }

    // MARK: The switch

    /// Whether the switch would be short enough, by what was said last.
    package var isReady: Bool { saidReady.withLock { $0 } }

    /// Tells an estimate, and whether the switch would be short enough, which `isReady` has from then on.
    ///
    /// `estimate`: nil where nothing can be said any more; `pass`: the one after which it was made.
    package func tell(_ estimate: SwitchEstimate?, pass: Int64?) {
        // Fewer than three estimates were held against a pass: what is said of them could be anything.
        let isReady =
            if let readyBelow, let estimate {
                estimate.interval != nil && estimate.seconds < readyBelow
            } else {
                false
            }
        let isNews = setReady(isReady)
        // Who was never told READY has nothing to be told back.
        if estimate == nil, !isNews { return }
        var line = EstimateText.line(estimate, pass: pass, time: WallClock.nanoseconds)
        line.add("ready_below", decimal: readyBelow)
        if readyBelow != nil { line.add("ready", isReady) }
        streams.emit(line, isRare: true)
        if isNews {
            let text = estimate.map { FollowText.ready($0, isReady: isReady) }
            streams.console.tell(["cutover: " + (text ?? FollowText.unknown)])
        }
    }

    /// Whether that is other than what was said before.
    private func setReady(_ isReady: Bool) -> Bool {
        saidReady.withLock { was in
            defer { was = isReady }
            return was != isReady
        }
    }

    /// Says once that passes do not get shorter, or that they never will.
    package func tell(_ convergence: Convergence) {
        guard !isQuiet, let text = FollowText.convergence(convergence) else { return }
        streams.console.tell(["cutover: \(text)"])
    }

    // MARK: Waiting

    /// Why nothing is done, and until when, in nanoseconds since 1970; nil: nobody knows.
    ///
    /// `told` is said to people, once.
    package func wait(_ reason: WaitReason, until: Int64?, told: String? = nil) {
        var line = EventJSON.begin("pause", WallClock.nanoseconds)
        line.add("reason", reason.rawValue)
        line.add("until", seconds: until.map { UInt64(max($0, 0)) })
        streams.emit(line, isRare: true)
        if let told, !isQuiet { streams.console.tell(["cutover: \(told)"]) }
        // Not only at the end of the loop, which may be weeks away.
        streams.tellErrors()
        // A manager that waited for hours, or for another pass, would take the start for one that hangs. Who waits for a
        // pause has made a pass.
        streams.service?.ready()
    }

    /// What a loop waits for.
    package enum WaitReason: String, Sendable, CaseIterable { case pause, hours, full, lock }

    /// Draws how long it still waits, on a terminal, and has a service manager know.
    package func drawWaiting(
        _ reason: WaitReason,
        nanoseconds: UInt64,
        _ next: SwitchEstimate?
    ) {
        streams.service?.show(.waiting, ServiceText.waiting(reason, nanoseconds: nanoseconds, next))
        guard streams.configuration.progressStyle == .redrawn else { return }
        let text = FollowText.waiting(reason, nanoseconds: nanoseconds, next)
        let columns = streams.configuration.standardError.columns ?? 80
        streams.console.draw(String(text.prefix(max(columns - 2, 0))))
    }

    /// A call does not come back (S59).
    package func tell(call: WaitingCall) {
        let line = EventJSON.waiting(call, time: WallClock.nanoseconds)
        if emit(stamp(line)), !isQuiet {
            streams.console.tell(["cutover: " + WaitingText.line(call, streams.shown)])
        }
    }

    // MARK: Commands, and the end

    /// A command of the person's begins that may take so long.
    package func extendStart(seconds: UInt64) { streams.service?.extendStart(seconds: seconds) }

    /// A command of the person's that failed, or did not end.
    package func tell(command option: String, _ what: String) {
        streams.console.tell(["cutover: \(option) \(what)"])
    }

    /// The end of a command, for programs; nil: it had none.
    package func note(command type: String, status: Int32?, seconds: Double) {
        var line = EventJSON.begin(type, WallClock.nanoseconds)
        line.add("status", status)
        line.add("seconds", decimal: seconds)
        streams.emit(stamp(line), isRare: true)
    }

    /// A look at what is pending does not come back, and what it waits for; with `-q`, too, for it ends the loop.
    package func tell(givenUp waiting: [WaitingCall]) {
        streams.console.tell(
            ["cutover: the look at what is pending did not come back"]
                + WaitingText.lines(waiting, streams.shown)
        )
    }

    /// Ends the reports; gives the status to exit with, 23 where a report is incomplete.
    ///
    /// `waiting`: calls that did not come back, for which the loop ends. What others have to tell is dropped from now on.
    package func finish(
        _ end: FollowEnd,
        _ status: ExitStatus,
        passes: Int,
        waiting: [WaitingCall] = []
    ) -> ExitStatus {
        streams.closeEvents()
        let told = Reporter.told(status, hadOutputError: streams.hadError)
        var line = EventJSON.begin("end", WallClock.nanoseconds)
        line.add("status", told.rawValue)
        line.add("reason", end.rawValue)
        line.add("passes", passes)
        if !waiting.isEmpty { line.add("waiting", waiting.map(EventJSON.object)) }
        hasEnded.withLock { hasEnded in
            hasEnded = true
            streams.emit(line, isRare: true)
        }
        streams.close()
        if !isQuiet || told != .done {
            streams.console.tell(["cutover: " + FollowText.end(end, told, passes: passes)])
        }
        // Of a refusal its reason was told.
        if end != .refused {
            streams.tellService(told, FollowText.end(end, told, passes: passes))
        }
        return told
    }
}
