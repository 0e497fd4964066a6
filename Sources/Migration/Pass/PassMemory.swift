// What a pass knows of earlier ones, and what it writes down for the next.

import History
import LinuxIO
import Synchronization

/// The record, as this pass reads and writes it.
///
/// Everything in it is either immutable or guards itself.
final class PassMemory: Sendable {
    /// What earlier passes proved.
    let earlier: EarlierPasses
    /// The record of the last whole pass, if there is one; a walk reads it before there are workers.
    let recordTable: Lock<RecordTable?>
    /// What this pass writes down for the next; nil: nothing.
    let recorder: Recorder?
    /// Whether a scan has counted what there is to see on SOURCE.
    let isCountedByScan = Atomic<Bool>(false)
    private let wasDisturbed = Atomic<Bool>(false)

    init(earlier: EarlierPasses, record: History?, recorder: Recorder?) {
        self.earlier = earlier
        recordTable = Lock(record.map(RecordTable.init(unread:)))
        self.recorder = recorder
    }

    /// Directories moved under a scan pass, between its plan and its visits.
    ///
    /// What it did in them is right; what it would write down of them may not be.
    func noteDisturbance() { wasDisturbed.store(true, ordering: .relaxed) }
    var isDisturbed: Bool { wasDisturbed.load(ordering: .relaxed) }
}
