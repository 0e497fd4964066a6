// What a loop costs where nothing changes, and that it sees at once what does.

import TestSupport
import Testing

@Suite("A loop with nothing to do", .requiresVolumes, .timeLimit(.minutes(5)))
struct FollowQuietTests {
    private let stage: ScanStage
    private var pair: ScanPair { stage.pair }

    init() throws {
        stage = try ScanStage(isWhole: true)
        for index in 0..<5 { try Files.write(stage.from("file\(index)"), bytes("old \(index)")) }
        #expect(try pair.sync().outcome.status == 0)
        // What is so young that it could change once more unseen is looked at again.
        try waitUntil(seconds: Int(hangSeconds)) {
            let summary = try pair.sync().report.of("summary").last
            return summary?.number("directories_listed") == 0
        }
    }

    /// A loop of so many passes, and what it told.
    private func follow(passes: Int) throws -> (calls: Int, report: JSONReport) {
        let log = joined(stage.outside, "calls")
        let report = joined(stage.outside, "loop.json")
        let words =
            ["strace", "-f", "-e", "trace=ioctl", "-o"].map { bytes($0) } + [log, Cutover.binary]
            + ["follow", "--delete", "--no-idle", "--no-back-off", "--pause", "1s", "--passes"]
            .map { bytes($0) }
            + [bytes("\(passes)"), bytes("--json"), report, bytes("--state"), pair.state]
            + [pair.from, pair.to]
        let outcome = try Subprocess.run(words)
        try #require(outcome.status == 0, "\(outcome)")
        // XFS_IOC_BULKSTAT, whether or not strace knows its name.
        let calls = String(decoding: try Files.read(log), as: UTF8.self).split(separator: "\n")
            .count { $0.contains("XFS_IOC_BULKSTAT") || $0.contains("_IOC_READ, 0x58, 0x7f") }
        return (calls, try JSONReport(report))
    }

    @Test(
        "it scans once a pass, and foresees the switch all the same",
        .requiresTool("strace")
    )
    func scansOnce() throws {
        let few = try follow(passes: 2)
        let more = try follow(passes: 5)
        // A pass that has something to do is looked before, and after.
        try Files.write(stage.from("new"), bytes("new"))
        let busy = try follow(passes: 1)
        let scan = (more.calls - few.calls) / 3
        #expect(scan > 0 && more.calls == few.calls + 3 * scan, "\(few.calls), \(more.calls)")
        #expect(few.calls == 2 * scan, "\(few.calls) calls in two passes, \(scan) in one")
        #expect(busy.calls == 2 * scan, "\(busy.calls)")
        let estimates = more.report.of("estimate")
        #expect(estimates.map { $0.number("pending_entries") } == [0, 0, 0, 0, 0])
        for estimate in estimates {
            #expect(try #require(estimate.decimal("seconds")) > 0, "\(estimate)")
            #expect(estimate["pending_is_counted"] == .bool(true), "\(estimate)")
        }
        try stage.expectSame()
    }
}
