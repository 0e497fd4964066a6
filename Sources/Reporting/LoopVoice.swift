// What reports of passes in a loop have in common: each line of JSON says of which pass it is, a notice is told once, and
// of a pass itself one row is told and no more (FollowReporter).

import LinuxIO
import Migration

/// Shared by the reporters of all passes of one loop.
final class LoopVoice: Sendable {
    /// Words of notices, and when they were told, in seconds since the machine started.
    private let told = Lock<[Notice.Word: Int64]>([:])
    private let toldFailures = Lock(ToldFailures())

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

    /// Whether a failure has not been told for a day.
    fileprivate func isNews(_ failure: Failure) -> Bool {
        toldFailures.withLock { $0.hasNews([failure], now: Self.seconds) }
    }

    /// Whether a notice has not been told for a day, whatever its figures are.
    fileprivate func isNews(_ notice: Notice) -> Bool {
        let now = Self.seconds
        return told.withLock { told in
            if let last = told[notice.word], now - last < Self.daySeconds { return false }
            told[notice.word] = now
            return true
        }
    }

    private static var seconds: Int64 { bootNanoseconds() / 1_000_000_000 }
    private static let daySeconds: Int64 = 86_400
}

/// What is known of one pass of a loop; the next one has its own, so nothing has to be forgotten.
final class PassVoice: Sendable {
    let loop: LoopVoice
    private let number = Lock<Int64?>(nil)
    private let toldStates = Lock<Set<BackOffAnswer.State>>([])
    private let newFailure = Lock<Failure?>(nil)
    private let walkReason = Lock<WalkReason?>(nil)

    init(_ loop: LoopVoice) { self.loop = loop }

    /// The pass has begun, and has this number in the record.
    func begin(_ start: PassStart) { number.withLock { $0 = start.pass } }

    /// Its number in the record; nil: it has none, or has not begun.
    var pass: Int64? { number.withLock { $0 } }

    /// Writes into a line of which pass it is.
    func stamp(_ line: JSONLine) -> JSONLine {
        var line = line
        line.add("pass", pass)
        return line
    }

    /// Whether back-off is in this state for the first time.
    func isNews(_ state: BackOffAnswer.State) -> Bool {
        state != .free && state != .measuring
            && toldStates.withLock { $0.insert(state).inserted }
    }

    /// Something failed; what does so in each pass is no news.
    func note(_ failure: Failure) {
        if loop.isNews(failure) { newFailure.withLock { $0 = $0 ?? failure } }
    }

    /// The first that failed for the first time for a day.
    var news: Failure? { newFailure.withLock { $0 } }

    /// Why it walks; nil: it scans.
    var walk: WalkReason? { walkReason.withLock { $0 } }

    /// Whether a notice is told at once; a walk has a line below its row.
    func isNews(_ notice: Notice) -> Bool {
        if case .walks(let reason) = notice {
            walkReason.withLock { $0 = reason }
            return false
        }
        return loop.isNews(notice)
    }
}
