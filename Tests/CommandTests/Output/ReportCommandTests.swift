// `cutover report` after real passes, by the built program: a page with what history tells, written whole and closed to
// others, on neither volume; and what `verify` records for it.

import Glibc
import TestSupport
import Testing

@Suite("A page of real passes", .requiresVolumes, .timeLimit(.minutes(10)))
struct ReportCommandTests {
    private let stage: Stage
    private let state: [UInt8]
    private let page: [UInt8]

    init() throws {
        stage = try Stage()
        state = joined(stage.outside, "state")
        page = joined(stage.outside, "page.html")
        try Files.makeDirectory(stage.source("<branch>"))
        try Files.write(stage.source("<branch>/file"), bytes("contents"))
    }

    private func run(_ command: String, _ words: [[UInt8]] = [], of roots: Bool = true) throws
        -> Outcome
    {
        let all = [bytes(command), bytes("--state"), state] + words
        return try Cutover.run(
            bytes: all + (roots ? [stage.from, stage.to] : []),
            environment: ["TZ=UTC0"]
        )
    }

    private func report(_ words: String..., of roots: Bool = true) throws -> Outcome {
        try run("report", [bytes("-o"), page] + words.map { bytes($0) }, of: roots)
    }

    private func text() throws -> String { String(decoding: try Files.read(page), as: UTF8.self) }

    @Test("passes and verifications stand on it, and it is their owner's alone") func whole() throws
    {
        #expect(try run("sync", [bytes("-q")]).status == 0)
        try Files.write(stage.source("<branch>/new"), bytes("more"))
        #expect(try run("sync", [bytes("-q")]).status == 0)
        #expect(try run("verify", [bytes("-q")]).status == 0)
        try Files.write(stage.destination("<branch>/extra"), bytes("extra"))
        #expect(
            try run("verify", [bytes("-q"), bytes("--strict"), bytes("--metadata")]).status == 1
        )
        let outcome = try report()
        #expect(outcome.status == 0 && outcome.stdout.isEmpty, "\(outcome)")
        #expect(outcome.errors.contains("a page of 2 passes"), "\(outcome)")
        #expect(try Files.status(page).st_mode & 0o7777 == 0o600)
        let text = try text()
        for words in [
            "Not ready: a verification found", "&lt;branch&gt;", "every byte",
            "attributes only, strict",
            "xfs", "ext4", " bigtime", "has_journal", "relatime",
        ] {
            #expect(text.contains(words), "\(words)")
        }
        #expect(!text.contains("<branch>"))
        let lines = try run("history", [bytes("--json"), bytes("-")]).lines
        let verifications = lines.filter { $0.contains("\"type\":\"verification\"") }
        #expect(verifications.count == 2, "\(lines)")
        #expect(
            verifications.first?.contains("\"status_name\":\"equal\",\"contents\":true") == true
        )
        #expect(verifications.last?.contains("\"status_name\":\"different\"") == true)
        // Without the volumes' names, by the only record there is; and to standard output.
        let other = try run("report", [bytes("-o"), bytes("-")], of: false)
        #expect(other.status == 0 && other.stderr.isEmpty, "\(other)")
        #expect(other.output.hasPrefix("<!DOCTYPE html>") && other.output.hasSuffix("</html>\n"))
        let hidden = try report("--no-names", "--last", "1")
        #expect(hidden.status == 0, "\(hidden)")
        let left = try self.text()
        #expect(!left.contains("&lt;branch&gt;") && !left.contains(shown(stage.from)))
        #expect(left.contains("branch 1"))
    }

    @Test("a verification that was told to look away does not make ready what a whole one found")
    func lookingAway() throws {
        func outlook() throws -> String? {
            try run("history", [bytes("--json"), bytes("-")]).lines
                .compactMap { try JSON(parsing: bytes($0))["outlook"] }.first?.text("word")
        }
        #expect(try run("sync", [bytes("-q")]).status == 0)
        try Files.setAttribute(stage.destination("<branch>/file"), "trusted.other", bytes("1"))
        #expect(try run("verify", [bytes("-q")]).status == 1)
        let aside = [bytes("-q"), bytes("--xattrs"), bytes("user"), bytes("--quotas=off")]
        #expect(try run("verify", aside).status == 0)
        #expect(try outlook() == "different")
        #expect(try report().status == 0)
        let scope =
            "every byte, without other extended attributes and quotas, less than passes carry"
        #expect(try text().contains(scope))
        // Passes that leave out the same are compared as they are.
        #expect(try run("sync", aside).status == 0)
        #expect(try outlook() == "different")
        #expect(try run("verify", aside).status == 0)
        #expect(try outlook() == "ready")
    }

    @Test("nothing recorded is 3, a place on a volume 64, and nothing is made") func refused()
        throws
    {
        let nothing = try report()
        #expect(
            nothing.status == 3 && nothing.errors.split(separator: "\n").count == 1,
            "\(nothing)"
        )
        #expect(try run("sync", [bytes("-q")]).status == 0)
        for root in [stage.from, stage.to] {
            let place = joined(root, "page.html")
            for words in [[stage.from, stage.to], []] {
                let outcome = try run("report", [bytes("-o"), place] + words, of: false)
                #expect(outcome.status == 64, "\(outcome)")
                #expect(outcome.errors.contains("would lie on "), "\(outcome)")
                #expect(!Files.exists(place))
            }
        }
        #expect(try report("--last", "0").status == 64)
        #expect(try run("report", [bytes("-o"), joined(stage.outside, "no/page")]).status == 64)
        #expect(!Files.exists(page))
    }

    @Test("where another record cannot be read it does not show the only one that can")
    func damaged()
        throws
    {
        #expect(try run("sync", [bytes("-q")]).status == 0)
        #expect(try run("report", [bytes("-o"), page], of: false).status == 0)
        let names = try Files.names(state).filter { $0.suffix(7) == bytes(".sqlite") }
        let name = try #require(names.first)
        // Of another pair, by the name of its file.
        let other = bytes(name.first == UInt8(ascii: "a") ? "b" : "a") + name.dropFirst()
        try Files.write(joined(state, other), bytes("damaged"))
        let outcome = try run("report", [bytes("-o"), page], of: false)
        #expect(outcome.status == 64, "\(outcome)")
        #expect(outcome.errors.contains("2 pairs of volumes are recorded"), "\(outcome)")
        #expect(try report().status == 0)
    }

    @Test("a disk that is full is 23, and the page that was there stays") func full() throws {
        #expect(try run("sync", [bytes("-q")]).status == 0)
        try Files.write(page, bytes("earlier"))
        let outcome = try Cutover.run(
            bytes: [
                bytes("report"), bytes("--state"), state, bytes("-o"), page, stage.from, stage.to,
            ],
            environment: ["CUTOVER_FAULTS=pwrite:1:ENOSPC:*"]
        )
        #expect(outcome.status == 23, "\(outcome)")
        #expect(outcome.errors.contains("No space left on device"), "\(outcome)")
        #expect(try Files.read(page) == bytes("earlier"))
        #expect(try Files.names(stage.outside).allSatisfy { !$0.starts(with: bytes(".cutover-")) })
    }

    @Test("a verification that ends while a pass runs stands on the page, and the pass ends well")
    func besidePass() throws {
        #expect(try run("sync", [bytes("-q")]).status == 0)
        try stage.makeSlowTree()
        let json = joined(stage.outside, "pass.json")
        let words = ["sync", "--bwlimit", "4K", "--json"].map { bytes($0) }
        let pass = try Cutover.start(
            words + [json, bytes("--state"), state, stage.from, stage.to]
        )
        waitUntil { ((try? JSONReport(json))?.of("start").isEmpty ?? true) == false }
        let outcome = try run("verify", [bytes("-q"), bytes("--strict")])
        #expect(outcome.status == 1, "\(outcome)")
        let lines = try run("history", [bytes("--json"), bytes("-")]).lines
        #expect(lines.contains { $0.contains("\"outcome\":\"running\"") }, "\(lines)")
        #expect(lines.count { $0.contains("\"type\":\"verification\"") } == 1, "\(lines)")
        pass.send(SIGTERM)
        #expect(pass.wait().status == 20)
        #expect(try report().status == 0)
        #expect(try text().contains(">different<"))
    }

    @Test("a verification that cannot be recorded says so, and is what it is") func lost() throws {
        #expect(try run("sync", [bytes("-q")]).status == 0)
        let outcome = try Cutover.run(
            bytes: [
                bytes("verify"), bytes("--state"), state, bytes("--json"), bytes("-"), stage.from,
                stage.to,
            ],
            environment: ["CUTOVER_FAULTS=sqlite_pwrite:1:ENOSPC:*,sqlite_write:1:ENOSPC:*"]
        )
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.output.contains("\"notice\":\"nothing_recorded\""), "\(outcome)")
        #expect(outcome.errors.contains("is not recorded"), "\(outcome)")
    }
}
