// Immutable and append-only entries: updated all the same, and as they were when that fails.

import Glibc
import TestSupport
import Testing

@Suite(
    "Hazard: frozen entries, S16, S38",
    .requiresVolumes,
    .requiresTool("chattr"),
    .timeLimit(.minutes(15))
)
struct HazardFrozen {
    let stage: Stage

    init() throws { stage = try Stage() }

    private func thawAll() {
        for root in [stage.from, stage.to] { cleanUp("chattr -R -i -a \"$1\" || true", root) }
    }

    /// DESTINATION's entry has a flag, as lsattr(1) shows it.
    private func expectFlag(_ flag: String, of name: String) throws {
        let shown = try Shell.run("lsattr -d \"$1\"", stage.destination(name)).output
        #expect(shown.prefix { $0 != " " }.contains(flag), "\(name): \(shown)")
    }

    @Test(
        "attributes of a frozen directory are repaired, and it is frozen again",
        arguments: ["i", "a"]
    )
    func directory(flag: String) throws {
        defer { thawAll() }
        try Shell.run("mkdir \"$1\"; echo x > \"$1/f\"; chattr +\(flag) \"$1\"", stage.source("d"))
        try stage.pass()
        try Shell.run(
            "chattr -\(flag) \"$1\"; chmod 750 \"$1\"; setfattr -n user.a -v b \"$1\"; chattr +\(flag) \"$1\"",
            stage.source("d")
        )
        try stage.pass()
        try stage.expectSame()
        try Shell.run("chattr -\(flag) \"$1\"; chmod 700 \"$1\"", stage.source("d"))
        try stage.pass()
        try stage.expectSame()
    }

    @Test("all names of an immutable inode, with many workers")
    func names() throws {
        defer { thawAll() }
        for round in 0..<5 {
            try Shell.run(
                """
                mkdir "$1"; cd "$1"; echo words > f
                for i in {1..60}; do mkdir "d$i"; ln f "d$i/name"; done
                chattr +i f
                """,
                stage.source("round\(round)")
            )
            try stage.pass("--workers", "60")
            try stage.expectSame("round \(round)")
        }
    }

    @Test(
        "S16: where the new file cannot be made, the old one keeps its flags",
        .requiresFaultTable,
        arguments: ["i", "a"]
    )
    func failedCopy(flag: String) throws {
        defer { thawAll() }
        try Shell.run("echo old > \"$1\"; chattr +\(flag) \"$1\"", stage.source("f"))
        try stage.pass()
        try Shell.run(
            "chattr -\(flag) \"$1\"; echo newer > \"$1\"; chattr +\(flag) \"$1\"",
            stage.source("f")
        )
        let failing = try Cutover.run(
            bytes: ["sync", "--delete"].map { bytes($0) } + [stage.from, stage.to],
            environment: ["CUTOVER_FAULTS=renameat:1:EIO"]
        )
        #expect(failing.status == 11, "\(failing)")
        #expect(try text(stage.destination("f")) == "old\n")
        try expectFlag(flag, of: "f")
        try stage.pass()
        try stage.expectSame()
    }

    @Test("an immutable file is replaced by a link to another, and nobody waits for himself")
    func frozenByFrozen() throws {
        defer { thawAll() }
        for name in ["n1", "n2", "n3"] {
            try Shell.run(
                "echo words > \"$1\"; touch -d '2020-01-01' \"$1\"; chattr +i \"$1\"",
                stage.source(name)
            )
        }
        try stage.pass()
        try Shell.run(
            "cd \"$1\"; chattr -i n1 n2 n3; ln -f n1 n2; ln -f n1 n3; chattr +i n1",
            stage.from
        )
        for workers in ["1", "30"] {
            let outcome = try stage.attempt("--delete", "--workers", workers, seconds: 20)
            #expect(outcome.status == 0, "\(outcome)")
            try stage.expectSame(Comment(rawValue: workers))
        }
    }

    @Test("S42: an immutable inode that loses a name to a file of its own stays immutable")
    func splitGroup() throws {
        defer { thawAll() }
        try Shell.run("cd \"$1\"; echo words > n2; ln n2 n1; chattr +i n2", stage.from)
        try stage.pass()
        try Shell.run(
            "cd \"$1\"; chattr -i n2; rm n1; echo other > n1; chattr +i n2",
            stage.from
        )
        for workers in ["1", "30"] {
            try stage.pass("--workers", workers)
            try stage.expectSame(Comment(rawValue: workers))
        }
    }

    @Test(
        "S16, S34: a frozen directory or file whose attributes cannot be set stays frozen",
        .requiresFaultTable
    )
    func failedRepair() throws {
        defer { thawAll() }
        try Shell.run(
            "cd \"$1\"; mkdir d; echo x > f; chmod 640 d f; chattr +i d f",
            stage.from
        )
        try stage.pass()
        try Shell.run("cd \"$1\"; chattr -i d f; chmod 700 d f; chattr +i d f", stage.from)
        let failing = try Cutover.run(
            bytes: ["sync", "--delete"].map { bytes($0) } + [stage.from, stage.to],
            environment: ["CUTOVER_FAULTS=fchmod:1:EPERM:*"]
        )
        #expect(failing.status == 23, "\(failing)")
        for name in ["d", "f"] { try expectFlag("i", of: name) }
        try stage.pass()
        try stage.expectSame()
    }
}
