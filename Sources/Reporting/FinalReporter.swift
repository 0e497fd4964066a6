// Tells of the last pass (`--final`) what is neither of the pass nor of the comparison, which have reporters of their
// own: what it was asked for, who can write to SOURCE, and the verdict.

import LinuxIO
package import Migration

/// The reporter of the last pass as a whole.
///
/// Called by the thread that runs the step.
package final class FinalReporter: Sendable {
    private let streams: ReportStreams

    package init(_ streams: ReportStreams) { self.streams = streams }

    /// Where the options of the last pass come from.
    package enum Origin: Equatable, Sendable {
        /// From the recorded pass of this id.
        case recorded(pass: Int64)
        /// From the command line, instead of those of that pass, which the record may not have.
        case given(instead: Int64, of: RecordedOptions?)
    }

    /// Tells what the pass was asked for and who can write to SOURCE; after its reports have begun.
    package func begin(_ origin: Origin, _ options: RecordedOptions, _ source: SourceUse) {
        if streams.configuration.isQuiet { return }
        streams.console.tell([
            "cutover: " + FinalText.origin(origin, options, streams.shown),
            "cutover: " + streams.shown.message(FinalText.source(source)),
        ])
    }

    /// Tells the verdict and ends the reports.
    ///
    /// One status for all: the outcome's, or 23 where a report that was asked for is incomplete.
    /// - Parameters:
    ///   - outcome: of all steps.
    ///   - advice: gives what becomes of fstab; asked only where all is done, else it is too early to say.
    /// - Returns: the status to exit with.
    package func finish(
        _ outcome: FinalOutcome,
        advice: () -> SwitchAdvice?
    ) -> ExitStatus {
        streams.closeEvents()
        let status = Reporter.told(outcome.status, hadOutputError: streams.hadError)
        let advice = status == .done && outcome.isFinal ? advice() : nil
        streams.emit(
            FinalJSON.line(outcome, status, advice, time: WallClock.nanoseconds),
            isRare: true
        )
        streams.close()
        // That very line may have been lost.
        let told = Reporter.told(outcome.status, hadOutputError: streams.hadError)
        let text = FinalText(outcome, told, advice, shown: streams.shown)
        streams.console.tell(streams.configuration.isQuiet ? text.quietLines : text.lines)
        streams.tellService(told)
        return told
    }
}

/// The line of JSON.
package enum FinalJSON {
    /// The verdict of the last pass; `status`: as it is told, `time` in nanoseconds since 1970.
    package static func line(
        _ outcome: FinalOutcome,
        _ status: ExitStatus,
        _ advice: SwitchAdvice?,
        time: UInt64
    ) -> JSONLine {
        var line = EventJSON.begin("final", time)
        line.add("status", status.rawValue)
        line.add("status_name", EventJSON.name(status))
        line.add("final", outcome.isFinal)
        // A lower limit is nothing that the pass could be held against.
        let foreseen = outcome.foreseen.flatMap { $0.isLowerLimit ? nil : $0 }
        line.add("foreseen_seconds", decimal: foreseen?.seconds)
        line.add("foreseen_low_seconds", decimal: foreseen?.interval?.low)
        line.add("foreseen_high_seconds", decimal: foreseen?.interval?.high)
        line.add("took_seconds", seconds: outcome.tookNanoseconds)
        line.add("pass_status", outcome.pass.status.rawValue)
        line.add("pass_seconds", seconds: outcome.pass.nanoseconds)
        line.add("second_look_status", outcome.secondLook?.status.rawValue)
        line.add("second_look_entries", outcome.secondLook?.entries)
        line.add("verify_status", outcome.comparison?.status.rawValue)
        let aside = outcome.comparison?.aside
        line.add("excluded_rules", aside?.rules)
        line.add("not_compared", names: aside?.options ?? [])
        var changes: [SwitchAdvice.Change] = []
        if case .lines(let lines, _) = advice { changes = lines }
        line.add(
            "fstab",
            changes.map { change in
                var object = JSONLine()
                object.add("old", name: change.old)
                object.add("new", name: change.new)
                return object
            }
        )
        return line
    }
}
