// `cutover plan`: a plan of a real tree is even, keeps its options, writes nothing to the volumes, and is refused in one
// line where it cannot be kept; the jobs that are printed hold whatever is in a path.

import Glibc
import TestSupport
import Testing

@Suite("cutover plan", .requiresVolumes, .timeLimit(.minutes(10)))
struct PlanTests {
    private let stage: Stage
    private var folder: [UInt8] { joined(stage.outside, "plan") }
    private var planFile: [UInt8] { joined(folder, "plan.json") }
    private var reportFile: [UInt8] { joined(stage.outside, "report.json") }

    init() throws { stage = try Stage() }

    // MARK: Running

    private func plan(
        _ shards: String,
        _ options: [String] = [],
        to folder: [UInt8]? = nil
    ) throws -> Outcome {
        let words = ["plan", "--shards", shards] + options + ["--state"]
        return try Cutover.run(
            bytes: words.map { bytes($0) } + [joined(stage.outside, "state"), bytes("--json")]
                + [reportFile, bytes("--out"), folder ?? self.folder, stage.from, stage.to]
        )
    }

    private func reported(_ type: String) throws -> JSON {
        try #require(try JSONReport(reportFile).of(type).last)
    }

    private func expectRefusal(
        _ outcome: Outcome,
        _ reason: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(outcome.status == 3, "\(outcome)", sourceLocation: sourceLocation)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(outcome)", sourceLocation: sourceLocation)
        let told = try reported("refused").text("reason")
        #expect(told == reason, sourceLocation: sourceLocation)
    }

    /// 90 % of all files in one branch, most of them in one directory of it.
    private func makeTree() throws {
        try Shell.run(
            """
            cd -- "$1"
            mkdir -p big/flat small-{1..5}
            for index in $(seq 90); do mkdir -p "big/deep/d$((index % 9))/e$index"; done
            for index in $(seq 1500); do head -c "$((index % 50 * 400))" /dev/urandom >"big/flat/f$index"; done
            for index in $(seq 300); do
                head -c 9000 /dev/urandom >"big/deep/d$((index % 9))/e$((index % 90 + 1))/f$index" 2>/dev/null ||
                    head -c 9000 /dev/urandom >"big/deep/f$index"
            done
            for index in $(seq 200); do head -c 5000 /dev/urandom >"small-$((index % 5 + 1))/f$index"; done
            ln -s nowhere link
            mkfifo fifo
            """,
            stage.from
        )
    }

    // MARK: What is made

    @Test(
        "90 % in one branch of a real tree: eight shards have the same to do, and nothing is written to either volume"
    )
    func evenness() throws {
        try makeTree()
        let before = try [stage.from, stage.to].map { try Snapshot($0) }
        let outcome = try plan("8")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
        for snapshot in before { #expect(try snapshot.changes() == []) }
        let told = try reported("plan")
        #expect((told.decimal("balance_entries") ?? 9) <= 1.15, "\(told)")
        #expect((told.decimal("balance_bytes") ?? 9) <= 1.15, "\(told)")
        // Counted by others; the root is an entry.
        let found = try Shell.run("find \"$1\" | wc -l", stage.from)
        #expect(told.number("entries") == Int(found.output.filter(\.isNumber)), "\(told)")
        #expect(outcome.output.contains("8 shards"), "\(outcome)")
        // Only its owner reads names of users' files.
        #expect(try Files.status(planFile).st_mode & 0o7777 == 0o600)
        #expect(try Files.names(folder) == [bytes("plan.json")])
        // Readable for others' tools as well.
        #expect(try JSON(parsing: Files.read(planFile)).number("shards") == 8)
    }

    @Test("A plan keeps the options of a pass; what is excluded is not counted")
    func options() throws {
        try makeTree()
        let outcome = try plan(
            "3",
            ["-aH", "--delete", "--exclude=/big", "--checksum", "--no-acls", "--changes", "walk"]
        )
        #expect(outcome.status == 0, "\(outcome)")
        let words = try #require(try JSON(parsing: Files.read(planFile))["options"]?.elements)
        let texts = words.compactMap { $0.text("word") }
        #expect(
            texts == [
                "--delete", "--no-acls", "--exclude=/big", "--checksum", "--changes=walk",
            ]
        )
        // Five directories, their files, a symlink, a FIFO and the root.
        #expect(try reported("plan").number("entries") == 208)
    }

    @Test("A light branch that a recorded pass knows is not listed, and weighs what it weighed")
    func recorded() throws {
        try makeTree()
        let state = joined(stage.outside, "state")
        let pass = try Cutover.run(
            bytes: [bytes("sync"), bytes("--state"), state, stage.from, stage.to]
        )
        #expect(pass.status == 0, "\(pass)")
        let outcome = try plan("2")
        #expect(outcome.status == 0, "\(outcome)")
        let told = try reported("plan")
        #expect(told.number("recorded_pass") == 1, "\(told)")
        #expect((told.number("recorded_branches") ?? 0) > 3, "\(told)")
        #expect((told.decimal("balance_entries") ?? 9) <= 1.15, "\(told)")
    }

    @Test(
        "A directory that cannot be read is told, and does not stop the plan",
        .requiresFaultTable
    )
    func unreadable() throws {
        try makeTree()
        let outcome = try Cutover.run(
            bytes: ["plan", "--shards", "2", "--workers", "1", "--json"].map { bytes($0) }
                + [reportFile, bytes("--out"), folder, stage.from, stage.to],
            environment: ["CUTOVER_FAULTS=getdents64:12:EIO"]
        )
        #expect(outcome.status == 0, "\(outcome)")
        let told = try reported("plan")
        #expect(told.number("unread") == 1, "\(told)")
        let path = try #require(told.name("unread_path"))
        #expect(Files.exists(joined(stage.from, path)), "\(told)")
        #expect(told.text("unread_errno_name") == "EIO", "\(told)")
        #expect(outcome.output.contains("1 entry could not be read"), "\(outcome)")
    }

    @Test(
        "A disk that is full when the plan is written leaves neither plan nor folder",
        .requiresFaultTable
    )
    func fullLater() throws {
        try Files.write(stage.source("file"), bytes("x"))
        for call in ["pwrite:2:ENOSPC", "fsync:2:EIO", "renameat:1:EDQUOT"] {
            let outcome = try Cutover.run(
                bytes: ["plan", "--shards", "2", "--json"].map { bytes($0) }
                    + [reportFile, bytes("--out"), folder, stage.from, stage.to],
                environment: ["CUTOVER_FAULTS=\(call)"]
            )
            try expectRefusal(outcome, "plan_unwritable")
            #expect(!Files.exists(folder), "\(call)")
        }
    }

    // MARK: What is refused

    @Test("A number of shards that cannot be is a usage error; more than there are entries is not")
    func numbers() throws {
        try Files.write(stage.source("file"), bytes("x"))
        for number in ["0", "-1", "100001", "many", "1.5", "99999999999999999999"] {
            let outcome = try plan(number)
            #expect(outcome.status == 64, "\(number): \(outcome)")
            #expect(!Files.exists(folder))
        }
        let outcome = try plan("100000")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.output.contains("99,999 shards have nothing to do"), "\(outcome)")
    }

    @Test(
        "What a plan needs, and what does not go together, is said in one line",
        arguments: [
            ["plan", "A", "B"], ["plan", "--shards", "2", "A", "B"],
            ["plan", "--out", "P", "A", "B"],
            ["plan", "--shards", "2", "--out", "P", "A"],
            ["plan", "--shards", "2", "--out", "P", "--branch", "x", "A", "B"],
            ["plan", "--print", "pbs", "P"], ["plan", "--print", "slurm"],
            ["plan", "--print", "slurm", "P", "Q"],
            ["plan", "--print", "slurm", "--shards", "2", "P"],
            ["plan", "--shards", "2", "--out", "P", "--dry-run", "A", "B"],
            ["sync", "--shards", "2", "A", "B"],
        ]
    )
    func usage(words: [String]) throws {
        let outcome = try Cutover.run(words)
        #expect(outcome.status == 64, "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
    }

    @Test(
        "A plan is not kept on a volume that it is about, over another one, or in a folder of something else"
    )
    func places() throws {
        try Files.write(stage.source("file"), bytes("x"))
        let before = try [stage.from, stage.to].map { try Snapshot($0) }
        try expectRefusal(try plan("2", to: stage.source("plan")), "plan_on_volume")
        try expectRefusal(try plan("2", to: stage.destination("plan")), "plan_on_volume")
        for snapshot in before { #expect(try snapshot.changes() == []) }
        #expect(try plan("2").status == 0)
        let first = try Files.read(planFile)
        try expectRefusal(try plan("2"), "plan_exists")
        #expect(try Files.read(planFile) == first)
        try expectRefusal(try plan("2", to: stage.outside), "plan_not_empty")
        try expectRefusal(try plan("2", to: planFile), "plan_not_empty")
        try expectRefusal(try plan("2", to: joined(stage.outside, "no/plan")), "plan_unwritable")
        // An empty folder is taken, and stays where there is no plan.
        let empty = joined(stage.outside, "empty")
        try Files.makeDirectory(empty)
        #expect(try plan("2", to: empty).status == 0)
    }

    @Test(
        "A folder that takes no write, or a full disk, is refused before SOURCE is listed, and nothing is left"
    )
    func fullDisk() throws {
        try Files.write(stage.source("file"), bytes("x"))
        let volume = try LoopVolume(.ext4(), megabytes: 8)
        defer { volume.destroy() }
        let place = joined(volume.mountPoint, "plan")
        let fill = joined(volume.mountPoint, "fill")
        try Shell.run("head -c 100M /dev/zero >\"$1\" 2>/dev/null || true", fill)
        // ext4 keeps blocks for root; they are used up as well.
        try Shell.run("head -c 100M /dev/zero >\"$1\"2 2>/dev/null || true", fill)
        try expectRefusal(try plan("2", to: place), "plan_unwritable")
        #expect(!Files.exists(place))
        try Files.unlink(fill)
        try Shell.run("mount -o remount,ro \"$1\"", volume.mountPoint)
        try expectRefusal(try plan("2", to: place), "plan_unwritable")
        #expect(!Files.exists(place))
    }

    @Test("Roots that a pass refuses are refused here, and a missing DESTINATION is not made")
    func roots() throws {
        try Files.write(stage.source("file"), bytes("x"))
        let words = ["plan", "--shards", "2", "--json"].map { bytes($0) }
        for (roots, reason) in [
            ([stage.from, stage.from], "same_directory"),
            ([stage.from, stage.destination("missing")], "destination_missing"),
            ([stage.source("missing"), stage.to], "cannot_open"),
            ([stage.to, stage.from], "empty_source"),
        ] {
            let outcome = try Cutover.run(
                bytes: words + [reportFile, bytes("--out"), folder] + roots
            )
            try expectRefusal(outcome, reason)
        }
        #expect(!Files.exists(stage.destination("missing")) && !Files.exists(folder))
    }

    @Test("A signal ends it, and no folder is left")
    func signalled() throws {
        for index in 0..<400 {
            try Files.makeDirectory(stage.source("d\(index)"))
            try Files.write(stage.source("d\(index)/f"), bytes("x"))
        }
        let run = try Subprocess(
            [
                bytes("strace"), bytes("-f"), bytes("-qq"), bytes("-o"), bytes("/dev/null"),
                bytes("-e"), bytes("inject=getdents64:delay_enter=300000"), Cutover.binary,
            ]
                + ["plan", "--shards", "2", "--workers", "1", "--out"].map { bytes($0) }
                + [folder, stage.from, stage.to],
            environment: Environment.inherited,
            seconds: 120
        )
        waitUntil(seconds: 60) { Files.exists(folder) }
        // The tracer passes none on: the process itself gets it.
        try Shell.run("pkill -INT -P \"$1\"", bytes("\(run.processID)"))
        let outcome = run.wait()
        #expect(outcome.status == 20, "\(outcome)")
        #expect(!Files.exists(folder))
    }

    // MARK: Jobs

    private func job(_ scheduler: String, _ folder: [UInt8]) throws -> Outcome {
        try Cutover.run(bytes: ["plan", "--print", scheduler].map { bytes($0) } + [folder])
    }

    @Test(
        "The job for Slurm submits an array and closing after it, with the very words, whatever is in a path"
    )
    func slurm() throws {
        try Files.write(stage.source("file"), bytes("x"))
        let odd = joined(stage.outside, bytes("a 'plan' $(x) \\\\ ") + [0xFF])
        #expect(try plan("3", to: odd).status == 0)
        let printed = try job("slurm", odd)
        #expect(printed.status == 0 && printed.errors.isEmpty, "\(printed)")
        let file = joined(stage.outside, "job")
        try Files.write(file, printed.stdout)
        // sbatch and cutover tell what they were given.
        let bin = joined(stage.outside, "bin")
        try Files.makeDirectory(bin)
        try Shell.run(
            """
            printf '#!/bin/sh\\nprintf "sbatch" >&2\\nfor word; do printf " <%%s>" "$word" >&2; done\\necho >&2\\nsh\\necho "42;east"\\n' >"$1/sbatch"
            printf '#!/bin/sh\\nfor word; do printf "%%s\\\\0" "$word" >>"$LOG"; done\\n' >"$1/cutover"
            chmod 755 "$1/sbatch" "$1/cutover"
            """,
            bin
        )
        let log = joined(stage.outside, "log")
        let ran = try Subprocess.run(
            [bytes("sh"), file, bytes("--partition=long")],
            environment: [
                bytes("PATH=") + bin + bytes(":/usr/bin:/bin"), bytes("LOG=") + log,
            ],
            seconds: 60
        )
        #expect(ran.status == 0, "\(ran)")
        #expect(ran.errors.contains("<--array=0-2> <--requeue> <--partition=long>"), "\(ran)")
        #expect(ran.errors.contains("<--dependency=afterany:42> <--requeue>"), "\(ran)")
        let path = bytes("--plan=") + odd
        #expect(
            records(try Files.read(log)) == [
                bytes("sync"), path, stage.from, stage.to,
                bytes("sync"), bytes("--close"), path, stage.from, stage.to,
            ]
        )
    }

    @Test("The job for Kubernetes is YAML of the documented fields")
    func kubernetes() throws {
        try Files.write(stage.source("file"), bytes("x"))
        #expect(try plan("70").status == 0)
        let printed = try job("kubernetes", folder)
        #expect(printed.status == 0, "\(printed)")
        for line in [
            "apiVersion: batch/v1", "kind: Job", "  completionMode: Indexed", "  completions: 70",
            "  parallelism: 16", "  backoffLimitPerIndex: 3", "    - action: FailIndex",
            "        values: [3, 64]", "      restartPolicy: Never", "  suspend: true",
            "        - --close", "        - \"--plan=\(String(decoding: folder, as: UTF8.self))\"",
        ] {
            #expect(printed.output.split(separator: "\n").contains { $0 == line }, "\(line)")
        }
    }

    @Test("What is no plan, or a damaged one, gives one clear sentence")
    func badPlans() throws {
        try Files.write(stage.source("file"), bytes("x"))
        #expect(try plan("3").status == 0)
        let good = try Files.read(planFile)
        func expect(_ contents: [UInt8]?, _ words: String) throws {
            if let contents { try Files.write(planFile, contents) }
            let outcome = try job("slurm", folder)
            #expect(outcome.status == 3 && outcome.stdout.isEmpty, "\(outcome)")
            #expect(outcome.errors.contains(words), "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        }
        try expect(Array(good.dropLast(20)), "cut off")
        try expect([], "cut off")
        try expect(bytes("{\"format\":\"something\"}"), "no plan of cutover")
        try expect(
            bytes("{\"format\":\"cutover plan\",\n\"version\":9,\n\"x\":1}\n"),
            "format 9"
        )
        try Files.unlink(planFile)
        try expect(nil, "no plan.json")
        try Files.makeNode(planFile, S_IFIFO | 0o600)
        try expect(nil, "no plan of cutover")
    }
}
