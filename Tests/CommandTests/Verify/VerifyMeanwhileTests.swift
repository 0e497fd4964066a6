// `verify` beside a volume in use, with disks that fail, and stopped by signals: what changed is told apart from what is
// wrong, and what could not be read is never called equal.

import Glibc
import TestSupport
import Testing

@Suite("Verify: changes, failures, signals", .requiresVolumes, .timeLimit(.minutes(10)))
struct VerifyMeanwhileTests {
    let stage: Stage
    init() throws { stage = try Stage() }

    /// Runs a body while a script that uses SOURCE (`$1`) is repeated without pause.
    private func whileUsed<R>(_ script: String, _ body: () throws -> R) throws -> R {
        let user = try Subprocess(
            [
                bytes("bash"), bytes("-c"), bytes("cd \"$1\"; while :; do \(script); done"),
                bytes("user"), stage.from,
            ]
        )
        defer {
            user.send(SIGKILL)
            // It was ended by us: how is no news.
            _ = user.wait()
        }
        usleep(100_000)
        return try body()
    }

    /// Verifies until something changes while it compares.
    ///
    /// One that begins and ends between two changes, on a busy machine, meets entries that are other and stay so: 1,
    /// which says nothing here.
    private func verifyMeetingChanges() throws -> Outcome {
        // What changed between the pass and this is different then, not pending.
        var outcome = try stage.verify("--strict")
        for _ in 0..<Self.attempts where outcome.status == 1 {
            outcome = try stage.verify("--strict")
        }
        return outcome
    }

    private static let attempts = 30

    @Test("What changes on SOURCE meanwhile is told apart: 24, and 1 beside something wrong")
    func changedMeanwhile() throws {
        try StandardTree.plain(stage.from)
        for name in ["hot", "mode", "wrong"] {
            try Files.write(stage.source(name), bytes("1234567"))
        }
        try Files.makeDirectory(stage.source("busy"))
        try stage.pass()
        let use =
            "echo $RANDOM.$RANDOM >hot; chmod 600 mode; chmod 640 mode; : >busy/new; rm -f busy/new"
        try whileUsed(use) {
            let outcome = try verifyMeetingChanges()
            #expect(outcome.status == 24, "\(outcome)")
            #expect(!outcome.lines.isEmpty)
            #expect(
                outcome.lines.allSatisfy { $0.hasSuffix(": changed while comparing") },
                "\(outcome)"
            )
            #expect(outcome.errors.contains("changed meanwhile"), "\(outcome)")
        }
        try stage.pass()
        try stage.flip("wrong", at: 3)
        try whileUsed(use) {
            func wrong(_ outcome: Outcome) throws -> [JSON] {
                try outcome.report().of("difference")
            }
            var outcome = try stage.verify("--strict", "--json", "-")
            for _ in 0..<Self.attempts where try wrong(outcome).count > 1 {
                outcome = try stage.verify("--strict", "--json", "-")
            }
            #expect(outcome.status == 1, "\(outcome)")
            #expect(try wrong(outcome).map(\.path) == [bytes("wrong")], "\(outcome)")
            #expect(try !outcome.report().of("changed").isEmpty)
        }
    }

    @Test("What changed on DESTINATION meanwhile is told apart, too")
    func destinationChangedMeanwhile() throws {
        try Files.write(stage.source("f"), bytes("1234567"))
        try stage.pass()
        let reversed = Stage(stage.to, stage.from)
        let user = VerifyMeanwhileTests(reversed)
        try user.whileUsed("echo $RANDOM >f") {
            let outcome = try verifyMeetingChanges()
            #expect(outcome.status == 24, "\(outcome)")
            #expect(
                outcome.lines.allSatisfy { $0.hasSuffix(": changed while comparing") },
                "\(outcome)"
            )
        }
    }

    private init(_ stage: Stage) { self.stage = stage }

    @Test(
        "Unreadable bytes of either side are listed to the block, and the rest is compared",
        .requiresFaultTable
    )
    func unreadable() throws {
        var random = SeededRandom(seed: 21)
        try Files.write(stage.source("large"), random.bytes(3 << 20))
        try Files.write(stage.source("small"), random.bytes(20_000))
        try Files.write(stage.source("good"), random.bytes(9000))
        try stage.pass()
        try stage.flip("large", at: 2_500_000)
        for (root, side) in [(stage.from, "source"), (stage.to, "destination")] {
            let large = try place(joined(root, "large"))
            let small = try place(joined(root, "small"))
            let faults = [
                "pread@\(large):4096-8191:EIO", "pread@\(large):1048576-1069055:EIO",
                "pread@\(small):16384-20479:EIO",
            ].joined(separator: ",")
            let report = joined(stage.outside, side)
            let outcome = try stage.verify(
                "--json",
                String(decoding: report, as: UTF8.self),
                environment: ["CUTOVER_FAULTS=\(faults)"]
            )
            #expect(outcome.status == 23, "\(outcome)")
            let expected = "large: contents: differ from byte 2500000 on, in 1 of 768 blocks"
            #expect(outcome.lines.count == 1 && outcome.lines[0].hasPrefix(expected), "\(outcome)")
            let failures = try JSONReport(report).of("failure")
            #expect(failures.allSatisfy { $0.text("side") == side }, "\(failures)")
            #expect(failures.count == 2, "\(failures)")
            for (name, ranges) in [
                ("large", [[4096, 8191], [1_048_576, 1_069_055]]), ("small", [[16384, 19999]]),
            ] as [(String, JSON)] {
                let failure = failures.first { $0.path == bytes(name) }
                #expect(failure?["unreadable_ranges"] == ranges, "\(failures)")
                #expect(failure?["ranges_are_exact"] == true, "\(failures)")
            }
        }
        try manifestNamesRanges(try place(stage.destination("large")))
    }

    /// The same of a check against a manifest.
    private func manifestNamesRanges(_ large: String) throws {
        let manifest = joined(stage.outside, "manifest")
        let words = [bytes("verify"), bytes("--manifest"), manifest]
        let written = try Cutover.run(bytes: words + [stage.from, stage.to])
        #expect(written.status == 1, "\(written)")
        let report = joined(stage.outside, "check")
        let checked = try Cutover.run(
            bytes: words + [bytes("--json"), report, stage.to],
            environment: ["CUTOVER_FAULTS=pread@\(large):4096-8191:EIO"]
        )
        #expect(checked.status == 23 && checked.lines.isEmpty, "\(checked)")
        let failures = try JSONReport(report).of("failure")
        #expect(failures.count == 1, "\(failures)")
        #expect(failures.first?["unreadable_ranges"] == [[4096, 8191]])
    }

    /// Device and inode as the fault table names them.
    private func place(_ path: [UInt8]) throws -> String {
        let status = try Files.status(path)
        return "\(status.st_dev).\(status.st_ino)"
    }

    @Test(
        "Whatever call fails, nothing unread is called equal",
        .requiresFaultTable,
        arguments: [
            "openat", "statx", "getdents64", "readlinkat", "pread", "lseek", "listxattr",
            "getxattr", "acl_get",
            "fsgetxattr", "syncfs",
        ]
    )
    func faults(operation: String) throws {
        try StandardTree.links(stage.from)
        try Files.makeDirectory(stage.source("attributes"))
        try StandardTree.attributes(stage.source("attributes"))
        try Files.makeDirectory(stage.source("sparse"))
        try StandardTree.sparse(stage.source("sparse"))
        try Files.link(symbolic: stage.source("symlink"), to: bytes("somewhere"))
        try stage.pass()
        // One read that fails is tried again, block by block; all of them are to fail.
        let isRead = operation == "pread"
        let alone = isRead ? "io_uring_setup:1:EPERM:*," : ""
        for number in [1, 2] {
            let fault = "CUTOVER_FAULTS=\(alone)\(operation):\(number):EIO\(isRead ? ":*" : "")"
            let outcome = try stage.verify("-q", environment: [fault])
            #expect(outcome.status == 23 || outcome.status == 3, "\(fault): \(outcome)")
            #expect(outcome.lines.isEmpty, "\(fault): \(outcome)")
        }
        let interrupted = "CUTOVER_FAULTS=\(alone)\(operation):1:EINTR,\(operation):5:EINTR"
        let outcome = try stage.verify("-q", environment: [interrupted])
        #expect(outcome.status == 0, "\(outcome)")
    }

    @Test(
        "S48: a signal stops it with 20, and no manifest is made",
        arguments: [SIGINT, SIGTERM, SIGHUP]
    )
    func signals(signal: Int32) throws {
        try StandardTree.plain(stage.from)
        // A hole takes no time to copy and none to compare, but a digest of its zeros takes ten minutes and more.
        try Files.write(stage.source("hole"), [])
        try Files.truncate(stage.source("hole"), to: 2 << 40)
        try stage.pass()
        let report = joined(stage.outside, "report")
        let manifest = joined(stage.outside, "manifest")
        let words = ["verify", "--json"].map { bytes($0) }
        let process = try Cutover.start(
            words + [report, bytes("--manifest"), manifest, stage.from, stage.to]
        )
        waitUntil { (try? JSONReport(report))?.of("start").isEmpty == false }
        usleep(50_000)
        let sent = monotonicSeconds()
        process.send(signal)
        let outcome = process.wait()
        #expect(monotonicSeconds() - sent < hangSeconds)
        #expect(outcome.status == 20, "\(outcome)")
        #expect(outcome.errors.contains("interrupted after"), "\(outcome)")
        #expect(try JSONReport(report).summary("status") == 20)
        #expect(try Files.names(stage.outside) == [bytes("report")])
    }

    @Test("A root that seems to be gone is a failure, not a change meanwhile", .requiresFaultTable)
    func rootSeemsGone() throws {
        try Files.write(stage.source("wrong"), bytes("1234567"))
        try Files.write(stage.destination("wrong"), bytes("7654321"))
        for number in 1...6 {
            let fault = "CUTOVER_FAULTS=getdents64:\(number):ENOENT"
            let outcome = try stage.verify("-w", "1", environment: [fault])
            #expect([1, 3, 23].contains(outcome.status), "\(fault): \(outcome)")
            let pass = try Cutover.run(
                bytes: [bytes("sync"), bytes("-n"), bytes("--delete"), stage.from, stage.to],
                environment: [fault]
            )
            #expect([0, 3, 23].contains(pass.status), "\(fault): \(pass)")
        }
    }
}
