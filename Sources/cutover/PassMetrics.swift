// Figures of two volumes for `--metrics`: when what is asked of whom. Volumes are asked only while a run of ours goes on,
// which has judged them, and right after it: between passes another filesystem may be at their places.

import LinuxIO
import Migration
import Reporting

/// The figures of one command's passes and comparisons.
final class PassMetrics: Sendable {
    let file: MetricsFile
    private let names: RootNames
    private let stateFolder: Name?
    /// Of a run of a plan.
    private let part: String?

    /// Nil: none are asked for; `planned`: the part of a plan that runs, whose record is its own.
    init?(
        _ file: MetricsFile?,
        _ names: RootNames,
        stateFolder: Name?,
        planned: PartRequest? = nil
    ) {
        guard let file else { return nil }
        part = planned?.part.word
        self.file = file
        self.names = names
        self.stateFolder = planned?.stateFolder ?? stateFolder
    }

    private func begin() {
        file.begin(
            Array(names.source.bytes),
            Array(names.destination.bytes),
            part: part
        )
    }

    /// A pass begins: both volumes were judged.
    func passBegins() {
        begin()
        file.passBegins(sums) { [weak self] file in
            guard let self else { return }
            let room = self.room
            file.change { $0.note(room) }
        }
        let room = self.room
        file.change { $0.note(room) }
    }

    /// A pass has ended; `isOfLoop`: what comes of the look after it is told by `note`.
    func end(_ summary: PassSummary, isOfLoop: Bool = false, _ held: HeldBack? = nil) {
        // No question is asked of either volume where one does not answer.
        let isGivenUp = summary.isGivenUp
        let room = isGivenUp ? nil : self.room
        let change: @Sendable (inout MetricValues) -> Void = { values in
            values.note(room)
            values.note(summary)
            if let held { values.note(held) }
            if !isOfLoop || isGivenUp { values.note(summary.next) }
        }
        if isGivenUp {
            file.publishHurriedly(endsPass: true, change)
        } else {
            file.publish(endsPass: true, recorded: { sums }, change)
        }
    }

    /// It was looked at how long the switch would take; `isReady`: nil where nobody asks.
    func note(_ estimate: SwitchEstimate?, isReady: Bool?) {
        file.publish { $0.note(estimate, isReady: isReady) }
    }

    /// A loop is over: nobody looks any more whether the switch would be short.
    func loopEnds(_ status: ExitStatus) {
        file.publish { values in
            values.set(.ready, nil as Int?)
            if status == .refused { values.set(.passLastStatus, status.rawValue) }
        }
    }

    /// A comparison of both trees has ended, and the record has it.
    func end(_ summary: VerificationSummary) {
        begin()
        if summary.waiting.isEmpty {
            file.publish(recorded: { sums }) { $0.note(summary) }
        } else {
            file.publishHurriedly { $0.note(summary) }
        }
    }

    private var sums: RecordedSums? {
        stateFolder.flatMap { LastWholePass.sums(names, stateFolder: $0) }
    }

    /// What cannot be asked is not known: the pass meets what is wrong there, and tells it.
    private var room: DestinationRoom? { try? DestinationRoom(of: names.destination) }
}
