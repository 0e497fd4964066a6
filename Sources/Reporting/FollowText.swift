// What `cutover follow` tells of its passes: a table on a terminal, a line for each in a log. Pure.

import LinuxIO
package import Migration

/// One pass of a loop, as a row shows it.
package struct FollowRow: Sendable {
    package var pass: Int64?
    /// When it began, in nanoseconds since 1970.
    package var began: Int64
    package var tookNanoseconds: UInt64
    package var method: ChangeMethod
    package var filesCopied: UInt64
    package var bytesCopied: UInt64
    package var extrasDeleted: UInt64
    package var failures: UInt64
    /// How long the switch would take now.
    package var next: SwitchEstimate?

    package init(_ summary: PassSummary, began: Int64) {
        self.began = began
        pass = summary.recordedPass
        tookNanoseconds = summary.durationNanoseconds
        method = summary.method
        let counters = summary.counters
        filesCopied = counters.filesCopied.value()
        bytesCopied = counters.bytesCopied.value()
        extrasDeleted = counters.extrasDeleted.value()
        failures = counters.failures.value()
        next = summary.next
    }

    /// Above the rows.
    static let header =
        "  pass  began    took  by      copied      bytes  deleted  failed  switch now"

    /// A row below the header, at most 80 columns wide but for the estimate of days.
    var columns: String {
        let time = CalendarTime(local: began).minutes
        let estimate = next.map { EstimateText($0).short } ?? "-"
        return "  " + Self.right(pass.map { "\($0)" } ?? "-", 4) + "  \(time)  "
            + Self.right(Quantity.span(Double(tookNanoseconds) / 1e9), 6) + "  "
            + TextLayout.padded(method.name, to: 4) + "  "
            + Self.right(Self.count(filesCopied, 8), 8) + "  "
            + Self.right(Quantity.size(bytesCopied), 9) + "  "
            + Self.right(Self.count(extrasDeleted, 7), 7) + "  "
            + Self.right(Self.count(failures, 6), 6) + "  " + estimate
    }

    /// The same as a line of a log.
    var sentence: String {
        let time = CalendarTime(local: began)
        var text =
            "\(time.date) \(time.seconds) pass \(pass.map { "\($0)" } ?? "-"): "
            + "\(Quantity.span(Double(tookNanoseconds) / 1e9)) by \(method.name), "
            + "copied \(Quantity.count(filesCopied, "file", "files")), "
            + "\(Quantity.size(bytesCopied)), deleted \(Quantity.count(extrasDeleted)), "
            + "failed \(Quantity.count(failures))"
        if let next { text += "; switch now \(EstimateText(next).span)" }
        return text
    }

    private static func count(_ number: UInt64, _ width: Int) -> String {
        let text = Quantity.count(number)
        return text.count <= width ? text : Quantity.shortCount(number)
    }

    private static func right(_ text: String, _ width: Int) -> String {
        TextLayout.rightAligned(text, to: width)
    }
}

/// Sentences of a loop.
enum FollowText {
    /// That the switch would take less than was asked for, or does no more.
    ///
    /// Without an interval it is never ready, however short: then the time alone would contradict the words.
    static func ready(_ estimate: SwitchEstimate, isReady: Bool) -> String {
        let text = EstimateText(estimate)
        let doubt =
            isReady
            ? ""
            : estimate.isLowerLimit
                ? ", for no pass that is known did nearly as much"
                : ", but too few passes like the next one are known to rely on that"
        let cases = text.cases.map { ", \($0)" } ?? doubt
        return (isReady ? "READY" : "NOT READY") + ": the switch would take \(text.short)\(cases)"
    }

    /// Below the row of a pass that the end of `--hours` cut.
    static func hoursOver(_ done: WorkDone?) -> String {
        let text = "paused: the hours of work are over"
        guard let done else { return text + "; the next pass goes on from there" }
        let advice = done.share < 0.5 ? "; longer --hours would help" : ""
        return text + ", \(share(done)) is done; the next pass goes on from there" + advice
    }

    /// "12 % of its work", of a pass.
    static func share(_ done: WorkDone) -> String {
        (done.isAtLeast ? "at least " : "") + "\(Int(done.share * 100)) % of its work"
    }

    /// That another process made a pass.
    static func others(_ pass: Int64) -> String {
        "pass \(pass) was another process', and takes the place of one of this loop"
    }

    static func convergence(_ found: Convergence) -> String? {
        switch found {
        case .goesOn: nil
        case .floor(let seconds, let changes, let shortest):
            "Passes no longer get shorter: they take \(Quantity.span(seconds)), "
                + "\(Quantity.span(changes)) of it to find what changed"
                + (Quantity.span(shortest) == Quantity.span(seconds)
                    ? "."
                    : "; begun without a pause the next one would take \(Quantity.span(shortest)).")
        case .diverges(let growth):
            "Users change more than passes copy: the switch grows by \(Quantity.span(growth)) each hour."
        }
    }

    /// That READY is taken back, where nothing can be said any more.
    static let unknown = "NOT READY: what is pending is not known any more"

    /// What a loop waits for, before how long it still does.
    static func what(_ reason: FollowReporter.WaitReason) -> String {
        switch reason {
        case .pause: "waiting"
        case .hours: "outside of --hours, waiting"
        case .full: "DESTINATION is full, looking again in"
        case .lock: "another pass runs, waiting"
        }
    }

    /// How long it still waits.
    static func left(nanoseconds: UInt64) -> String {
        Quantity.span((Double(nanoseconds) / 1e9).rounded(.up))
    }

    /// The redrawn line between passes.
    static func waiting(
        _ reason: FollowReporter.WaitReason,
        nanoseconds: UInt64,
        _ next: SwitchEstimate?
    ) -> String {
        let waits = "\(what(reason)) \(left(nanoseconds: nanoseconds))"
        guard let next else { return waits }
        let text = EstimateText(next)
        return "\(waits)  pending \(text.pending)  switch now \(text.span)"
    }

    static func end(_ end: FollowEnd, _ status: ExitStatus, passes: Int) -> String {
        let why =
            switch end {
            case .signal: "stopped by a signal"
            case .passes: "all passes are done"
            case .untilReady: "the switch can begin"
            case .stopAt: "the time limit is reached"
            case .hours: "the hours of work are over, and something did not come back"
            case .refused: "the next pass was refused"
            case .destinationStopped: "DESTINATION takes no more"
            case .deletionLimit:
                "--max-delete was reached: look what was deleted on SOURCE before more goes"
            case .before: "--before failed three times running"
            }
        return
            "\(why); \(Quantity.count(UInt64(passes), "pass", "passes")), status \(status.rawValue)"
    }
}
