// `cutover check` on volumes that are made to have each shortcoming: it is found, the entries concerned are
// named, and nothing else is complained of.

import Glibc
import TestSupport
import Testing

@Suite("check: what DESTINATION cannot hold", .requiresVolumes, .timeLimit(.minutes(10)))
struct CheckTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func small(_ source: LoopVolume) throws {
        for index in 0..<20 {
            try Files.makeDirectory(joined(source.mountPoint, "d\(index)"))
            try Files.write(joined(source.mountPoint, "d\(index)/file"), bytes("contents"))
        }
    }

    @Test("a plain pair is well, in 80 columns, and neither side is changed by asking")
    func plainPair() throws {
        try withVolumes { from, to in
            try small(from)
            let source = try Snapshot(from.mountPoint, agesAccess: true)
            try Files.changeTime(to.mountPoint, seconds: 1_000_000_001, nanoseconds: 123_456_789)
            let before = try RootState(to.mountPoint)
            let inodes = try Shell.run("df --output=iused,used \"$1\"", to.mountPoint).output
            let run = try CheckRun(from.mountPoint, to.mountPoint)
            #expect(run.outcome.status == 0 && run.outcome.stderr.isEmpty, "\(run.outcome)")
            #expect(run.troubles == [:], "\(run.outcome)")
            #expect(try source.changes() == [])
            #expect(try RootState(to.mountPoint) == before)
            #expect(try Shell.run("df --output=iused,used \"$1\"", to.mountPoint).output == inodes)
            for line in run.outcome.lines.dropFirst() { #expect(line.count <= 80, "\(line)") }
            let verdict =
                OwnCapabilities.areWhole
                ? "All is well: a pass can begin." : "Nothing fatal, 1 warning"
            #expect(run.outcome.output.contains(verdict))
            // 41 entries with the root, as find counts them.
            let found = try Shell.run("find \"$1\" | wc -l", from.mountPoint).output
            #expect(run.head?.number("inodes") == Int(found.dropLast()))
            #expect(run.head?.text("counted_by") == "bulkstat")
            let deep = try CheckRun(from.mountPoint, to.mountPoint, ["--deep"])
            #expect(deep.troubles == [:], "\(deep.outcome)")
            #expect(deep.head?.number("inodes") == 41)
        }
    }

    @Test("few inodes: fatal, and sync refuses in one line; --no-check tries and is stopped")
    func fewInodes() throws {
        try withVolumes(destination: .ext4(["-N", "128"]), destinationMegabytes: 60) { from, to in
            for index in 0..<400 { try Files.write(joined(from.mountPoint, "f\(index)"), [1]) }
            let run = try CheckRun(from.mountPoint, to.mountPoint)
            #expect(run.outcome.status == 3 && run.severity("inodes") == "fatal", "\(run.outcome)")
            #expect(run.number("needed", of: "inodes") == 401)
            let free = try Shell.run("stat -f -c %d \"$1\"", to.mountPoint).lines
            #expect(run.number("free", of: "inodes") == free.first.flatMap { Int($0) })
            // More than mkfs would make of itself, which is more than half as many again.
            let words = run.command.split(separator: " ")
            let wanted = words.firstIndex(of: "-N").flatMap { Int(words[$0 + 1]) }
            #expect((wanted ?? 0) >= 610, "\(run.command)")
            #expect(run.summary?.number("status") == 3)
            let before = try RootState(to.mountPoint)
            let refused = try Cutover.sync(from.mountPoint, to.mountPoint)
            #expect(refused.status == 3 && refused.stdout.isEmpty, "\(refused)")
            let lines = refused.errors.split(separator: "\n")
            #expect(lines.count == 1, "\(refused)")
            for word in ["inodes", "mkfs.ext4 -N", "--no-check"] {
                #expect(refused.errors.contains(word), "\(refused)")
            }
            #expect(try RootState(to.mountPoint) == before)
            #expect(try Cutover.sync(from.mountPoint, to.mountPoint, ["-n"]).status == 0)
            let tried = try Cutover.sync(from.mountPoint, to.mountPoint, ["--no-check"])
            #expect(tried.status == 11, "\(tried)")
        }
    }

    @Test("no space: fatal less what is zeros, and zeros fit with --no-check")
    func noSpace() throws {
        try withVolumes(sourceMegabytes: 640, destinationMegabytes: 100) { from, to in
            try Shell.run(
                "dd if=/dev/zero of=\"$1\"/zeros bs=1M count=300 status=none",
                from.mountPoint
            )
            try Shell.run("sync -f \"$1\"", from.mountPoint)
            let run = try CheckRun(from.mountPoint, to.mountPoint)
            #expect(run.outcome.status == 3 && run.severity("space") == "fatal", "\(run.outcome)")
            #expect((run.number("needed", of: "space") ?? 0) >= 300 << 20)
            #expect((run.number("free", of: "space") ?? 0) < 100 << 20)
            #expect(run.outcome.output.contains("less if there are runs of zeros"))
            let refused = try Cutover.sync(from.mountPoint, to.mountPoint)
            #expect(refused.status == 3, "\(refused)")
            #expect(refused.errors.contains("if much is zeros"), "\(refused)")
            #expect(try Files.names(to.mountPoint) == [bytes("lost+found")])
            try Cutover.pass(from.mountPoint, to.mountPoint, ["--no-check"])
            #expect(try Files.status(joined(to.mountPoint, "zeros")).st_blocks == 0)
        }
    }

    @Test(
        "what XFS sets aside for data that is not written out yet takes no room: sync is not refused"
    )
    func delayedAllocation() throws {
        try withVolumes(sourceMegabytes: 1200, destinationMegabytes: 320) { from, to in
            let file = joined(from.mountPoint, "pieces")
            let before = try SeenRoom(from.mountPoint).usedBytes
            try Files.write(file, [])
            // Whole at once: a file that grows is given room ahead as well.
            try Files.truncate(file, to: 20_000 << 16)
            let piece = [UInt8](repeating: 7, count: 4096)
            for number in 0..<20_000 { try Files.overwrite(file, piece, at: number << 16) }
            // Or there is nothing that could be taken for data.
            try #require(try SeenRoom(from.mountPoint).usedBytes - before > 400 << 20)
            try Cutover.pass(from.mountPoint, to.mountPoint)
            #expect(try Files.status(joined(to.mountPoint, "pieces")).st_blocks / 2048 < 200)
        }
    }

    @Test("space that files share counts in each of them")
    func sharedBlocks() throws {
        try withVolumes(sourceMegabytes: 400, destinationMegabytes: 100) { from, to in
            try Shell.run(
                """
                dd if=/dev/urandom of="$1"/0 bs=1M count=20 status=none
                for copy in 1 2 3 4 5 6; do cp --reflink=always "$1"/0 "$1"/$copy; done
                sync -f "$1"
                """,
                from.mountPoint
            )
            let run = try CheckRun(from.mountPoint, to.mountPoint)
            #expect(run.severity("space") == "fatal", "\(run.outcome)")
            #expect((140 << 20...150 << 20).contains(run.number("needed", of: "space") ?? 0))
            #expect((run.number("shared", of: "space") ?? 0) > 80 << 20)
        }
    }

    @Test("what DESTINATION has no place for is named: project ids, and what only XFS has")
    func settings() throws {
        let from = try LoopVolume(.xfs())
        defer { from.destroy() }
        try small(from)
        try Shell.run(
            "cd \"$1\"; xfs_io -c 'chproj 7' d1/file; : > sized; xfs_io -c 'extsize 65536' sized; chattr +d d2",
            from.mountPoint
        )
        let to = try LoopVolume(.ext4([]), megabytes: 40)
        defer { to.destroy() }
        let run = try CheckRun(from.mountPoint, to.mountPoint)
        #expect(
            run.troubles == ["projects": "warning", "xfs_only": "warning"],
            "\(run.outcome)"
        )
        #expect(run.paths("projects") == [bytes("d1/file")])
        #expect(run.paths("xfs_only") == [bytes("sized")])
        // Flags are taken: nobody has to be named.
        #expect(run.paths("flags") == [] && run.number("asked", of: "flags") == 1)
        let text = try Cutover.run(
            bytes: [bytes("check"), from.mountPoint, to.mountPoint]
        ).output
        #expect(
            text.contains("d1/file  project 7") && text.contains("sized  extent size"),
            "\(text)"
        )
    }

    @Test("S6: 128-byte inodes lose nanoseconds and years; the entries of far years are named")
    func farTimes() throws {
        let from = try LoopVolume(.xfs())
        defer { from.destroy() }
        try small(from)
        try Files.changeTime(joined(from.mountPoint, "d1/file"), seconds: 2_300_000_000)
        // 2480: after what ext4 stores, before the end of XFS.
        try Files.changeTime(joined(from.mountPoint, "d2"), seconds: 16_094_000_000)
        for (words, named) in [
            (["-I", "128"], ["d1/file", "d2"]), (["-I", "256"], ["d2"]),
        ] {
            let to = try LoopVolume(.ext4(words), megabytes: 40)
            defer { to.destroy() }
            let run = try CheckRun(from.mountPoint, to.mountPoint)
            #expect(run.troubles == ["times": "warning"], "\(run.outcome)")
            #expect(run.paths("times") == Set(named.map { bytes($0) }))
            #expect(
                run.number("step_nanoseconds", of: "times")
                    == (named.count == 2 ? 1_000_000_000 : 1)
            )
            #expect(run.outcome.status == 0)
            #expect(run.command.contains("-I 256"))
        }
    }

    @Test(
        "S35: attributes that do not fit are those of the very entries that a pass then fails",
        arguments: [1 as UInt64, 2]
    )
    func attributes(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        try withVolumes(destination: .ext4(["-b", "4096"]), destinationMegabytes: 60) { from, to in
            // Names of any bytes, and of files, directories and symlinks.
            let base = from.mountPoint
            for index in 0..<60 {
                let path = joined(base, bytes("e\(index)") + [0xFF, 0x0A])
                if index % 10 == 0 {
                    try Files.makeDirectory(path)
                } else {
                    try Files.write(path, bytes("contents"))
                }
                // About 4 KiB together: some fit, some do not.
                var left = 3_500 + Int(random.next() % 900)
                var number = 0
                while left > 0 {
                    let name = ["user.", "trusted."][number % 2] + "n\(number)"
                    let size = min(left, 16 + Int(random.next() % 2_000))
                    try Files.setAttribute(path, name, random.bytes(size))
                    left -= size + 24
                    number += 1
                }
            }
            let run = try CheckRun(base, to.mountPoint)
            let deep = try CheckRun(base, to.mountPoint, ["--deep"])
            let failures = joined(workspace.outside, "failures")
            let outcome = try Cutover.run(
                bytes: [bytes("--failures"), failures, base, to.mountPoint]
            )
            #expect(outcome.status == 23, "\(outcome)")
            let failed = Set(try JSONReport(failures).lines.compactMap(\.path))
            #expect((5...55).contains(failed.count), "seed \(seed): \(failed.count) of 60")
            #expect(run.paths("xattr_size") == failed, "seed \(seed)")
            #expect(deep.paths("xattr_size") == failed, "seed \(seed)")
            #expect(run.troubles == ["xattr_size": "warning"], "\(run.outcome)")
            #expect(run.command.contains("ea_inode"))
            let able = try LoopVolume(.ext4(["-O", "ea_inode"]), megabytes: 60)
            defer { able.destroy() }
            #expect(try CheckRun(base, able.mountPoint).troubles == [:])
        }
    }

    @Test("65,001 names of a file, and a directory that is too large without large_dir")
    func crowds() throws {
        try withVolumes(
            destination: .ext4(["-b", "1024", "-N", "1000"]),
            sourceMegabytes: 400
        ) { from, to in
            let directory = joined(from.mountPoint, "crowd")
            try Files.makeDirectory(directory)
            let first = joined(directory, "first")
            try Files.write(first, bytes("contents"))
            let rest = String(repeating: "n", count: 115)
            for index in 0..<65_000 {
                try Files.link(joined(directory, "\(index)\(rest)"), to: first)
            }
            try small(from)
            for options in [[], ["--deep"]] {
                let run = try CheckRun(from.mountPoint, to.mountPoint, options)
                #expect(
                    run.troubles == ["links": "warning", "directories": "warning"],
                    "\(run.outcome)"
                )
                let names = run.lines("links").first?["entries"]?.elements.first
                #expect(names?.number("value") == 65_001)
                #expect(run.number("limit", of: "links") == 65_000)
                #expect(run.paths("links").first?.starts(with: bytes("crowd/")) == true)
                #expect(run.paths("directories") == [bytes("crowd")])
                #expect(run.command.contains("large_dir"))
                #expect(run.number("needed", of: "inodes") == 43)
            }
            let able = try LoopVolume(.ext4(["-b", "1024", "-O", "large_dir"]), megabytes: 60)
            defer { able.destroy() }
            #expect(try CheckRun(from.mountPoint, able.mountPoint).severity("directories") == "ok")
        }
    }

    @Test("no ACLs, no attributes: told, with how many entries of SOURCE have any")
    func withoutAccessControl() throws {
        let from = try LoopVolume(.xfs())
        defer { from.destroy() }
        try small(from)
        try Shell.run("setfacl -m u:1234:r \"$1\"/d3/file", from.mountPoint)
        // Linux 6.13 and later know no ext4 without ACLs; ramfs has neither ACLs nor attributes.
        let plain = try? LoopVolume(.ext4(), megabytes: 40, options: "nodev,noacl")
        defer { plain?.destroy() }
        let memory = joined(workspace.outside, "memory")
        try Files.makeDirectory(memory)
        if plain == nil { try Shell.run("mount -t ramfs -o nodev ramfs \"$1\"", memory) }
        let run = try CheckRun(from.mountPoint, plain?.mountPoint ?? memory)
        #expect(run.severity("acls") == "warning", "\(run.outcome)")
        #expect(run.lines("acls").first?.text("support") == "ENOTSUP")
        #expect((run.number("asked", of: "acls") ?? 0) >= 1)
        if plain == nil { #expect(run.severity("xattrs") == "warning") }
    }

    @Test("errors that the kernel has counted, and a DESTINATION that is read-only, are fatal")
    func errorsAndReadOnly() throws {
        try withVolumes(destinationMegabytes: 40) { from, to in
            try small(from)
            try Shell.run(
                """
                umount "$1"
                debugfs -w -R "ssv error_count 7" "$2" 2>/dev/null
                mount -o nodev "$2" "$1"
                """,
                to.mountPoint,
                bytes(to.device)
            )
            let damaged = try CheckRun(from.mountPoint, to.mountPoint)
            #expect(damaged.outcome.status == 3 && damaged.troubles == ["errors": "fatal"])
            #expect(damaged.lines("errors").contains { $0.number("errors") == 7 })
            try Shell.run(
                "umount \"$1\"; e2fsck -fy \"$2\" || [ $? -eq 1 ]",
                to.mountPoint,
                bytes(to.device)
            )
            try Shell.run("mount -o nodev,ro \"$2\" \"$1\"", to.mountPoint, bytes(to.device))
            let before = try Snapshot(to.mountPoint)
            let run = try CheckRun(from.mountPoint, to.mountPoint)
            #expect(
                run.outcome.status == 3 && run.troubles == ["writable": "fatal"],
                "\(run.outcome)"
            )
            #expect(run.lines("writable").first?.text("read_only") == "mount")
            let refused = try Cutover.sync(from.mountPoint, to.mountPoint)
            #expect(refused.status == 3 && refused.errors.contains("read-only"), "\(refused)")
            #expect(try before.changes() == [])
            #expect(try Cutover.sync(from.mountPoint, to.mountPoint, ["-n"]).status == 0)
        }
    }

    @Test("options of one side only are told: they matter at the switch")
    func mountOptions() throws {
        try withVolumes(destinationMegabytes: 40) { from, to in
            try small(from)
            try to.remount(options: "nodev,noatime,nosuid")
            let run = try CheckRun(from.mountPoint, to.mountPoint)
            #expect(run.troubles == ["mounts": "warning"], "\(run.outcome)")
            #expect(run.outcome.output.contains("DESTINATION: noatime"))
        }
    }
}
