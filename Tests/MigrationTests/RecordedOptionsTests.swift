// Options as the record keeps them: what is read back is what was given, or it is known to be missing.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Recorded options", .timeLimit(.minutes(1))) struct RecordedOptionsTests {
    /// Rules of every kind; some take others back.
    private static let stock =
        [
            "*.tmp", "/tmp/*", "- x", "+ x", "!", "-n", "--delete", "a b", " ", "dir/", "**/x/***",
            "[a-z]?", "\\*", "x=y", "=", "'", "\n", "#x", ";x", "- ", "+ /a",
        ].map(bytes) + [[0xFF, 0x0A], [0xC3]]

    @Test(
        "the filter of a record excludes what the filter of its pass excluded",
        arguments: 0..<200
    )
    func filters(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var options = PassOptions()
        for _ in 0..<random.below(8) {
            let rule = Self.stock[random.below(Self.stock.count)]
            // One that is refused leaves nothing.
            do throws(FilterError) { try options.filter.exclude(pattern: rule) } catch { continue }
        }
        let recorded = try #require(RecordedOptions(options).recorded)
        let read = try #require(RecordedOptions(recorded: recorded))
        #expect(read == RecordedOptions(options))
        #expect(try read.filter().rulesText == options.filter.rulesText)
    }

    @Test("a list of attributes selects what it was made of", arguments: 0..<100)
    func attributes(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let words = [
            "user", "trusted", "security", "-user", "-trusted", "-security", "-security.selinux",
            "-btrfs.x", "-user.\u{E9}",
        ]
        let list = (0...random.below(4)).map { _ in words[random.below(words.count)] }
            .joined(separator: ",")
        guard let selection = try? AttributeSelection(parsing: bytes(list)) else { return }
        #expect(
            try AttributeSelection(parsing: selection.canonicalList) == selection,
            "\(list) became \(shown(selection.canonicalList))"
        )
    }

    @Test("rules that are too long to keep are known to be missing, and not taken for none")
    func limit() throws {
        var options = PassOptions()
        let rule = [UInt8](repeating: 0x61, count: 4_000)
        for _ in 0..<16 { try options.filter.exclude(pattern: rule) }
        #expect(RecordedOptions(options).recorded != nil)
        try options.filter.exclude(pattern: rule)
        #expect(RecordedOptions(options).recorded == nil)
        #expect(RecordedOptions(recorded: nil) == nil)
        #expect(RecordedOptions(recorded: [])?.words == [])
    }
}
