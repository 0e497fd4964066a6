// What `verify --metadata` took is recorded beside the passes, for the estimate of a switch.

import Glibc
import TestSupport
import Testing

@Suite("Verify: how long it takes", .requiresVolumes, .timeLimit(.minutes(10)))
struct VerifyTimeTests {
    private let stage: ScanStage
    private var pair: ScanPair { stage.pair }

    init() throws {
        stage = try ScanStage(isWhole: true)
        for index in 0..<5 { try Files.write(stage.from("file\(index)"), bytes("old \(index)")) }
        // What is racy is looked at anyway.
        stage.age()
        #expect(try pair.sync().outcome.status == 0)
    }

    private func verify(_ options: String..., state: [UInt8]? = nil) throws {
        let words = ["verify", "-q"] + options + ["--state"]
        let outcome = try Cutover.run(
            bytes: words.map { bytes($0) } + [state ?? pair.state, pair.from, pair.to]
        )
        #expect(outcome.status == 0, "\(outcome)")
    }

    /// What the next estimate says of it.
    private func told() throws -> (seconds: Double?, unknown: String?) {
        let pass = try pair.sync()
        pass.expectScan()
        let estimate = try #require(pass.report.of("estimate").last, "\(pass.outcome)")
        return (
            estimate.decimal("verify_metadata_seconds"), estimate.text("verify_metadata_unknown")
        )
    }

    @Test("only a whole comparison of attributes says how long one takes; what is odd says nothing")
    func noted() throws {
        // Of contents, of a part, and of less than passes carry.
        try verify()
        try verify("--metadata", "--branch", "file1")
        try verify("--metadata", "--exclude", "/file1")
        #expect(try told() == (nil, "never_ran"))
        try verify("--metadata")
        let first = try told()
        #expect(try #require(first.seconds) > 0 && first.unknown == nil)
        // Later ones of another kind take nothing back.
        try verify()
        #expect(try told() == first)
        let database = try #require(try pair.databases().first)
        let change = "UPDATE verifications SET machine = 'x' || machine"
        try Shell.run("sqlite3 \"$1\" \"$2\"", database, bytes(change))
        #expect(try told() == (nil, "other_machine"))
    }

    @Test("where no pass is recorded a comparison makes no folder and no file")
    func noRecord() throws {
        let missing = joined(stage.outside, "missing")
        let outcome = try Cutover.run(
            bytes: ["verify", "-q", "--metadata", "--state"].map { bytes($0) }
                + [missing, pair.from, pair.to]
        )
        #expect(outcome.status == 0, "\(outcome)")
        #expect(!Files.exists(missing))
        try Files.makeDirectory(missing)
        try verify("--metadata", state: missing)
        #expect(try Files.names(missing) == [])
    }
}
