// `verify` beside live users: what they changed since the last whole pass is pending, by the record, and nothing else is;
// a record that cannot be used proves nothing, and is left as it is.

import Glibc
import TestSupport
import Testing

@Suite("Verify: pending", .requiresVolumes, .timeLimit(.minutes(10)))
struct VerifyPendingTests {
    private let stage: Stage
    private let state: [UInt8]

    init() throws {
        stage = try Stage()
        state = joined(stage.outside, "state")
        for name in ["a", "a/gone", "a/old", "d"] where name != "a/gone" {
            try Files.makeDirectory(stage.source(name))
        }
        for name in ["a/gone", "a/log", "a/mode", "a/still", "a/old/deep", "d/linked", "d/type"] {
            try Files.write(stage.source(name), bytes("contents of \(name)"))
        }
        try Files.link(symbolic: stage.source("d/symlink"), to: bytes("somewhere"))
    }

    private func pass(_ options: String..., status: Int32 = 0) throws {
        let words = ["sync", "-q", "--delete", "--state"].map { bytes($0) } + [state]
        let outcome = try Cutover.run(
            bytes: words + options.map { bytes($0) } + [stage.from, stage.to]
        )
        #expect(outcome.status == status, "\(outcome)")
        // Times of change go on in ticks.
        usleep(25_000)
    }

    private func verify(_ options: String..., state other: [UInt8]? = nil) throws -> Outcome {
        usleep(25_000)
        let words = ["verify", "--state"].map { bytes($0) } + [other ?? state]
        return try Cutover.run(
            bytes: words + options.map { bytes($0) } + [stage.from, stage.to]
        )
    }

    /// Everything that users do to names and files.
    private static let everyday = """
        cd "$1"
        echo more >>a/log; chmod 600 a/mode; rm a/gone; echo new >a/new; mv a/old a/moved
        mkdir -p a/made/below; echo x >a/made/below/file; ln d/linked d/second
        rm d/type; mkdir d/type; ln -sfn elsewhere d/symlink; chmod 700 d
        """

    @discardableResult
    private func expect(
        _ outcome: Outcome,
        _ status: Int32,
        differences: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> JSONReport {
        #expect(outcome.status == status, "\(outcome)", sourceLocation: sourceLocation)
        let report = try outcome.report()
        let found = report.of("difference").map { each in
            (each.text("path") ?? "") + " " + (each.text("what") ?? "")
        }
        #expect(found.sorted() == differences, "\(outcome)", sourceLocation: sourceLocation)
        return report
    }

    @Test("What users do after a pass is pending, each of it, and the next pass takes it")
    func everydayChanges() throws {
        try pass()
        try Shell.run(Self.everyday, stage.from)
        let report = try expect(try verify("--json", "-"), 24, differences: [])
        let pending = Set(report.of("pending").map { $0.text("path") ?? "" })
        #expect(
            pending == [
                "a", "a/gone", "a/log", "a/made", "a/mode", "a/moved", "a/new", "a/old", "d",
                "d/second", "d/symlink", "d/type",
            ]
        )
        #expect(report.of("pending").allSatisfy { ($0.decimal("changed_at") ?? 0) > 1e9 })
        #expect(report.summary("pending") == pending.count)
        #expect(report.summary("last_pass") == 1)
        let told = try verify()
        #expect(told.lines.isEmpty, "\(told)")
        #expect(
            told.errorsUnwrapped.contains(
                "equal but for 12 entries that users changed since pass 1"
            ),
            "\(told)"
        )
        let verbose = try verify("-v")
        #expect(verbose.lines.allSatisfy { $0.hasSuffix(": changed since the last pass") })
        #expect(verbose.lines.count >= 12, "\(verbose)")
        let strict = try verify("--strict", "--json", "-")
        #expect(strict.status == 1 && strict.status != 24, "\(strict)")
        #expect(try strict.report().of("pending").isEmpty)
        try pass()
        try stage.expectSame()
        #expect(try verify().status == 0)
    }

    @Test("What somebody did on DESTINATION is different, also where users changed SOURCE")
    func touchedDestination() throws {
        try pass()
        try Shell.run(Self.everyday, stage.from)
        try Shell.run(
            "cd \"$1\"; chmod 640 a/log; rm a/mode; echo x >a/strange; echo y >>a/still",
            stage.to
        )
        try expect(
            try verify("--json", "-"),
            1,
            differences: [
                "a modified", "a/log mode", "a/log modified", "a/log size", "a/made missing",
                "a/mode missing", "a/moved missing", "a/new missing", "a/still modified",
                "a/still size", "a/strange extra",
            ]
        )
    }

    @Test("What somebody wrote deep in a directory that users removed makes all of it different")
    func touchedBelow() throws {
        for name in ["a/proj/sub", "a/kind/sub", "a/other/sub"] {
            try Shell.run("mkdir -p -- \"$1\"; echo x > \"$1/file\"", stage.source(name))
        }
        try pass()
        try Shell.run("cd \"$1/a\"; rm -r proj kind other; echo file > kind", stage.from)
        // Their own times of change, and those of their uppermost directories, stay.
        try Shell.run("cd \"$1/a\"; echo y > proj/sub/new; echo y > kind/sub/new", stage.to)
        let report = try expect(
            try verify("--json", "-"),
            1,
            differences: ["a/kind type", "a/proj extra"]
        )
        #expect(Set(report.of("pending").map { $0.text("path") }) == ["a", "a/other"])
    }

    @Test("An extra that no pass made is different, though its directory changed since")
    func unknownExtra() throws {
        try pass()
        try Files.write(stage.destination("a/strange"), [])
        // It is older than the end of the pass, which was not allowed to delete it.
        try pass("--max-delete", "0", status: 25)
        try Files.unlink(stage.source("a/gone"))
        let report = try expect(
            try verify("--json", "-"),
            1,
            differences: ["a/strange extra"]
        )
        #expect(Set(report.of("pending").map { $0.text("path") }) == ["a", "a/gone"])
    }

    @Test("What somebody did on DESTINATION before a pass of some branches is different")
    func laterBranch() throws {
        try pass()
        try Files.changeMode(stage.destination("d/linked"), 0o640)
        try Files.unlink(stage.destination("d/type"))
        usleep(25_000)
        try pass("--branch", "a")
        try Shell.run("cd \"$1\"; echo more >>d/linked; echo more >>d/type", stage.from)
        try Shell.run("cd \"$1\"; echo more >>a/log", stage.from)
        let report = try expect(
            try verify("--json", "-"),
            1,
            differences: [
                "d modified", "d/linked mode", "d/linked modified", "d/linked size",
                "d/type missing",
            ]
        )
        #expect(Set(report.of("pending").map { $0.text("path") }) == ["a/log"])
    }

    @Test("A pass without --delete leaves extras: they are different, not pending")
    func keptExtra() throws {
        try pass()
        let words = ["sync", "-q", "--state"].map { bytes($0) } + [state, stage.from, stage.to]
        #expect(try Cutover.run(bytes: words).status == 0)
        usleep(25_000)
        try Files.unlink(stage.source("a/gone"))
        try expect(try verify("--json", "-"), 1, differences: ["a/gone extra"])
    }

    @Test(
        "Without a record it is as ever: different, and nothing is said; a folder named in vain is told"
    )
    func noRecord() throws {
        try pass()
        try Shell.run(Self.everyday, stage.from)
        let none = joined(stage.outside, "none")
        try Files.makeDirectory(none, mode: 0o700)
        let silent = try verify("--json", "-", state: none)
        #expect(silent.status == 1, "\(silent)")
        let report = try silent.report()
        #expect(report.notices("record_not_used").isEmpty && report.of("pending").isEmpty)
        #expect(try Files.names(none).isEmpty)
        let missing = try verify("--json", "-", state: joined(stage.outside, "nowhere"))
        #expect(missing.status == 1, "\(missing)")
        let told = try missing.report().notices("record_not_used")
        #expect(told.map { $0.text("reason") } == ["no_folder"], "\(missing)")
        #expect(!Files.exists(joined(stage.outside, "nowhere")))
    }

    @Test(
        "A record that cannot be used proves nothing, is told, and stays as it is",
        .requiresTool("sqlite3"),
        arguments: [
            // It runs just now, or was killed.
            ("UPDATE passes SET ended = NULL", "pass_unfinished"),
            (
                "INSERT INTO passes (id, started, started_boot, boot, options, method, workers, is_partial, is_complete) SELECT 9, started, started_boot, boot, options, method, 1, 0, 0 FROM passes",
                "pass_unfinished"
            ),
            // The clock stood an hour later then; it was set back while the pass ran.
            (
                "UPDATE passes SET started = started + 3600000000000, ended = ended + 3600000000000",
                "clock_set_back"
            ),
            ("UPDATE passes SET ended_boot = ended_boot + 3600000000000", "clock_set_back"),
            ("UPDATE passes SET is_complete = 0", "no_whole_pass"),
            ("UPDATE passes SET options = 'of another kind'", "unknown_options"),
            ("UPDATE passes SET failures = 1", "many_failures"),
            ("UPDATE roots SET birth = birth + 1", "other_pair"),
            ("PRAGMA user_version = 99", "other_version"),
            ("DROP TABLE names", "damaged"),
        ]
    )
    func unusable(statement: String, reason: String) throws {
        try pass()
        try Shell.run(Self.everyday, stage.from)
        let database = try #require(
            try Files.names(state).first { $0.suffix(7) == bytes(".sqlite")[...] }
        )
        let path = joined(state, database)
        try Shell.run("sqlite3 \"$1\" \"$2\"", path, bytes(statement))
        let before = try Files.read(path)
        // What is told of passes; of the verification itself a row is added where the record can be written.
        let passes = "sqlite3 -readonly \"$1\" .dump | grep -v verifications"
        let told = try Shell.run(passes, path).stdout
        let outcome = try verify("--json", "-")
        #expect(outcome.status == 1, "\(outcome)")
        let report = try outcome.report()
        #expect(report.of("pending").isEmpty)
        #expect(report.notices("record_not_used").map { $0.text("reason") } == [reason])
        let isUnfit = ["other_pair", "other_version", "damaged"].contains(reason)
        #expect(report.notices("nothing_recorded").count == (isUnfit ? 1 : 0))
        #expect(try Shell.run(passes, path).stdout == told)
        if isUnfit { #expect(try Files.read(path) == before) }
        let locks = [bytes(".lock"), bytes(".opening")]
        for name in try Files.names(state) where name != database {
            #expect(locks.contains { name.suffix($0.count) == $0[...] }, "\(shown(name))")
        }
    }

    @Test("A state that others can write to is not believed")
    func openState() throws {
        try pass()
        try Shell.run(Self.everyday, stage.from)
        try Files.changeMode(state, 0o777)
        let outcome = try verify("--json", "-")
        #expect(outcome.status == 1, "\(outcome)")
        let told = try outcome.report().notices("record_not_used")
        #expect(told.map { $0.text("reason") } == ["unreadable"], "\(outcome)")
    }

    @Test("The filters of the last whole pass hold for both sides, unless others are given")
    func filters() throws {
        try Files.write(stage.source("a/x.tmp"), [1])
        try pass("--exclude", "*.tmp", "--exclude", "cache/")
        try Files.makeDirectory(stage.destination("d/cache"))
        try Files.write(stage.destination("d/cache/y"), [])
        // The directory's own time is what that moved.
        try Files.changeTime(stage.destination("d"), like: stage.source("d"))
        let taken = try verify()
        #expect(taken.status == 0, "\(taken)")
        #expect(
            taken.errors.split(separator: "\n").dropFirst().first
                == "cutover: leaving out what pass 1 left out, by 2 rules",
            "\(taken)"
        )
        let json = try verify("--json", "-").report().of("start").first
        #expect(json?.number("filters_of_pass") == 1 && json?.number("filter_rules") == 2)
        let rules = joined(stage.outside, "rules")
        try Files.write(rules, bytes("*.tmp\n"))
        let given = try verify("--exclude-from", String(decoding: rules, as: UTF8.self))
        #expect(given.lines == ["d/cache: only on DESTINATION (directory, and all in it)"])
        // A list that is empty after all: nothing is left out.
        let none = try verify("--exclude", "!", "--exclude", "!")
        #expect(none.lines.count == 2 && none.status == 1, "\(none)")
    }

    @Test("What the passes leave out is not pending, whatever is left out here")
    func filteredByPass() throws {
        try pass("--exclude", "/a/made/")
        try Shell.run("cd \"$1\"; mkdir -p a/made; echo x >a/made/file; echo y >>a/log", stage.from)
        let report = try expect(
            try verify("--json", "-", "--exclude", "!"),
            1,
            differences: ["a/made missing"]
        )
        #expect(Set(report.of("pending").map { $0.text("path") }) == ["a", "a/log"])
        let none = try verify("--exclude", "*")
        #expect(
            none.status == 0 && none.errorsUnwrapped.contains("no entry was compared"),
            "\(none)"
        )
        #expect(none.errorsUnwrapped.contains("without what 1 rule of --exclude left out"))
    }

    @Test("Pending files stand on no manifest")
    func manifest() throws {
        try pass()
        try Shell.run(Self.everyday, stage.from)
        let manifest = joined(stage.outside, "manifest")
        let outcome = try verify("--manifest", String(decoding: manifest, as: UTF8.self))
        #expect(outcome.status == 24, "\(outcome)")
        let named = try text(manifest).split(separator: "\n").filter { !$0.hasPrefix("#") }
            .compactMap { $0.split(separator: " ").last }
        #expect(named == ["a/still", "d/linked"], "\(named)")
        let checked = try Cutover.run(
            bytes: [bytes("verify"), bytes("--manifest"), manifest, stage.to]
        )
        #expect(checked.status == 0, "\(checked)")
    }
}

@Suite("Verify: pending and a failing disk", .requiresVolumes, .timeLimit(.minutes(10)))
struct VerifyPendingDiskTests {
    private let stage: ScanStage

    init() throws { stage = try ScanStage(isWhole: true) }

    /// Spoils the first byte of a file on DESTINATION's disk, behind the filesystem.
    private func flip(_ names: String...) throws {
        for name in names {
            try Shell.run(
                """
                sync -f "$1"
                block=$(debugfs -R "bmap /$3 0" "$2" 2>/dev/null)
                size=$(stat -f -c %S "$1")
                [ "$block" -gt 0 ]
                printf '\\377' | dd of="$4" bs=1 seek=$((block * size)) conv=notrunc,fsync status=none
                """,
                stage.pair.to,
                bytes(stage.destination.device),
                bytes(name),
                stage.destination.image
            )
        }
    }

    private func verify() throws -> JSONReport {
        usleep(25_000)
        let words = ["verify", "--json", "-", "--state"].map { bytes($0) }
        return try Cutover.run(bytes: words + [stage.pair.state, stage.pair.from, stage.pair.to])
            .report()
    }

    private func told(_ report: JSONReport, _ event: String) -> [String] {
        report.of(event).map { ($0.text("path") ?? "") + " " + ($0.text("what") ?? "") }.sorted()
    }

    @Test("A byte that a disk spoilt is different in a file that nobody wrote to since")
    func spoiltBytes() throws {
        for name in ["untouched", "written", "chmod"] {
            try Files.write(stage.from(name), [UInt8](repeating: 1, count: 9000))
        }
        #expect(try stage.pass().outcome.status == 0)
        try flip("untouched", "written", "chmod")
        try stage.tick()
        try Files.overwrite(stage.from("written"), [2], at: 5000)
        try Files.changeMode(stage.from("chmod"), 0o600)
        let report = try verify()
        #expect(report.summary("status") == 1)
        // Size and time of `chmod` say that its contents are the same.
        #expect(told(report, "difference") == ["chmod contents", "untouched contents"])
        // Nobody can tell here what the disk did, and what the users.
        #expect(
            told(report, "pending") == ["chmod mode", "written contents", "written modified"]
        )
    }

    @Test("What passes fail at stays different, whatever users do to it")
    func failedEntries() throws {
        try Files.write(stage.from("heavy"), [1])
        // DESTINATION has no ea_inode.
        try Files.setAttribute(
            stage.from("heavy"),
            "user.big",
            [UInt8](repeating: 1, count: 20_000)
        )
        try Files.write(stage.from("light"), [1])
        #expect(try stage.pass().outcome.status == 23)
        try stage.tick()
        for name in ["heavy", "light"] { try Files.overwrite(stage.from(name), [2, 3], at: 0) }
        let report = try verify()
        #expect(report.summary("status") == 1)
        #expect(Set(told(report, "difference").map { $0.prefix(5) }) == ["heavy"])
        #expect(Set(told(report, "pending").map { $0.prefix(5) }) == ["light"])
        // By another name it fails as well, and where its own is gone nobody knows by which.
        try Shell.run("ln \"$1/heavy\" \"$1/twin\"", stage.pair.from)
        #expect(told(try verify(), "difference").contains { $0.hasPrefix("twin ") })
        try Files.unlink(stage.from("heavy"))
        let moved = try verify()
        #expect(moved.notices("record_not_used").map { $0.text("reason") } == ["failed_moved"])
        #expect(told(moved, "difference").contains { $0.hasPrefix("light ") })
    }
}
