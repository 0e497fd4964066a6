// S57, Q16-Q19: project ids never keep an entry stale, whatever the directory passes on to what is made in it. Judged by
// `xfs_io -c bulkstat`, which tells those of symlinks and special files too.
//
// Two XFS volumes, for ext4 with project ids needs quota in the kernel, which not all have.

import Glibc
import TestSupport
import Testing

@Suite("Project ids, S57", .requiresVolumes, .requiresTool("strace"), .timeLimit(.minutes(10)))
struct RulesProjects {
    let volumes: (source: LoopVolume, destination: LoopVolume)
    let stage: Stage

    init() throws {
        volumes = (try LoopVolume(.xfs(), megabytes: 640), try LoopVolume(.xfs(), megabytes: 640))
        stage = Stage(volumes.source.mountPoint, volumes.destination.mountPoint)
    }

    /// Shell commands in SOURCE; `pset ID DIRECTORY` gives a directory an id that it passes on.
    private func edit(_ script: String) throws {
        try Shell.run(
            """
            cd -- "$1"
            pset() { xfs_io -r -c "chproj $1" -c 'chattr +P' "$2"; }
            \(script)
            """,
            stage.from
        )
        // A change in the very tick of the last pass is racy, and its contents are compared again.
        usleep(20_000)
    }

    /// Of every entry: its project id and whether it passes that on.
    private func ids(_ root: [UInt8]) throws -> [String] {
        try Shell.run(
            """
            cd -- "$1"
            { xfs_io -r -c bulkstat .; find . -printf 'name %i %P\\n' | sort -k 3; } | awk '
                /bs_ino =/ { inode = $3 } /bs_projectid =/ { id[inode] = $3 }
                # 0x200, passed on: in the last digit but two.
                /bs_xflags =/ { inherits[inode] = substr("00" $3, length($3), 1) }
                $1 == "name" { print $3, id[$2], inherits[$2] }'
            """,
            root
        ).lines
    }

    /// DESTINATION is SOURCE, by rsync and by project ids; `verify` says so too, and one more pass does nothing.
    private func expectDone(sourceLocation: SourceLocation = #_sourceLocation) throws {
        try stage.expectSame(sourceLocation: sourceLocation)
        let (wanted, found) = (try ids(stage.from), try ids(stage.to))
        #expect(wanted.count > 1 && wanted == found, sourceLocation: sourceLocation)
        try stage.expectNothingToDo(sourceLocation: sourceLocation)
        for options in [[], ["--metadata"]] as [[String]] {
            let outcome = try Cutover.run(
                bytes: (["verify"] + options).map { bytes($0) } + [stage.from, stage.to]
            )
            #expect(outcome.status == 0, "\(outcome)", sourceLocation: sourceLocation)
        }
    }

    /// A directory that got its id after its entries, of every kind.
    private static let mixed = """
        mkdir m m/d; echo a > m/old; echo b > m/d/f; mkfifo m/fifo; ln -s x m/link; mknod m/dev c 1 3
        ln m/old m/hard; ln m/fifo m/fifo.hard; ln m/link m/link.hard
        for i in $(seq 100); do echo $i > m/small$i; done
        head -c 150M /dev/urandom > m/large
        pset 9 m; echo c > m/new; ln -s y m/newlink; mkfifo m/newfifo; mkdir m/newdir; echo > m/newdir/f
        """

    @Test("S57: what is older than its directory's id is updated", arguments: ["1", "128"])
    func filesOfAnotherProject(workers: String) throws {
        try edit("mkdir m; echo a > m/old; pset 9 m")
        try stage.pass("-w", workers)
        try edit("echo aa > m/old")
        try stage.pass("-w", workers)
        #expect(try text(stage.destination("m/old")) == "aa\n")
        try expectDone()
    }

    @Test(
        "S57: every kind of entry, first copy and delta, by walk and by scan",
        arguments: ["1", "128"],
        ["walk", "scan"]
    )
    func everyKind(workers: String, changes: String) throws {
        let words = ["--delete", "-w", workers, "--changes", changes]
        func pass(sourceLocation: SourceLocation = #_sourceLocation) throws {
            try Cutover.pass(stage.from, stage.to, words, sourceLocation: sourceLocation)
        }
        try edit(Self.mixed)
        try pass()
        try expectDone()
        try edit(
            """
            cd m; echo aa > old; ln -sfn xx link; rm fifo dev; mknod dev c 1 5; mkfifo fifo
            for i in $(seq 50); do echo x$i > small$i; done
            dd if=/dev/urandom of=large bs=1M count=3 conv=notrunc status=none
            """
        )
        try pass()
        try expectDone()
        // In projects that there were not, and given up; names exchanged.
        try edit("pset 4 m/d; mv m/small7 m/small8; chmod 600 m/old; chown 1 m/fifo")
        try pass()
        try expectDone()
    }

    @Test(
        "Q17: a new directory with an id of its own below one that passes on another",
        arguments: ["1", "128"]
    )
    func nested(workers: String) throws {
        try edit("mkdir nest; pset 11 nest; echo > nest/f")
        try stage.pass("-w", workers)
        try edit(
            """
            mkdir nest/in; pset 13 nest/in; cd nest/in; echo a > f; ln f f.hard; ln -s f s; ln s s.hard
            mkdir d; echo > d/f; ln d/f d/g; cd ..; mkdir none; chattr -p 0 none; xfs_io -r -c 'chproj 0' \
                -c 'chattr -P' none; echo > none/f; ln none/f none/g; ln -s x none/s
            """
        )
        try stage.pass("-w", workers)
        try expectDone()
    }

    @Test("S57: a whole project gets another id, or none, in one pass", arguments: ["1", "128"])
    func reassigned(workers: String) throws {
        try edit(
            """
            mkdir p; pset 7 p; mkdir p/d; for i in $(seq 20); do echo $i > p/f$i; done; ln p/f1 p/d/hard
            cp -a p q; pset 7 q; xfs_io -c 'chproj -R 7' q
            """
        )
        try stage.pass("-w", workers)
        try edit(
            """
            xfs_io -c 'chproj -R 99' p; for i in 2 9; do echo new$i > p/f$i; done; ln p/f3 p/d/hard3
            xfs_io -c 'chproj -R 0' -c 'chattr -R -P' q; for i in 2 9; do echo new$i > q/f$i; done; ln q/f3 q/d/h
            """
        )
        try stage.pass("-w", workers)
        try expectDone()
    }

    @Test(
        "Q18: ids alone that changed are repaired, and told by verify --metadata",
        arguments: ["walk", "scan"]
    )
    func idsAlone(changes: String) throws {
        try edit("mkdir u; echo a > u/f; echo b > u/g; mkdir u/d")
        try stage.pass()
        try stage.pass()
        try edit("xfs_io -c 'chproj 5' u/f; xfs_io -r -c 'chproj 6' u/d")
        let verified = try Cutover.run(
            bytes: ["verify", "--metadata", "--strict"].map { bytes($0) } + [stage.from, stage.to]
        )
        #expect(verified.status == 1, "\(verified)")
        let dry = try Cutover.pass(stage.from, stage.to, ["--delete", "-n", "-i"])
        let real = try stage.pass("-i", "--changes", changes)
        #expect(dry.lines == real.lines && real.lines.count == 2, "\(dry) \(real)")
        try expectDone()
    }

    @Test(
        "Q18: symlinks and special files that came anew, in all else as they were, get the new id",
        arguments: ["walk", "scan"],
        ["1", "128"]
    )
    func cameAnew(changes: String, workers: String) throws {
        let make = """
            ln -s x m/s; mkfifo m/p; mknod m/dev c 1 3
            touch -hd '2020-02-02 02:02:02' m/s m/p m/dev
            """
        try edit("mkdir m; \(make); ln -s y m/kept; ln -s z m/a; ln m/a m/b; pset 9 m")
        try stage.pass("-w", workers)
        try expectDone()
        try edit("rm m/s m/p m/dev; \(make)")
        let words = ["--changes", changes, "-w", workers]
        let dry = try Cutover.pass(stage.from, stage.to, ["--delete", "-n", "-i"] + words)
        let real = try Cutover.pass(stage.from, stage.to, ["--delete", "-i"] + words)
        let made = ["cD......f.. m/dev", "cL......f.. m/s -> x", "cS......f.. m/p"]
        #expect(real.lines.filter { $0.hasPrefix("c") }.sorted() == made, "\(real)")
        #expect(dry.lines.sorted() == real.lines.sorted(), "\(dry) \(real)")
        try expectDone()
    }

    @Test("S57: names of one inode in directories of two projects", arguments: ["1", "128"])
    func linksAcrossProjects(workers: String) throws {
        try edit(
            """
            mkdir a b c; echo 1 > a/f; ln a/f b/f; ln a/f c/f; ln -s t a/s; ln a/s b/s; mkfifo a/p; ln a/p b/p
            pset 21 a; pset 22 b
            """
        )
        try stage.pass("-w", workers)
        try expectDone()
        try edit("echo 22 > a/f; xfs_io -r -c 'chattr -P' b; ln a/f b/more; ln a/s b/s2; pset 22 b")
        try stage.pass("-w", workers)
        try expectDone()
    }

    @Test("S57: directories that moved between projects", arguments: ["walk", "scan"])
    func movedDirectories(changes: String) throws {
        try edit(
            "mkdir a b a/d; for i in 1 2 3; do echo $i > a/d/f$i; done; ln a/d/f1 a/d/h; pset 31 a; pset 32 b"
        )
        try stage.pass()
        try stage.pass()
        // XFS refuses the move itself while b passes its id on.
        try edit("xfs_io -r -c 'chattr -P' b; mv a/d b/d; pset 32 b; mkdir a/e; echo > a/e/f")
        try stage.pass("--changes", changes)
        try expectDone()
    }

    @Test(
        "S57: killed at any of these calls, the next pass makes good",
        .requiresFaultTable,
        arguments: 1...8
    )
    func interrupted(turn: Int) throws {
        try edit(
            "mkdir m; echo a > m/old; ln m/old m/hard; ln -s x m/s; mkfifo m/p; pset 9 m; mkdir n; pset 8 n"
        )
        try stage.pass()
        try edit(
            "echo aa > m/old; ln -sfn y m/s; echo b > n/f; xfs_io -r -c 'chattr -P' n; ln m/old n/old; pset 8 n"
        )
        // SIGKILL in the place of the call: the directory stays as it was lent.
        let outcome = try Cutover.run(
            bytes: ["sync", "--delete", "-w", "1"].map { bytes($0) } + [stage.from, stage.to],
            environment: ["CUTOVER_FAULTS=fssetxattr:\(turn):KILL"]
        )
        #expect(outcome.status == nil || turn > 4, "\(outcome)")
        let wrong = try TreeImage(stage.from).falseCopies(in: TreeImage(stage.to))
        #expect(wrong == [], "\(wrong.map(shown))")
        try stage.pass()
        try expectDone()
    }

    @Test("S57: a call that fails leaves no lent directory", .requiresFaultTable, arguments: 1...8)
    func failing(turn: Int) throws {
        try edit("mkdir m; echo a > m/old; ln -s x m/s; mkfifo m/p; pset 9 m")
        try stage.pass()
        try edit("echo aa > m/old; ln -sfn y m/s")
        let outcome = try Cutover.run(
            bytes: ["sync", "--delete"].map { bytes($0) } + [stage.from, stage.to],
            environment: ["CUTOVER_FAULTS=fssetxattr:\(turn):EPERM"]
        )
        #expect([0, 23].contains(outcome.status), "\(outcome)")
        try stage.pass()
        try expectDone()
    }
}
