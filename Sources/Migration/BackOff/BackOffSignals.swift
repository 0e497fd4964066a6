// The three signals: what was measured, and what it says. Pure, and of no clock but the moments that they are given.

/// How long reads of SOURCE take, and how long they took without a pass.
package struct ReadLatency: Sendable {
    /// Between the beginnings of two reads.
    static let intervalNanoseconds: UInt64 = 250_000_000
    /// What is judged.
    static let windowNanoseconds = 10 * BackOffControl.second
    /// What a base is made of.
    static let baseNanoseconds = 60 * BackOffControl.second
    /// Reads that make a base; three seconds of them.
    static let baseReadsMin = 12
    /// A few reads say nothing, unless they took that long together.
    static let readsMin = 10
    static let tellingNanoseconds = 2 * BackOffControl.second
    /// While nobody uses SOURCE a limit is at least so much above its base: our own workers alone reach more than the
    /// other limit on any disk, and there is nobody to give way to.
    static let quietMarginNanoseconds: UInt64 = 10_000_000
    static let quietFactor: UInt64 = 4
    /// Of the slowest twentieth of others' reads.
    static let sharedFactor = 1.4
    /// Somebody uses SOURCE who reads and writes as much without a pass.
    ///
    /// Eight blocks of 4 KiB a second; what a journal writes by itself is less.
    static let sharedBytesPerSecond = 32_768.0

    private struct Reading: Sendable {
        var begin: UInt64
        var took: UInt64
        /// Others' traffic on SOURCE's device up to its end, as `SourceReads.othersBytes`.
        var othersBytes: Int64?
        var end: UInt64 { begin &+ took }
    }

    private var readings: [Reading] = []
    private var underWay: UInt64?
    /// What it is like without a pass.
    private struct Base: Sendable {
        var median: UInt64
        /// As `slow`.
        var slow: UInt64
        /// Somebody used SOURCE meanwhile; not: nobody did, or it cannot be told.
        var isShared: Bool

        var limit: UInt64 {
            isShared
                ? UInt64(Double(slow) * sharedFactor)
                : max(quietFactor * median, median + quietMarginNanoseconds)
        }
    }
    private var alone: Base?
    /// The median without a pass; nil: not known.
    package var base: UInt64? { alone?.median }
    /// Somebody used SOURCE when it was last looked at without a pass.
    package var isShared: Bool { alone?.isShared ?? false }

    package init() {}

    /// A read begins.
    package mutating func begin(at now: UInt64) { underWay = now }

    /// It has ended; nil: it measured nothing.
    ///
    /// `othersBytes`: what others have read and written up to now; nil: not known.
    package mutating func end(at now: UInt64, took: UInt64?, othersBytes: Int64? = nil) {
        if let begin = underWay, let took {
            readings.append(Reading(begin: begin, took: took, othersBytes: othersBytes))
        }
        underWay = nil
        let oldest = now - min(now, Self.baseNanoseconds)
        readings.removeAll { $0.begin < oldest }
    }

    /// Reads that began in this time, of the last minute of reading at most, were made while nothing of ours ran.
    ///
    /// Too few of them change nothing; nor do they where `needsTraffic` and others' traffic was not known. Whether it is
    /// the base now.
    @discardableResult
    package mutating func takeBase(
        since begin: UInt64,
        until end: UInt64,
        needsTraffic: Bool = false
    ) -> Bool {
        let found = readings.filter { $0.begin >= begin && $0.begin <= end }
        let pace = Self.pace(found)
        guard found.count >= Self.baseReadsMin, pace != nil || !needsTraffic else { return false }
        let times = found.map(\.took)
        alone = Base(
            median: Self.quantile(times, 50),
            slow: Self.slow(times),
            isShared: pace.map { $0 >= Self.sharedBytesPerSecond } ?? false
        )
        return true
    }

    /// Bytes a second of others; nil: not known.
    private static func pace(_ readings: [Reading]) -> Double? {
        guard let first = readings.first, let last = readings.last, last.end > first.end,
            let before = first.othersBytes, let after = last.othersBytes
        else { return nil }
        return Double(after - before) / (Double(last.end - first.end) / 1e9)
    }

    /// What the last ten seconds say, or what of them began after `since`; nil: nothing.
    package func observation(at now: UInt64, since: UInt64) -> BackOffObservation? {
        guard let alone else { return nil }
        let begin = max(since, now - min(now, Self.windowNanoseconds))
        var times = readings.filter { $0.begin >= begin }.map(\.took)
        // One that does not come back has taken at least so long; whatever comes of it, and whenever it began.
        if let underWay, now > underWay { times.append(now - underWay) }
        let total = times.reduce(0) { $0 &+ $1 }
        guard times.count >= Self.readsMin || total >= Self.tellingNanoseconds else { return nil }
        var observation = BackOffObservation(
            .readLatency,
            value: Double(alone.isShared ? Self.slow(times) : Self.quantile(times, 90)) / 1e9,
            limit: Double(alone.limit) / 1e9,
            since: begin
        )
        observation.isOfSharedDevice = alone.isShared
        return observation
    }

    /// What one read in twenty is slower than; a single read is never the only one that says so, but where there are
    /// too few.
    private static func slow(_ times: [UInt64]) -> UInt64 {
        let sorted = times.sorted(by: >)
        let rank = times.count < readsMin ? 0 : max(times.count / 20, 1)
        return sorted[rank]
    }

    /// The smallest of them that so many percent are not above; there is at least one.
    static func quantile(_ values: [UInt64], _ percent: Int) -> UInt64 {
        let sorted = values.sorted()
        let rank = (sorted.count * percent + 99) / 100
        return sorted[max(rank, 1) - 1]
    }
}

/// How much of the time others' cgroups wait for disks.
///
/// By the sums that the kernel keeps (`total=` of `some`), not by its means: these look back for longer than a step
/// takes, and a sum has the share of any stretch.
package struct PressureShares: Sendable {
    static let windowNanoseconds = 10 * BackOffControl.second
    /// A stretch that is shorter says nothing.
    static let shortestNanoseconds = 4 * BackOffControl.second
    /// Nobody is disturbed below this.
    static let least = 0.2
    /// Above what it was without a pass; a group that always waits half of its time is not ours to help, and its share
    /// moves a little by itself.
    static let margin = 0.1

    private struct Reading: Sendable {
        var moment: UInt64
        /// Microseconds in which some task of the group waited, by the group's path.
        var totals: [String: UInt64]
    }

    private var readings: [Reading] = []
    private var baseBegin: Reading?
    /// Shares without a pass; a group that is not in it was not there.
    private var base: [String: Double]?

    package init() {}

    /// The sums at a moment; a group that cannot be read is left out.
    package mutating func note(_ totals: [String: UInt64], at now: UInt64) {
        // Nothing was read in a rest, and what others did in it says nothing of a pass.
        if let last = readings.last, now > last.moment + Self.windowNanoseconds { readings = [] }
        readings.append(Reading(moment: now, totals: totals))
        // One that is older stays: the stretch begins there.
        while readings.count > 2, readings[1].moment + Self.windowNanoseconds <= now {
            readings.removeFirst()
        }
        if baseBegin?.totals.isEmpty == true { baseBegin = readings.last }
    }

    /// From now on nothing of ours runs.
    package mutating func beginBase(at now: UInt64) {
        // The next reading is its beginning.
        baseBegin = Reading(moment: now, totals: [:])
    }

    /// What was measured since `beginBase` is what others do alone; a stretch that is too short changes nothing.
    package mutating func endBase() {
        if let begin = baseBegin, let end = readings.last,
            end.moment >= begin.moment + Self.shortestNanoseconds
        {
            base = Self.shares(from: begin, to: end)
        }
        baseBegin = nil
    }

    /// The group that waits most beside what it did without us; nil: nothing is known.
    ///
    /// Of ten seconds, or of what began after `since`.
    package func observation(since: UInt64) -> BackOffObservation? {
        guard let base, let end = readings.last,
            let begin = readings.first(where: { $0.moment >= since }),
            end.moment >= begin.moment + Self.shortestNanoseconds
        else { return nil }
        let observations = Self.shares(from: begin, to: end).map { group, share in
            BackOffObservation(
                .pressure,
                value: share,
                limit: max(Self.least, (base[group] ?? 0) + Self.margin),
                since: begin.moment,
                group: group
            )
        }
        return observations.max { $0.excess < $1.excess }
    }

    private static func shares(from begin: Reading, to end: Reading) -> [String: Double] {
        let time = Double(end.moment - begin.moment) / 1_000
        var shares: [String: Double] = [:]
        for (group, total) in end.totals {
            if let before = begin.totals[group], before <= total {
                shares[group] = min(Double(total - before) / time, 1)
                continue
            }
            // Made meanwhile, or made anew under its old name: its sum begins at 0. One that has waited for longer than this
            // stretch takes was there before, and could not be read then: nothing is known of it.
            if Double(total) <= time { shares[group] = Double(total) / time }
        }
        return shares
    }
}

/// How long the command of `--probe` takes.
package struct ProbeTimes: Sendable {
    /// Between the beginnings of two.
    static let intervalNanoseconds = 30 * BackOffControl.second
    /// After so long it is killed, which counts as so long.
    static let longestNanoseconds = 60 * BackOffControl.second
    /// The first of them that ran while nothing of ours did, one right after the other; their median is what it takes.
    static let baseTimes = 3
    static let factor = 3.0

    private let given: Double?
    private var first: [UInt64] = []
    private var last: (begin: UInt64, end: UInt64)?
    private var underWay: UInt64?
    private var hasFailed = false

    /// `limitSeconds`: that of `--probe-limit`; nil: three times the first median.
    package init(limitSeconds: Double?) { given = limitSeconds }

    /// In seconds; nil: not known yet.
    package var limit: Double? {
        if let given { return given }
        guard first.count == Self.baseTimes else { return nil }
        // One that takes no time at all is over as soon as it takes any.
        return max(Self.factor * Double(ReadLatency.quantile(first, 50)) / 1e9, 0.05)
    }

    /// Whether the first ones are still to be timed, and nothing of ours should run meanwhile.
    ///
    /// After one that failed only when one has succeeded: a pass does not wait for a service that is down.
    package var isLearning: Bool { limit == nil && !hasFailed }

    package mutating func begin(at now: UInt64) { underWay = now }

    /// It has ended, or was killed; `counts`: it did what it is for.
    ///
    /// `aloneSince`: since when nothing of ours works; nil: a pass does.
    package mutating func end(at now: UInt64, counts: Bool, aloneSince: UInt64?) {
        defer { underWay = nil }
        hasFailed = !counts
        guard let begin = underWay, counts else { return }
        if let aloneSince, begin >= aloneSince, first.count < Self.baseTimes {
            first.append(now - begin)
        }
        last = (begin, now)
    }

    /// What the last one says, or the one that is under way, as soon as it has taken too long; nil: nothing.
    package func observation(at now: UInt64) -> BackOffObservation? {
        guard let limit else { return nil }
        if let underWay, Double(now - min(underWay, now)) / 1e9 > limit {
            return observed(now - underWay, limit, since: underWay)
        }
        // One that is older than two turns is of a probe that fails, or is not run any more.
        guard let last, now < last.end + 2 * Self.intervalNanoseconds + Self.longestNanoseconds
        else { return nil }
        return observed(last.end - last.begin, limit, since: last.begin)
    }

    private func observed(_ took: UInt64, _ limit: Double, since: UInt64) -> BackOffObservation {
        BackOffObservation(.probe, value: Double(took) / 1e9, limit: limit, since: since)
    }
}
