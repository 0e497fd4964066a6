// What failed lately in a loop of passes. Pure.

/// Failures that were told lately: what fails in each pass is told once a day.
package struct ToldFailures: Sendable {
    private var told: [[UInt8]: Int64] = [:]
    /// When those of a day ago were let go of last.
    private var clearedAt = Int64.min

    /// So many are remembered; more are told again.
    private static let most = 10_000
    private static let daySeconds: Int64 = 86_400

    package init() {}

    /// Whether one of them is news at `now`, in seconds by a clock that only counts; all of them count as told then.
    package mutating func hasNews(_ failures: [Failure], now: Int64) -> Bool {
        var hasNews = false
        for failure in failures {
            let key =
                Array("\(failure.activity.rawValue) \(failure.side.rawValue) ".utf8) + failure.path
            if let last = told[key], now - last < Self.daySeconds { continue }
            hasNews = true
            // Not for each failure: thousands may come in one second.
            if told.count >= Self.most, clearedAt < now {
                told = told.filter { now - $0.value < Self.daySeconds }
                clearedAt = now
            }
            if told[key] != nil || told.count < Self.most { told[key] = now }
        }
        return hasNews
    }
}
