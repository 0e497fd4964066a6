// Tells of the second look of the last pass (`--final`): a dry pass that is to find nothing. People are told only what
// it found, when all is done; JSON has its events, as a dry run's.

import LinuxIO
package import Migration

/// The reporter of a second look.
///
/// `receive` is called by any worker; `finish` by the thread that runs it, when no worker runs any more.
package final class SecondLookReporter: Sendable {
    private let streams: ReportStreams
    private let found = Lock(Found())

    private struct Found: Sendable {
        var entries: UInt64 = 0
        var first: [[UInt8]] = []
    }

    package init(_ streams: ReportStreams) { self.streams = streams }

    /// Takes note of an event.
    package func receive(_ event: PassEvent) {
        switch event {
        case .changed(let itemization): note(itemization.line)
        case .quota(let change): note(change.line)
        case .failed(let failure):
            streams.writeFailure(failure, in: .pass)
            tell(FailureText(failure).line(streams.shown))
        case .waiting(let call): tell("cutover: " + WaitingText.line(call, streams.shown))
        default: break
        }
        streams.emit(EventJSON.line(event, time: WallClock.nanoseconds), isRare: true)
    }

    private func note(_ line: [UInt8]) {
        found.withLock { found in
            found.entries += 1
            if found.first.count < FinalOutcome.SecondLook.firstMax { found.first.append(line) }
        }
    }

    private func tell(_ line: String) {
        if !streams.configuration.isQuiet { streams.console.tell([line]) }
    }

    /// Ends it, and says what it found.
    package func finish(_ summary: PassSummary) -> FinalOutcome.SecondLook {
        streams.emit(
            EventJSON.summary(summary, status: summary.status, time: WallClock.nanoseconds),
            isRare: true
        )
        streams.flush()
        let found = found.withLock { $0 }
        return FinalOutcome.SecondLook(
            status: summary.status,
            entries: found.entries,
            first: found.first
        )
    }
}
