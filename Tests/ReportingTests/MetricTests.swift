// `--metrics`: the text itself, and that documents and dashboard speak of figures that there are.

import Dispatch
import Glibc
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
        values.set(.walks, parts: ["no_record": 2, "asked": 1])
        let expected = """
            # HELP cutover_walks_total Recorded passes that walked, by reason.
            # TYPE cutover_walks_total counter
            cutover_walks_total{reason="asked",source="/s",destination="/d"} 1
            cutover_walks_total{reason="no_record",source="/s",destination="/d"} 2

            """
        #expect(text(values) == expected)
    }

    @Test("all is taken over from a text of the same volumes, and nothing from another")
    func taken() {
        let name = bytes("a b\"\n")
        var earlier = values(name)
        earlier.set(.switchSeconds, seconds: 1.5)
        earlier.set(.entriesPending, 3)
        earlier.set(.passes, parts: ["0": 4, "killed": 1])
        earlier.set(.walks, parts: ["no_record": 2])
        var later = values(name)
        later.take(from: earlier.text)
        #expect(later.text == earlier.text)
        for other in [values(bytes("/other")), values(name, "/other"), values(bytes("\n"))] {
            var other = other
            other.take(from: earlier.text)
            #expect(other.text.isEmpty)
        }
    }

    @Test(
        "what is not well formed is not taken over: it would make the whole file unreadable",
        arguments: [
            "ready{P} nan", "ready{P} 1 2", "ready{P} x", "ready{P} ", "ready{P}", "ready 1",
            "ready{x=\"1\",P} 1", "ready{,P} 1", "passes_total{P} 1", "passes_total{x=\"1\",P} 1",
            "passes_total{outcome=\"1\",x=\"2\",P} 1", "passes_total{outcome=\"\",\"\",P} 1",
            "unknown{P} 1",
        ]
    )
    func malformed(line: String) {
        var values = values(bytes("/s"))
        let parts = line.split(separator: "P", omittingEmptySubsequences: false)
        let text = parts.joined(separator: "source=\"/s\",destination=\"/d\"")
        values.take(from: bytes("cutover_\(text)\n"))
        #expect(values.text.isEmpty, "\(line)")
    }

    /// A file of figures, and those who write it.
    private struct Writers {
        let path: [UInt8]

        init() throws {
            let folder = joined(try Scratch.directory(), Scratch.uniqueName("figures"))
            try Files.makeDirectory(folder)
            path = joined(folder, "cutover.prom")
        }

        func writer() throws -> MetricsFile {
            let file = try MetricsFile(Name(path), version: "1", milliseconds: 1)
            file.begin(bytes("/s"), bytes("/d"))
            return file
        }

        /// What the file says of a figure, its labels in front of those of the places.
        func value(_ name: String, _ labels: String = "") throws -> String? {
            String(decoding: try Files.read(path), as: UTF8.self).split(separator: "\n")
                .first { $0.hasPrefix("cutover_\(name){\(labels)source=") }
                .flatMap { $0.split(separator: " ").last }.map(String.init)
        }
    }

    @Test("between its passes a command writes nothing back that others have changed")
    func between() throws {
        let writers = try Writers()
        let loop = try writers.writer()
        loop.passBegins(nil) { _ in }
        loop.change { $0.set(.passes, parts: ["0": 10]) }
        loop.publish(endsPass: true)
        let other = try writers.writer()
        other.passBegins(nil) { _ in }
        other.change { $0.set(.passes, parts: ["0": 11]) }
        other.publish(endsPass: true)
        let written = try Files.status(writers.path).st_ino
        // A hundred of the loop's times to write.
        usleep(100_000)
        #expect(try Files.status(writers.path).st_ino == written)
        loop.publish { $0.set(.ready, 1) }
        #expect(try writers.value("passes_total", "outcome=\"0\",") == "11")
        #expect(try writers.value("ready") == "1")
    }

    @Test("a verification beside a pass that runs keeps its figures, and they are kept")
    func verification() throws {
        let writers = try Writers()
        let loop = try writers.writer()
        loop.passBegins(nil) { _ in }
        loop.publish {
            $0.set(.passRunning, 1)
            $0.set(.passes, parts: ["0": 10])
            $0.set(.verifyLastTime, 100)
            $0.set(.verifyLastDifferences, 0)
        }
        try writers.writer().publish {
            $0.set(.verifyLastTime, 200)
            $0.set(.verifyLastDifferences, 3)
        }
        loop.publish { $0.set(.passes, parts: ["0": 11]) }
        #expect(try writers.value("verify_last_differences") == "3")
        #expect(try writers.value("verify_last_timestamp_seconds") == "200")
        #expect(try writers.value("passes_total", "outcome=\"0\",") == "11")
        // And what a later one of its own says counts again.
        loop.publish(endsPass: true) {
            $0.set(.verifyLastTime, 300)
            $0.set(.verifyLastDifferences, 0)
        }
        #expect(try writers.value("verify_last_differences") == "0")
    }

    @Test("commands that write at a time lose nothing of each other") func together() throws {
        let writers = try Writers()
        let figures: [Metric] = [.heldBack, .entriesPending, .sourceEntries, .ready]
        let files = try figures.map { _ in try writers.writer() }
        DispatchQueue.concurrentPerform(iterations: figures.count) { index in
            for number in 1...50 { files[index].publish { $0.set(figures[index], number) } }
        }
        for figure in figures {
            let name = String(figure.name.dropFirst("cutover_".count))
            #expect(try writers.value(name) == "50", "\(name)")
        }
    }

    @Test("a writing that failed is made good by the next one") func madeGood() throws {
        let writers = try Writers()
        let file = try writers.writer()
        let folder = Array(writers.path.dropLast("/cutover.prom".utf8.count))
        try Files.removeTree(folder)
        file.publish()
        #expect(file.error != nil)
        try Files.makeDirectory(folder)
        file.publish()
        #expect(file.error == nil)
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
