// What a loop of passes tells between its passes and at its end.

import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite("The reporter of a loop") struct FollowReporterTests {
    private let json: Capture
    private let error: Capture
    private let loop: FollowReporter

    init() throws {
        json = try Capture()
        error = try Capture()
        var configuration = ReporterConfiguration(
            standardOutput: try Capture().file,
            standardError: error.file,
            isUTF8: true
        )
        configuration.json = json.file
        loop = FollowReporter(
            ReportStreams(configuration, run: "the loop"),
            isIdle: false,
            givesWay: true,
            hasHours: false,
            readyBelowSeconds: 300
        )
    }

    private func lines() throws -> [JSON] { try JSONReport(printed: json.bytes).lines }

    @Test("READY that nothing can be said of any more is taken back for programs, too; once")
    func takenBack() throws {
        loop.tell(madeUpEstimate(), pass: 4)
        #expect(loop.isReady)
        for _ in 0..<2 { loop.tell(nil, pass: 5) }
        #expect(!loop.isReady)
        let lines = try lines()
        try #require(lines.map { $0["ready"] } == [true, false])
        #expect(lines[1].number("pass") == 5 && lines[1]["seconds"] == .null)
        // Each field is there, so that nobody takes one that is missing for one that stays.
        guard case .object(let known) = lines[0], case .object(let unknown) = lines[1] else {
            Issue.record("no objects: \(lines)")
            return
        }
        #expect(Set(known.keys) == Set(unknown.keys))
        #expect(error.lines.count { $0.contains("NOT READY") } == 1)
    }

    @Test("what comes between two passes is of none of them")
    func between() throws {
        let reporter = loop.reporter(Counters(), foreseen: nil)
        reporter.receive(.started(passStart()))
        loop.tell(backOff: .changed(.free, workers: 3))
        loop.note(command: "after", status: 0, seconds: 1)
        loop.passIsOver()
        loop.note(command: "before", status: 0, seconds: 1)
        loop.tell(backOff: .lacks(.noGroups))
        let lines = try lines()
        #expect(
            lines.map { $0.text("type") } == [
                "start", "back_off", "after", "before", "back_off_lacks",
            ]
        )
        #expect(lines.prefix(3).allSatisfy { $0.number("pass") == lines[0].number("pass") })
        #expect(lines.suffix(2).allSatisfy { $0["pass"] == .null }, "\(lines)")
    }

    @Test("nothing comes after the line `end`, which names what did not come back")
    func afterEnd() throws {
        let call = WaitingCall(call: "open", path: [], side: .source, nanoseconds: 7_000_000_000)
        #expect(loop.finish(.hours, .timeLimit, passes: 2, waiting: [call]) == .timeLimit)
        let told = error.text
        loop.tell(backOff: .changed(.free, workers: 3))
        loop.tell(backOff: .lacks(.probeFailed(status: 1)))
        loop.tell(call: call)
        let lines = try lines()
        #expect(lines.map { $0.text("type") } == ["end"])
        #expect(lines[0].text("reason") == "hours" && lines[0]["waiting"]?.elements.count == 1)
        #expect(error.text == told && told.contains("something did not come back"), "\(error.text)")
    }

    @Test("what another pass is waited for has no end that is known; the pass that is waited for")
    func waits() throws {
        loop.wait(.lock, until: nil, told: "another pass runs")
        let line = try #require(try lines().first)
        #expect(line.text("reason") == "lock" && line["until"] == .null, "\(line)")
    }
}
