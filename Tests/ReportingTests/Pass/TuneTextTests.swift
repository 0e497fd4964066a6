// What `cutover tune` prints: a table that fits 80 columns of any terminal, what was chosen, what was the limit.

import Migration
import Reporting
import TestSupport
import Testing

@Suite struct TuneTextTests {
    private let plan = TunePlan(seed: 7)

    private func lines(_ outcome: TuneOutcome) -> [String] { TuneText(outcome, plan).lines }

    @Test("the table has a bar for each number, and says which is taken, and why") func table() {
        let expected = """
            workers  entries/s            rate, best = 100 %          spread
                  1      1,912  ######                                17 % +-2
                  2      3,700  ############                          33 % +-2
                  4      6,810  ######################                61 % +-3
                  8      9,480  ###############################       85 % +-2
                 16     10,870  ###################################   97 % +-2 <- taken
                 30     11,150  #################################### 100 % +-2
                 60     10,920  ###################################   98 % +-4
                120      9,940  ################################      89 % +-6
            16 workers do 97 % of what 30 do. Passes of this pair take 16 from now on; -w
            overrides.
            SOURCE's disk was the limit; busy: SOURCE's disk 94 %, DESTINATION's disk 40
            %, the processors 61 %.
            """
        #expect(lines(tuneOutcome()).joined(separator: "\n") == expected)
    }

    @Test("no line is wider than 80 columns, and all is ASCII, whatever the rates") func width() {
        for scale in [1e-3, 1, 1e3, 1e6] {
            for limit in [TuneLimit.source, .destination, .processors, .locks, nil] {
                var outcome = tuneOutcome(limit: limit)
                for index in outcome.rows.indices { outcome.rows[index].rate *= scale }
                outcome.isRemembered = false
                for line in lines(outcome) {
                    #expect(line.utf8.count <= 80 || scale > 1e3, "\(line)")
                    #expect(line.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(line)")
                }
            }
        }
    }

    @Test("too little work is said with what was missing, and nothing is called taken")
    func tooLittle() {
        var outcome = TuneOutcome()
        outcome.steps = 1
        outcome.stepsNeeded = 16
        let text = lines(outcome).joined(separator: " ")
        #expect(text.hasPrefix("There was not enough work: 1 step was measured, and 16 are needed"))
        outcome.rows = tuneOutcome().rows
        #expect(!lines(outcome).contains { $0.contains("taken") })
    }

    @Test("where the largest number was the best, a larger one is named, up to the limit")
    func more() {
        var outcome = tuneOutcome()
        outcome.choice?.workers = 120
        outcome.choice?.topWorkers = 120
        #expect(lines(outcome).last?.contains("--to 240 may find a better one") == true)
        outcome.rows[7].workers = 250
        outcome.choice?.workers = 250
        #expect(!lines(outcome).contains { $0.contains("--to") })
    }

    @Test("steps that differ much leave a doubt, which is told with what to do about it")
    func doubt() {
        var outcome = tuneOutcome()
        #expect(!lines(outcome).joined(separator: " ").contains("another number may win"))
        outcome.rows[5].spread = 0.22
        let text = lines(outcome).joined(separator: " ")
        #expect(text.contains("Steps of 30 differ by +-22 %"))
        #expect(text.contains("with a longer --step, another number may win"))
    }

    @Test("what was tried once is no best, and says so") func once() {
        var outcome = tuneOutcome()
        outcome.rows[6] = TuneRow(workers: 60, rate: 12_600, share: 1.13, spread: 0, steps: 1)
        let lines = lines(outcome)
        #expect(lines[7].hasSuffix(" 113 % once") && lines[7].utf8.count <= 80, "\(lines[7])")
        #expect(lines.last == "What was tried once was not chosen from: the work came to its end.")
    }

    @Test("where a disk is not seen, no limit is named, and what was seen is told") func unseen() {
        var outcome = tuneOutcome(limit: nil)
        outcome.choice?.load = TuneLoad(processors: 0.3)
        let text = lines(outcome).joined(separator: " ")
        #expect(
            text.hasSuffix("cannot be told here: not all can be seen; busy: the processors 30 %.")
        )
    }

    @Test("what could not be written down is said with the option to give instead")
    func notRemembered() {
        var outcome = tuneOutcome()
        outcome.isRemembered = false
        let text = lines(outcome).joined(separator: " ")
        #expect(text.contains("could not be written down: give -w 16."))
        #expect(!text.contains("from now on"))
    }

    @Test("the first line says what will be tried, how long it takes and in which order")
    func beginning() {
        let all = "trying 1 2 4 8 16 30 60 120 workers, 8s each, 3 times, in the order of seed 7: "
        let time = "3m12s of work"
        #expect(TuneText.beginning(plan, workers: 120) == all + time)
        // Descriptors or threads allow no more.
        #expect(TuneText.beginning(plan, workers: 5).hasPrefix("trying 1 2 4 5 workers"))
    }

    @Test("JSON has the number, the best one, what an entry takes in full digits, and all numbers")
    func json() throws {
        let line = TuneText(tuneOutcome(), plan).line(time: 1_500_000_000).object
        let text = String(decoding: line, as: UTF8.self)
        let head =
            #"{"type":"tune_result","time":1.500,"workers":16,"rate":10870.000,"top_workers":30,"#
        let fields = #""rate_unit":"entries","remembered":true,"limit":"source","cpu_busy":0.610,"#
        let busy = #""source_busy":0.940,"destination_busy":0.400,"fitted_entry_seconds":8.25e-05,"#
        let rest =
            #""fitted_byte_seconds":1.5e-09,"steps":24,"steps_needed":16,"seed":7,"numbers":[{"#
        let begin = [head, fields, busy, rest].joined()
        #expect(text.hasPrefix(begin), "\(text)")
        let parsed = try JSON(parsing: line)
        #expect(parsed["numbers"]?.elements.count == 8)
        #expect(parsed.decimal("fitted_byte_seconds") == 1.5e-9)
    }

    @Test("JSON of a step has what was measured, and null where the kernel does not tell")
    func stepJSON() {
        let step = EventJSON.line(.tuneStep(tuneStep()), time: 0).object
        let head = #"{"type":"tune_step","time":0.000,"workers":16,"round":2,"seconds":6.001,"#
        let amounts = #""entries":65220,"bytes":1073741824,"rate":10870.000,"#
        let busy = #""cpu_busy":0.610,"source_busy":0.940,"destination_busy":null}"#
        #expect(String(decoding: step, as: UTF8.self) == [head, amounts, busy].joined())
    }
}
