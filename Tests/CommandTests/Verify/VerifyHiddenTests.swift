// Differences that are easily missed: behind mounts, in what only an open file tells, in names that stand for
// something else.

import Glibc
import TestSupport
import Testing

@Suite("Verify: what is easily missed", .requiresVolumes, .timeLimit(.minutes(15)))
struct VerifyHiddenTests {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("a file that is mounted over the copy hides it: a failure, and nothing of it is read")
    func mountedFile() throws {
        try Shell.run("cd \"$1\"; echo words > f; echo others > g", stage.from)
        try stage.pass()
        #expect(try stage.writeManifest().status == 0)
        try Shell.run(
            "cp -a \"$1\" \"$2\"; mount --bind \"$2\" \"$1\"",
            stage.destination("f"),
            joined(stage.outside, "f")
        )
        defer { cleanUp("umount \"$1\"", stage.destination("f")) }
        let outcome = try stage.verify()
        #expect(outcome.status == 23, "\(outcome)")
        #expect(outcome.errors.contains("unmount it, or compare that one by itself"), "\(outcome)")
        let check = try stage.checkManifest()
        #expect(check.status == 23, "\(check)")
    }

    @Test(
        "attributes of all files are compared with --sample, those too that only an open file tells"
    )
    func sampledAttributes() throws {
        try Shell.run("cd \"$1\"; for i in {1..20}; do echo $i > $i; done", stage.from)
        try stage.pass()
        try Shell.run("chattr +S \"$1\"", stage.destination("7"))
        usleep(20_000)
        let found = try stage.differences(["--sample", "0.001", "--seed", "1"])
        #expect(found.count == 1 && found.first?.hasPrefix("7: flags: ") == true, "\(found)")
    }

    @Test("a file that is called - stays a file for sha256sum")
    func dash() throws {
        try Shell.run("cd \"$1\"; echo words > ./-; mkdir d; echo more > d/-", stage.from)
        try stage.pass()
        #expect(try stage.writeManifest().status == 0)
        try Shell.run(
            "cd \"$1\"; sha256sum -c --strict \"$2\" < /dev/null",
            stage.to,
            stage.manifest
        )
        let check = try stage.checkManifest()
        #expect(check.status == 0, "\(check)")
    }

    @Test("S50: targets and names of attributes that are no text are told apart")
    func bytesThatAreNoText() throws {
        try Shell.run(
            "cd \"$1\"; ln -s $'a\\xff' l; echo x > f; setfattr -n $'user.\\xff' -v 1 f",
            stage.from
        )
        try stage.pass()
        try Shell.run(
            "cd \"$1\"; ln -sfn $'a\\xfe' l; touch -h -r \"$2\" l; setfattr -n $'user.\\xff' -v 2 f",
            stage.to,
            stage.source("l")
        )
        usleep(20_000)
        let found = try stage.differences(["--metadata"])
        #expect(
            found.contains { $0.contains("SOURCE a\\#377, DESTINATION a\\#376") },
            "\(found)"
        )
        #expect(
            found.contains { $0.hasPrefix("f: attribute user.\\#377: SOURCE \"1\"") },
            "\(found)"
        )
    }

    @Test("S6: times that DESTINATION cannot store are no difference")
    func farTimes() throws {
        let place = try FarTimes()
        try Shell.run("echo x > \"$1\"; touch -d '2480-01-01' \"$1\"", place.stage.source("f"))
        try place.stage.pass()
        #expect(try place.stage.differences() == [])
        let dry = try place.stage.attempt("--delete", "-n", "-i")
        #expect(dry.stdout == [], "\(dry)")
    }

    /// An XFS with times until 2486, whose directory `s` is SOURCE, and an ext4 with times until 2446.
    private struct FarTimes {
        let source: LoopVolume
        let destination: LoopVolume
        let stage: Stage

        init() throws {
            source = try LoopVolume(.xfs(["-m", "bigtime=1"]), megabytes: 320)
            destination = try LoopVolume(.ext4(["-I", "256"]), megabytes: 64)
            let (from, to) = (joined(source.mountPoint, "s"), joined(destination.mountPoint, "d"))
            for path in [from, to] { try Files.makeDirectory(path) }
            stage = Stage(from, to)
        }
    }

    @Test("project ids that DESTINATION cannot hold are said once, and are no difference")
    func refusedProjectIds() throws {
        try Shell.run("cd \"$1\"; mkdir d; echo x > d/f; xfs_io -c 'chproj -R 7' d", stage.from)
        try stage.pass()
        for options in [[], ["--metadata"]] as [[String]] {
            let outcome = try Cutover.run(
                bytes: (["verify"] + options).map { bytes($0) } + [stage.from, stage.to]
            )
            #expect(outcome.status == 0 && outcome.lines == [], "\(outcome)")
            #expect(outcome.errors.contains("DESTINATION shows no project id at all"), "\(outcome)")
        }
    }

    @Test("project ids that DESTINATION could hold and lacks are differences, however many")
    func projectIds() throws {
        // An XFS, for ext4 with project ids needs quota in the kernel, which not all have.
        let (source, destination) = (try LoopVolume(.xfs()), try LoopVolume(.xfs()))
        let (from, to) = (joined(source.mountPoint, "s"), joined(destination.mountPoint, "d"))
        for path in [from, to] { try Files.makeDirectory(path) }
        let stage = Stage(from, to)
        try Shell.run("cd \"$1\"; for i in {1..1100}; do : > $i; done", from)
        try stage.pass()
        try Shell.run("xfs_io -c 'chproj -R 7' \"$1\"", from)
        usleep(20_000)
        // Not pending, which counts entries.
        let outcome = try stage.verify("-q", "--strict")
        #expect(outcome.status == 1, "\(outcome.status ?? -1)")
        #expect(outcome.lines.count == 1101, "\(outcome.lines.count)")
    }
}
