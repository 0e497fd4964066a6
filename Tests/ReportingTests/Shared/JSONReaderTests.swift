// The reader of JSON that the tests ask: what it refuses it would otherwise pass over in what is printed.

import TestSupport
import Testing

@Suite("The tests' reader of JSON") struct JSONReaderTests {
    private func read(_ text: String) throws(JSONError) -> JSON { try JSON(parsing: bytes(text)) }

    @Test("values of all kinds, with blanks around them")
    func values() throws {
        let text =
            " {\"a\" : [1, -2.5e+3 ,\ttrue,false,\r\nnull, \"t\"], \"b\":{ },\"c\":[ ]} "
        let expected: JSON = .object([
            "a": [1, .number("-2.5e+3"), true, false, .null, "t"], "b": .object([:]), "c": [],
        ])
        #expect(try read(text) == expected)
    }

    @Test("a number stays as it is written, and is given in whole only where it is whole")
    func numbers() throws {
        let line = try read(
            "{\"large\":18446744073709551615,\"whole\":-7,\"decimal\":0.500,\"power\":1E2}"
        )
        #expect(line["large"] == .number("18446744073709551615"))
        #expect(line.number("large") == nil && line.number("whole") == -7)
        #expect(line.number("decimal") == nil && line.decimal("decimal") == 0.5)
        #expect(line.number("power") == nil && line.decimal("power") == 100)
        #expect(line.number("missing") == nil && line["missing"] == nil)
    }

    @Test("all escapes, with pairs of surrogates, and characters that need none")
    func escapes() throws {
        let text = #""\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\uDE00é😀""#
        let read = try read(text)
        #expect(read == "\"\\/\u{8}\u{C}\n\r\tA\u{E9}\u{20AC}\u{1F600}\u{E9}\u{1F600}")
    }

    @Test("names are bytes: those in hexadecimal come before the likeness that is their text")
    func names() throws {
        let line = try read(#"{"path":"a\ufffd","path_bytes":"61ff","name":"é"}"#)
        #expect(line.path == [0x61, 0xFF] && line.name("name") == [0xC3, 0xA9])
        #expect(try read(#"{"path":"a","path_bytes":"6"}"#).path == nil)
        #expect(try read(#"{"path":"a","path_bytes":"zz"}"#).path == nil)
    }

    static let malformed = [
        "", " ", "{", "[", "\"", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{,}", "{a:1}",
        "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "[1", "[1,", "[1,]", "[,]", "[1 2]", "1 2",
        "{}{}", "{} x", "nul", "nulll", "True", "tru", "'a'", "-", "+1", "01", "-01", "00", "1.",
        ".5", "1.e3", "1e", "1e+", "0x1", "1_000", "NaN", "Infinity", "\"a", "\"\n\"", "\"\t\"",
        "\"\u{0}\"", #""\x""#, #""\u12""#, #""\u12g4""#, #""\u+123""#, #""\"#, #""\u"#, "// a",
        "[1]]", "{\"a\":}", "\u{FEFF}1",
    ]

    @Test("what is no JSON is refused", arguments: malformed)
    func refused(text: String) {
        #expect(throws: JSONError.self) { try read(text) }
    }

    @Test("what readers may disagree on is refused")
    func doubtful() {
        for text in [
            #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #""\ud83d""#, #""\ude00""#,
            #""\ud83d\u0041""#, #""\ud83dx""#, String(repeating: "[", count: 100_000),
        ] {
            #expect(throws: JSONError.self, "\(text.prefix(30))") { try read(text) }
        }
        // An overlong form, half of a pair, a byte that never stands in UTF-8, a sequence cut off.
        for name in [[0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xFF], [0xE2, 0x82]] as [[UInt8]] {
            let text = bytes("\"") + name + bytes("\"")
            #expect(throws: JSONError.self, "\(name)") { try JSON(parsing: text) }
        }
    }

    @Test("the place of the mistake is told")
    func place() {
        #expect(throws: JSONError(reason: "no colon", offset: 5)) { try read("{\"a\" 1}") }
        let rest = JSONError(reason: "something after the end", offset: 3)
        #expect(throws: rest) { try read("{} x") }
    }

    @Test("Python's reader agrees on what is JSON", .requiresTool("python3"))
    func oracle() throws {
        // Python takes NaN, Infinity and what this one refuses as doubtful.
        let good = [
            "0", "-0", "1e5", "[[]]", "{\"\":[]}", "\"\u{7F}\u{2028}\"", #""\u0000""#, " 1 ",
            "[1,2.5,-3E-2]",
        ]
        let texts = good + Self.malformed.filter { $0 != "NaN" && $0 != "Infinity" }
        let script = """
            import json, sys
            for text in sys.stdin.buffer.read().split(b'\\xff')[:-1]:
                try: json.loads(text.decode('utf-8')); print('yes')
                except ValueError: print('no')
            """
        let outcome = try Subprocess.run(
            [bytes("python3"), bytes("-c"), bytes(script)],
            input: texts.flatMap { bytes($0) + [0xFF] }
        )
        #expect(outcome.status == 0, "\(outcome)")
        let ours = texts.map { text in (try? read(text)) == nil ? "no" : "yes" }
        #expect(outcome.lines == ours, "\(zip(texts, zip(outcome.lines, ours)).map { "\($0)" })")
        #expect(ours.prefix(good.count).allSatisfy { $0 == "yes" })
    }

    @Test("of lines that are still being written the last is left out; a wrong one is an error")
    func lines() throws {
        let report = try JSONReport(printed: bytes("{\"type\":\"a\"}\n{\"type\":\"b\"}\n{\"ty"))
        #expect(report.lines.map { $0.text("type") } == ["a", "b"])
        #expect(throws: JSONError.self) { try JSONReport(printed: bytes("{}\n\n")) }
        #expect(throws: JSONError.self) { try JSONReport(printed: bytes("{}\nx\n")) }
        #expect(try JSONReport(printed: []).lines.isEmpty)
    }
}
