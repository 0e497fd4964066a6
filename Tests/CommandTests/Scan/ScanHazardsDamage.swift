// Passes that rest on a record, where SOURCE's disk does not give a file whole: the next one looks at the file
// again though nothing of it has changed.

import Glibc
import TestSupport
import Testing

@Suite(
    "A scan comes back to damaged files",
    .requiresVolumes,
    .requiresFaultTable,
    .timeLimit(.minutes(5))
)
struct ScanHazardsDamage {
    let stage: ScanStage
    private let contents: [UInt8]

    init() throws {
        stage = try ScanStage()
        var random = SeededRandom(seed: 1)
        contents = random.bytes(80_000)
        for name in ["a", "b"] { try stage.makeFolder(stage.from(name), salt: 1) }
        try Files.write(stage.from("a/file"), contents)
        try stage.settle()
    }

    private func damaged(_ name: String, in broken: Range<Int>) throws -> [String] {
        let file = DamagedSource(path: bytes(name), contents: contents, broken: [broken])
        return try brokenDisk([file], in: stage.pair.from)
    }

    @Test("a new file with two names: kept out, salvaged (size and time agree then), made whole")
    func newFile() throws {
        let broken = 4_096..<12_288
        try Files.write(stage.from("b/new"), contents)
        try Files.link(stage.from("a/second"), to: stage.from("b/new"))
        // As long as the disk is broken each pass scans, and tells of the file.
        for salvages in [false, false, true, true, false] {
            let pass = try stage.pair.sync(
                salvages ? ["--salvage"] : [],
                environment: damaged("b/new", in: broken)
            )
            #expect(pass.outcome.status == 23, "\(pass.outcome)")
            #expect(pass.method == .scan, "\(pass.walkReason ?? "")")
            #expect(pass.report.summary("files_damaged") == 1)
            #expect(pass.report.summary("files_salvaged") == (salvages ? 1 : 0))
            try stage.tick()
        }
        let mark = try Files.attribute(stage.to("b/new"), "user.cutover.damaged")
        #expect(mark == bytes("8192 bytes: 4096-12287"))
        #expect(try inode(stage.to("a/second")) == inode(stage.to("b/new")))
        let shown = try Cutover.run(
            bytes: [bytes("history"), bytes("-v"), bytes("--state"), stage.pair.state]
                + [stage.pair.from, stage.pair.to]
        )
        let text = String(decoding: shown.stdout, as: UTF8.self)
        let words = text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        for name in ["a/second", "b/new"] {
            for outcome in [
                "keeps what it had",
                "has the rest of it, with holes there, marked with the attribute",
            ] {
                let line =
                    "\(name): cannot read bytes 4096-12287 of SOURCE: Input/output error (EIO). "
                    + "SOURCE's disk fails here: see dmesg. DESTINATION \(outcome)"
                #expect(words.contains(line), "\(text)")
            }
        }
        try stage.expectScanFindsIt("the disk gives everything again")
        #expect(try Files.read(stage.to("b/new")) == contents)
        let last = try stage.pass("-i")
        last.expectScan("nothing is left to do")
        #expect(last.outcome.stdout == [])
    }

    @Test("a changed file, whose older copy stays; then a racy one that cannot be compared (S7)")
    func changedFile() throws {
        var random = SeededRandom(seed: 2)
        let newer = random.bytes(80_000)
        try Files.write(stage.from("a/file"), newer)
        for options in [["--salvage"], []] {
            let pass = try stage.pair.sync(
                options,
                environment: damaged("a/file", in: 0..<4_096)
            )
            #expect(pass.outcome.status == 23, "\(pass.outcome)")
            #expect(pass.method == .scan)
            #expect(try Files.read(stage.to("a/file")) == contents)
            try stage.tick()
        }
        try stage.expectScanFindsIt("the disk gives everything again")
        #expect(try Files.read(stage.to("a/file")) == newer)
        try stage.tick()
        // Rewritten with its size and time of modification kept: contents are compared.
        try stage.rewriteKeepingTime(stage.from("a/file"), salt: 7)
        let pass = try stage.pair.sync(environment: damaged("a/file", in: 4_096..<8_192))
        #expect(pass.outcome.status == 23, "\(pass.outcome)")
        #expect(pass.report.summary("files_damaged") == 1)
        #expect(try Files.read(stage.to("a/file")) == newer)
        try stage.tick()
        try stage.expectScanFindsIt("the disk gives everything again")
    }
}
