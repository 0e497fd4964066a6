// `verify` and contents: every byte that differs is found, wherever it is, and only those; what is on the disk counts
// and not what is cached.

import Glibc
import TestSupport
import Testing

@Suite("Verify: contents", .requiresVolumes, .timeLimit(.minutes(10)))
struct VerifyContentTests {
    let stage: Stage
    init() throws { stage = try Stage() }

    @Test(
        "A copy of every kind of tree is equal, by 1 worker and by 128, and nothing is touched, no atime"
    )
    func cleanCopy() throws {
        try StandardTree.everything(stage.from)
        try stage.pass()
        let before = try [stage.from, stage.to].map { try Snapshot($0, agesAccess: true) }
        for workers in ["1", "30", "128"] { try stage.expectEqual(["--workers", workers]) }
        for snapshot in before { #expect(try snapshot.changes() == []) }
    }

    @Test("One flipped byte is found at every place of small files, large ones, holes and ends")
    func flippedBytes() throws {
        var random = SeededRandom(seed: 11)
        let sizes = [1, 4097, 131_072, 131_073, 1_100_000]
        for size in sizes { try Files.write(stage.source("f\(size)"), random.bytes(size)) }
        // A hole before and behind data, and data that becomes a hole on DESTINATION.
        try Files.write(stage.source("sparse"), [])
        try Files.truncate(stage.source("sparse"), to: 64 << 20)
        try Files.overwrite(stage.source("sparse"), random.bytes(5000), at: 30 << 20)
        try Files.write(stage.source("zeros"), [UInt8](repeating: 0, count: 2 << 20))
        try stage.pass()
        try stage.expectEqual()
        for size in sizes {
            for offset in Set([0, size / 2, size - 1]).sorted() {
                let name = "f\(size)"
                try stage.flip(name, at: offset)
                let found = try stage.differences()
                let start = "\(name): contents: differ from byte \(offset) on, in 1 of "
                #expect(found.count == 1 && found[0].hasPrefix(start), "\(found)")
                try stage.flip(name, at: offset)
            }
        }
        for (name, offset) in [("sparse", 5), ("sparse", (64 << 20) - 1), ("zeros", 1_234_567)] {
            try stage.flip(name, at: offset)
            let found = try stage.differences()
            let start = "\(name): contents: differ from byte \(offset) on, in 1 of "
            #expect(found.count == 1 && found[0].hasPrefix(start), "\(found)")
            #expect(try stage.differences(["--metadata"]) == [])
            try stage.flip(name, at: offset)
        }
        try stage.expectEqual()
    }

    @Test("A file that several workers read: the first byte, and blocks of all ranges counted")
    func largeFile() throws {
        try Shell.run("head -c 150M /dev/urandom >\"$1\"", stage.source("large"))
        try stage.pass()
        try stage.expectEqual()
        for offset in [140_000_000, 70_000_000, 70_000_001, 5_000_000] {
            try stage.flip("large", at: offset)
        }
        let expected =
            "large: contents: differ from byte 5000000 on, in 3 of 38,400 blocks of 4096 bytes"
        #expect(try stage.differences() == [expected])
        #expect(try stage.differences(["--workers", "1"]) == [expected])
    }

    @Test("Holes are not read: a file of 1 TiB with two blocks of data")
    func holesAreNotRead() throws {
        for root in [stage.from, stage.to] { try Files.write(joined(root, "huge"), []) }
        try Files.truncate(stage.source("huge"), to: 1 << 40)
        try Files.overwrite(stage.source("huge"), bytes("first"), at: 5 << 30)
        try Files.overwrite(stage.source("huge"), bytes("second"), at: (1 << 40) - 6)
        try stage.pass()
        let outcome = try stage.verify("-q", "--json", "-")
        let summary = try #require(try outcome.report().lines.last)
        #expect(outcome.status == 0, "\(outcome)")
        let read = summary.number("bytes_read") ?? .max
        #expect(read > 0 && read <= 4 * 65_536, "\(read) bytes")
    }

    @Test(
        "What was written under the filesystem is found, while a good copy of it stands in the page cache",
        arguments: ["nodev", "nodev,data=journal"]
    )
    func underTheFilesystem(options: String) throws {
        let volume = try LoopVolume(.ext4(), megabytes: 64, options: options)
        defer { volume.destroy() }
        let stage = Stage(stage.from, volume.mountPoint)
        var random = SeededRandom(seed: 3)
        try Files.write(stage.source("small"), random.bytes(5000))
        try Files.write(stage.source("larger"), random.bytes(400_000))
        try stage.pass()
        // Everything in its place, and not in the journal.
        try volume.remount(options: options)
        for (name, offset) in [("small", 4500), ("larger", 270_000)] {
            try Shell.run(
                """
                cat "$1" >/dev/null
                size=$(stat -f -c %S "$1")
                block=$(debugfs -R "bmap <$(stat -c %i "$1")> $(($3 / size))" "$2" 2>/dev/null)
                [ "$block" -gt 0 ]
                at=$((block * size + $3 % size))
                printf '\\377\\376' | dd of="$2" bs=1 seek="$at" conv=notrunc status=none
                sync "$2"
                """,
                stage.destination(name),
                volume.image,
                bytes(String(offset))
            )
            // The page cache still has what was copied: who reads through it sees nothing.
            let cached = try Shell.attempt(
                "cmp \"$1\" \"$2\"",
                [stage.source(name), stage.destination(name)]
            )
            #expect(cached.status == 0, "the copy is not cached, so this proves nothing: \(cached)")
        }
        let found = try stage.differences()
        #expect(found.count == 2, "\(found)")
        #expect(found.first?.hasPrefix("larger: contents: differ from byte 270000 on") == true)
        #expect(found.last?.hasPrefix("small: contents: differ from byte 4500 on") == true)
    }

    @Test("SOURCE's cached pages stay cached: a live server's cache is not disturbed")
    func cacheIsLeftAlone() throws {
        var random = SeededRandom(seed: 4)
        try Files.write(stage.source("hot"), random.bytes(1 << 20))
        try Files.write(stage.source("cold"), random.bytes(1 << 20))
        try stage.pass()
        let script = "dd of=\"$1\" oflag=nocache conv=notrunc,fdatasync count=0 status=none"
        try Shell.run(script, stage.source("cold"))
        try Shell.run("cat \"$1\" >/dev/null", stage.source("hot"))
        let resident = "fincore -bno PAGES \"$1\""
        let before = try ["hot", "cold"].map { try Shell.run(resident, stage.source($0)).output }
        try stage.expectEqual()
        let after = try ["hot", "cold"].map { try Shell.run(resident, stage.source($0)).output }
        #expect(before == after && before[0].split { $0.isWhitespace } == ["256"], "\(before)")
    }

    @Test("Names of one inode are read once, wherever they are")
    func linkedNamesAreReadOnce() throws {
        var random = SeededRandom(seed: 9)
        try Files.write(stage.source("leader"), random.bytes(100_000))
        for index in 0..<50 {
            try Files.link(stage.source("l\(index)"), to: stage.source("leader"))
        }
        try stage.pass()
        let outcome = try stage.verify("-q", "--json", "-")
        #expect(outcome.status == 0, "\(outcome)")
        let summary = try #require(try outcome.report().lines.last)
        #expect(summary.number("files_compared") == 1, "\(summary)")
        #expect(summary.number("bytes_read") == 200_000, "\(summary)")
    }

    @Test("A sample: the same files for the same seed, others for another, all at 100 percent")
    func sample() throws {
        for index in 0..<400 {
            try Files.write(stage.source("f\(index)"), bytes("contents \(index)"))
        }
        try stage.pass()
        for index in 0..<400 { try Files.overwrite(stage.destination("f\(index)"), [0], at: 3) }
        for index in 0..<400 {
            try Files.changeTime(stage.destination("f\(index)"), like: stage.source("f\(index)"))
        }
        usleep(20_000)
        let first = try stage.differences(["--sample", "20", "--seed", "7"])
        #expect((40...120).contains(first.count), "\(first.count) of 400")
        #expect(try stage.differences(["--sample", "20", "--seed", "7"]) == first)
        #expect(try stage.differences(["--sample", "20", "--seed", "8"]) != first)
        #expect(try stage.differences(["--sample", "100"]).count == 400)
        let told = try stage.verify("--sample", "0.5")
        #expect(told.errors.contains("contents of 0.5 % of the files"), "\(told)")
        let seed = try #require(told.errors.firstMatch(of: /--seed ([0-9]+)/)).output.1
        let again = try stage.differences(["--sample", "0.5", "--seed", String(seed)])
        #expect(again == told.lines.sorted())
    }
}
