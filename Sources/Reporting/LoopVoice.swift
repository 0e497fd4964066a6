// What reports of passes in a loop have in common: each line of JSON says of which pass it is, a notice is told once, and
// of a pass itself one row is told and no more (FollowReporter).

import LinuxIO
import Migration

/// Shared by the reporters of all passes of one loop.
final class LoopVoice: Sendable {
    private let pass = Lock<Int64?>(nil)
    /// Words of notices, and when they were told, in seconds since the machine started.
    private let told = Lock<[Notice.Word: Int64]>([:])
    private let toldFailures = Lock(ToldFailures())
    private let toldStates = Lock<Set<BackOffAnswer.State>>([])
    /// The first failure of the present pass that is news.
    private let newFailure = Lock<Failure?>(nil)
    /// Why the present pass does not scan.
    private let walkReason = Lock<WalkReason?>(nil)

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
        walkReason.withLock { $0 = nil }
        newFailure.withLock { $0 = nil }
        toldStates.withLock { $0 = [] }
    }

    /// Whether back-off is in this state for the first time in the present pass.
    func isNews(_ state: BackOffAnswer.State) -> Bool {
        state != .free && state != .measuring
            && toldStates.withLock { $0.insert(state).inserted }
    }

    /// Something failed; what does so in each pass is no news.
    func note(_ failure: Failure) {
        let isNews = toldFailures.withLock { $0.hasNews([failure], now: Self.seconds) }
        if isNews { newFailure.withLock { $0 = $0 ?? failure } }
    }

    /// What failed for the first time for a day.
    var news: Failure? { newFailure.withLock { $0 } }

    private static var seconds: Int64 { bootNanoseconds() / 1_000_000_000 }
    private static let daySeconds: Int64 = 86_400

    /// Writes into a line of which pass it is.
    func stamp(_ line: JSONLine) -> JSONLine {
        var line = line
        line.add("pass", pass.withLock { $0 })
        return line
    }

    /// Why the present pass walks; nil: it scans.
    var walk: WalkReason? { walkReason.withLock { $0 } }

    /// Whether a notice has not been told for a day, whatever its figures are; a walk has a line below its row.
    func isNews(_ notice: Notice) -> Bool {
        if case .walks(let reason) = notice {
            walkReason.withLock { $0 = reason }
            return false
        }
        let now = Self.seconds
        return told.withLock { told in
            if let last = told[notice.word], now - last < Self.daySeconds { return false }
            told[notice.word] = now
            return true
        }
    }
}
