// A run that is refused destroys no report: not that of another run that is at work just now, and not one of yesterday.
// And what an option names is what is written: no FIFO that nobody reads, no file called `-` by accident.

import Glibc
import TestSupport
import Testing

@Suite("A refused run keeps reports", .requiresVolumes, .timeLimit(.minutes(10)))
struct KeptReports {
    let stage: Stage
    private let events: [UInt8]
    private let failures: [UInt8]
    private let manifest: [UInt8]
    private static let earlier = "{\"type\":\"earlier\"}\n"

    init() throws {
        stage = try Stage()
        events = joined(stage.outside, "events.json")
        failures = joined(stage.outside, "failures.json")
        manifest = joined(stage.outside, "manifest")
    }

    private func words(_ words: String...) -> [[UInt8]] { words.map { bytes($0) } }

    private var reports: [[UInt8]] {
        [bytes("--json"), events, bytes("--failures"), failures]
    }

    private func writeEarlier() throws {
        for file in [events, failures, manifest] { try Files.write(file, bytes(Self.earlier)) }
    }

    /// A failure, and a file of 5 MiB: twenty seconds at 256 KiB/s.
    private func makeSlowTree() throws {
        var random = SeededRandom(seed: 11)
        try Files.write(stage.source("another type"), bytes("file"))
        try Files.makeDirectory(stage.destination("another type"))
        try Files.write(stage.source("slow"), random.bytes(5 << 20))
    }

    @Test(
        "the same command while it runs: the second is refused, the reports of the first are whole"
    )
    func secondRun() throws {
        try makeSlowTree()
        let command = words("sync", "--bwlimit", "256K") + reports + [stage.from, stage.to]
        let first = try Cutover.start(command)
        waitUntil { ((try? text(failures)) ?? "").hasSuffix("\n") }
        // Stopped, it holds its locks however long the machine takes for the second.
        first.send(SIGSTOP)
        let before = (try text(events), try text(failures))
        let second = try Cutover.run(bytes: command)
        #expect(first.isRunning, "the test came too late")
        #expect(second.status == 3, "\(second)")
        #expect(second.errors.contains("another pass"), "\(second)")
        #expect(try text(events).hasPrefix(before.0))
        #expect(try text(failures) == before.1)
        first.send(SIGCONT)
        let outcome = first.wait()
        #expect(outcome.status == 23, "\(outcome)")
        let lines = try text(events).split(separator: "\n")
        #expect(lines.first?.hasPrefix("{\"type\":\"start\"") == true, "\(lines)")
        #expect(lines.last?.hasPrefix("{\"type\":\"summary\"") == true, "\(lines)")
        #expect(lines.allSatisfy { $0.hasPrefix("{\"type\":") }, "\(lines)")
        #expect(!lines.contains { $0.hasPrefix("{\"type\":\"refused\"") }, "\(lines)")
        #expect(try text(failures).split(separator: "\n").count == 1)
    }

    @Test("a pass of other volumes, a check and a history do not write what a pass writes just now")
    func otherVolumes() throws {
        try makeSlowTree()
        let other = try Stage()
        try Files.write(other.source("file"), bytes("file"))
        let first = try Cutover.start(
            words("sync", "--bwlimit", "128K") + reports + [stage.from, stage.to]
        )
        waitUntil { ((try? text(failures)) ?? "").hasSuffix("\n") }
        first.send(SIGSTOP)
        let before = (try text(events), try text(failures))
        for command in [words("sync"), words("verify"), words("check"), words("history")] {
            for option in command == words("sync") ? ["--json", "--failures"] : ["--json"] {
                let file = option == "--json" ? events : failures
                let outcome = try Cutover.run(
                    bytes: command + [bytes(option), file, other.from, other.to]
                )
                #expect(outcome.status == 3, "\(outcome)")
                #expect(outcome.errors.contains("another run writes this file"), "\(outcome)")
            }
        }
        #expect(first.isRunning, "the test came too late")
        #expect(try text(events).hasPrefix(before.0))
        #expect(try text(failures) == before.1)
        #expect(try Files.names(other.to) == [])
        first.send(SIGCONT)
        first.send(SIGTERM)
        #expect(first.wait().status == 20)
    }

    @Test("any refusal: failures and manifest stay, and the events are the refusal alone")
    func refused() throws {
        let commands = [
            words("sync", "--delete") + reports + [stage.from, stage.to],
            words("verify") + reports
                + [bytes("--manifest"), manifest, stage.from, joined(stage.to, "nowhere")],
            words("check", "--json") + [events, stage.from, joined(stage.to, "nowhere")],
        ]
        for command in commands {
            try writeEarlier()
            let outcome = try Cutover.run(bytes: command)
            #expect(outcome.status == 3, "\(outcome)")
            #expect(try text(failures) == Self.earlier, "\(outcome)")
            #expect(try text(manifest) == Self.earlier, "\(outcome)")
            let lines = try text(events).split(separator: "\n")
            #expect(lines.count == 1, "\(lines)")
            #expect(lines.allSatisfy { $0.hasPrefix("{\"type\":\"refused\"") }, "\(lines)")
        }
    }

    @Test("a command line that is wrong: all reports stay")
    func usage() throws {
        try Files.write(stage.source("file"), bytes("file"))
        try writeEarlier()
        let outcome = try Cutover.run(
            bytes: words("sync", "--failures", "/nowhere/at/all", "--json")
                + [events, stage.from, stage.to]
        )
        #expect(outcome.status == 64, "\(outcome)")
        #expect(try text(events) == Self.earlier)
        #expect(try Files.names(stage.to) == [])
    }

    @Test("a run that begins empties them, although it has nothing to tell")
    func begun() throws {
        try Files.write(stage.source("file"), bytes("file"))
        try writeEarlier()
        let outcome = try Cutover.run(bytes: words("sync") + reports + [stage.from, stage.to])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try text(failures) == "")
        #expect(try text(events).hasPrefix("{\"type\":\"start\""))
    }
}

@Suite("A manifest of nothing", .requiresVolumes, .timeLimit(.minutes(10)))
struct EmptyManifests {
    let stage: Stage
    init() throws { stage = try Stage() }

    @Test(
        "SOURCE is empty, or not mounted: the manifest that is there stays, and that is no success"
    )
    func keeps() throws {
        try Files.write(stage.source("file"), bytes("file"))
        try stage.pass()
        #expect(try stage.writeManifest().status == 0)
        let digests = try text(stage.manifest)
        try Files.unlink(stage.source("file"))
        for isOtherSideEmpty in [false, true] {
            if isOtherSideEmpty { try Files.unlink(stage.destination("file")) }
            let outcome = try stage.writeManifest()
            #expect(outcome.status == 23, "\(outcome)")
            // It is broken into lines where the path wants it.
            let said = outcome.errors.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(said.contains("stays as it was"), "\(outcome)")
            #expect(try text(stage.manifest) == digests, "\(outcome)")
        }
    }

    @Test("a manifest of nothing where there is none, or one of nothing, is written")
    func writes() throws {
        // They may have been made in two ticks of the clock.
        try Files.changeTime(stage.to, like: stage.from)
        for _ in 0..<2 {
            let outcome = try stage.writeManifest()
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try text(stage.manifest).contains("end, 0 files"))
        }
    }
}
