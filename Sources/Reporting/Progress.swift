// How far a pass is, how fast, and how long it will take: numbers and a clock in, text out. Pure, so
// that every case is tested with a clock made up; Reporter draws what this says.
//
// Rates are means of the last 10 s. The remaining time uses the last 60 s, which follow a change of
// files (few large, many small) without jumping, and is the longer one of two estimates, by entries
// and by bytes: a first copy is bound by one of them at any moment, and a delta pass by entries. It
// is an estimate and no promise: the slow part may lie at the end.

package import Migration

/// The counts of a pass at one moment.
package struct ProgressSample: Sendable, Equatable {
    /// Since the pass began.
    package var nanoseconds: UInt64
    package var entriesSeen: UInt64 = 0
    package var bytesSeen: UInt64 = 0
    package var filesCopied: UInt64 = 0
    package var bytesCopied: UInt64 = 0
    package var failures: UInt64 = 0
    /// Of a verification.
    package var differences: UInt64 = 0

    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Reads the counts; they need not fit together exactly while workers run.
    package init(nanoseconds: UInt64, counters: Counters) {
        self.nanoseconds = nanoseconds
        entriesSeen = counters.entriesSeen.value()
        bytesSeen = counters.bytesSeen.value()
        filesCopied = counters.filesCopied.value()
        bytesCopied = counters.bytesCopied.value()
        failures = counters.failures.value()
    }

    /// The same of a verification, which reads both sides and copies nothing.
    package init(nanoseconds: UInt64, counters: VerificationCounters) {
        self.nanoseconds = nanoseconds
        entriesSeen = counters.entriesSeen.value()
        bytesSeen = counters.bytesSeen.value()
        filesCopied = counters.filesCompared.value()
        bytesCopied = counters.bytesRead.value()
        failures = counters.failures.value()
        differences = counters.differences.value()
    }
}

/// The progress of one pass.
package struct Progress: Sendable {
    /// Used inodes and bytes of SOURCE; nil where they are unknown.
    package var entriesTotal: UInt64?
    package var bytesTotal: UInt64?
    /// Whether the totals are those of what is copied; otherwise they are upper limits.
    package var totalsAreExact = false
    package var workers = 0
    /// The number of the pass in the record; nil: it has none, or it is a verification.
    package var pass: Int64?
    package var isDryRun = false
    /// A verification: bytes are read, on both sides.
    package var isReading = false

    /// When the run ends, done or not.
    package struct Limit: Sendable {
        /// Since the run began.
        package var nanoseconds: UInt64
        /// "05:45".
        package var moment: String

        package init(nanoseconds: UInt64, moment: String) {
            self.nanoseconds = nanoseconds
            self.moment = moment
        }
    }

    package var limit: Limit?

    private var samples: [ProgressSample] = [ProgressSample(nanoseconds: 0)]

    private static let second: UInt64 = 1_000_000_000
    private static let rateWindow = 10 * second
    private static let remainingWindow = 60 * second
    /// Two samples a second are enough for both windows: some 120 are held.
    private static let sampleInterval = second / 2
    /// Before that, nothing is known about what remains.
    private static let remainingShownAfter = 3 * second

    package init() {}

    /// Progress with the totals that are known when a pass begins.
    package init(_ start: PassStart) {
        entriesTotal = start.entriesTotal
        bytesTotal = start.bytesTotal
        totalsAreExact = start.totalsAreExact
        workers = start.workers
        pass = start.pass
        isDryRun = start.isDryRun
    }

    /// The same of a verification.
    package init(_ start: VerificationStart) {
        entriesTotal = start.entriesTotal
        // Where only some contents are read, or none, space says nothing about what is left.
        bytesTotal = start.comparesContents && start.sample == nil ? start.bytesTotal : nil
        totalsAreExact = start.totalsAreExact
        workers = start.workers
        isReading = true
    }

    /// Takes note of the counts; samples come in order of time.
    package mutating func take(_ sample: ProgressSample) {
        // The last one is replaced until the one before it is old enough.
        if samples.count > 1,
            sample.nanoseconds &- samples[samples.count - 2].nanoseconds < Self.sampleInterval
        {
            samples.removeLast()
        }
        samples.append(sample)
        let oldest = sample.nanoseconds &- min(Self.remainingWindow, sample.nanoseconds)
        // One sample at or before the window's beginning is kept: the window reaches back to it.
        while samples.count > 2, samples[1].nanoseconds <= oldest { samples.removeFirst() }
    }

    /// The latest sample.
    package var latest: ProgressSample { samples[samples.count - 1] }

    /// Entries examined a second.
    package var entriesPerSecond: UInt64 {
        UInt64(exactlyOrMax: rate(Self.rateWindow) { $0.entriesSeen })
    }

    /// Bytes copied a second.
    package var bytesPerSecond: UInt64 {
        UInt64(exactlyOrMax: rate(Self.rateWindow) { $0.bytesCopied })
    }

    /// The estimate of the remaining time; nil as long as there is none.
    package var remainingNanoseconds: UInt64? {
        longest.map { UInt64(exactlyOrMax: $0.seconds * 1e9) }
    }

    /// Seconds that remain, and the share that is done, of what takes longest; nil as long as there is no estimate.
    private var longest: (seconds: Double, done: Double)? {
        guard latest.nanoseconds >= Self.remainingShownAfter else { return nil }
        let estimates = [
            remaining(until: entriesTotal) { $0.entriesSeen },
            remaining(until: bytesTotal) { $0.bytesSeen },
        ]
        let longest = estimates.compactMap { $0 }.max { $0.seconds < $1.seconds }
        guard let longest, longest.seconds < 1e7 else { return nil }
        return longest
    }

    /// Percent that will be done when a limit ends the run, at the present rate; nil: it will be done by then, or nothing
    /// is known.
    private var percentAtLimit: Int? {
        guard let limit, let (seconds, done) = longest else { return nil }
        let left = Double(limit.nanoseconds - min(limit.nanoseconds, latest.nanoseconds)) / 1e9
        guard left < seconds else { return nil }
        return Int((done + (1 - done) * left / seconds) * 100)
    }

    /// How much is done, in percent, by what it will take longest for, or by entries; nil: nothing is known.
    var shareDone: String? {
        if let done = longest?.done { return "\(min(max(Int(done * 100), 0), 99))%" }
        return entriesTotal.map { Quantity.percent(latest.entriesSeen, of: $0) }
    }

    /// How long after a line of progress the next one is due, elsewhere than on a terminal: 10 s in the first two
    /// minutes, then a minute.
    package static func lineInterval(after elapsed: UInt64) -> UInt64 {
        elapsed < 120 * second ? 10 * second : 60 * second
    }

    /// One line, as much of it as fits into so many columns; nil: all of it.
    package func line(columns: Int?) -> String {
        let all = segments
        let long = all.map(\.long).joined(separator: "  ")
        guard let columns else { return long }
        // Everything is ASCII: a character is a column. The last two columns stay free: some terminals go to the next
        // line when the last one is written, and a window made one column narrower would wrap the line.
        let width = max(columns - 2, 0)
        if long.count <= width { return long }
        var kept = all
        while true {
            let text = kept.map(\.short).joined(separator: "  ")
            if text.count <= width { return text }
            guard kept.count > 1, let least = kept.map(\.importance).max() else {
                return String(text.prefix(width))
            }
            kept.removeAll { $0.importance == least }
        }
    }

    /// A part of the line: with all its words, and as short as it can be said.
    ///
    /// Where there is no room, the highest number goes first.
    private struct Segment {
        var importance: Int
        var long: String
        var short: String
    }

    private var segments: [Segment] {
        let now = latest
        let atMost = totalsAreExact ? "" : "at most "
        var segments: [Segment] = []
        func add(_ importance: Int, _ long: String, _ short: String? = nil) {
            segments.append(Segment(importance: importance, long: long, short: short ?? long))
        }
        let seen = Quantity.count(now.entriesSeen)
        if let total = entriesTotal {
            let percent = Quantity.percent(now.entriesSeen, of: total)
            add(
                3,
                "\(seen) of \(atMost)\(Quantity.count(total)) entries (\(percent))",
                "\(percent) of \(Quantity.shortCount(total)) entries"
            )
        } else {
            add(3, "\(seen) entries", "\(Quantity.shortCount(now.entriesSeen)) entries")
        }
        if let total = bytesTotal {
            let percent = Quantity.percent(now.bytesSeen, of: total)
            add(
                1,
                "\(Quantity.size(now.bytesSeen)) of \(atMost)\(Quantity.size(total)) (\(percent))",
                "\(percent) of \(Quantity.size(total))"
            )
        }
        let verb = isReading ? "read" : isDryRun ? "to copy" : "copied"
        add(5, "\(verb) \(Quantity.size(now.bytesCopied))")
        add(4, "\(Quantity.size(bytesPerSecond))/s")
        let entriesRate = entriesPerSecond
        add(
            6,
            "\(Quantity.count(entriesRate)) entries/s",
            "\(Quantity.shortCount(entriesRate)) entries/s"
        )
        if let remaining = remainingNanoseconds {
            let seconds = remaining / Self.second
            let left = seconds < 60 ? "\(seconds) s left" : "\(Quantity.duration(remaining)) left"
            if let limit, let percent = percentAtLimit {
                let done = "\(percent)% by \(limit.moment)"
                add(2, "\(left), \(done)", done)
            } else {
                add(2, left)
            }
        }
        if now.differences > 0 {
            add(
                0,
                Quantity.count(now.differences, "difference", "differences"),
                "\(Quantity.shortCount(now.differences)) differ"
            )
        }
        if now.failures > 0 {
            add(
                0,
                Quantity.count(now.failures, "failure", "failures"),
                "\(Quantity.shortCount(now.failures)) failed"
            )
        }
        if workers > 0 { add(7, Quantity.count(UInt64(workers), "worker", "workers")) }
        return segments
    }

    /// Growth a second over a window that ends now; 0 as long as no time passed.
    private func rate(_ window: UInt64, _ count: (ProgressSample) -> UInt64) -> Double {
        let now = latest
        let start = now.nanoseconds - min(window, now.nanoseconds)
        let first = samples.last { $0.nanoseconds <= start } ?? samples[0]
        guard now.nanoseconds > first.nanoseconds else { return 0 }
        let grown = count(now) >= count(first) ? count(now) - count(first) : 0
        return Double(grown) * 1e9 / Double(now.nanoseconds - first.nanoseconds)
    }

    /// Seconds until a count reaches its total, and the share that is done; nil without a total or while nothing moves.
    private func remaining(
        until total: UInt64?,
        _ count: (ProgressSample) -> UInt64
    ) -> (seconds: Double, done: Double)? {
        guard let total else { return nil }
        let done = count(latest)
        guard total > done else { return (0, 1) }
        let rate = rate(Self.remainingWindow, count)
        guard rate > 0 else { return nil }
        return (Double(total - done) / rate, Double(done) / Double(total))
    }
}
