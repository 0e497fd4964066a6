// `verify` and everything but contents: each kind of difference is found, with both values, and nothing else is.

import Glibc
import TestSupport
import Testing

/// One change of DESTINATION and the lines that it must give.
struct VerifyCase: Sendable, CustomStringConvertible {
    let description: String
    /// A script with DESTINATION's root as `$1`.
    let script: String
    /// Names whose time of modification is to stay SOURCE's.
    var kept: [String] = ["d", ""]
    /// The beginnings of the lines, sorted.
    let lines: [String]
    /// Only found when files are opened.
    var needsContents = false
}

@Suite("Verify: attributes, names, links", .requiresVolumes, .timeLimit(.minutes(10)))
struct VerifyAttributeTests {
    let stage: Stage

    init() throws {
        stage = try Stage()
        try Shell.run(
            """
            cd "$1"; mkdir -p d/sub; echo one >d/f; echo two >d/g; ln d/f d/f2; ln -s target d/l
            mkfifo d/p; mknod d/c c 1 3; chown 1001:1002 d/g; setfacl -m u:1003:r d/g
            setfacl -d -m u:1004:rwx d/sub; setfattr -n user.a -v value d/g; touch -d '2001-02-03 04:05:06.789' d/g
            """,
            stage.from
        )
        try stage.pass()
        try stage.expectEqual()
    }

    static let cases: [VerifyCase] = [
        VerifyCase(
            description: "mode",
            script: "chmod 4751 \"$1/d/f\"",
            lines: ["d/f: mode: SOURCE 0644, DESTINATION 4751"]
        ),
        VerifyCase(
            description: "owner and group",
            script: "chown 7:8 \"$1/d/f\"",
            lines: ["d/f: group: SOURCE 0, DESTINATION 8", "d/f: owner: SOURCE 0, DESTINATION 7"]
        ),
        VerifyCase(
            description: "owner of a symlink",
            script: "chown -h 7 \"$1/d/l\"",
            lines: ["d/l: owner: SOURCE 0, DESTINATION 7"]
        ),
        VerifyCase(
            description: "time of modification by a nanosecond",
            script: "touch -d '2001-02-03 04:05:06.789000001' \"$1/d/g\"",
            lines: ["d/g: modified: SOURCE 2001-02-03"]
        ),
        VerifyCase(
            description: "time of a directory",
            script: "touch -d 2001-01-01 \"$1/d/sub\"",
            lines: ["d/sub: modified: SOURCE "]
        ),
        VerifyCase(
            description: "size",
            script: "echo more >>\"$1/d/f\"",
            kept: ["d/f"],
            lines: ["d/f: size: SOURCE 4 bytes, DESTINATION 9 bytes"]
        ),
        VerifyCase(
            description: "an attribute's value, one too many, one too few",
            script: """
                setfattr -n user.a -v other "$1/d/g"; setfattr -n user.b -v 0x00ff "$1/d/f"
                setfattr -n trusted.t -v x "$1/d/l" -h
                """,
            lines: [
                "d/f: attribute user.b: SOURCE none, DESTINATION 0x00ff",
                "d/g: attribute user.a: SOURCE \"value\", DESTINATION \"other\"",
                "d/l: attribute trusted.t: SOURCE none, DESTINATION \"x\"",
            ]
        ),
        VerifyCase(
            description: "an ACL's entry, as getfacl prints it",
            script: "setfacl -n -m u:1003:w \"$1/d/g\"",
            lines: [
                "d/g: ACL: SOURCE user::rw-,user:1003:r--,group::r--,mask::r--,other::r--, "
                    + "DESTINATION user::rw-,user:1003:-w-,group::r--,mask::r--,other::r--"
            ]
        ),
        VerifyCase(
            description: "a default ACL that is gone",
            script: "setfacl -k \"$1/d/sub\"",
            lines: [
                "d/sub: default ACL: SOURCE user::rwx,user:1004:rwx,group::r-x,mask::rwx,other::r-x, "
                    + "DESTINATION none"
            ]
        ),
        VerifyCase(
            description: "flags",
            script: "chattr +d \"$1/d/f\"; chattr +d \"$1/d/sub\"",
            lines: [
                "d/f: flags: SOURCE none, DESTINATION d",
                "d/sub: flags: SOURCE none, DESTINATION d",
            ]
        ),
        VerifyCase(
            description: "a flag that only an open file tells of",
            script: "chattr +A \"$1/d/g\"",
            lines: ["d/g: flags: SOURCE none, DESTINATION A"],
            needsContents: true
        ),
        VerifyCase(
            description: "a symlink's target",
            script: "ln -sfn tarGet \"$1/d/l\"",
            kept: ["d", "d/l"],
            lines: ["d/l: target: SOURCE target, DESTINATION tarGet"]
        ),
        VerifyCase(
            description: "a device's number",
            script: "rm \"$1/d/c\"; mknod \"$1/d/c\" c 1 5",
            kept: ["d", "d/c"],
            lines: ["d/c: device: SOURCE 1:3, DESTINATION 1:5"]
        ),
        VerifyCase(
            description: "types",
            script: "rm \"$1/d/p\" \"$1/d/l\"; mkdir \"$1/d/p\"; echo >\"$1/d/l\"",
            lines: [
                "d/l: type: SOURCE symlink, DESTINATION regular file",
                "d/p: type: SOURCE FIFO, DESTINATION directory",
            ]
        ),
        VerifyCase(
            description: "names that are missing, and names that are extra, leftovers too",
            script: """
                rm -r "$1/d/g" "$1/d/sub"; mkdir "$1/more"; echo >"$1/more/x"; echo >"$1/d/.cutover.deadbeef.1"
                """,
            lines: [
                "d/.cutover.deadbeef.1: only on DESTINATION (regular file)",
                "d/g: missing on DESTINATION (regular file)",
                "d/sub: missing on DESTINATION (directory, and all in it)",
                "more: only on DESTINATION (directory, and all in it)",
            ]
        ),
        VerifyCase(
            description: "a link that became a file of its own",
            script: "cp -p \"$1/d/f\" \"$1/d/x\"; mv \"$1/d/x\" \"$1/d/f2\"",
            lines: ["d/f"]
        ),
        VerifyCase(
            description: "files that became links of each other",
            script: """
                rm "$1/d/g"; ln "$1/d/f" "$1/d/g"
                """,
            kept: ["d"],
            lines: [
                "d/g: ACL", "d/g: attribute", "d/g: contents", "d/g: group", "d/g: hard links",
                "d/g: modified", "d/g: owner",
            ]
        ),
        VerifyCase(
            description: "the root's own attributes",
            script: "chmod 700 \"$1\"; chown 5 \"$1\"; setfattr -n user.root -v r \"$1\"",
            lines: [
                ".: attribute user.root: SOURCE none, DESTINATION \"r\"",
                ".: mode: SOURCE 0755, DESTINATION 0700", ".: owner: SOURCE 0, DESTINATION 5",
            ]
        ),
    ]

    @Test("Found, with both values, and nothing else", arguments: cases)
    func found(one: VerifyCase) throws {
        try stage.spoil(one.script, keepingTimesOf: one.kept)
        defer {
            cleanUp(
                "chattr -R -dA \"$1\"/d/f \"$1\"/d/g \"$1\"/d/sub 2>/dev/null || true",
                stage.to
            )
        }
        let found = try stage.differences()
        #expect(found.count == one.lines.count, "\(found)")
        for (line, start) in zip(found, one.lines) {
            #expect(line.hasPrefix(start), "\(line)\nis not\n\(start)")
        }
        let byAttributes = try stage.differences(["--metadata"])
        let expected = one.needsContents ? [] : found.filter { !$0.contains(": contents: ") }
        #expect(byAttributes == expected, "\(byAttributes)")
    }

    @Test(
        "The tools that are not ours agree, on random trees that were changed at random",
        arguments: 1...3
    )
    func agreement(seed: UInt64) throws {
        var tree = RandomTree(seed: seed)
        try Files.makeDirectory(stage.source("random"))
        try tree.fill(stage.source("random"), entries: 150)
        try stage.pass()
        try stage.expectSame()
        try stage.expectEqual()
        // Each change alone: found by both, and by us at that very name.
        let names = try Files.tree(stage.to).filter { name in
            // Names without escapes in JSON.
            let isPlain = name.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
            guard isPlain else { return false }
            let status = try Files.status(joined(stage.to, name))
            return status.st_mode & S_IFMT == S_IFREG && status.st_size > 0 && status.st_nlink == 1
        }
        for turn in 0..<3 {
            let name = names[tree.random.below(names.count)]
            let path = joined(stage.to, name)
            let status = try Files.status(path)
            switch turn {
            case 0:
                let byte = try Files.read(path)[0]
                try Files.overwrite(path, [byte ^ 1], at: 0)
                try Files.changeTime(path, like: joined(stage.from, name))
            case 1: try Files.changeOwner(path, status.st_uid + 1, status.st_gid)
            default:
                try Files.changeTime(path, seconds: 12345, nanoseconds: 6789)
            }
            usleep(20_000)
            let outcome = try stage.verify("-q", "--json", "-")
            #expect(outcome.status == 1, "\(outcome)")
            let paths = try outcome.report().of("difference").map(\.path)
            #expect(!paths.isEmpty && paths.allSatisfy { $0 == name }, "\(outcome)")
            #expect(try !Oracle.differences(stage.from, stage.to).isEmpty)
            try stage.pass("--checksum")
            try stage.expectEqual()
        }
    }

    @Test(
        "S40: groups across directories are compared as groups; S41: one that ext4 cannot hold is in order"
    )
    func linkGroups() throws {
        try Shell.run(
            """
            cd "$1"; mkdir a b; echo x >a/one
            for i in $(seq 9); do ln a/one b/$i; done
            """,
            stage.from
        )
        try stage.pass()
        try stage.expectEqual()
        // Two groups where one should be: at least one name is told, and only names of the group.
        try stage.spoil(
            "cd \"$1\"; cp -p a/one b/new; for i in 1 2 3; do ln -f b/new b/$i; done; rm b/new",
            keepingTimesOf: ["b"]
        )
        let found = try stage.differences()
        #expect((3...7).contains(found.count), "\(found)")
        #expect(found.allSatisfy { $0.contains(": hard links: SOURCE inode ") }, "\(found)")
    }

    @Test("S4, S5, --branch: what a pass leaves alone is not compared")
    func leftAlone() throws {
        for root in [stage.from, stage.to] { try Files.makeDirectory(joined(root, "mounted")) }
        try Files.changeTime(stage.destination("mounted"), like: stage.source("mounted"))
        try Files.changeTime(stage.destination(""), like: stage.source(""))
        try Shell.run("mount -t tmpfs none \"$1\"", stage.source("mounted"))
        defer { cleanUp("umount \"$1\"", stage.source("mounted")) }
        try Files.write(stage.source("mounted/foreign"), bytes("x"))
        try Files.makeDirectory(stage.source("lost+found"))
        try Files.changeTime(stage.source(""), like: stage.destination(""))
        usleep(20_000)
        let outcome = try stage.verify()
        #expect(outcome.status == 0 && outcome.lines.isEmpty, "\(outcome)")
        #expect(outcome.errors.contains("\n    mounted\n"), "\(outcome)")
        try Files.write(stage.destination("d/f"), bytes("spoiled"))
        try Files.write(stage.destination("loose"), bytes("extra"))
        usleep(20_000)
        #expect(try stage.differences(["--branch", "mounted"]) == [])
        #expect(try stage.differences(["--branch", "loose"]).count == 1)
        #expect(try stage.differences(["--branch", "d"]).allSatisfy { $0.hasPrefix("d/f: ") })
    }

    @Test("S51: names deeper than PATH_MAX are compared, and what differs at the bottom is found")
    func deepTrees() throws {
        try StandardTree.deep(stage.from)
        try stage.pass()
        try stage.expectEqual(["--workers", "4"])
        let limited = try Shell.attempt(
            "ulimit -n 128; exec \"$@\"",
            [Cutover.binary, bytes("verify"), bytes("-w4"), stage.from, stage.to]
        )
        #expect(limited.status == 0, "\(limited)")
        // The deepest file is reached by walking, for no path is that long.
        try Shell.run(
            """
            cd "$1"
            while true; do
                next=$(find . -mindepth 1 -maxdepth 1 -type d ! -name sub -printf '%f\\n' | head -1)
                [ -n "$next" ] && cd -- "$next" || break
            done
            file=$(find . -maxdepth 1 -type f | head -1)
            touch -r "$file" "$2"
            printf '#' | dd of="$file" conv=notrunc status=none
            touch -r "$2" "$file"; sleep 0.02
            """,
            stage.to,
            joined(stage.outside, "time")
        )
        let found = try stage.differences()
        #expect(
            found.count == 1 && found[0].contains(": contents: differ from byte 0 on"),
            "\(found.count)"
        )
    }
}
