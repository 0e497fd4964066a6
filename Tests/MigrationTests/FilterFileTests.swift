// `--exclude-from`: how a file is cut into rules, and what is refused, with which words.

import Migration
import TestSupport
import Testing

@Suite("Filter: files of rules, and rules that are refused")
struct FilterFileTests {
    struct File: Sendable, CustomTestStringConvertible {
        let contents: String
        let excluded: [String]
        let kept: [String]
        var testDescription: String { contents.debugDescription }

        init(_ contents: String, excludes excluded: [String], keeps kept: [String]) {
            self.contents = contents
            self.excluded = excluded
            self.kept = kept
        }
    }

    static let files = [
        File("foo\nbar", excludes: ["foo", "bar"], keeps: ["x"]),
        File("foo\r\nbar\r\n", excludes: ["foo", "bar"], keeps: ["foo\r"]),
        File("foo\rbar\r", excludes: ["foo", "bar"], keeps: ["foo\rbar"]),
        File("\n\r\n\rfoo\n\n", excludes: ["foo"], keeps: ["x"]),
        File("#foo\n;bar\n- #x\n- ;y\n", excludes: ["#x", ";y"], keeps: ["#foo", "foo", ";bar"]),
        // A comment begins in the first column, and blanks belong to the name.
        File(" #foo\n bar \n", excludes: [" #foo", " bar "], keeps: ["bar", "#foo"]),
        File("+ foo\n- foo\nfo?\n", excludes: ["fox"], keeps: ["foo"]),
        File("foo\n!\nbar\n", excludes: ["bar"], keeps: ["foo", "!"]),
        File("foo\n! \n!x\n", excludes: ["foo", "! ", "!x"], keeps: ["!"]),
        File("", excludes: [], keeps: ["a"]),
        File(" \n", excludes: [" "], keeps: ["a"]),
    ]

    @Test("S45: lines, comments, prefixes and line ends are rsync's", arguments: files)
    func file(_ file: File) throws {
        var filter = Filter()
        try filter.addRules(fromFile: bytes(file.contents))
        for path in file.excluded { #expect(filter.excludes(path), "\(path)") }
        for path in file.kept { #expect(!filter.excludes(path), "\(path)") }
    }

    @Test("rules from options and files form one list in the order given")
    func order() throws {
        var filter = Filter()
        try filter.exclude(pattern: bytes("+ keep.o"))
        try filter.addRules(fromFile: bytes("*.o\n"))
        try filter.exclude(pattern: bytes("+ *.o"))
        #expect(filter.excludes("a.o"))
        #expect(!filter.excludes("keep.o"))
        try filter.addRules(fromFile: bytes("!\n"))
        #expect(filter.isEmpty)
    }

    static let refused: [(rule: String, reason: FilterError.Reason, words: String)] = [
        ("", .emptyPattern, "the pattern is empty; give one, or leave the option out"),
        ("- ", .emptyPattern, "no pattern follows \"- \"; write one, or remove the rule"),
        ("+ ", .emptyPattern, "no pattern follows \"+ \"; write one, or remove the rule"),
        (
            "a\0b\u{1B}", .zeroByte,
            "the rule \"a\\#000b\\#033\" holds a zero byte, which no name can; "
                + "write one rule a line, as plain text"
        ),
        (
            "- " + String(repeating: "a", count: 4_096), .patternTooLong(byteCount: 4_096),
            "the pattern \"- " + String(repeating: "a", count: 38)
                + "...\" has 4096 bytes, the limit is 4095; shorten it with wildcards"
        ),
    ]

    @Test("a rule that cannot be meant is refused in one line", arguments: refused)
    func refusal(_ rule: String, _ reason: FilterError.Reason, _ words: String) throws {
        var filter = Filter()
        let error = #expect(throws: FilterError.self) {
            try filter.exclude(pattern: bytes(rule))
        }
        #expect(error?.reason == reason)
        #expect(error?.description == words)
        #expect(error?.rule == bytes(rule))
        #expect(filter.isEmpty)
    }

    @Test("a refused line is named by its number, whatever the line ends are")
    func lineNumber() {
        for lineEnd in ["\n", "\r\n", "\r"] {
            var filter = Filter()
            let contents = ["# one", "", "three", "+ ", "five"].joined(separator: lineEnd)
            let error = #expect(throws: FilterError.self) {
                try filter.addRules(fromFile: bytes(contents))
            }
            #expect(error?.line == 4)
            #expect(error?.description.hasPrefix("line 4: no pattern follows \"+ \"") == true)
        }
    }

    @Test("a pattern of 4,095 bytes is taken, with and without wildcards")
    func longestPattern() throws {
        let names = String(repeating: "ab/", count: 1_364)
        let literal = names + "abc"
        #expect(literal.utf8.count == 4_095)
        #expect(try Filter(["- " + literal]).excludes(literal))
        #expect(try !Filter([literal]).excludes(names + "abd"))
        let wild = names + "ab?"
        #expect(try Filter([wild]).excludes("x/" + literal))
        #expect(try !Filter([wild]).excludes("x/" + names + "ab/"))
        // Stars on both sides of each 64-bit word of the matcher's state.
        let starry = String(repeating: "a*", count: 2_047) + "z"
        #expect(starry.utf8.count == 4_095)
        #expect(try Filter([starry]).excludes(String(repeating: "ab", count: 2_047) + "z"))
        #expect(try !Filter([starry]).excludes(String(repeating: "ab", count: 2_046) + "z"))
    }
}
