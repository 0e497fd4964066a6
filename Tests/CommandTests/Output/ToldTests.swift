// What the program says of what went wrong, by real runs: that it points to where to look, says how much is missing,
// and advises nothing that would not help.

import Glibc
import TestSupport
import Testing

@Suite("What is told of what went wrong", .requiresVolumes, .timeLimit(.minutes(10)))
struct ToldTests {
    private let stage: Stage
    private let state: [UInt8]

    init() throws {
        stage = try Stage()
        state = joined(stage.outside, "state")
        try Files.makeDirectory(stage.source("folder"))
        try Files.write(stage.source("folder/file"), bytes("contents"))
    }

    private func run(_ words: String...) throws -> Outcome {
        let places = ["check", "verify"].contains(words[0]) ? [] : [bytes("--state"), state]
        return try Cutover.run(bytes: words.map { bytes($0) } + places + [stage.from, stage.to])
    }

    /// Words of a text that may be wrapped anywhere.
    private func words(_ text: String) -> String {
        text.split { $0.isWhitespace }.joined(separator: " ")
    }

    @Test("-q with a failure names the command that lists it, and that command does")
    func quietFailure() throws {
        #expect(try run("sync", "--delete").status == 0)
        try Files.unlink(stage.source("folder/file"))
        try Shell.run("chattr +i \"$1\"", stage.destination("folder/file"))
        let outcome = try run("sync", "--delete", "-q")
        cleanUp("chattr -i \"$1\"", stage.destination("folder/file"))
        #expect(outcome.status == 23)
        let lines = outcome.errors.split(separator: "\n")
        let last = lines.last ?? ""
        let (begin, end) = ("cutover: 1 failure, status 23; 'cutover ", "' lists them")
        try #require(last.hasPrefix(begin) && last.hasSuffix(end), "\(outcome)")
        let command = last.dropFirst(begin.count).dropLast(end.count)
        #expect(command.hasPrefix("history --pass 2 "), "\(outcome)")
        // As a person would paste it.
        let listed = try Shell.attempt("\"$1\" \(command)", [Cutover.binary])
        #expect(listed.output.contains("folder/file: cannot remove it"), "\(command): \(listed)")
    }

    @Test("a stop with -q says what is missing and what is needed; without, the same in its lines")
    func quietStop() throws {
        let volume = try LoopVolume(.ext4(), megabytes: 60)
        defer { volume.destroy() }
        try Shell.run("head -c 90M /dev/urandom >\"$1\"/large", stage.from)
        let quiet = try Cutover.sync(
            stage.from,
            volume.mountPoint,
            ["-q", "--no-check"]
        )
        #expect(quiet.status == 11, "\(quiet)")
        let last = quiet.errors.split(separator: "\n").last ?? ""
        let begin =
            "cutover: stopped: DESTINATION is full; what was good there is untouched. Missing there: "
        let rest =
            #/\d+ entr(y|ies), [\d.]+ MiB; needed beside what is free: [\d.]+ MiB; status 11/#
        #expect(last.hasPrefix(begin), "\(quiet)")
        #expect(last.dropFirst(begin.count).wholeMatch(of: rest) != nil, "\(quiet)")
    }

    @Test("check by somebody who is not root: what is kept for root is no part of what is free")
    func checkByNobody() throws {
        let volume = try LoopVolume(.ext4(["-m", "10"]), megabytes: 200)
        defer { volume.destroy() }
        try Shell.run("chown 65534 \"$1\"", volume.mountPoint)
        let other = Stage(stage.from, volume.mountPoint)
        let nobody = try Unprivileged.run(["check", "-v"], other)
        let nobodys = words(nobody.output)
        let more = #/[\d.]+ MiB are free \([\d.]+ MiB more for root alone\)/#
        #expect(nobodys.firstMatch(of: more) != nil, "\(nobody)")
        let root = try Cutover.run(bytes: [bytes("check"), bytes("-v"), other.from, other.to])
        #expect(
            words(root.output).firstMatch(
                of: #/[\d.]+ MiB are free \([\d.]+ MiB of it for root alone\)/#
            ) != nil,
            "\(root)"
        )
    }

    @Test("verify: flags alone that differ advise no pass; anything else beside them does")
    func flagsAlone() throws {
        try stage.pass()
        try Shell.run("chattr +A \"$1\"", stage.destination("folder/file"))
        let flags = try stage.verify()
        cleanUp("chattr -A \"$1\"", stage.destination("folder/file"))
        #expect(flags.status == 1, "\(flags)")
        #expect(words(flags.errors).contains("Only inode flags or project ids differ"), "\(flags)")
        #expect(!flags.errors.contains("cutover sync"), "\(flags)")
        try stage.flip("folder/file", at: 0)
        let contents = try stage.verify()
        #expect(contents.status == 1 && contents.errors.contains("--checksum"), "\(contents)")
    }

    @Test("S61: verify of an empty SOURCE says that nothing was compared, with -q too")
    func emptySource() throws {
        let empty = Stage(joined(stage.outside, "a"), joined(stage.outside, "b"))
        for root in [empty.from, empty.to] {
            try Files.makeDirectory(root)
            // Of the filesystem and not of the tree.
            try Files.makeDirectory(joined(root, "lost+found"))
            try Shell.run("chmod 755 \"$1\"; touch -d 2020-01-01 \"$1\"", root)
        }
        for options in [[], ["-q"], ["--metadata"]] {
            let report = joined(stage.outside, "report")
            let words = (["verify"] + options + ["--json"]).map { bytes($0) }
            let outcome = try Cutover.run(bytes: words + [report, empty.from, empty.to])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(
                outcome.errors.contains(
                    "cutover: SOURCE is empty: nothing was compared. Is it mounted?\n"
                ),
                "\(outcome)"
            )
            #expect(try JSONReport(report).notices("empty_source").count == 1)
        }
        try stage.pass()
        let outcome = try stage.verify()
        #expect(outcome.status == 0 && !outcome.errors.contains("empty"), "\(outcome)")
    }

    @Test("-v says the capabilities and the views that a pass has; without it, nothing of them")
    func reaches() throws {
        let verbose = try stage.attempt("-n", "-v")
        #expect(
            verbose.errors.firstMatch(
                of: #/cutover: root with .*; SOURCE through a read-only view, DESTINATION/#
            ) != nil,
            "\(verbose)"
        )
        #expect(!(try stage.attempt("-n")).errors.contains("view"))
        let nobody = try Unprivileged.run(["sync", "-n", "-v"], stage)
        #expect(
            nobody.errors.contains("cutover: not root; no capabilities; SOURCE without a view"),
            "\(nobody)"
        )
    }

    @Test("a pass with failures says how many and its status in its first line")
    func headline() throws {
        #expect(try run("sync", "--delete").status == 0)
        try Files.unlink(stage.source("folder/file"))
        try Shell.run("chattr +i \"$1\"", stage.destination("folder/file"))
        let outcome = try run("sync", "--delete")
        cleanUp("chattr -i \"$1\"", stage.destination("folder/file"))
        #expect(
            outcome.errors.firstMatch(of: #/cutover: done in \d\.\d s, 1 failure, status 23\n/#)
                != nil,
            "\(outcome)"
        )
    }

    @Test(
        "a damaged state is told in words, and no value of the program's",
        arguments: ["head -c 100 /dev/zero", "head -c 4096 /dev/urandom", "printf DAMAGED"]
    )
    func damagedState(script: String) throws {
        #expect(try run("sync", "--delete").status == 0)
        try Shell.run(
            "for file in \"$1\"/*.sqlite; do \(script) | dd of=\"$file\" conv=notrunc status=none; done",
            state
        )
        let outcome = try run("sync", "--delete", "-v")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.errors.contains("set aside ("), "\(outcome)")
        // failed("..."), Optional(5), and not chattr(1).
        for line in outcome.errors.split(separator: "\n") where line.hasPrefix("cutover: ") {
            #expect(line.firstMatch(of: #/[a-z]\((?!\d\))/#) == nil, "\(line)")
        }
    }

    @Test(
        "a swap file in use on DESTINATION: its failure names swapoff",
        .requiresTool("mkswap"),
        .enabled("needs leave to swap (swapon)") {
            !(try Shell.attempt("swapon /dev/null")).errors.contains("not permitted")
        }
    )
    func swapFile() throws {
        let file = stage.destination("swap")
        try Shell.run("head -c 1M /dev/zero >\"$1\"; chmod 600 \"$1\"; mkswap -q \"$1\"", file)
        try Shell.run("swapon \"$1\"", file)
        defer { cleanUp("swapoff \"$1\"", file) }
        let outcome = try stage.attempt("--delete")
        #expect(outcome.status == 23 && outcome.errors.contains("swapoff"), "\(outcome)")
        #expect(Files.exists(file))
    }

    @Test("--version, and what help begins and ends with")
    func version() throws {
        let version = try Cutover.run(["--version"])
        #expect(version.output.wholeMatch(of: #/cutover \d+\.\d+\.\d+\n/#) != nil, "\(version)")
        let help = try Cutover.run(["--help"])
        #expect(help.lines.contains { $0.contains("cutover [sync] [OPTIONS] SOURCE DESTINATION") })
        #expect(help.output.contains("CUTOVER_STATE"))
    }
}
