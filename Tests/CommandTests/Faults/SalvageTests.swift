// What may take the place of what: older copies that are whole, copies that were salvaged before, names of
// one inode; and that a salvaged copy is never taken for up to date.

import Glibc
import TestSupport
import Testing

@Suite(
    "Salvaged copies",
    .requiresVolumes,
    .requiresFaultTable,
    .timeLimit(.minutes(5))
)
struct SalvageTests {
    let stage: Stage
    private let contents: [UInt8]
    private static let attribute = "user.cutover.damaged"

    init() throws {
        stage = try Stage()
        var random = SeededRandom(seed: 1)
        contents = random.bytes(100_000)
    }

    private var failuresFile: [UInt8] { joined(stage.outside, "failures") }

    private func damaged(_ name: String, _ broken: Range<Int>...) -> DamagedSource {
        DamagedSource(path: bytes(name), contents: contents, broken: broken)
    }

    /// One pass with `--delete`, on a disk with these broken files.
    private func pass(
        _ options: String...,
        broken files: [DamagedSource] = [],
        faults: String...
    ) throws -> Outcome {
        let all = try files.flatMap { try $0.faults(in: stage.from) } + faults
        let words = ["sync", "--delete"] + options + ["--failures"]
        return try Cutover.run(
            bytes: words.map { bytes($0) } + [failuresFile, stage.from, stage.to],
            environment: all.isEmpty ? [] : ["CUTOVER_FAULTS=\(all.joined(separator: ","))"]
        )
    }

    private func mark(_ name: String) throws -> String? {
        try Files.attribute(stage.destination(name), Self.attribute)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("an older copy that is whole is never replaced by a salvaged one")
    func olderWholeCopy() throws {
        try Files.write(stage.source("f"), bytes("the older version"))
        try stage.pass()
        try Files.write(stage.source("f"), contents)
        let file = damaged("f", 8_192..<12_288)
        let outcome = try pass("--salvage", broken: [file])
        #expect(outcome.status == 23, "\(outcome)")
        #expect(try text(stage.destination("f")) == "the older version")
        #expect(try mark("f") == nil)
        let line = try #require(try JSONReport(failuresFile).lines.first)
        #expect(line["unreadable_ranges"] == [[8192, 12287]], "\(line)")
        #expect(line["salvaged"] == false, "\(line)")
        #expect(line.text("advice")?.contains("never replaces") == true, "\(line)")
        // What the advice says.
        try Files.rename(stage.destination("f"), to: joined(stage.reference, "f"))
        #expect(try pass("--salvage", broken: [file]).status == 23)
        #expect(try Files.read(stage.destination("f")) == file.readable)
        try stage.pass()
        try stage.expectSame()
    }

    @Test("an entry of another type is no older copy")
    func otherType() throws {
        try Files.link(symbolic: stage.destination("f"), to: bytes("elsewhere"))
        try Files.write(stage.source("f"), contents)
        let file = damaged("f", 0..<4_096)
        #expect(try pass("--salvage", broken: [file]).status == 23)
        #expect(try Files.read(stage.destination("f")) == file.readable)
        #expect(try mark("f") == file.mark)
    }

    @Test(
        "while SOURCE stays damaged: kept without --salvage, replaced by what lacks nothing, or less"
    )
    func again() throws {
        try Files.write(stage.source("f"), contents)
        let first = damaged("f", 8_192..<12_288, 40_960..<49_152)
        #expect(try pass("--salvage", broken: [first]).status == 23)
        #expect(try mark("f") == first.mark)
        let before = try inode(stage.destination("f"))
        // Without the option nothing moves, however often, and the failure is told each time.
        for _ in 0..<2 {
            #expect(try pass(broken: [first]).status == 23)
            #expect(try inode(stage.destination("f")) == before)
            #expect(try mark("f") == first.mark)
        }
        // A disk that gives less than before: what was salvaged then is kept.
        let worse = damaged("f", 8_192..<12_288, 61_440..<65_536)
        #expect(try pass("--salvage", broken: [worse]).status == 23)
        #expect(try Files.read(stage.destination("f")) == first.readable)
        #expect(try mark("f") == first.mark)
        #expect(try text(failuresFile).contains("has more of this file"))
        // One that gives more.
        let better = damaged("f", 45_056..<49_152)
        #expect(try pass("--salvage", broken: [better]).status == 23)
        #expect(try Files.read(stage.destination("f")) == better.readable)
        #expect(try mark("f") == better.mark)
        // Another version of the file: what was salvaged of the older one goes.
        let newer = DamagedSource(
            path: bytes("f"),
            contents: contents.reversed(),
            broken: [0..<8_192]
        )
        try Files.write(stage.source("f"), newer.contents)
        #expect(try pass("--salvage", broken: [newer]).status == 23)
        #expect(try Files.read(stage.destination("f")) == newer.readable)
        #expect(try mark("f") == newer.mark)
        try stage.pass("--salvage")
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test(
        "a marked copy is never up to date",
        arguments: [
            [], ["--no-xattrs"], ["--no-xattrs", "--no-acls"], ["--size-only"], ["--checksum"],
            ["--changes", "walk"], ["-w", "1"],
        ]
    )
    func neverUpToDate(options: [String]) throws {
        try Files.write(stage.source("f"), contents)
        try Files.write(stage.source("g"), contents)
        try stage.pass()
        try Files.setAttribute(stage.destination("f"), Self.attribute, bytes("anything"))
        try Shell.run(
            "dd if=/dev/zero of=\"$1\" bs=4096 count=1 conv=notrunc,fsync status=none; touch -r \"$2\" \"$1\"",
            stage.destination("f"),
            stage.source("f")
        )
        let other = try inode(stage.destination("g"))
        let state = String(decoding: joined(stage.outside, "none"), as: UTF8.self)
        let words = ["--delete", "--state", state] + options
        let dry = try Cutover.sync(stage.from, stage.to, words + ["-n", "-i"])
        let outcome = try Cutover.sync(stage.from, stage.to, words + ["-i"])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(dry.stdout == outcome.stdout, "S49: \(dry) \(outcome)")
        #expect(String(decoding: outcome.stdout, as: UTF8.self).hasPrefix(">fc"), "\(outcome)")
        #expect(try Files.read(stage.destination("f")) == contents)
        #expect(try mark("f") == nil)
        #expect(try inode(stage.destination("g")) == other)
        try stage.expectSame()
    }

    @Test("a mark that SOURCE's file has as well is an attribute like others")
    func sourcesOwnMark() throws {
        try Files.write(stage.source("f"), contents)
        try Files.setAttribute(stage.source("f"), Self.attribute, bytes("4096 bytes: 0-4095"))
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
        // Salvaged, it has ours; DESTINATION's copy with SOURCE's own mark is an older one, and whole.
        try Files.changeTime(stage.source("f"), seconds: 1_600_000_000)
        let file = damaged("f", 8_192..<12_288)
        #expect(try pass("--salvage", broken: [file]).status == 23)
        #expect(try Files.read(stage.destination("f")) == contents)
        try Files.unlink(stage.destination("f"))
        #expect(try pass("--salvage", broken: [file]).status == 23)
        #expect(try mark("f") == file.mark)
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test("S40: names of one damaged inode are one on DESTINATION, and whole copies stay")
    func links() throws {
        for name in ["a", "b", "c", "d"] {
            if name == "a" {
                try Files.write(stage.source("a"), contents)
            } else {
                try Files.link(stage.source(name), to: stage.source("a"))
            }
        }
        let file = damaged("a", 4_096..<8_192)
        #expect(try pass(broken: [file]).status == 23)
        #expect(try text(failuresFile).split(separator: "\n").count == 4, "each name is told")
        try Files.write(stage.destination("c"), bytes("older, whole"))
        let outcome = try pass("--salvage", broken: [file])
        #expect(outcome.status == 23, "\(outcome)")
        let first = try inode(stage.destination("a"))
        for name in ["a", "b", "d"] {
            #expect(try inode(stage.destination(name)) == first, "\(name)")
        }
        #expect(try Files.read(stage.destination("a")) == file.readable)
        #expect(try text(stage.destination("c")) == "older, whole")
        #expect(outcome.errors.contains("of 1 file; 1 salvaged"), "\(outcome)")
        let lines = try JSONReport(failuresFile).lines
        #expect(lines.count == 4, "each name is told: \(lines)")
        #expect(lines.count { $0["salvaged"] == true } == 3, "\(lines)")
        #expect(try pass("--salvage", broken: [file]).status == 23)
        #expect(try text(stage.destination("c")) == "older, whole")
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test("S18: DESTINATION takes no more while a file is salvaged: no part of it is left")
    func noSpace() throws {
        try Files.write(stage.source("f"), contents)
        // The first reading writes nothing, for its first read fails.
        let outcome = try pass(
            "--salvage",
            broken: [damaged("f", 4_096..<8_192)],
            faults: "pwrite:1:EROFS"
        )
        #expect(outcome.status == 11, "\(outcome)")
        #expect(try Files.tree(stage.to) == [])
    }

    @Test(
        "without its mark a salvaged copy is not put in place",
        arguments: ["ENOSPC", "ENOTSUP", "EDQUOT"]
    )
    func markRefused(error: String) throws {
        try Files.write(stage.source("f"), contents)
        let outcome = try pass(
            "--salvage",
            broken: [damaged("f", 4_096..<8_192)],
            faults: "setxattr:1:\(error):*"
        )
        #expect(outcome.status == 23, "\(outcome)")
        #expect(try Files.tree(stage.to) == [])
        let lines = try JSONReport(failuresFile).lines
        let damage = lines.filter { $0["unreadable_ranges"] == [[4096, 8191]] }
        #expect(damage.count == 1 && damage.first?["salvaged"] == false, "\(lines)")
        #expect(lines.contains { $0.description.contains(Self.attribute) }, "\(lines)")
    }

    @Test("S49: a dry run writes nothing and knows of no damage")
    func dryRun() throws {
        try Files.write(stage.source("f"), contents)
        let before = try Snapshot(stage.from, agesAccess: true)
        let outcome = try pass("--salvage", "-n", "-i", broken: [damaged("f", 0..<4_096)])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Files.tree(stage.to) == [])
        #expect(try before.changes() == [])
    }

    @Test("reading a damaged file anew moves no access time")
    func accessTimes() throws {
        try Files.write(stage.source("f"), contents)
        try Files.write(stage.source("g"), contents)
        let before = try Snapshot(stage.from, agesAccess: true)
        let files = [damaged("f", 0..<4_096), damaged("g", 65_536..<69_632)]
        #expect(try pass("--salvage", broken: files).status == 23)
        #expect(try before.changes() == [])
    }

    @Test("the summary and -v tell people what is missing and what to do")
    func told() throws {
        try Files.makeDirectory(stage.source("home"))
        try Files.write(stage.source("home/f"), contents)
        try Files.write(stage.source("home/g"), contents)
        let broken = (0..<7).map { $0 * 8_192..<$0 * 8_192 + 4_096 }
        let files = [
            damaged("home/f", 4_096..<8_192),
            DamagedSource(path: bytes("home/g"), contents: contents, broken: broken),
        ]
        let outcome = try pass("--salvage", "-v", broken: files)
        #expect(outcome.status == 23, "\(outcome)")
        let words = outcome.errors.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        for text in [
            "files salvaged 2 not whole, see below",
            "Unreadable on SOURCE: 32.0 KiB of 2 files; 2 salvaged, with holes there, marked "
                + "user.cutover.damaged:",
            "home/f: 4.0 KiB (bytes 4096-8191), salvaged",
            "home/g: 28.0 KiB (bytes 0-4095, 8192-12287, 16384-20479, 24576-28671 and 3 more ranges), "
                + "salvaged",
            "home/f: cannot read bytes 4096-8191 of SOURCE: Input/output error (EIO). SOURCE's disk "
                + "fails here",
        ] {
            #expect(words.contains(text), "\(text) not in: \(outcome)")
        }
    }
}
