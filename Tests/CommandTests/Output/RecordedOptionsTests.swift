// What a pass was asked for is in its record, in words that ask another pass for the same.

import TestSupport
import Testing

@Suite("Options of recorded passes", .requiresVolumes, .timeLimit(.minutes(5)))
struct RecordedOptionsCommandTests {
    private let stage: Stage
    private let state: [UInt8]

    init() throws {
        stage = try Stage()
        state = joined(stage.outside, "state")
        try Files.write(stage.source("file"), bytes("contents"))
    }

    private func pass(_ options: [[UInt8]]) throws {
        let words = ["sync", "-q", "--state"].map { bytes($0) } + [state]
        let outcome = try Cutover.run(bytes: words + options + [stage.from, stage.to])
        #expect(outcome.status == 0, "\(options.map(shown)): \(outcome)")
    }

    private func history(_ options: String...) throws -> Outcome {
        let words = (["history"] + options + ["--state"]).map { bytes($0) }
        return try Cutover.run(bytes: words + [state, stage.from, stage.to])
    }

    /// What is recorded of the newest pass: the text that is compared, and the words; nil where they are not kept.
    private func recorded() throws -> (compared: String?, words: [[UInt8]]?) {
        let lines = try history("--json", "-").lines.map { try JSON(parsing: bytes($0)) }
        let pass = try #require(lines.last { $0.text("type") == "pass" })
        if let list = pass["arguments_bytes"] {
            return (pass.text("options"), list.elements.compactMap(Self.string).map(Self.decoded))
        }
        let list = pass["arguments"] == .null ? nil : pass["arguments"]?.elements
        return (pass.text("options"), list?.compactMap(Self.string).map { bytes($0) })
    }

    private static func string(_ value: JSON) -> String? {
        if case .string(let text) = value { text } else { nil }
    }

    private static func decoded(_ digits: String) -> [UInt8] {
        let values = digits.compactMap(\.hexDigitValue)
        return stride(from: 0, to: values.count - 1, by: 2).map {
            UInt8(values[$0] << 4 | values[$0 + 1])
        }
    }

    /// Options of a pass that exclude each other are not among them.
    private static func options(_ random: inout SeededRandom) -> [[UInt8]] {
        let flags = [
            "--no-acls", "--no-sparse", "--no-hard-links", "--no-owner", "--no-group",
            "--no-perms", "--no-times", "--no-devices", "--no-specials", "--cross-mounts",
            "--salvage", "--delete", "--quotas=off", "--quotas=auto",
        ]
        let rules =
            ["- *.log", "+ a b", "!", "--delete", "-n", "x=y", "/tmp/*", "it's", "a\nb"].map {
                bytes($0)
            } + [[0xFF, 0xFE]]
        var words = flags.filter { _ in random.chance(25) }.map { bytes($0) }
        let one = [
            ["--no-xattrs"], ["--xattrs=user"], ["--xattrs=-security.selinux"],
            ["--xattrs=-trusted"], ["--xattrs=user,security,-user.x"], [],
        ]
        words += one[random.below(one.count)].map { bytes($0) }
        let test = [["--size-only"], ["--checksum"], ["--ignore-times"], []]
        words += test[random.below(test.count)].map { bytes($0) }
        if words.contains(bytes("--delete")), random.chance(50) {
            words.append(bytes("--max-delete=18446744073709551615"))
        }
        for _ in 0..<random.below(4) {
            words.append(bytes("--exclude=") + rules[random.below(rules.count)])
        }
        return words
    }

    @Test("recorded words ask for what they were recorded of", arguments: 0..<12 as Range<UInt64>)
    func round(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let options = Self.options(&random)
        try pass(options)
        let first = try recorded()
        let words = try #require(first.words, "\(options.map(shown))")
        try pass(words)
        let second = try recorded()
        let note = "\(options.map(shown)) became \(words.map(shown))"
        #expect(first.compared != nil && first.compared == second.compared, "\(note)")
        #expect(second.words == words, "\(note)")
    }

    @Test("rules of a file are kept, too, and shown so that a shell reads them")
    func shownOptions() throws {
        let file = joined(stage.outside, "rules")
        try Files.write(file, bytes("# none\n/tmp/*\n- it's\n--x\n"))
        try pass([bytes("--exclude-from"), file, bytes("--delete")])
        let text = #"--delete --exclude '/tmp/*' --exclude='- it'\''s' --exclude=--x"#
        for options in ["-v", "--pass=1"] {
            let outcome = try history(options)
            let flat = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(flat.contains(text), "\(options): \(outcome)")
        }
        let words = try Shell.run("printf '%s\\n' " + text).lines
        #expect(
            words == ["--delete", "--exclude", "/tmp/*", "--exclude=- it's", "--exclude=--x"]
        )
    }

    @Test("a pass without options, and one with too many of them, are told apart")
    func limits() throws {
        try pass([])
        #expect(try recorded().words == [])
        #expect(try history("--pass", "1").output.contains("options               none"))
        let file = joined(stage.outside, "rules")
        let rule = [UInt8](repeating: 0x61, count: 4_000) + [0x0A]
        try Files.write(file, (0..<17).flatMap { _ in rule })
        try pass([bytes("--exclude-from"), file])
        #expect(try recorded().words == nil)
        #expect(try history("--pass", "2").output.contains("options               not kept"))
    }
}
