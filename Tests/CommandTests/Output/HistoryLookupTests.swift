// Which records `cutover history` finds, what it refuses, and that it changes nothing.

import Glibc
import TestSupport
import Testing

@Suite("Recorded passes found", .requiresVolumes, .timeLimit(.minutes(10)))
struct HistoryLookupTests {
    private let stage: Stage
    private let state: [UInt8]

    init() throws {
        stage = try Stage()
        state = joined(stage.outside, "state")
        try Files.write(stage.source("file"), bytes("contents"))
    }

    private func pass(_ from: [UInt8], _ to: [UInt8]) throws {
        let words = ["sync", "-q", "--state"].map { bytes($0) }
        let outcome = try Cutover.run(bytes: words + [state, from, to])
        #expect(outcome.status == 0, "\(outcome)")
    }

    private func history(
        _ options: String...,
        of roots: [[UInt8]] = [],
        in folder: [UInt8]? = nil
    ) throws -> Outcome {
        let words = (["history"] + options + ["--state"]).map { bytes($0) }
        return try Cutover.run(bytes: words + [folder ?? state] + roots)
    }

    private func expectRefusal(
        _ outcome: Outcome,
        _ words: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(
            outcome.status == 3 && outcome.stdout.isEmpty,
            "\(outcome)",
            sourceLocation: sourceLocation
        )
        let isLine =
            outcome.errors.hasPrefix("cutover: ")
            && outcome.errors.split(separator: "\n").count == 1
        #expect(isLine, "\(outcome)", sourceLocation: sourceLocation)
        for word in words {
            #expect(
                outcome.errors.contains(word),
                "\(word): \(outcome)",
                sourceLocation: sourceLocation
            )
        }
    }

    /// The names of the pairs that are shown.
    private func pairs(_ outcome: Outcome) -> [String] {
        outcome.lines.filter { $0.hasPrefix("/") }
    }

    private func title(_ from: [UInt8], _ to: [UInt8]) -> String {
        "\(shown(from)) to \(shown(to))"
    }

    // MARK: Finding

    @Test(
        "without a pair all are shown, the one that was used last at the end, three passes of each"
    )
    func allPairs() throws {
        for _ in 0..<4 { try pass(stage.from, stage.to) }
        try pass(stage.from, stage.reference)
        for _ in 0..<4 { try pass(stage.from, stage.to) }
        let outcome = try history()
        #expect(
            pairs(outcome) == [title(stage.from, stage.reference), title(stage.from, stage.to)]
        )
        #expect(outcome.output.contains("The newest 3 of 8 passes"), "\(outcome)")
        let one = try history(of: [stage.from, stage.reference])
        #expect(pairs(one) == [title(stage.from, stage.reference)])
        let unclear = try history("--pass", "1")
        #expect(unclear.status == 64 && unclear.errors.contains("--pass needs SOURCE"))
        #expect(try history("--pass", "8", of: [stage.from, stage.to]).status == 0)
    }

    @Test("a pair is found wherever it is mounted now, by whatever name")
    func byIdentity() throws {
        try pass(stage.from, stage.to)
        let moved = joined(stage.reference, "moved")
        try Files.rename(stage.to, to: moved)
        let link = joined(stage.outside, "link")
        try Files.link(symbolic: link, to: stage.from)
        let outcome = try history(of: [link + bytes("/"), moved])
        #expect(pairs(outcome) == [title(stage.from, stage.to)], "\(outcome)")
        // Others that have taken its place have no passes of their own, and its name finds it.
        try Files.makeDirectory(stage.to)
        #expect(pairs(try history(of: [stage.from, stage.to])) == [title(stage.from, stage.to)])
    }

    @Test("a pair that is not there any more is found by the names that it had")
    func byName() throws {
        try pass(stage.from, stage.to)
        try Files.removeTree(stage.from)
        try Files.removeTree(stage.to)
        let outcome = try history(of: [stage.from + bytes("/"), stage.to])
        #expect(outcome.status == 0 && pairs(outcome).count == 1, "\(outcome)")
        expectRefusal(try history(of: [stage.to, stage.from]), "no pass of these two volumes")
    }

    // MARK: Refusing

    @Test("one line and status 3 where there is nothing to show")
    func nothing() throws {
        expectRefusal(try history(), "there is no such folder")
        #expect(!Files.exists(state))
        try Files.makeDirectory(state, mode: 0o700)
        expectRefusal(try history(), "nothing is recorded here")
        try pass(stage.from, stage.to)
        expectRefusal(try history("--pass", "9"), "there is no pass 9")
        try Files.changeMode(state, 0o777)
        expectRefusal(try history(), "others can write in it")
        let json = try history("--json", "-", in: joined(stage.outside, "nowhere"))
        #expect(json.status == 3, "\(json)")
        #expect(try json.report().lines.map { $0.text("type") } == ["refused"])
    }

    @Test("S48: usage errors are one line and 64, and name the help of `history`")
    func usage() throws {
        let missing = String(decoding: try Scratch.missingPath(), as: UTF8.self)
        for words in [
            [missing], [missing, missing, missing], ["--limit", "0"], ["--limit", "x"],
            ["--pass", "x"], ["--limit", "1", "--pass", "1"], ["--json", missing + "/file"],
            ["--delete"],
        ] {
            let outcome = try Cutover.run(["history"] + words)
            #expect(outcome.status == 64 && outcome.stdout.isEmpty, "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
            #expect(outcome.errors.hasSuffix("See 'cutover history --help'.\n"), "\(outcome)")
        }
    }

    @Test("a damaged record is told of, and the others are shown")
    func damaged() throws {
        try pass(stage.from, stage.to)
        let database = try #require(try databases().first)
        try pass(stage.from, stage.reference)
        try Files.overwrite(joined(state, database), bytes("nonsense"), at: 0)
        let outcome = try history()
        #expect(outcome.status == 3, "\(outcome)")
        #expect(pairs(outcome) == [title(stage.from, stage.reference)])
        #expect(outcome.errors.contains("is damaged: it is not an SQLite database"), "\(outcome)")
        expectRefusal(try history(of: [stage.from, stage.to]), "is damaged", shown(database))
        #expect(try history(of: [stage.from, stage.reference]).status == 0)
    }

    @Test("damage that only reading meets is told, too")
    func damagedInside() throws {
        try pass(stage.from, stage.to)
        let database = joined(state, try #require(try databases().first))
        // All pages but the first, which has the header and the schema.
        let size = Int(try Files.status(database).st_size)
        try Files.overwrite(
            database,
            [UInt8](repeating: 0xA5, count: size - 16_384),
            at: 16_384
        )
        expectRefusal(try history(), "is damaged")
    }

    private func databases() throws -> [[UInt8]] {
        try Files.names(state).filter { $0.suffix(7).elementsEqual(bytes(".sqlite")) }
    }

    // MARK: Changing nothing

    @Test("the state is the same afterwards, and may lie on a read-only filesystem")
    func changesNothing() throws {
        try pass(stage.from, stage.to)
        let before = try Snapshot(state)
        for options in [["-v"], ["--pass", "1"], ["--json", "-"]] {
            let words = ["history"] + options + ["--state"]
            #expect(try Cutover.run(bytes: words.map { bytes($0) } + [state]).status == 0)
        }
        #expect(try history(of: [stage.from, stage.to]).status == 0)
        #expect(try before.changes() == [])
        try Shell.run(
            "mount --bind -- \"$1\" \"$1\" && mount -o remount,bind,ro -- \"$1\"",
            state
        )
        #expect(try history().status == 0)
        #expect(try history(of: [stage.from, stage.to]).status == 0)
        try Shell.run("umount -- \"$1\"", state)
    }

    @Test("$CUTOVER_STATE names the folder, --state another")
    func folder() throws {
        try pass(stage.from, stage.to)
        // The variable that tests set stands before any other of its name.
        func run(_ options: String) throws -> Outcome {
            try Shell.attempt(
                "CUTOVER_STATE=$2 \"$1\" history \(options)",
                [Cutover.binary, state, joined(stage.outside, "other")]
            )
        }
        let named = try run("")
        #expect(named.status == 0 && pairs(named).count == 1, "\(named)")
        expectRefusal(try run("--state \"$3\""), "there is no such folder", "/other")
    }
}
