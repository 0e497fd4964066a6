// What came of trying numbers of workers: a table with a bar for each, 80 columns of ASCII, what was chosen, and what
// was the limit; the same for programs.

package import Migration

/// The outcome of `cutover tune`.
package struct TuneText {
    private let outcome: TuneOutcome
    private let plan: TunePlan

    package init(_ outcome: TuneOutcome, _ plan: TunePlan) {
        self.outcome = outcome
        self.plan = plan
    }

    private static let numberWidth = 7
    private static let rateWidth = 9
    private static let barWidth = 36

    // MARK: Before

    /// What is going to be tried, in a sentence.
    package static func beginning(_ plan: TunePlan, workers: Int) -> String {
        let numbers = TuneSchedule.numbers(from: min(plan.from, workers), to: min(plan.to, workers))
        let step = Double(plan.stepNanoseconds) / 1e9
        let round = step * Double(numbers.count)
        return "trying " + numbers.map { "\($0)" }.joined(separator: " ")
            + " workers, \(Quantity.span(step)) each, \(TuneSchedule.rounds) times, in the order of "
            + "seed \(plan.seed): \(Quantity.span(round * Double(TuneSchedule.rounds))) of work"
    }

    /// One step.
    static func sentence(_ step: TuneStep) -> String {
        Quantity.count(UInt64(max(step.workers, 0)), "worker", "workers")
            + ": \(count(step.rate)) entries/s (round \(step.round))"
    }

    private static func count(_ rate: Double) -> String {
        Quantity.count(UInt64(exactlyOrMax: rate.rounded()))
    }

    /// A rate without its unit.
    static func shown(_ rate: Double, isOfBytes: Bool) -> String {
        isOfBytes ? Quantity.size(UInt64(exactlyOrMax: rate.rounded())) : count(rate)
    }

    static func percent(_ share: Double) -> String {
        "\(Int((min(max(share, 0), 10) * 100).rounded()))"
    }

    // MARK: After

    /// The table, and what follows from it.
    package var lines: [String] {
        let table = outcome.rows.isEmpty ? [] : [head] + outcome.rows.map(line)
        return table
            + sentences.flatMap { sentence in
                TextLayout.wrapped(
                    sentence.split(separator: " ").map(String.init),
                    lead: "",
                    indent: 0,
                    width: 78
                )
            }
    }

    private var head: String {
        let unit = outcome.isOfBytes ? "bytes/s" : "entries/s"
        return TextLayout.rightAligned("workers", to: Self.numberWidth) + "  "
            + TextLayout.rightAligned(unit, to: Self.rateWidth) + "  "
            + TextLayout.padded("          rate, best = 100 %", to: Self.barWidth) + "  spread"
    }

    private func line(_ row: TuneRow) -> String {
        let count = Int((min(max(row.share, 0), 1) * Double(Self.barWidth)).rounded())
        let bar = String(repeating: "#", count: max(count, 1))
        let rate = Self.shown(row.rate, isOfBytes: outcome.isOfBytes)
        let line =
            TextLayout.rightAligned("\(row.workers)", to: Self.numberWidth) + "  "
            + TextLayout.rightAligned(rate, to: Self.rateWidth) + "  "
            + TextLayout.padded(bar, to: Self.barWidth) + " "
            + TextLayout.rightAligned(Self.percent(row.share), to: 3) + " % "
            + (row.steps == 1 ? "once" : "+-" + Self.percent(row.spread))
        return row.workers == outcome.choice?.workers ? line + " <- taken" : line
    }

    private var sentences: [String] {
        guard let choice = outcome.choice else { return [tooLittle] }
        var sentences = [chosen(choice), limit(choice)]
        if outcome.rows.contains(where: { $0.steps == 1 }) {
            sentences.append(
                "What was tried once was not chosen from: the work came to its end."
            )
        }
        if let spread = outcome.doubt {
            sentences.append(
                "Steps of \(choice.topWorkers) differ by +-\(Self.percent(spread)) %: others were at work, or the tree "
                    + "is not alike. In a quieter hour, or with a longer --step, another number may win."
            )
        }
        if outcome.mayWantMore, choice.workers < PassOptions.workersMax {
            let more = min(choice.workers * 2, PassOptions.workersMax)
            sentences.append("No larger number was tried: --to \(more) may find a better one.")
        }
        return sentences
    }

    private var tooLittle: String {
        let steps = Quantity.count(UInt64(outcome.steps), "step was", "steps were")
        return "There was not enough work: \(steps) measured, and "
            + "\(outcome.stepsNeeded) are needed, two whole rounds. Nothing is remembered: passes of this pair take as "
            + "many workers as before."
    }

    private func chosen(_ choice: TuneOutcome.Choice) -> String {
        let number = Quantity.count(UInt64(choice.workers), "worker", "workers")
        let share = outcome.rows.first { $0.workers == choice.workers }?.share ?? 1
        let best = outcome.rows.first { $0.workers == choice.topWorkers }?.share ?? 1
        let does = choice.workers == 1 ? "does" : "do"
        let what =
            choice.workers == choice.topWorkers
            ? "Nothing was faster than \(number)."
            : "\(number) \(does) \(Self.percent(share / best)) % of what \(choice.topWorkers) do."
        return what
            + (outcome.isRemembered
                ? " Passes of this pair take \(choice.workers) from now on; -w overrides."
                : " This could not be written down: give -w \(choice.workers).")
    }

    private func limit(_ choice: TuneOutcome.Choice) -> String {
        let known: [(limit: TuneLimit, name: String, share: Double?)] = [
            (.source, "SOURCE's disk", choice.load.source),
            (.destination, "DESTINATION's disk", choice.load.destination),
            (.processors, "the processors", choice.load.processors),
        ]
        let shares = known.compactMap { one in
            one.share.map { (limit: one.limit, text: "\(one.name) \(Self.percent($0)) %") }
        }
        let all = shares.map(\.text).joined(separator: ", ")
        switch choice.limit {
        case nil:
            return "What was the limit cannot be told here"
                + (all.isEmpty ? "." : ": not all can be seen; busy: \(all).")
        case .locks:
            return
                "Nothing was busy all the time (\(all)): workers waited for each other, here or in "
                + "the kernel."
        case .source, .destination, .processors:
            let name = known.first { $0.limit == choice.limit }?.name ?? ""
            let was = choice.limit == .processors ? "were" : "was"
            return Self.capitalized(name) + " \(was) the limit; busy: \(all)."
        }
    }

    private static func capitalized(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }

    // MARK: For programs

    /// The event of one step.
    static func line(_ step: TuneStep, time: UInt64) -> JSONLine {
        var line = EventJSON.begin("tune_step", time)
        line.add("workers", step.workers)
        line.add("round", step.round)
        line.add("seconds", seconds: step.nanoseconds)
        line.add("entries", step.entries)
        line.add("bytes", step.bytes)
        line.add("rate", decimal: step.rate)
        add(step.load, to: &line)
        return line
    }

    private static func add(_ load: TuneLoad, to line: inout JSONLine) {
        line.add("cpu_busy", decimal: load.processors)
        line.add("source_busy", decimal: load.source)
        line.add("destination_busy", decimal: load.destination)
    }

    /// The event that has what came of it.
    package func line(time: UInt64) -> JSONLine {
        let choice = outcome.choice
        var line = EventJSON.begin("tune_result", time)
        line.add("workers", choice?.workers)
        line.add("rate", decimal: outcome.rows.first { $0.workers == choice?.workers }?.rate)
        line.add("top_workers", choice?.topWorkers)
        line.add("rate_unit", outcome.isOfBytes ? "bytes" : "entries")
        line.add("remembered", outcome.isRemembered)
        line.add("limit", choice?.limit?.rawValue)
        Self.add(choice?.load ?? TuneLoad(), to: &line)
        line.add("fitted_entry_seconds", scientific: outcome.entrySeconds)
        line.add("fitted_byte_seconds", scientific: outcome.byteSeconds)
        line.add("steps", outcome.steps)
        line.add("steps_needed", outcome.stepsNeeded)
        line.add("seed", plan.seed)
        line.add("numbers", Self.numbers(outcome.rows))
        return line
    }

    /// What was found of each number.
    static func numbers(_ rows: [TuneRow]) -> [JSONLine] {
        rows.map { row in
            var object = JSONLine()
            object.add("workers", row.workers)
            object.add("rate", decimal: row.rate)
            object.add("share", decimal: row.share)
            object.add("spread", decimal: row.spread)
            object.add("steps", row.steps)
            return object
        }
    }
}
