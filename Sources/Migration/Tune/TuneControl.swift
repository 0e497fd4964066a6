// What is tried next, and what follows from all that was measured. Pure: steps in, numbers out.

/// Tries numbers in rounds, then some between the two best, and chooses.
package struct TuneControl: Sendable {
    /// A number this near to the fastest is as good: each worker more is felt by users.
    static let near = 0.95
    /// From this share of the time on a disk, or the processors, were what others waited for.
    static let busy = 0.8
    /// So often a number must have been measured to be chosen.
    static let roundsNeeded = 2

    private let numbers: [Int]
    private var random: TuneRandom
    private var waiting: [(workers: Int, round: Int)]
    private var hasLookedBetween = false
    private var steps: [TuneStep] = []

    /// `most`: so many workers can be had, whatever the plan says.
    package init(_ plan: TunePlan, most: Int = .max) {
        let to = min(plan.to, most)
        numbers = TuneSchedule.numbers(from: min(plan.from, to), to: to)
        random = TuneRandom(seed: plan.seed)
        waiting = TuneSchedule.order(numbers, rounds: 1...TuneSchedule.rounds, &random)
    }

    /// What is tried now; nil: all is measured.
    package var next: (workers: Int, round: Int)? { waiting.first }

    /// What was tried is measured; nil: it does not count, for a person changed the number meanwhile.
    ///
    /// Gives the step with its rate.
    @discardableResult
    package mutating func note(_ step: TuneStep?) -> TuneStep? {
        if !waiting.isEmpty { waiting.removeFirst() }
        var told = step
        if let step {
            steps.append(step)
            told?.rate = TuneFit(steps)?.rate(of: step) ?? 0
        }
        if waiting.isEmpty, !hasLookedBetween { lookBetween() }
        return told
    }

    /// Numbers between the two best are tried as often, and both once more: the tree may be another one by now, and what
    /// an entry and a byte take can be told only from numbers that met both.
    private mutating func lookBetween() {
        hasLookedBetween = true
        let best = (TuneFit(steps)?.rows ?? []).sorted { $0.rate > $1.rate }.prefix(2)
        guard best.count == 2 else { return }
        let between = TuneSchedule.between(best[0].workers, best[1].workers)
            .filter { !numbers.contains($0) }
        if between.isEmpty { return }
        let first = TuneSchedule.rounds + 1
        waiting = TuneSchedule.order(
            between + best.map(\.workers),
            rounds: first...first + TuneSchedule.rounds - 1,
            &random
        )
    }

    /// Steps that a choice needs.
    private var stepsNeeded: Int { numbers.count * Self.roundsNeeded }

    /// Whether each number was measured often enough.
    private var isEnough: Bool {
        numbers.allSatisfy { number in
            steps.filter { $0.workers == number }.count >= Self.roundsNeeded
        }
    }

    /// What follows from what was measured so far.
    package var outcome: TuneOutcome {
        var outcome = TuneOutcome()
        outcome.steps = steps.count
        outcome.stepsNeeded = stepsNeeded
        guard let fit = TuneFit(steps) else { return outcome }
        outcome.rows = fit.rows
        outcome.isOfBytes = fit.isOfBytes
        guard let fastest = outcome.rows.first(where: { $0.share == 1 }) else { return outcome }
        let seconds = fit.seconds(at: fastest.rate)
        outcome.entrySeconds = seconds.entry
        outcome.byteSeconds = seconds.byte
        outcome.choice = isEnough ? choice(outcome.rows) : nil
        return outcome
    }

    private func choice(_ rows: [TuneRow]) -> TuneOutcome.Choice? {
        // One that was measured once may have been lucky.
        let known = rows.filter { $0.steps >= Self.roundsNeeded }
        guard let top = known.max(by: { $0.rate < $1.rate }),
            let least = known.first(where: { $0.rate >= top.rate * Self.near })
        else { return nil }
        let load = Self.load(of: steps.filter { $0.workers == top.workers })
        return TuneOutcome.Choice(
            workers: least.workers,
            topWorkers: top.workers,
            limit: Self.limit(load),
            load: load
        )
    }

    private static func load(of steps: [TuneStep]) -> TuneLoad {
        TuneLoad(
            processors: mean(steps.compactMap(\.load.processors)),
            source: mean(steps.compactMap(\.load.source)),
            destination: mean(steps.compactMap(\.load.destination))
        )
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// The busiest of what was busy nearly all the time; else workers waited for something that no disk and no processor
    /// shows, if all of them can be seen: NFS, btrfs, ZFS and overlay have no device that tells.
    static func limit(_ load: TuneLoad) -> TuneLimit? {
        let known: [(limit: TuneLimit, share: Double?)] = [
            (.source, load.source), (.destination, load.destination),
            (.processors, load.processors),
        ]
        let shares = known.compactMap { one in one.share.map { (limit: one.limit, share: $0) } }
        guard let busiest = shares.max(by: { $0.share < $1.share }) else { return nil }
        if busiest.share >= busy { return busiest.limit }
        return shares.count == known.count ? .locks : nil
    }
}
