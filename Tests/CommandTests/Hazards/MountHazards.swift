// S56: what is mounted below the roots and answers nothing, or only errors, makes no pass wait and none fail.

import Glibc
import TestSupport
import Testing

@Suite("Mounts that do not answer, S56", .requiresVolumes, .requiresFUSE, .timeLimit(.minutes(10)))
struct MountHazards {
    /// What stands at a mount point.
    enum State: CaseIterable { case hung, dead, ofAnotherUser }

    let stage: Stage

    init() throws { stage = try Stage() }

    /// Mounts a filesystem in one of those states.
    private func mount(_ path: [UInt8], _ state: State) throws -> SilentFilesystem {
        let user: UInt32 = state == .ofAnotherUser ? 4321 : 0
        let filesystem = try SilentFilesystem(over: path, user: user)
        if state == .dead { filesystem.die() }
        return filesystem
    }

    /// The paths of the mount points that a pass has listed, with their side, sorted.
    private func skipped(_ report: JSONReport) -> [String] {
        report.of("mount_skipped").map { line in
            let texts = ["path", "side"].map { line.text($0) ?? "?" }
            return texts.joined(separator: " ")
        }.sorted()
    }

    @Test("below SOURCE, over a directory and over a file", arguments: State.allCases, [1, 30])
    func onSource(_ state: State, workers: Int) throws {
        for name in ["before", "between", "zlast"] {
            try Files.makeDirectory(stage.source(name))
            try Files.write(stage.source(name + "/file"), bytes(name))
        }
        for name in ["between/mounted", "between/with copy"] {
            try Files.makeDirectory(stage.source(name))
        }
        try Files.write(stage.source("between/single"), bytes("hidden"))
        try Files.makeDirectory(stage.destination("between"))
        try Files.makeDirectory(stage.destination("between/with copy"))
        try Files.write(stage.destination("between/with copy/kept"), bytes("only here"))
        let names = ["between/mounted", "between/single", "between/with copy"]
        let mounted = try names.map { try mount(stage.source($0), state) }
        defer { for filesystem in mounted { filesystem.remove() } }
        for turn in 1...2 {
            let (outcome, report) = try stage.reported("-w", "\(workers)", seconds: 30)
            #expect(outcome.status == 0, "pass \(turn): \(outcome)")
            #expect(skipped(report) == names.map { $0 + " source" }, "\(outcome)")
        }
        for name in ["before", "between", "zlast"] {
            #expect(try text(stage.destination(name + "/file")) == name)
        }
        #expect(try text(stage.destination("between/with copy/kept")) == "only here")
        #expect(try Files.names(stage.destination("between/mounted")) == [])
        #expect(!Files.exists(stage.destination("between/single")))
        let verified = try stage.verify("-w", "\(workers)", seconds: 30)
        #expect(verified.status == 0, "\(verified)")
        #expect(verified.errors.contains("    between/mounted\n"), "\(verified)")
        let checked = try Cutover.run(
            bytes: [bytes("check"), bytes("--deep"), stage.from, stage.to],
            seconds: 30
        )
        #expect(checked.status == 0 && !checked.output.contains("unread"), "\(checked)")
    }

    @Test(
        "below DESTINATION: extras, and over an empty directory of SOURCE",
        arguments: State.allCases
    )
    func onDestination(_ state: State) throws {
        try Files.makeDirectory(stage.source("place"))
        try Files.write(stage.source("file"), bytes("x"))
        for name in ["place", "extra", "extra/inner", "extra/inner/mounted", "mounted"] {
            try Files.makeDirectory(stage.destination(name))
        }
        try Files.write(stage.destination("extra/file"), bytes("deleted"))
        try Files.write(stage.destination("single"), bytes("hidden"))
        let names = ["extra/inner/mounted", "mounted", "place", "single"]
        let mounted = try names.map { try mount(stage.destination($0), state) }
        defer { for filesystem in mounted { filesystem.remove() } }
        for workers in ["1", "30"] {
            let (outcome, report) = try stage.reported("-w", workers, seconds: 30)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(skipped(report) == names.map { $0 + " destination" }, "\(outcome)")
        }
        #expect(try text(stage.destination("file")) == "x")
        #expect(!Files.exists(stage.destination("extra/file")))
        let verified = try stage.verify(seconds: 30)
        // The directory that holds a mount point is extra.
        #expect(
            verified.status == 1
                && verified.lines == ["extra: only on DESTINATION (directory, and all in it)"],
            "\(verified)"
        )
        for filesystem in mounted { filesystem.remove() }
        // Nothing of them was proven by those passes.
        try stage.pass()
        try stage.expectSame()
    }

    @Test(
        "over what SOURCE has: that entry fails at once, and all others are copied",
        arguments: State.allCases
    )
    func overEntries(_ state: State) throws {
        try Files.makeDirectory(stage.source("directory"))
        try Files.write(stage.source("directory/file"), bytes("left out"))
        for name in ["file", "type", "zlast"] { try Files.write(stage.source(name), bytes(name)) }
        for name in ["directory", "type"] { try Files.makeDirectory(stage.destination(name)) }
        try Files.write(stage.destination("file"), bytes("hidden"))
        let names = ["directory", "file", "type"]
        let mounted = try names.map { try mount(stage.destination($0), state) }
        defer { for filesystem in mounted { filesystem.remove() } }
        let (outcome, report) = try stage.reported(seconds: 30)
        #expect(outcome.status == 23, "\(outcome)")
        let failed = report.of("failure").compactMap { $0.text("path") }.sorted()
        #expect(failed == names, "\(outcome)")
        #expect(try text(stage.destination("zlast")) == "zlast")
        let verified = try stage.verify(seconds: 30)
        #expect(verified.status == 23, "\(verified)")
        for filesystem in mounted { filesystem.remove() }
        try stage.pass()
        try stage.expectSame()
    }

    @Test("it hangs while a pass runs: what was mounted before is not asked either")
    func hangsMeanwhile() throws {
        try Shell.run("cd \"$1\"; mkdir d; for i in {1..500}; do echo $i > d/$i; done", stage.from)
        try Files.makeDirectory(stage.source("d/mounted"))
        let pass = try stage.start("--bwlimit", "4K", report: joined(stage.outside, "report"))
        usleep(200_000)
        let filesystem = try SilentFilesystem(over: stage.source("d/mounted"))
        defer { filesystem.remove() }
        let outcome = pass.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Files.names(stage.destination("d")).count == 501)
    }
}
