// The estimate of the next pass, from what the record keeps of earlier ones. Pure: no call, no clock.
//
//     T = open + changes + (c0 seen + c1 touched + c2 bytes) + synchronize(bytes) + commit(touched)
//
// The costs are fitted to single seconds of earlier work; their level to the last whole passes of the same kind.
// How wide the interval is follows from how earlier estimates fared, and from nothing else: no distribution is assumed
// (conformal prediction: of n + 1 exchangeable ratios the new one is as likely in each place).

package import History

/// What earlier passes say of the next one.
package struct Estimator: Sendable {
    /// What must be as it was, for a pass to say how long one of the same kind takes.
    package struct Setting: Sendable {
        package var options: String
        package var workers: Int
        package var machine: String?

        package init(options: String, workers: Int, machine: String?) {
            self.options = options
            self.workers = workers
            self.machine = machine
        }
    }

    /// All that are recorded, the newest first.
    private let all: [PassRecord]
    /// Whole passes with times, of this machine, the newest first.
    private let known: [PassRecord]
    private let setting: Setting

    /// Which passes tell how long one of a kind takes.
    private struct Basis {
        /// The newest first.
        var passes: [PassRecord]
        /// Nothing at full power is known: costs are those of passes that were held back.
        var isUpperLimit = false
        /// Whether `passes` are of the same power as the costs are.
        var hasLevel = true
    }

    private static let recordsMax = 200
    /// Older passes say little of the present.
    private static let passesMax = 20
    private static let ratiosMax = 40
    /// A pass counts with as many seconds at most: a first copy of hours must not outweigh what came after it.
    private static let windowSecondsMax = 60.0
    private static let ageWeight = 0.7
    private static let fittedMax = 8
    private static let levelPassesMax = 6
    /// A level is not taken from less work than that.
    private static let levelSecondsMin = 0.005
    private static let ratiosMin = 3
    /// Never narrower: hardware, caches and users differ that much from one minute to the next.
    private static let slackMin = 0.1
    /// Downwards, where users have stopped: of twenty last passes all but one took 0.74 to 0.99 of what passes beside
    /// users let foresee, with a median of 0.87 (docs/benchmarks/NOTES.md).
    private static let quietSlackMin = 0.3
    /// Of passes like the next one, at full power; less of them says nothing.
    private static let fullSecondsMin = 5.0
    /// Where pending was not counted.
    private static let uncountedFactor = 1.25
    /// What takes any disk some seconds at most: a first small file must not take back that a switch is short.
    private static let trifle = WorkAmount(seen: 10_000, touched: 1_000, bytes: 67_108_864)
    /// Of more than so many times what all known passes did nothing is said: a cost of a few is none of millions.
    private static let beyondFactor = 100.0

    /// - Parameters:
    ///   - passes: as the record has them, the newest first.
    ///   - setting: that of the pass which is foreseen.
    package init(_ passes: [PassRecord], _ setting: Setting) {
        self.setting = setting
        all = Array(passes.prefix(Self.recordsMax))
        known = all.filter {
            $0.isComplete && !$0.isPartial && $0.times.total != nil && $0.machine == setting.machine
        }
    }

    /// What tells of a pass by `method`.
    ///
    /// Passes like it come first, though they were held back: a first copy at full power says less of passes by a scan
    /// than such passes in the idle class do, which on a quiet disk take as long. What they say is never too little.
    private func basis(_ method: String) -> Basis {
        let recent = Array(known.prefix(Self.passesMax))
        let same = recent.filter { isComparable($0, method) }
        let seconds = same.reduce(0.0) { $0 + ($1.fullCosts?.seconds ?? 0) }
        if same.contains(where: \.wasAtFullPower)
            || same.isEmpty && recent.contains(where: \.wasAtFullPower)
        {
            return Basis(passes: known.filter(\.wasAtFullPower))
        }
        if !same.isEmpty, seconds < Self.fullSecondsMin {
            return Basis(passes: known, isUpperLimit: true)
        }
        let isFull = recent.contains { ($0.fullCosts?.seconds ?? 0) > 0 }
        return Basis(passes: known, isUpperLimit: !isFull, hasLevel: !isFull)
    }

    private func isComparable(_ pass: PassRecord, _ method: String) -> Bool {
        pass.method == method && pass.options == setting.options
            && pass.workers == setting.workers
    }

    /// Whether anything can be foreseen at all.
    package var isPossible: Bool { !known.isEmpty }

    /// When the last whole pass began, in nanoseconds since the machine started; of one of another boot the wall clock
    /// would have to tell, which anybody may have set.
    func lastStartBoot(now boot: String) -> Int64? {
        known.first.flatMap { $0.bootIdentifier == boot ? $0.startBootNanoseconds : nil }
    }

    /// The parts of a pass that finds its changes by `method` and does `amount`; nil: nothing is known of any.
    ///
    /// `changes`: how long it takes to find out what there is to do, where that was just measured, in seconds.
    package func parts(
        method: String,
        _ amount: WorkAmount,
        changes: Double? = nil
    ) -> SwitchEstimate.Parts? {
        parts(method, amount, changes, basis(method))
    }

    private func parts(
        _ method: String,
        _ amount: WorkAmount,
        _ changes: Double?,
        _ basis: Basis
    ) -> SwitchEstimate.Parts? {
        let alike = Self.alike(method, basis)
        guard !alike.isEmpty else { return nil }
        var parts = SwitchEstimate.Parts()
        parts.open = Self.recent(alike.map { Self.seconds($0.times.open) }) ?? 0
        parts.changes = changes ?? Self.recent(alike.map { Self.seconds($0.times.changes) }) ?? 0
        parts.work = work(method, amount, basis)
        parts.synchronize = Self.linear(alike, basis, amount, \.bytes) { $0.times.synchronize }
        parts.commit = Self.linear(alike, basis, amount, \.touched) { $0.times.commit }
        return parts
    }

    /// The estimate of a pass that has `pending` to do; nil: nothing is known of any pass.
    package func estimate(
        method: String,
        _ amount: WorkAmount,
        pending: PendingWork,
        changes: Double? = nil,
        comparison: ComparisonTime
    ) -> SwitchEstimate? {
        let basis = basis(method)
        guard let parts = parts(method, amount, changes, basis) else { return nil }
        let isBeyond = isBeyondKnown(amount, basis)
        var estimate = SwitchEstimate(
            parts: parts,
            interval: isBeyond
                ? nil : interval(method, parts.total, pending),
            method: method,
            basisPasses: min(Self.alike(method, basis).count, Self.passesMax),
            isUpperLimit: basis.isUpperLimit && !isBeyond,
            pending: pending,
            comparison: comparison
        )
        estimate.isLowerLimit = isBeyond
        return estimate
    }

    /// Whether there is far more to do than all passes did that costs are known from, or of a kind that none of them did.
    ///
    /// What never occurred has no cost, and least squares give a few of a kind none as well: a DESTINATION that somebody
    /// filled by other means has had entries looked at, and no byte copied.
    private func isBeyondKnown(_ amount: WorkAmount, _ basis: Basis) -> Bool {
        var done = [0.0, 0.0, 0.0]
        for pass in known.prefix(Self.passesMax) {
            guard let costs = costs(of: pass, basis) else { continue }
            for (index, value) in costs.amounts.enumerated() { done[index] += value }
        }
        return zip(amount.values, zip(done, Self.trifle.values)).contains { value, limits in
            value > limits.1 && value > limits.0 * Self.beyondFactor
        }
    }

    /// What a pass says of costs; nil: nothing.
    private func costs(of pass: PassRecord, _ basis: Basis) -> CostSums? {
        let costs = basis.isUpperLimit ? pass.allCosts : pass.fullCosts
        return costs.flatMap { $0.seconds > 0 ? $0 : nil }
    }

    /// A pass like one that is recorded, done once more; nil: nothing is known of any.
    ///
    /// It depends on the record alone and not on when it is asked, so all who tell of a record say the same.
    package func repeating(
        _ pass: PassRecord,
        comparison: ComparisonTime
    ) -> SwitchEstimate? {
        estimate(
            method: pass.method,
            WorkAmount(pass),
            pending: PendingWork(
                entries: pass.entriesTouched ?? 0,
                files: pass.counts[.filesCopied],
                bytes: pass.counts[.bytesCopied],
                isCounted: false
            ),
            comparison: comparison
        )
    }

    /// What would have been foreseen of a pass, had somebody counted right before what it did.
    func foreseen(
        method: String,
        _ amount: WorkAmount,
        changes: Double?
    ) -> ForeseenPass? {
        let pending = PendingWork(entries: 0, files: 0, bytes: 0, isCounted: true)
        return estimate(
            method: method,
            amount,
            pending: pending,
            changes: changes,
            // It comes after the pass, of which alone something is foreseen.
            comparison: .unknown(.neverRan)
        )?.foreseen
    }

    /// What users would have changed since the last pass began, by how fast they did lately.
    ///
    /// `seconds`: how long ago that was. Nil before the second pass.
    package func uncounted(seconds: Double) -> (amount: WorkAmount, pending: PendingWork)? {
        guard let rate = changeRate else { return nil }
        let touched = rate.touched * seconds
        let bytes = rate.bytes * seconds
        let seen = known.first { $0.method == ChangeMethod.walk(nil).name }
        return (
            WorkAmount(
                seen: seen.map { Double($0.counts[.entriesSeen]) } ?? 0,
                touched: touched,
                bytes: bytes
            ),
            PendingWork(
                entries: UInt64(exactlyOrMax: touched),
                files: UInt64(exactlyOrMax: rate.files * seconds),
                bytes: UInt64(exactlyOrMax: bytes),
                isCounted: false
            )
        )
    }

    // MARK: The parts

    /// Passes of the same kind, the newest first; where there is none, all.
    private static func alike(_ method: String, _ basis: Basis) -> [PassRecord] {
        let same = basis.passes.filter { $0.method == method }
        return same.isEmpty ? basis.passes : same
    }

    private func work(_ method: String, _ amount: WorkAmount, _ basis: Basis) -> Double {
        var sums = CostSums()
        for (age, pass) in known.prefix(Self.passesMax).enumerated() {
            guard let costs = costs(of: pass, basis) else { continue }
            let share = min(Self.windowSecondsMax / costs.seconds, 1)
            sums.add(costs, weight: share * Self.power(Self.ageWeight, age))
        }
        guard let cost = LinearCost(fitting: sums) else { return 0 }
        return cost.seconds(amount.values)
            * Self.level(
                of: cost,
                // Of which the next one could be a repetition.
                basis.hasLevel ? basis.passes.filter { isComparable($0, method) } : [],
                { WorkAmount($0).values },
                { $0.workNanoseconds }
            )
    }

    /// A time that has a constant part and one for each of `amount`.
    ///
    /// Where no pass of the kind had any of it, what it costs is taken from the newest other one that had.
    private static func linear(
        _ passes: [PassRecord],
        _ basis: Basis,
        _ amount: WorkAmount,
        _ part: (WorkAmount) -> Double,
        _ time: (PassRecord) -> UInt64?
    ) -> Double {
        var fitted = Array(passes.prefix(fittedMax))
        let has: (PassRecord) -> Bool = { part(WorkAmount($0)) > 0 }
        if part(amount) > 0, !fitted.contains(where: has),
            let other = basis.passes.first(where: has)
        {
            fitted.append(other)
        }
        var sums = CostSums(count: 2)
        for (age, pass) in fitted.enumerated() {
            var one = CostSums(count: 2)
            one.add([1, part(WorkAmount(pass))], seconds: seconds(time(pass)))
            sums.add(one, weight: power(ageWeight, age))
        }
        guard let cost = LinearCost(fitting: sums) else { return 0 }
        return cost.seconds([1, part(amount)])
            * level(of: cost, passes, { [1, part(WorkAmount($0))] }, time)
    }

    /// What newer passes took of what the costs say: costs go with the years, the level with the day.
    private static func level(
        of cost: LinearCost,
        _ passes: [PassRecord],
        _ amounts: (PassRecord) -> [Double],
        _ time: (PassRecord) -> UInt64?
    ) -> Double {
        let levels = passes.prefix(levelPassesMax).compactMap { pass -> Double? in
            let said = cost.seconds(amounts(pass))
            return said > levelSecondsMin ? seconds(time(pass)) / said : nil
        }
        return recent(levels) ?? 1
    }

    // MARK: The interval

    private func interval(
        _ method: String,
        _ seconds: Double,
        _ pending: PendingWork
    ) -> SwitchEstimate.Interval? {
        guard let ratios = ratios(method)?.sorted() else { return nil }
        // Tenths at both ends; of fewer than nine none can be spared.
        let cut = max(1, (ratios.count + 1) / 10)
        let wider = pending.isCounted ? 1 : Self.uncountedFactor
        let slack = pending.isWithoutUsers ? Self.quietSlackMin : Self.slackMin
        return SwitchEstimate.Interval(
            low: seconds * min(ratios[cut - 1], 1 - slack) / wider,
            high: seconds * max(ratios[ratios.count - cut], 1 + Self.slackMin) * wider,
            coverage: Double(ratios.count + 1 - 2 * cut) / Double(ratios.count + 1)
        )
    }

    /// How passes like the next one fared, the newest first; nil: too few.
    ///
    /// Those at full power, if there are enough of them. Of the first of its kind it was foreseen from another kind: it
    /// counts only while there are not enough others.
    private func ratios(_ method: String) -> [Double]? {
        let same = known.filter { isComparable($0, method) }
        for passes in [same.filter(\.wasAtFullPower), same] {
            var ratios = passes.prefix(Self.ratiosMax).compactMap(\.ratio)
            if ratios.count > Self.ratiosMin { ratios.removeLast() }
            if ratios.count >= Self.ratiosMin { return ratios }
        }
        return nil
    }

    // MARK: Users' pace

    /// What users change in a second.
    package struct ChangeRate: Sendable, Equatable {
        package var touched: Double
        package var files: Double
        package var bytes: Double
    }

    /// The mean since the fourth last whole pass began, or a later one, of the same boot: a clock that somebody set says
    /// nothing; nil before the second.
    ///
    /// What passes did that were cut short counts, too: the next whole one had so much less to do.
    package var changeRate: ChangeRate? {
        guard let newest = known.first else { return nil }
        let before = known.dropFirst().prefix(3).last { $0.bootIdentifier == newest.bootIdentifier }
        guard let before else { return nil }
        let seconds = Double(newest.startBootNanoseconds - before.startBootNanoseconds) / 1e9
        guard seconds > 0 else { return nil }
        let between = all.filter { $0.id > before.id && $0.id <= newest.id }
        func sum(_ value: (PassRecord) -> UInt64) -> Double {
            between.reduce(0.0) { $0 + Double(value($1)) } / seconds
        }
        return ChangeRate(
            touched: sum { $0.entriesTouched ?? 0 },
            files: sum { $0.counts[.filesCopied] },
            bytes: sum { $0.counts[.bytesCopied] }
        )
    }

    /// Seconds of work that users make in a second; from 1 on passes never catch up.
    package func pace(method: String) -> Double? {
        guard let rate = changeRate, isPossible else { return nil }
        return work(
            method,
            WorkAmount(touched: rate.touched, bytes: rate.bytes),
            basis(method)
        )
    }

    // MARK: Numbers

    private static func seconds(_ nanoseconds: UInt64?) -> Double { Double(nanoseconds ?? 0) / 1e9 }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }

    /// The median of the last three, the newest first; of two the newer one.
    private static func recent(_ values: [Double]) -> Double? {
        values.count < 3 ? values.first : values.prefix(3).sorted()[1]
    }
}

extension WorkAmount {
    /// What a recorded pass did.
    init(_ pass: PassRecord) {
        self.init(
            seen: pass.method == ChangeMethod.walk(nil).name
                ? Double(pass.counts[.entriesSeen]) : 0,
            touched: Double(pass.entriesTouched ?? 0),
            bytes: Double(pass.counts[.bytesCopied])
        )
    }
}

extension PassRecord {
    fileprivate var fullCosts: CostSums? { costsAtFullPower.flatMap(CostSums.init(text:)) }

    fileprivate var allCosts: CostSums? {
        var sums = fullCosts ?? CostSums()
        if let held = costsHeldBack.flatMap(CostSums.init(text:)) { sums.add(held, weight: 1) }
        return sums
    }

    /// Hardly any of its work was held back: less than what one pass and the next differ by anyway.
    ///
    /// A loop that gives way is seldom held back for no second at all, and there would else be no level for weeks.
    fileprivate var wasAtFullPower: Bool {
        guard isHeldBack == false else { return false }
        guard let held = costsHeldBack.flatMap(CostSums.init(text:)) else {
            return costsHeldBack == nil
        }
        return held.seconds <= Self.heldShareMax * (held.seconds + (fullCosts?.seconds ?? 0))
    }
    fileprivate static var heldShareMax: Double { 0.05 }

    /// What its work took, without the stops to measure others, which the last pass does not make.
    fileprivate var workNanoseconds: UInt64? {
        let seconds = allCosts?.seconds ?? 0
        guard seconds > 0, let work = times.work else { return times.work }
        return min(work, UInt64(exactlyOrMax: seconds * 1e9))
    }

    /// What it took, of what was foreseen; nil: nothing was.
    package var ratio: Double? {
        guard let foreseenNanoseconds, foreseenNanoseconds > 0, let total = times.total else {
            return nil
        }
        return Double(total) / Double(foreseenNanoseconds)
    }
}
