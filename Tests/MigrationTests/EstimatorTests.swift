// The estimate of the next pass against histories that are made up, so that what is true is known.

import Glibc
import History
import LinuxIO
import TestSupport
import Testing

@testable import Migration

/// A machine on which a pass takes what the formula says, but for noise.
private struct MadeUpMachine {
    var random: SeededRandom
    var passes: [PassRecord] = []
    var noise: Double
    var floor = 3.0
    var perEntry = 0.001
    var perByte = 1e-8
    var setting = Estimator.Setting(options: "o", workers: 30, machine: "m")
    var isHeldBack = false
    /// The part of its work that back-off held back.
    var heldShare = 0.0
    var method = "scan"

    init(seed: UInt64, noise: Double) {
        random = SeededRandom(seed: seed)
        self.noise = noise
    }

    var estimator: Estimator { Estimator(passes, setting) }

    /// Seconds of a pass that does so much, without noise.
    func truth(_ amount: WorkAmount) -> Double {
        floor + perEntry * amount.touched + perByte * amount.bytes
    }

    mutating func amount(_ scale: Double = 1) -> WorkAmount {
        WorkAmount(
            touched: scale * Double(500 + random.below(4_000)),
            bytes: scale * Double(1_000_000 + random.below(800_000_000))
        )
    }

    /// A number around 1.
    private mutating func factor() -> Double {
        // Twelve numbers together are nearly normal, with a variance of 1.
        let sum = (0..<12).reduce(0.0) { sum, _ in sum + Double(random.below(1_000_000)) / 1e6 }
        return max(1 + noise * (sum - 6), 0.05)
    }

    /// Runs a pass that does so much; gives how long it took, and what had been foreseen.
    @discardableResult
    mutating func run(_ amount: WorkAmount) -> (took: Double, foreseen: SwitchEstimate?) {
        let pending = PendingWork(
            entries: UInt64(amount.touched),
            files: UInt64(amount.touched),
            bytes: UInt64(amount.bytes),
            isCounted: true
        )
        let foreseen = estimator.estimate(
            method: method,
            amount,
            pending: pending,
            changes: floor,
            comparison: .unknown(.neverRan)
        )
        let level = factor()
        let work = (truth(amount) - floor) * level
        var pass = PassRecord(
            startNanoseconds: Int64(passes.count) * 60_000_000_000,
            bootIdentifier: "b",
            startBootNanoseconds: Int64(passes.count) * 60_000_000_000,
            options: setting.options,
            method: method,
            workers: setting.workers,
            isPartial: false,
            cutoverVersion: ""
        )
        pass.id = Int64(passes.count + 1)
        pass.isComplete = true
        pass.machine = setting.machine
        pass.isHeldBack = isHeldBack
        pass.counts[.filesCopied] = UInt64(amount.touched)
        pass.counts[.bytesCopied] = UInt64(amount.bytes)
        pass.entriesTouched = UInt64(amount.touched)
        let floorTook = floor * level
        pass.times.open = 0
        pass.times.changes = UInt64(floorTook * 1e9)
        pass.times.work = UInt64(work * 1e9)
        pass.times.synchronize = 0
        pass.times.commit = 0
        pass.foreseenNanoseconds = foreseen.map { UInt64($0.seconds * 1e9) }
        let costs = costs(amount, seconds: work).text
        if isHeldBack {
            pass.costsHeldBack = costs
        } else if heldShare > 0 {
            var (full, held) = (CostSums(), CostSums())
            full.add(amount.values.map { $0 * (1 - heldShare) }, seconds: work * (1 - heldShare))
            held.add(amount.values.map { $0 * heldShare }, seconds: work * heldShare)
            (pass.costsAtFullPower, pass.costsHeldBack) = (full.text, held.text)
        } else {
            pass.costsAtFullPower = costs
        }
        passes.insert(pass, at: 0)
        return (floorTook + work, foreseen)
    }

    /// Runs a first copy, which walks, at so many times the cost of an entry; what comes next finds changes by a scan.
    ///
    /// Files made in new directories take longer than single ones replaced.
    mutating func runFirstCopy(costs factor: Double) {
        method = "walk"
        perEntry *= factor
        run(amount(20))
        perEntry /= factor
        method = "scan"
    }

    /// The work in stretches of about a second, each with its own share of entries and bytes.
    private mutating func costs(_ amount: WorkAmount, seconds: Double) -> CostSums {
        var sums = CostSums()
        let count = max(1, Int(seconds))
        var left = amount
        for index in 0..<count {
            let share = 1 / Double(count - index)
            let entries = index == count - 1 ? 1 : min(share * Double(random.below(200)) / 100, 1)
            let bytes = index == count - 1 ? 1 : min(share * Double(random.below(200)) / 100, 1)
            let part = WorkAmount(touched: left.touched * entries, bytes: left.bytes * bytes)
            left = left - part
            let truth = perEntry * part.touched + perByte * part.bytes
            sums.add(part.values, seconds: truth * seconds / (self.truth(amount) - floor))
        }
        return sums
    }
}

@Suite("The estimate of the next pass", .timeLimit(.minutes(5))) struct EstimatorTests {
    private let seed: UInt64

    init() {
        seed = Seeds.base
        print("EstimatorTests: seed \(seed)")
    }

    @Test("five percent of noise: from the third pass on nine of ten estimates are within 15 %")
    func accuracy() {
        var machine = MadeUpMachine(seed: seed, noise: 0.05)
        machine.run(machine.amount(20))
        machine.run(machine.amount())
        var good = 0
        for _ in 0..<100 {
            let (took, foreseen) = machine.run(machine.amount())
            guard let foreseen else { continue }
            if abs(foreseen.seconds - took) <= 0.15 * took { good += 1 }
        }
        #expect(good >= 90, "\(good) of 100")
    }

    @Test(
        "of a thousand passes eight of ten lie in their intervals, which always hold the estimate"
    )
    func coverage() {
        var machine = MadeUpMachine(seed: seed, noise: 0.2)
        var (counted, inside) = (0, 0)
        for _ in 0..<1_040 {
            let (took, foreseen) = machine.run(machine.amount())
            guard let foreseen, let interval = foreseen.interval else { continue }
            #expect(interval.low <= foreseen.seconds && foreseen.seconds <= interval.high)
            guard machine.passes.count > 40 else { continue }
            counted += 1
            if interval.low <= took, took <= interval.high { inside += 1 }
        }
        #expect(counted >= 1_000)
        let share = Double(inside) / Double(max(counted, 1))
        #expect(abs(share - 0.8) < 0.05, "\(share)")
    }

    @Test("users change ten times as much: the next estimate follows at once")
    func jump() {
        var machine = MadeUpMachine(seed: seed, noise: 0.02)
        for _ in 0..<6 { machine.run(machine.amount()) }
        let amount = machine.amount(10)
        let (took, foreseen) = machine.run(amount)
        let seconds = foreseen?.seconds ?? 0
        #expect(abs(seconds - took) < 0.2 * took, "\(seconds) for \(took)")
    }

    @Test("nothing pending takes the floor, and not no time")
    func floor() {
        var machine = MadeUpMachine(seed: seed, noise: 0.02)
        for _ in 0..<4 { machine.run(machine.amount()) }
        let (took, foreseen) = machine.run(WorkAmount())
        let seconds = foreseen?.seconds ?? 0
        #expect(seconds > 2.5 && abs(seconds - took) < 0.15 * took, "\(seconds) for \(took)")
    }

    @Test("passes that were held back say an upper limit, which full power keeps")
    func heldBack() {
        var machine = MadeUpMachine(seed: seed, noise: 0.05)
        machine.isHeldBack = true
        machine.perEntry *= 4
        machine.perByte *= 4
        for _ in 0..<5 { machine.run(machine.amount()) }
        machine.perEntry /= 4
        machine.perByte /= 4
        machine.isHeldBack = false
        let (took, foreseen) = machine.run(machine.amount())
        #expect(foreseen?.isUpperLimit == true)
        #expect(foreseen?.seconds ?? 0 > took)
        // One at full power, and it is no limit any more.
        #expect(machine.run(machine.amount()).foreseen?.isUpperLimit == false)
    }

    @Test(
        "a first copy at full power, then a loop that runs idle: its own passes tell, and within an interval"
    )
    func idleLoop() {
        var machine = MadeUpMachine(seed: seed, noise: 0.05)
        machine.runFirstCopy(costs: 6)
        machine.isHeldBack = true
        for _ in 0..<5 { machine.run(machine.amount()) }
        let (took, foreseen) = machine.run(machine.amount())
        #expect(foreseen?.isUpperLimit == true)
        #expect(
            abs((foreseen?.seconds ?? 0) - took) < 0.2 * took,
            "\(foreseen?.seconds ?? 0), \(took)"
        )
        #expect(foreseen?.interval != nil)
    }

    @Test(
        "what was foreseen of the first pass by a scan, from a first copy, widens no interval for long"
    )
    func firstOfItsKind() {
        var machine = MadeUpMachine(seed: seed, noise: 0.02)
        machine.runFirstCopy(costs: 10)
        for _ in 0..<5 { machine.run(machine.amount()) }
        let foreseen = machine.run(machine.amount()).foreseen
        let low = (foreseen?.interval?.low ?? 0) / (foreseen?.seconds ?? 1)
        #expect(low > 0.8, "\(low)")
    }

    @Test("another number of workers, other options or another machine: no interval from before")
    func otherSetting() {
        var machine = MadeUpMachine(seed: seed, noise: 0.05)
        for _ in 0..<8 { machine.run(machine.amount()) }
        let amount = machine.amount()
        let pending = PendingWork(entries: 1, files: 1, bytes: 1, isCounted: true)
        func estimate(_ change: (inout Estimator.Setting) -> Void) -> SwitchEstimate? {
            var setting = machine.setting
            change(&setting)
            return Estimator(machine.passes, setting)
                .estimate(
                    method: "scan",
                    amount,
                    pending: pending,
                    changes: 3,
                    comparison: .unknown(.neverRan)
                )
        }
        #expect(estimate { _ in }?.interval != nil)
        #expect(estimate { $0.workers = 4 }?.interval == nil)
        #expect(estimate { $0.options = "p" }?.interval == nil)
        #expect(estimate { $0.workers = 4 } != nil)
        #expect(estimate { $0.machine = "n" } == nil)
    }

    @Test(
        "what no pass has done yet has no interval, is a lower limit, and is held against no pass"
    )
    func neverSeen() throws {
        var machine = MadeUpMachine(seed: seed, noise: 0.02)
        // rsync had filled DESTINATION: entries were touched, and no byte copied.
        for _ in 0..<6 { machine.run(WorkAmount(touched: 2_000)) }
        func estimate(_ amount: WorkAmount) throws -> SwitchEstimate {
            let pending = PendingWork(entries: 1, files: 1, bytes: 1, isCounted: true)
            return try #require(
                machine.estimator.estimate(
                    method: "scan",
                    amount,
                    pending: pending,
                    changes: 3,
                    comparison: .unknown(.neverRan)
                )
            )
        }
        for amount in [
            WorkAmount(touched: 2_000, bytes: 500e9), WorkAmount(touched: 2_000_000),
            WorkAmount(seen: 3_000_000, touched: 2_000),
        ] {
            let found = try estimate(amount)
            #expect(found.isLowerLimit && found.interval == nil && found.foreseen == nil)
            let after = machine.estimator.foreseen(method: "scan", amount, changes: 3)
            #expect(after == nil)
        }
        // A small file costs nothing that counts, whatever is known of it.
        let small = try estimate(WorkAmount(touched: 2_000, bytes: 1_000_000))
        #expect(!small.isLowerLimit && small.interval != nil && small.foreseen != nil)
        machine.run(WorkAmount(touched: 2_000, bytes: 50e9))
        #expect(try !estimate(WorkAmount(touched: 2_000, bytes: 500e9)).isLowerLimit)
    }

    @Test(
        "a loop that is held back for single seconds keeps its level; one that is so for long does not"
    )
    func seldomHeldBack() throws {
        for (share, isUpperLimit) in [(0.02, false), (0.3, true)] {
            var machine = MadeUpMachine(seed: seed, noise: 0.02)
            machine.heldShare = share
            for _ in 0..<5 { machine.run(machine.amount(0.02)) }
            let (took, foreseen) = machine.run(machine.amount(0.02))
            #expect(foreseen?.isUpperLimit == isUpperLimit)
            let seconds = foreseen?.seconds ?? 0
            #expect(abs(seconds - took) < 0.2 * took, "\(seconds) for \(took)")
        }
    }

    @Test("seconds in which a pass stands still to measure others are no time of its work")
    func stopsToMeasure() {
        let control = RunControl()
        let counters = Counters()
        let begin = monotonicNanoseconds()
        // Each window is taken here.
        let windows = WorkWindows(counters, isByScan: true, milliseconds: 3_600_000) {
            control.power
        }
        func work(_ milliseconds: UInt32, then next: RunControl.Power) {
            counters.filesCopied.count()
            usleep(milliseconds * 1_000)
            control.use(next)
            windows.take()
        }
        work(20, then: .full)
        work(20, then: .stopped)
        work(300, then: .stopped)
        work(20, then: .full)
        work(20, then: .heldBack)
        control.use(.stopped)
        let costs = windows.end()
        let took = Double(monotonicNanoseconds() - begin) / 1e9
        #expect(costs.atFullPower.amounts[1] == 1.0 && costs.heldBack.amounts[1] == 1.0)
        let seconds = costs.atFullPower.seconds + costs.heldBack.seconds
        #expect(seconds > 0.03 && seconds < took - 0.3, "\(seconds) of \(took)")
    }

    @Test("what was not counted follows from users' pace, and its interval is wider")
    func uncounted() {
        var machine = MadeUpMachine(seed: seed, noise: 0.05)
        for _ in 0..<8 { machine.run(WorkAmount(touched: 600, bytes: 60_000_000)) }
        let estimator = machine.estimator
        let rate = estimator.changeRate
        #expect(abs((rate?.touched ?? 0) - 10) < 0.1)
        let work = estimator.uncounted(seconds: 120)
        #expect(work.map { abs($0.amount.touched - 1_200) < 20 } == true)
        #expect(work?.pending.isCounted == false)
        guard let work else { return }
        var counted = work.pending
        counted.isCounted = true
        let wide = estimator.estimate(
            method: "scan",
            work.amount,
            pending: work.pending,
            comparison: .unknown(.neverRan)
        )
        let narrow = estimator.estimate(
            method: "scan",
            work.amount,
            pending: counted,
            comparison: .unknown(.neverRan)
        )
        #expect(wide?.interval?.high ?? 0 > narrow?.interval?.high ?? .infinity)
        #expect(wide?.interval?.low ?? .infinity < narrow?.interval?.low ?? 0)
    }

    @Test("where users have stopped, it may be quicker than any pass beside them was")
    func withoutUsers() {
        var machine = MadeUpMachine(seed: seed, noise: 0.01)
        for _ in 0..<8 { machine.run(WorkAmount(touched: 600, bytes: 60_000_000)) }
        var pending = PendingWork(entries: 600, files: 600, bytes: 60_000_000, isCounted: true)
        let intervals = [false, true].map { isWithoutUsers in
            pending.isWithoutUsers = isWithoutUsers
            let estimate = machine.estimator.estimate(
                method: "scan",
                WorkAmount(touched: 600, bytes: 60_000_000),
                pending: pending,
                comparison: .unknown(.neverRan)
            )
            return estimate.flatMap { estimate in
                estimate.interval.map { ($0.low / estimate.seconds, $0.high / estimate.seconds) }
            } ?? (0, 0)
        }
        #expect(intervals[0].0 > 0.85, "\(intervals)")
        #expect(abs(intervals[1].0 - 0.7) < 0.01, "\(intervals)")
        #expect(intervals[0].1 == intervals[1].1, "\(intervals)")
    }

    @Test("users who write faster than passes copy: a pace above 1")
    func pace() {
        var machine = MadeUpMachine(seed: seed, noise: 0.01)
        for _ in 0..<4 { machine.run(WorkAmount(touched: 6_000, bytes: 60_000_000)) }
        let slow = machine.estimator.pace(method: "scan") ?? 0
        #expect(abs(slow - 0.11) < 0.02, "\(slow)")
        for _ in 0..<4 { machine.run(WorkAmount(touched: 90_000, bytes: 60_000_000)) }
        #expect(machine.estimator.pace(method: "scan") ?? 0 > 1.2)
    }
}

@Suite("Costs by least squares", .timeLimit(.minutes(5))) struct LinearCostTests {
    @Test("sums come back from their text, and what is no such text is refused")
    func text() {
        var sums = CostSums()
        sums.add([3, 7, 1e9], seconds: 1.25)
        sums.add([0, 2, 5e7], seconds: 0.5)
        #expect(CostSums(text: sums.text) == sums)
        for wrong in [
            "", "1 2 3", sums.text + " 1", "nan" + sums.text.dropFirst(4), "-1" + sums.text,
        ] {
            #expect(CostSums(text: wrong) == nil, "\(wrong)")
        }
    }

    @Test(
        "costs are found, an amount that never occurs costs nothing, and none costs less than that"
    )
    func costs() throws {
        var sums = CostSums()
        for index in 1...20 {
            let (entries, bytes) = (Double(index * 37 % 11), Double(index * 53 % 17))
            sums.add([0, entries, bytes], seconds: 0.2 * entries + 0.05 * bytes + 1e-6)
        }
        let cost = try #require(LinearCost(fitting: sums))
        #expect(cost.coefficients[0] == 0.0)
        #expect(abs(cost.coefficients[1] - 0.2) < 1e-3)
        #expect(abs(cost.coefficients[2] - 0.05) < 1e-3)
        var odd = CostSums()
        for index in 1...20 {
            // More bytes, less time: the bytes are not what costs.
            odd.add([0, Double(index), Double(40 - index)], seconds: Double(index) * 0.1)
        }
        #expect(try #require(LinearCost(fitting: odd)).coefficients.allSatisfy { $0 >= 0 })
    }

    @Test("amounts that always go together share the cost; nothing done in no time says nothing")
    func together() throws {
        var sums = CostSums()
        for index in 1...5 {
            sums.add([0, Double(index), Double(index) * 1_000], seconds: Double(index))
        }
        let cost = try #require(LinearCost(fitting: sums))
        #expect(abs(cost.seconds([0, 10, 10_000]) - 10) < 1e-6)
        #expect(LinearCost(fitting: CostSums()) == nil)
        var idle = CostSums()
        idle.add([0, 0, 0], seconds: 5)
        #expect(LinearCost(fitting: idle) == nil)
    }
}
