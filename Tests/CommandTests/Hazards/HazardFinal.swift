// The last pass (`--final`): it is refused while anybody can write to SOURCE, does what the last whole pass was asked
// for, and says "ready" only of what a second look and a comparison found equal.

import Glibc
import TestSupport
import Testing

@Suite("Hazard: the last pass", .requiresVolumes, .timeLimit(.minutes(10)))
struct HazardFinal {
    let stage: ScanStage

    /// A whole pass with a filter, so that the last one can be a scan.
    init() throws {
        stage = try ScanStage(isWhole: true)
        try stage.makeFolder(stage.from("kept"), salt: 1)
        try Files.makeDirectory(stage.from("tmp"))
        try Files.write(stage.from("tmp/x"), bytes("left out"))
        try stage.tick()
        #expect(try stage.pass("--exclude", "/tmp/*").outcome.status == 0)
        try stage.tick()
    }

    private func last(_ options: String...) throws -> ScanPass {
        try stage.pair.sync(["--final"] + options, deletes: false)
    }

    private func mount(_ options: String) throws {
        try Shell.run("mount -o remount,\(options) -- \"$1\"", stage.source.mountPoint)
    }

    /// It is refused, for this reason, and nothing was done.
    @discardableResult
    private func expectRefused(
        _ reason: String,
        saying text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> JSON? {
        let before = try stage.pair.stateContents()
        let pass = try last()
        let line = pass.report.of("refused").last
        #expect(pass.outcome.status == 3, "\(pass.outcome)", sourceLocation: sourceLocation)
        #expect(line?.text("reason") == reason, "\(pass.outcome)", sourceLocation: sourceLocation)
        #expect(
            pass.outcome.errorsUnwrapped.contains(text),
            "\(pass.outcome)",
            sourceLocation: sourceLocation
        )
        #expect(try stage.pair.stateContents() == before, sourceLocation: sourceLocation)
        return line
    }

    // MARK: Writers

    @Test("whoever can write to SOURCE is named, by whatever mount, and the pass refused")
    func writers() throws {
        try openWriter()
        try otherNamespace()
        try otherMount()
        // Through no mount at all that is seen.
        try expectRefused("source_writable", saying: "its filesystem is read-write")
        #expect(!Files.exists(stage.to("log")))
    }

    /// Runs a script until it has made the file that it has as `$1`.
    private func start(_ words: [String], _ file: [UInt8] = []) throws -> Subprocess {
        let ready = joined(stage.outside, Scratch.uniqueName("ready"))
        let process = try Subprocess(words.map { bytes($0) } + [file, ready])
        waitUntil { Files.exists(ready) }
        return process
    }

    private func openWriter() throws {
        try Files.write(stage.from("log"), bytes("a"))
        let script = "exec 9>>\"$0\"; : >\"$1\"; exec sleep 60"
        let writer = try start(["/bin/sh", "-c", script], stage.from("log"))
        let line = try expectRefused("source_writable", saying: "mount -o remount,ro ")
        let named = line?["writers"]?.elements.first { $0.path == stage.from("log") }
        #expect(named?.text("name") == "sleep", "\(String(describing: line))")
        writer.send(SIGKILL)
        writer.wait()
    }

    /// SOURCE's own mount takes no writes from here on.
    private func otherNamespace() throws {
        let script = ": >\"$1\"; exec sleep 60"
        let writer = try start(["/usr/bin/unshare", "-m", "sh", "-c", script])
        try mount("bind,ro")
        try expectRefused("source_writable", saying: "(in the mount namespace of process ")
        writer.send(SIGKILL)
        writer.wait()
    }

    private func otherMount() throws {
        let other = joined(stage.outside, "other")
        try Files.makeDirectory(other)
        try Shell.run(
            "mount --bind \"$1\" \"$2\"; mount -o remount,bind,rw \"$2\"",
            stage.pair.from,
            other
        )
        try expectRefused("source_writable", saying: "mounted read-write at \(shown(other))")
        try Shell.run("umount -- \"$1\"", other)
    }

    // MARK: What is done

    @Test(
        "options of the last whole pass are taken, and it is a scan; with --allow-writers it is not final"
    )
    func recordedOptions() throws {
        try Files.write(stage.from("new"), bytes("new"))
        let first = try last("--allow-writers")
        #expect(first.outcome.status == 24, "\(first.outcome)")
        #expect(first.outcome.errorsUnwrapped.contains("Not final: SOURCE could be written to"))
        #expect(!first.outcome.errors.contains("The switch:"), "\(first.outcome)")
        #expect(first.report.of("final").last?["final"] == false)
        try Files.unlink(stage.from("kept/one"))
        try mount("ro")
        let pass = try last()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(pass.outcome.errors.contains("options of pass 2: --delete --exclude '/tmp/*'"))
        #expect(!Files.exists(stage.to("kept/one")) && Files.exists(stage.to("new")))
        #expect(!Files.exists(stage.to("tmp/x")))
        let summaries = pass.report.of("summary")
        #expect(summaries.map { $0.text("changes_by") } == ["scan", "scan", nil])
        #expect(summaries.map { $0.number("status") } == [0, 0, 0])
        let verdict = try #require(pass.report.of("final").last)
        #expect(verdict["final"] == true && verdict.number("second_look_entries") == 0)
        #expect(verdict.number("verify_status") == 0 && verdict["foreseen_low_seconds"] == .null)
        #expect(pass.outcome.errors.contains("a second look found nothing left"))
        #expect(
            pass.outcome.errorsUnwrapped.contains("without what 1 rule of --exclude left out"),
            "\(pass.outcome)"
        )
        #expect(verdict.number("excluded_rules") == 1)
        #expect(pass.outcome.errorsUnwrapped.contains("No line of /etc/fstab names SOURCE"))
    }

    @Test("an option that is given replaces all recorded ones, which is said")
    func givenOptions() throws {
        try Files.unlink(stage.from("kept/one"))
        try mount("ro")
        let pass = try last("--exclude", "/none")
        #expect(
            pass.outcome.errorsUnwrapped.contains(
                "options as given, --exclude /none, instead of all those of pass 1: --delete "
            ),
            "\(pass.outcome)"
        )
        // Without --delete the extra stays, which is no equality.
        #expect(Files.exists(stage.to("kept/one")) && Files.exists(stage.to("tmp/x")))
        #expect(pass.outcome.status == 1, "\(pass.outcome)")
        #expect(pass.report.of("final").last?.number("verify_status") == 1)
        #expect(!pass.outcome.errors.contains("The switch:"), "\(pass.outcome)")
    }

    @Test("contents of one size that --size-only passed over are never called equal")
    func sizesAlone() throws {
        #expect(try stage.pass("--exclude", "/tmp/*", "--size-only").outcome.status == 0)
        try Files.overwrite(stage.from("kept/one"), [0xFF, 0xFE], at: 0)
        try mount("ro")
        try expectRefused("sizes_alone", saying: "pass 2, the last whole one, compared files by")
        let typed = try last("--exclude", "/tmp/*", "--delete")
        #expect(typed.outcome.status == 3, "\(typed.outcome)")
        let pass = try last("--checksum")
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(try Files.read(stage.to("kept/one")) == Files.read(stage.from("kept/one")))
    }

    @Test(
        "without a whole pass, or its options, it is refused; so is what it cannot be together with"
    )
    func notBegun() throws {
        for words in [["--dry-run"], ["--branch", "kept"], ["--bwlimit", "1M"], ["--idle"]] {
            let outcome = try stage.pair.sync(["--final"] + words, deletes: false).outcome
            #expect(outcome.status == 64 && outcome.errors.contains(words[0]), "\(outcome)")
        }
        #expect(try stage.pass("--allow-writers").outcome.status == 64)
        // The wrong way round: there is no record of that way, and that is not what is to be told.
        var swapped = stage.pair
        (swapped.from, swapped.to) = (stage.pair.to, stage.pair.from)
        let reversed = try swapped.sync(["--final"], deletes: false)
        #expect(reversed.report.of("refused").last?.text("reason") == "reversed")
        try mount("ro")
        // Roots that were made anew bear the numbers of those that the record is of.
        for (sign, isOther) in [("+", true), ("-", false)] {
            for database in try stage.pair.databases() {
                try Shell.run(
                    "sqlite3 \"$1\" 'UPDATE roots SET birth = birth \(sign) 1'",
                    database
                )
            }
            if isOther { try expectRefused("no_whole_pass", saying: "make one first") }
        }
        for database in try stage.pair.databases() {
            try Shell.run("sqlite3 \"$1\" 'UPDATE passes SET arguments = NULL'", database)
        }
        try expectRefused("options_not_kept", saying: "give them here")
        try Files.removeTree(stage.pair.state)
        try expectRefused("no_whole_pass", saying: "make one first, without --final")
    }

    @Test("what somebody changes at DESTINATION behind the record is found by the comparison")
    func destinationChanged() throws {
        // What is racy is looked at anyway.
        stage.age()
        #expect(try stage.pass("--exclude", "/tmp/*").outcome.status == 0)
        stage.age()
        try mount("ro")
        try Files.changeMode(stage.to("kept/two"), 0o600)
        // A scan that is told to trust DESTINATION passes it over.
        let pass = try last("--changes", "scan")
        #expect(pass.outcome.status == 1, "\(pass.outcome)")
        #expect(pass.outcome.output.contains("kept/two: mode"), "\(pass.outcome)")
        #expect(pass.outcome.errorsUnwrapped.contains("No switch yet (status 1)"))
    }

    @Test("with --cross-mounts nothing below a mount is called equal that nobody compared")
    func crossedMounts() throws {
        let below = stage.from("below")
        try Shell.run(
            """
            truncate -s 16M -- "$1.img"; mkfs.ext4 -q -- "$1.img"; mkdir -- "$2"
            mount -o loop -- "$1.img" "$2"; echo inside > "$2/file"
            """,
            joined(stage.outside, "below"),
            below
        )
        defer { cleanUp("umount -- \"$1\"", below) }
        let options = ["--cross-mounts", "--exclude", "/tmp/*", "--exclude", "lost+found"]
        #expect(try stage.pair.sync(options, deletes: false).outcome.status == 0)
        try Shell.run("mount -o remount,ro -- \"$1\"", below)
        try mount("ro")
        let pass = try last()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        // Without --delete no pass removes it: the comparison alone can tell.
        try Files.write(stage.to("below/extra"), bytes("extra"))
        let other = try last()
        #expect(other.outcome.status == 1, "\(other.outcome)")
        #expect(other.outcome.output.contains("below/extra"), "\(other.outcome)")
        #expect(other.report.of("final").last?.number("verify_status") == 1)
    }

    @Test("what failed is told again, no second look is made, and there is no switch yet")
    func failures() throws {
        try Files.unlink(stage.from("kept/one"))
        try Shell.run("chattr +i -- \"$1\"", stage.to("kept/one"))
        // It goes with its volume, if this fails.
        defer { _ = try? Shell.run("chattr -i -- \"$1\"", stage.to("kept/one")) }
        try mount("ro")
        let pass = try last()
        #expect(pass.outcome.status == 23, "\(pass.outcome)")
        let verdict = try #require(pass.report.of("final").last)
        #expect(verdict["second_look_status"] == .null && verdict.number("verify_status") == 1)
        #expect(pass.outcome.errorsUnwrapped.contains("no second look, for it would find what"))
    }

    // MARK: Being stopped

    @Test("a signal in any of the three steps ends it with 20, and it can be repeated")
    func interrupted() throws {
        try makeSlow()
        for step in 1...3 {
            // Where a step comes to its end before the signal does: once more.
            var attempts = 0
            while attempts < 10, try !isInterrupted(in: step) { attempts += 1 }
            #expect(attempts < 10, "no signal came in step \(step)")
        }
        let again = try last()
        #expect(again.outcome.status == 0, "\(again.outcome)")
        // What its comparison took is what the next estimate says of it.
        let next = try stage.pass("--exclude", "/tmp/*")
        let estimate = try #require(next.report.of("estimate").last, "\(next.outcome)")
        #expect(estimate.decimal("verify_metadata_seconds") ?? 0 > 0)
    }

    @Test("where another pass runs between the three steps the verdict is not final, and 24")
    func followed() throws {
        try makeSlow()
        // Where the verdict comes before the other pass does: once more.
        var attempts = 0
        while attempts < 10, try !isFollowed() { attempts += 1 }
        #expect(attempts < 10, "no pass came in between")
    }

    @Test("SOURCE that becomes writable again while the last pass runs is told, and 24")
    func becameWritable() throws {
        try makeSlow()
        // Where the verdict comes before that: once more.
        var attempts = 0
        var outcome: Outcome
        repeat {
            try mount("ro")
            let process = try start(step: 2)
            try mount("rw")
            outcome = process.wait()
            attempts += 1
        } while outcome.status == 0 && attempts < 10
        #expect(outcome.status == 24, "\(outcome)")
        #expect(outcome.errorsUnwrapped.contains("SOURCE was made writable meanwhile"))
        #expect(try JSONReport(stage.pair.reportFile).of("final").last?["final"] == false)
    }

    /// Walked by one worker, so that each step takes a while.
    private func makeSlow() throws {
        try Shell.run("cd \"$1\" && seq -f f%g 2000 | xargs touch", stage.from("kept"))
        #expect(try stage.pass("--exclude", "/tmp/*").outcome.status == 0)
        try mount("ro")
    }

    /// Records another pass when the second look has begun; false: that came too late.
    private func isFollowed() throws -> Bool {
        let process = try start(step: 2)
        let fields = "started, started_boot, boot, options, method, workers, is_partial"
        for database in try stage.pair.databases() {
            try Shell.run(
                """
                sqlite3 -cmd '.timeout 5000' "$1" 'INSERT INTO passes (id, \(fields), is_complete)
                SELECT max(id) + 1, \(fields), 0 FROM passes'
                """,
                database
            )
        }
        let outcome = process.wait()
        let verdict = try JSONReport(stage.pair.reportFile).of("final").last
        if outcome.status == 0 { return false }
        #expect(outcome.status == 24, "\(outcome)")
        #expect(verdict?["final"] == false && verdict?.number("verify_status") == 0)
        #expect(outcome.errorsUnwrapped.contains("another pass ran meanwhile"), "\(outcome)")
        return true
    }

    /// Starts a last pass and waits until one of its steps has begun.
    private func start(step: Int) throws -> Subprocess {
        let file = stage.pair.reportFile
        try Files.removeTree(file)
        let words = ["sync", "--final", "--changes=walk", "-w1", "--state"].map { bytes($0) }
        let roots = [stage.pair.from, stage.pair.to]
        let process = try Cutover.start(words + [stage.pair.state, bytes("--json"), file] + roots)
        try waitUntil {
            guard Files.exists(file) else { return false }
            let text = String(decoding: try Files.read(file), as: UTF8.self)
            return text.ranges(of: "{\"type\":\"start\"").count >= step
        }
        return process
    }

    /// Sends a signal when a step has begun; false: that came too late.
    private func isInterrupted(in step: Int) throws -> Bool {
        let process = try start(step: step)
        process.send(SIGINT)
        let outcome = process.wait()
        let report = try JSONReport(stage.pair.reportFile)
        let statuses = report.of("summary").map { $0.number("status") }
        guard statuses.count == step, statuses.last == 20 else { return false }
        #expect(outcome.status == 20, "\(outcome)")
        #expect(report.of("final").last?.number("status") == 20)
        #expect(outcome.errors.contains("No switch yet"), "\(outcome)")
        if step == 3 {
            // Such a comparison says nothing of how long one takes.
            let history = try Cutover.run(
                bytes: ["history", "--json", "-", "--state"].map { bytes($0) } + [stage.pair.state]
            ).report()
            let compared = try #require(history.of("verification").last)
            #expect(compared.number("status") == 20 && compared["complete"] == .bool(false))
        }
        return true
    }
}
