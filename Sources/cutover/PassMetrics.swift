// Figures of two volumes for `--metrics`: when what is asked of whom. Volumes are asked only while a run of ours goes on,
// which has judged them, and right after it: between passes another filesystem may be at their places.

import LinuxIO
import Migration
import Reporting
import Synchronization

/// The figures of one command's passes and comparisons.
final class PassMetrics: Sendable {
    let file: MetricsFile
    private let names: RootNames
    private let stateFolder: Name?
    private let isPassing = Atomic<Bool>(false)

    /// Nil: none are asked for.
    init?(_ file: MetricsFile?, _ names: RootNames, stateFolder: Name?) {
        guard let file else { return nil }
        self.file = file
        self.names = names
        self.stateFolder = stateFolder
    }

    /// A pass begins: both volumes were judged.
    func begin() {
        isPassing.store(true, ordering: .relaxed)
        file.begin(Array(names.source.bytes), Array(names.destination.bytes)) { [weak self] file in
            guard let self, self.isPassing.load(ordering: .relaxed) else { return }
            file.note(room)
        }
        file.note(sums)
        file.note(room)
    }

    /// A pass has ended; `isLast`: the command ends with it.
    func end(_ summary: PassSummary, isLast: Bool = false) {
        isPassing.store(false, ordering: .relaxed)
        // No question is asked of either volume where one does not answer.
        if !summary.isGivenUp { file.note(room) }
        file.note(summary, summary.isGivenUp ? nil : sums)
        if isLast { file.finish() }
    }

    /// A comparison of both trees has ended, and the record has it.
    func end(_ summary: VerificationSummary) {
        file.begin(Array(names.source.bytes), Array(names.destination.bytes))
        if summary.waiting.isEmpty { file.note(sums) }
        file.note(summary)
        file.publish()
    }

    private var sums: RecordedSums? {
        stateFolder.flatMap { LastWholePass.sums(names, stateFolder: $0) }
    }

    /// What cannot be asked is not known: the pass meets what is wrong there, and tells it.
    private var room: DestinationRoom? { try? DestinationRoom(of: names.destination) }
}
