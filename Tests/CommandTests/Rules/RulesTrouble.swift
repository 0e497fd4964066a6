// S16-S18: SOURCE that cannot be read or changes meanwhile, DESTINATION that takes no more.

import Glibc
import TestSupport
import Testing

@Suite(
    "Trouble while writing, S16-S18",
    .requiresVolumes,
    .requiresTool("strace"),
    .timeLimit(.minutes(5))
)
struct RulesTrouble {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("S16: EIO of SOURCE's disk: the old file stays, the failure is told, the pass goes on")
    func readErrors() throws {
        let xfs = try LoopVolume(.xfs(), megabytes: 320)
        defer { xfs.destroy() }
        let stage = Stage(xfs.mountPoint, stage.to)
        let report = joined(self.stage.outside, "failures")
        try Files.write(stage.source("good"), bytes("good"))
        for index in 0..<8 {
            try Files.makeDirectory(stage.source("d\(index)"))
            try Files.write(stage.source("d\(index)/file"), SeededBytes.megabytes(2))
        }
        try stage.pass()
        for index in 0..<8 {
            try Files.changeTime(stage.source("d\(index)/file"), seconds: 1_600_000_000)
        }
        try Files.write(stage.source("good"), bytes("changed"))
        // The file that lies last on the disk loses its second half: the image ends in its middle.
        let victim = try Shell.run(
            """
            sync -f "$1"
            for file in "$1"/d*/file; do
                start=$(xfs_io -r -c 'fiemap -v' "$file" |
                    awk '$1 == "0:" { split($3, at, "."); print at[1] }')
                echo "$start $file"
            done | sort -n | tail -n 1 >"$1".last
            read -r start file <"$1".last
            rm -f "$1".last
            truncate -s $(( (start + 2048) * 512 )) "$2"
            for file in "$1"/d*/file; do
                dd of="$file" oflag=nocache conv=notrunc,fdatasync count=0 status=none
            done
            echo "${file#"$1"/} $start"
            read -r start file <<<"$start $file"
            """,
            xfs.mountPoint,
            xfs.image
        )
        let outcome = try stage.attempt(
            "--delete",
            "--failures",
            String(decoding: report, as: UTF8.self)
        )
        #expect(outcome.status == 23, "\(outcome)\n\(victim)")
        #expect(try text(stage.destination("good")) == "changed")
        let failures = try JSONReport(report).lines
        #expect(failures.count == 1, "\(failures)")
        let failure = try #require(failures.first)
        let path = try #require(failure.path)
        #expect(path.starts(with: bytes("d")) && path.suffix(5) == bytes("/file")[...])
        #expect(failure.text("errno_name") == "EIO", "\(failure)")
        #expect(failure.number("first_byte") == 1 << 20, "\(failure)")
        for index in 0..<8 {
            let path = stage.destination("d\(index)/file")
            #expect(try Files.read(path) == SeededBytes.megabytes(2), "d\(index)")
        }
        #expect(try stage.leftovers() == [])
    }

    @Test(
        "S17: a file that grows while it is read is copied as far as it was, and wholly in the end"
    )
    func growingFile() throws {
        let log = stage.source("log")
        try Files.write(log, bytes("first line\n"))
        let stop = joined(stage.outside, "stop")
        let loop = "while [ ! -e \"$2\" ]; do echo \"a line of the log $RANDOM\" >>\"$1\"; done"
        let writer = try Subprocess(
            ["bash", "-c", loop, "writer"].map { bytes($0) } + [log, stop]
        )
        for _ in 0..<8 {
            let outcome = try stage.attempt("--delete")
            #expect(outcome.status == 0, "\(outcome)")
            let copied = try Files.read(stage.destination("log"))
            let now = try Files.read(log)
            #expect(now.starts(with: copied), "the copy is not a beginning of the log")
        }
        try Files.write(stop, [])
        writer.wait()
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S17: a file that shrinks and grows while it is read breaks nothing")
    func shrinkingFile() throws {
        let data = SeededBytes.megabytes(3)
        try Files.write(stage.source("file"), data)
        let stop = joined(stage.outside, "stop")
        let loop = "while [ ! -e \"$2\" ]; do truncate -s 4097 \"$1\"; truncate -s 3M \"$1\"; done"
        let writer = try Subprocess(
            ["bash", "-c", loop, "writer"].map { bytes($0) } + [stage.source("file"), stop]
        )
        for _ in 0..<8 {
            let outcome = try stage.attempt("--delete", "--ignore-times")
            #expect(outcome.status == 0, "\(outcome)")
        }
        try Files.write(stop, [])
        writer.wait()
        try stage.pass()
        try stage.expectSame()
        #expect(try stage.leftovers() == [])
    }

    @Test(
        "S18: a full DESTINATION stops the pass; what was good stays; the summary tells"
    )
    func fullDestination() throws {
        let ext4 = try LoopVolume(.ext4(), megabytes: 40)
        defer { ext4.destroy() }
        let stage = Stage(stage.from, ext4.mountPoint)
        try Files.write(stage.source("good"), bytes("good"))
        try stage.pass()
        let good = try inode(stage.destination("good"))
        for index in 0..<30 { try Files.write(stage.source("f\(index)"), SeededBytes.megabytes(3)) }
        let outcome = try stage.attempt("--delete")
        #expect(outcome.status == 11, "\(outcome)")
        #expect(try stage.leftovers() == [])
        #expect(try inode(stage.destination("good")) == good)
        #expect(try text(stage.destination("good")) == "good")
        for name in try Files.names(stage.to) where name.first == UInt8(ascii: "f") {
            #expect(
                try Files.status(joined(stage.to, name)).st_size == 3 << 20,
                "\(shown(name)) is a part"
            )
        }
        // The error is ENOSPC in both cases; what to do about it differs.
        let advice = "Make DESTINATION larger (lvextend, resize2fs) or free room there"
        #expect(outcome.errorsUnwrapped.contains(advice), "\(outcome)")
    }

    @Test("S18: no inode left is told apart from no space left")
    func noInodesLeft() throws {
        let ext4 = try LoopVolume(.ext4(["-N", "64"]), megabytes: 40)
        defer { ext4.destroy() }
        let stage = Stage(stage.from, ext4.mountPoint)
        for index in 0..<200 { try Files.write(stage.source("f\(index)"), bytes("x")) }
        let outcome = try stage.attempt("--delete")
        #expect(outcome.status == 11, "\(outcome)")
        #expect(outcome.errorsUnwrapped.contains("with mkfs.ext4 -N COUNT"), "\(outcome)")
        #expect(try stage.leftovers() == [])
    }

    @Test("S18: a read-only DESTINATION stops the pass")
    func readOnlyDestination() throws {
        let ext4 = try LoopVolume(.ext4(), megabytes: 40)
        defer { ext4.destroy() }
        try ext4.remount(options: "nodev,ro")
        try StandardTree.plain(stage.from)
        let outcome = try Cutover.sync(stage.from, ext4.mountPoint, ["--delete", "--no-check"])
        #expect(outcome.status == 11, "\(outcome)")
        #expect(outcome.errors.contains("read-only"), "\(outcome)")
    }

    @Test("S18, Q21: EDQUOT fails the file of that owner only")
    func quotaOfOneOwner() throws {
        for name in ["a", "victim", "z"] { try Files.write(stage.source(name), bytes("old")) }
        try stage.pass()
        for name in ["a", "z"] { try Files.write(stage.source(name), bytes("newer")) }
        try Files.makeDirectory(stage.source("branch"))
        let trace = try stage.trace(failing: "mkdirat,mkdir", of: "branch", with: "EDQUOT")
        #expect(trace.outcome.status == 23, "\(trace.outcome)")
        for name in ["a", "z"] { #expect(try text(stage.destination(name)) == "newer") }
        try stage.pass()
        try stage.expectSame()
    }
}
