// What reports of passes in a loop have in common: each line of JSON says of which pass it is, a notice is told once, and
// of a pass itself one row is told and no more (FollowReporter).

import LinuxIO
import Migration

/// Shared by the reporters of all passes of one loop.
final class LoopVoice: Sendable {
    private let pass = Lock<Int64?>(nil)
    private let told = Lock<Set<String>>([])
    /// What the pass did not find by a scan, though it could have.
    private let walk = Lock<WalkReason?>(nil)

    /// How passes are made, for the first line: ", idle, giving way".
    let manner: String
    private let isFirst = Lock(true)

    init(manner: String) { self.manner = manner }

    /// Whether it is the first pass that is told; once.
    func tellsBegin() -> Bool {
        isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
        }
    }

    /// A pass begins.
    func begin(_ start: PassStart) {
        pass.withLock { $0 = start.pass }
        walk.withLock { $0 = nil }
    }

    /// Writes into a line of which pass it is.
    func stamp(_ line: JSONLine) -> JSONLine {
        var line = line
        line.add("pass", pass.withLock { $0 })
        return line
    }

    /// Why the present pass walks, where it could have scanned.
    var unexpectedWalk: WalkReason? { walk.withLock { $0 } }

    /// Whether a notice has not been told yet; a walk has a line below its row.
    func isNews(_ notice: Notice) -> Bool {
        if case .walks(let reason) = notice {
            walk.withLock { $0 = reason }
            return false
        }
        let sentence = NoticeText.sentence(notice)
        return told.withLock { $0.insert(sentence).inserted }
    }
}
