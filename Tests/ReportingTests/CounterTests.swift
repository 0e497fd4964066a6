// That no counter can be forgotten: each is told in JSON, in the table that ends a run and in the history as its row
// says, or nowhere if the row says that.

import History
import Migration
import Reporting
import TestSupport
import Testing

@Suite("Counters where they are told") struct CounterTests {
    private static let count: UInt64 = 7_654_321

    private let shown = ShownName(isForTerminal: true, isUTF8: true)

    private func json(_ line: JSONLine) -> String { String(decoding: line.object, as: UTF8.self) }

    /// Keys of JSON with the number behind each.
    private func numbers(_ line: JSONLine) -> [String: String] {
        var numbers: [String: String] = [:]
        for match in json(line).matches(of: /"([a-z_]+)":(\d+|null)[,}]/) {
            numbers[String(match.output.1)] = String(match.output.2)
        }
        return numbers
    }

    @Test("no two counters share a key, and keys are lower case")
    func keys() {
        let passKeys = PassCounter.allCases.map(\.row.key)
        #expect(Set(passKeys).count == passKeys.count)
        let verificationKeys = VerificationCounter.allCases.compactMap(\.key)
        #expect(Set(verificationKeys).count == verificationKeys.count)
        for key in passKeys + verificationKeys {
            #expect(key.wholeMatch(of: /[a-z][a-z_]*/) != nil, "\(key)")
        }
    }

    @Test(
        "a counter of a pass is in its summary, as JSON and as text",
        arguments: PassCounter.allCases
    )
    func pass(counter: PassCounter) {
        let counters = Counters()
        counters[counter].count(Self.count)
        let line = EventJSON.summary(passSummary(.done, counters), status: .done, time: 0)
        let numbers = numbers(line)
        #expect(numbers[counter.row.key] == "\(Self.count)")
        for other in PassCounter.allCases where other != counter {
            #expect(numbers[other.row.key] == "0", "\(other)")
        }
        for isDryRun in [false, true] {
            func rows(_ counters: Counters) -> [String] {
                SummaryText(
                    passSummary(.done, counters, isDryRun: isDryRun),
                    asides: PassAsides(),
                    shown: shown
                ).lines
            }
            guard case .row(let words, _, let showsZero) = counter.label else { continue }
            let label = "  " + (isDryRun ? words.planned : words.done) + " "
            #expect(
                rows(counters).contains { $0.hasPrefix(label) && $0.contains(" 7,654,321") },
                "\(rows(counters))"
            )
            #expect(rows(Counters()).contains { $0.hasPrefix(label) } == showsZero)
        }
    }

    @Test("a counter of a verification is in its summary", arguments: VerificationCounter.allCases)
    func verification(counter: VerificationCounter) {
        let counters = VerificationCounters()
        counters[counter].count(Self.count)
        let summary = VerificationSummary(
            status: .done,
            isByManifest: false,
            comparesContents: true,
            sample: nil,
            counters: counters,
            durationNanoseconds: 1_000_000_000,
            firstFailures: [],
            manifest: nil,
            workersBusyMax: 1
        )
        let numbers = numbers(VerificationJSON.summary(summary, status: .done, time: 0))
        for other in VerificationCounter.allCases {
            guard let key = other.key else { continue }
            #expect(numbers[key] == (other == counter ? "\(Self.count)" : "0"))
        }
        let lines = VerificationSummaryText(
            summary,
            status: .done,
            asides: PassAsides(),
            shown: shown
        ).lines
        if case .row(let words, _, _) = counter.label {
            #expect(lines.contains { $0.hasPrefix("  \(words.done) ") && $0.contains("7,654,321") })
        }
    }

    @Test(
        "a counter that the record keeps is in the history, no other is",
        arguments: PassCounter.allCases
    )
    func history(counter: PassCounter) {
        let pass = HistoryPass(recordedPass { $0.counts[counter] = Self.count })
        let pair = historyPair([pass])
        let numbers = numbers(HistoryJSON.lines(pair, sinceBoot: 0)[1])
        guard case .since(_, let one, let many) = counter.row.record else {
            #expect(numbers[counter.row.key] == nil)
            return
        }
        #expect(numbers[counter.row.key] == "\(Self.count)")
        let running = HistoryPass(recordedPass(status: nil) { $0.counts[counter] = Self.count })
        let open = self.numbers(HistoryJSON.lines(historyPair([running]), sinceBoot: 0)[1])
        #expect(open[counter.row.key] == "null", "without an end nothing is known")
        if case .row(let words, _, _) = counter.label {
            let lines = HistoryPassText(pass, of: pair, style: historyStyle()).lines
            #expect(lines.contains { $0.hasPrefix("  \(words.done) ") && $0.contains("7,654,321") })
        }
        #expect((one == nil) == (many == nil))
        guard let one, let many else { return }
        func details(_ count: UInt64) -> String {
            let pass = HistoryPass(recordedPass { $0.counts[counter] = count })
            return HistoryText(historyPair([pass]), style: historyStyle(isVerbose: true)).lines
                .joined(separator: "\n")
        }
        #expect(details(Self.count).contains("7,654,321 \(many)"))
        #expect(details(1).contains("1 \(one)") && !details(0).contains(many))
    }
}
