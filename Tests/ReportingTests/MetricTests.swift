// `--metrics`: the text itself, and that documents and dashboard speak of figures that there are.

import LinuxIO
import Reporting
import TestSupport
import Testing

@Suite("Text of figures") struct MetricTests {
    private func values(_ source: [UInt8], _ destination: String = "/d") -> MetricValues {
        var values = MetricValues()
        values.source = source
        values.destination = bytes(destination)
        return values
    }

    private func text(_ values: MetricValues) -> String {
        String(decoding: values.text, as: UTF8.self)
    }

    @Test(
        "labels keep quotes, backslashes and newlines apart, and hold nothing that is not UTF-8",
        arguments: [
            (bytes("a\"b"), "a\\\"b"), (bytes("a\\b"), "a\\\\b"), (bytes("a\nb"), "a\\nb"),
            (bytes("\\n"), "\\\\n"), (bytes("ä{} ,="), "ä{} ,="),
            // Bytes that are none are shown as elsewhere, and what shows them is kept apart as well.
            ([0x61, 0xFF, 0x22], "a\\\\#377\\\""),
        ]
    )
    func labels(_ name: [UInt8], _ shown: String) {
        var values = values(name)
        values.set(.passRunning, 1)
        let expected = """
            # HELP cutover_pass_running Whether a pass runs now.
            # TYPE cutover_pass_running gauge
            cutover_pass_running{source="\(shown)",destination="/d"} 1

            """
        #expect(text(values) == expected)
    }

    @Test("what is not known is left out; parts stand in their order, with labels of their own")
    func parts() {
        var values = values(bytes("/s"))
        values.set(.passNumber, 7)
        values.set(.passNumber, nil as Int?)
        values.set(.walks, by: "reason", ["no_record": 2, "asked": 1])
        let expected = """
            # HELP cutover_walks_total Recorded passes that walked, by reason.
            # TYPE cutover_walks_total counter
            cutover_walks_total{reason="asked",source="/s",destination="/d"} 1
            cutover_walks_total{reason="no_record",source="/s",destination="/d"} 2

            """
        #expect(text(values) == expected)
    }

    @Test("what lasts is taken over from a text of the same volumes, and from no other")
    func taken() {
        let name = bytes("a b\"\n")
        var earlier = values(name)
        earlier.set(.switchSeconds, seconds: 1.5)
        earlier.set(.entriesPending, 3)
        earlier.set(.passRunning, 1)
        var later = values(name)
        later.take([.switchSeconds, .entriesPending, .ready], from: earlier.text)
        earlier.set(.passRunning, nil as Int?)
        #expect(later.text == earlier.text)
        for other in [values(bytes("/other")), values(name, "/other")] {
            var other = other
            other.take([.switchSeconds], from: earlier.text)
            #expect(other.text.isEmpty)
        }
        for number in ["nan", "1 2", "x", ""] {
            var other = values(bytes("/s"))
            let line = "cutover_ready{source=\"/s\",destination=\"/d\"} \(number)\n"
            other.take([.ready], from: bytes(line))
            #expect(other.text.isEmpty, "\(number)")
        }
    }

    @Test("each figure is documented, and alerts and dashboard name no other")
    func documents() throws {
        let known = Set(Metric.allCases.map(\.name))
        #expect(try names(in: "docs/OUTPUT.md").isSuperset(of: known))
        for file in ["alerts.yml", "alerts-test.yml", "dashboard.json"] {
            let named = try names(in: "docs/monitoring/" + file)
            #expect(!named.isEmpty && named.isSubset(of: known), "\(file)")
        }
        let shown = try names(in: "docs/monitoring/dashboard.json")
        #expect(shown.count >= 15)
    }

    /// Words of a file that begin as figures do.
    private func names(in file: String) throws -> Set<String> {
        let text = String(decoding: try Files.read(joined(SourceText.root, file)), as: UTF8.self)
        let words = text.split { !($0.isLetter || $0 == "_") }.map(String.init)
        return Set(words.filter { $0.hasPrefix("cutover_") })
    }
}
