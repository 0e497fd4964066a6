// Files that SOURCE's disk does not give whole (S16): which ranges are told, what is salvaged, and what the
// passes after that do.

import Glibc
import TestSupport
import Testing

@Suite(
    "Damage",
    .requiresVolumes,
    .requiresFaultTable,
    .timeLimit(.minutes(5))
)
struct DamageTests {
    let stage: Stage
    let block: Int

    init() throws {
        stage = try Stage()
        block = try diskBlockBytes(stage.from)
    }

    private var report: [UInt8] { joined(stage.outside, "report") }
    private var failuresFile: [UInt8] { joined(stage.outside, "failures") }

    /// One pass with a broken disk.
    private func pass(_ options: [String] = [], environment: [String] = []) throws -> Outcome {
        try Files.write(report, [])
        let words = ["sync", "--delete"] + options
        return try Cutover.run(
            bytes: words.map { bytes($0) } + [bytes("--json"), report, bytes("--failures")]
                + [failuresFile, stage.from, stage.to],
            environment: environment
        )
    }

    /// Files of all the ways in which they are read: together, alone, past the page cache, sparse.
    private func makeTree(seed: UInt64) throws -> [DamagedSource] {
        var random = SeededRandom(seed: seed)
        var files: [DamagedSource] = []
        try Files.makeDirectory(stage.source("small"))
        for index in 0..<6 {
            try Files.write(stage.source("small/good\(index)"), random.bytes(5_000))
            let size = 1 + random.below(30_000)
            files.append(
                try makeDamaged(
                    stage.from,
                    "small/bad\(index)",
                    sizeBytes: size,
                    blockBytes: block,
                    &random
                )
            )
        }
        for size in [65_536, 262_144 + random.below(5_000), 1_000_000 + random.below(900_000)] {
            files.append(
                try makeDamaged(
                    stage.from,
                    "alone\(size)",
                    sizeBytes: size,
                    blockBytes: block,
                    &random
                )
            )
        }
        try Files.write(stage.source("good"), random.bytes(700_000))
        return files
    }

    /// Each damaged file has one line in `--failures`, with exactly its ranges, and no other has one.
    private func expectTold(_ files: [DamagedSource], isSalvaged: Bool) throws {
        let lines = try JSONReport(failuresFile).lines
        #expect(lines.count == files.count, "\(lines)")
        for file in files {
            let line = try #require(lines.first { $0.path == file.path })
            #expect(line["unreadable_ranges"] == file.ranges, "\(line)")
            #expect(line["ranges_are_exact"] == true, "\(line)")
            #expect(line["salvaged"] == .bool(isSalvaged), "\(line)")
            #expect(line.text("errno_name") == "EIO")
            let count = file.broken.reduce(0) { $0 + $1.count }
            #expect(line.number("unreadable_bytes") == count)
            #expect(line.number("first_byte") == file.broken[0].lowerBound)
        }
        let all = files.flatMap(\.broken).reduce(0) { $0 + $1.count }
        let summary = try JSONReport(report)
        #expect(summary.summary("files_damaged") == files.count)
        #expect(summary.summary("bytes_unreadable") == all)
        #expect(summary.summary("files_salvaged") == (isSalvaged ? files.count : 0))
        #expect(summary.of("failure").count == files.count)
    }

    @Test(
        "S16: the ranges told are exactly the broken ones, and old copies stay",
        arguments: [(1, 1), (2, 8), (3, 128)] as [(UInt64, Int)]
    )
    func exactRanges(seed: UInt64, workers: Int) throws {
        let files = try makeTree(seed: seed)
        try Files.makeDirectory(stage.destination("small"))
        for file in files {
            try Files.write(joined(stage.to, file.path), bytes("old"))
        }
        let outcome = try pass(
            ["--workers", "\(workers)"],
            environment: brokenDisk(files, in: stage.from)
        )
        #expect(outcome.status == 23, "\(outcome)")
        try expectTold(files, isSalvaged: false)
        for file in files {
            #expect(try Files.read(joined(stage.to, file.path)) == bytes("old"), "seed \(seed)")
        }
        #expect(try text(stage.destination("good")) == text(stage.source("good")))
        #expect(outcome.errors.contains("Unreadable on SOURCE:"), "\(outcome)")
        #expect(try stage.leftovers() == [])
        try stage.pass()
        try stage.expectSame("the disk gives everything again")
    }

    @Test(
        "--salvage: all that is readable, holes for the rest, every attribute, the mark; then whole",
        arguments: [(4, 1, []), (5, 30, ["--no-sparse"]), (6, 128, ["--bwlimit", "50M"])]
            as [(UInt64, Int, [String])]
    )
    func salvage(seed: UInt64, workers: Int, options: [String]) throws {
        let files = try makeTree(seed: seed)
        for file in files {
            let path = joined(stage.from, file.path)
            try Files.setAttribute(path, "user.note", bytes("kept"))
            try Files.changeOwner(path, 1_234, 567)
            try Files.changeMode(path, 0o640)
            try Files.setACL(path, AccessList(owner: 6, users: [(77, 4)], mask: 4))
            try Files.changeTime(path, seconds: 1_500_000_000, nanoseconds: 123_456_789)
        }
        let outcome = try pass(
            ["--salvage", "--workers", "\(workers)"] + options,
            environment: brokenDisk(files, in: stage.from)
        )
        #expect(outcome.status == 23, "\(outcome)")
        try expectTold(files, isSalvaged: true)
        for file in files {
            let path = joined(stage.to, file.path)
            #expect(try Files.read(path) == file.readable, "seed \(seed) \(shown(file.path))")
            let mark = try Files.attribute(path, "user.cutover.damaged") ?? []
            #expect(String(decoding: mark, as: UTF8.self) == file.mark)
            #expect(try Files.attribute(path, "user.note") == bytes("kept"))
            // But for the mark nothing tells it from a copy that is whole.
            try Files.removeAttribute(path, "user.cutover.damaged")
        }
        let differing = try Oracle.differences(stage.from, stage.to)
        #expect(
            differing.contains { $0.hasPrefix("sha256") },
            "the oracle sees contents: \(differing)"
        )
        let rest = differing.filter { !$0.hasPrefix("sha256") }
        #expect(rest == [], "\(rest)")
        #expect(try stage.leftovers() == [])
        for file in files {
            try Files.setAttribute(
                joined(stage.to, file.path),
                "user.cutover.damaged",
                bytes(file.mark)
            )
        }
        // Sizes and times agree: the mark alone tells, without any record of the pass.
        try stage.pass("--state", String(decoding: joined(stage.outside, "other"), as: UTF8.self))
        try stage.expectSame("the disk gives everything again")
        try stage.expectNothingToDo()
    }

    @Test("--salvage: a large file that several workers copy, and holes take no space")
    func largeFile() throws {
        let size = 140 << 20
        let name = bytes("large")
        try Shell.run(
            "head -c \"$2\" /dev/urandom >\"$1\"; sync -f \"$1\"",
            stage.source("large"),
            bytes("\(size)")
        )
        let broken = [70 << 20..<73 << 20, size - block..<size]
        let file = DamagedSource(path: name, contents: [], broken: broken)
        let outcome = try pass(
            ["--salvage", "--workers", "8"],
            environment: brokenDisk([file], in: stage.from)
        )
        #expect(outcome.status == 23, "\(outcome)")
        try expectTold([file], isSalvaged: true)
        let status = try Files.status(stage.destination("large"))
        #expect(Int(status.st_size) == size)
        #expect(Int(status.st_blocks) * 512 <= size - (3 << 20) + 65_536)
        try Shell.run(
            """
            cmp -n $((70 << 20)) "$1" "$2"
            cmp -i $((73 << 20)) -n "$3" "$1" "$2"
            [ "$(dd if="$2" bs=1M skip=70 count=3 status=none | tr -d '\\0' | wc -c)" = 0 ]
            """,
            stage.source("large"),
            stage.destination("large"),
            bytes("\(size - block - (73 << 20))")
        )
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S16: what the disk gives at the second reading is copied whole, and no failure")
    func secondReading() throws {
        var random = SeededRandom(seed: 7)
        for (name, size) in [("a", 10_000), ("b", 2_000_000)] {
            try Files.write(stage.source(name), random.bytes(size))
            let outcome = try pass(environment: [
                "CUTOVER_FAULTS=io_uring_setup:1:EPERM:*,pread:1:EIO"
            ])
            #expect(outcome.status == 0, "\(outcome)")
            try stage.expectSame()
        }
    }

    @Test("medium errors that direct reads tell by other names are damage as well")
    func mediumErrors() throws {
        var random = SeededRandom(seed: 8)
        let file = try makeDamaged(
            stage.from,
            "f",
            sizeBytes: 300_000,
            blockBytes: block,
            &random
        )
        let faults = try file.faults(in: stage.from).map { $0.replacing(":EIO", with: ":ENODATA") }
        let outcome = try pass(
            environment: ["CUTOVER_FAULTS=\(faults.joined(separator: ","))"]
        )
        #expect(outcome.status == 23, "\(outcome)")
        let line = try #require(try JSONReport(failuresFile).lines.first)
        #expect(line["unreadable_ranges"] == file.ranges, "\(line)")
        #expect(line.text("errno_name") == "ENODATA", "\(line)")
        #expect(line.text("advice")?.contains("Restore this file") == true, "\(line)")
    }

    @Test("S11: contents that cannot be compared are examined, and the copy stays")
    func comparing() throws {
        var random = SeededRandom(seed: 9)
        let file = try makeDamaged(
            stage.from,
            "f",
            sizeBytes: 400_000,
            blockBytes: block,
            &random
        )
        try stage.pass()
        let before = try Snapshot(stage.to)
        let outcome = try pass(
            ["--checksum", "--salvage"],
            environment: brokenDisk([file], in: stage.from)
        )
        #expect(outcome.status == 23, "\(outcome)")
        try expectTold([file], isSalvaged: false)
        #expect(try before.changes() == [])
    }
}
