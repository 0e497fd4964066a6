// The pattern rules of `--exclude` by hand, after the sections FILTER RULES and PATTERN MATCHING
// RULES of rsync(1), 3.5.0; what the manual leaves open was tried with that version.
// FilterDifferentialTests holds the same rules against the real rsync.

import Glibc
import Migration
import TestSupport
import Testing

/// A list of rules and what it does to some paths; a path that ends with a slash is a directory.
struct FilterCase: Sendable, CustomTestStringConvertible {
    let rules: [String]
    let excluded: [String]
    let kept: [String]

    init(_ rules: String..., excludes excluded: [String] = [], keeps kept: [String] = []) {
        self.rules = rules
        self.excluded = excluded
        self.kept = kept
    }

    var testDescription: String { rules.joined(separator: " | ") }
}

extension Filter {
    /// The filter of some `--exclude` options.
    init(_ rules: [String]) throws {
        self.init()
        for rule in rules {
            try exclude(pattern: bytes(rule))
        }
    }

    /// Whether the path is excluded; one that ends with a slash is a directory.
    func excludes(_ path: String) -> Bool {
        let isDirectory = path.hasSuffix("/")
        let name = isDirectory ? String(path.dropLast()) : path
        return excludes(path: bytes(name), isDirectory: isDirectory)
    }
}

@Suite("Filter: rsync's pattern rules")
struct FilterTests {
    static let plainNames = [
        FilterCase(
            "foo",
            excludes: ["foo", "foo/", "a/foo", "a/b/foo/"],
            keeps: ["xfoo", "foox"]
        ),
        FilterCase("/foo", excludes: ["foo", "foo/"], keeps: ["a/foo"]),
        FilterCase("foo/", excludes: ["foo/", "a/foo/"], keeps: ["foo", "a/foo"]),
        FilterCase("/foo/", excludes: ["foo/"], keeps: ["foo", "a/foo/"]),
        FilterCase("foo/bar", excludes: ["foo/bar", "a/foo/bar"], keeps: ["bar", "xfoo/bar"]),
        FilterCase("/foo/bar", excludes: ["foo/bar"], keeps: ["a/foo/bar"]),
        // A backslash is itself where there is no wildcard.
        FilterCase("foo\\bar", excludes: ["foo\\bar"], keeps: ["foobar"]),
        FilterCase("foo\\\\bar*", excludes: ["foo\\bar", "foo\\bars"], keeps: ["foobar"]),
        FilterCase("foo\\bar*", excludes: ["foobar"], keeps: ["foo\\bar"]),
        FilterCase("foo ", excludes: ["foo "], keeps: ["foo"]),
        // Nothing can be called this.
        FilterCase("/", keeps: ["a", "a/", "a/b"]),
        FilterCase("//", keeps: ["a", "a/", "a/b"]),
        FilterCase("a//", keeps: ["a", "a/"]),
        FilterCase("./foo", keeps: ["foo", "a/foo"]),
        FilterCase(".", "/.", keeps: ["a", "a/"]),
    ]

    static let wildcards = [
        FilterCase("*.o", excludes: ["a.o", ".o", "d/e/a.o", "x.o/"], keeps: ["a.oo", "a.o/b"]),
        FilterCase("?", excludes: ["a", "d/b/"], keeps: ["ab", "a/bc"]),
        FilterCase("foo/*/bar", excludes: ["foo/x/bar", "a/foo/x/bar/"], keeps: ["foo/bar"]),
        FilterCase("foo/*", excludes: ["foo/a", "b/foo/a/"], keeps: ["foo", "foo/a/b", "a"]),
        FilterCase("*/foo", excludes: ["a/foo", "b/a/foo"], keeps: ["foo"]),
        FilterCase("/*/", excludes: ["a/"], keeps: ["a", "a/b/"]),
        FilterCase("foo?bar", excludes: ["foo-bar"], keeps: ["foo/bar"]),
        FilterCase("/foo/**/bar", excludes: ["foo/a/bar", "foo/a/b/bar"], keeps: ["foo/bar"]),
        FilterCase(
            "foo/**",
            excludes: ["foo/a", "foo/a/b", "x/foo/a"],
            keeps: ["foo/", "xfoo/a"]
        ),
        FilterCase("**foo", excludes: ["foo", "xfoo", "a/b/xfoo"], keeps: ["foo/b"]),
        // At the root too, other than the manual's /foo/**/bar leads to expect.
        FilterCase("**/foo", excludes: ["foo", "a/foo", "a/b/foo"], keeps: ["xfoo", "foo/b"]),
        FilterCase("/**/foo", excludes: ["a/foo", "a/b/foo"], keeps: ["foo"]),
        FilterCase("**/**/*a", excludes: ["b/a", "c/b/xa"], keeps: ["a", "b"]),
        FilterCase("a**z", excludes: ["az", "a/z", "x/a/b/cz"], keeps: ["xa/z", "az/b"]),
        FilterCase("/a**z", excludes: ["az", "a/b/z"], keeps: ["x/az"]),
        FilterCase("**", excludes: ["a", "a/", "a/b/c"]),
        FilterCase("foo/***", excludes: ["foo/", "foo/a", "x/foo/"], keeps: ["foo", "afoo/"]),
        FilterCase("/foo/***", excludes: ["foo/", "foo/a/b"], keeps: ["foo", "x/foo/"]),
        FilterCase("foo\\/***", excludes: ["foo/", "foo/a"], keeps: ["foo"]),
        FilterCase("\\*", excludes: ["*", "a/*"], keeps: ["a", "\\*"]),
        FilterCase("\\?\\[", excludes: ["?["], keeps: ["ab", "\\?\\["]),
        FilterCase("a*b*c", excludes: ["abc", "axbxbxc", "d/abcc"], keeps: ["abcd", "acb"]),
        // A trailing backslash behind a wildcard escapes nothing and matches nothing.
        FilterCase("*\\", keeps: ["a", "a\\", "\\"]),
    ]

    static let brackets = [
        FilterCase("[a-c]x", excludes: ["ax", "cx"], keeps: ["dx", "-x", "x"]),
        FilterCase("[!a-c]", excludes: ["d", "-"], keeps: ["a", "x/b"]),
        FilterCase("[^a]", excludes: ["b", "^"], keeps: ["a"]),
        FilterCase("[]]", excludes: ["]"], keeps: ["[]]", "a"]),
        FilterCase("[!]]", excludes: ["a"], keeps: ["]"]),
        FilterCase("[a-]", excludes: ["a", "-"], keeps: ["b"]),
        FilterCase("[-a]", excludes: ["a", "-"], keeps: ["b"]),
        FilterCase("[a-c-e]", excludes: ["b", "-", "e"], keeps: ["d"]),
        FilterCase("[\\]x]", excludes: ["]", "x"], keeps: ["\\"]),
        FilterCase("[\\a-\\c]", excludes: ["b"], keeps: ["\\", "-"]),
        // A range that runs backwards still holds its first byte.
        FilterCase("[c-a]", excludes: ["c"], keeps: ["a", "b", "-"]),
        FilterCase("[[:digit:]_]", excludes: ["4", "_"], keeps: ["a", ":", "["]),
        FilterCase("[![:space:]]", excludes: ["a"], keeps: [" ", "\t"]),
        FilterCase("[[:]", excludes: ["[", ":"], keeps: ["]"]),
        FilterCase("[[:a]", excludes: ["[", ":", "a"], keeps: ["]"]),
        // A slash is never in brackets, yet it counts for how many names are looked at.
        FilterCase("a[/]b", keeps: ["a/b", "x/a/b"]),
        FilterCase("a[!x]b", excludes: ["a-b"], keeps: ["a/b"]),
        FilterCase("[ab/]", keeps: ["a", "b", "x/a"]),
        // What is not closed or has no such class matches nothing.
        FilterCase("[a", keeps: ["a", "[a"]),
        FilterCase("*[", keeps: ["a", "["]),
        FilterCase("[[:nosuch:]a]", keeps: ["a", "n"]),
        FilterCase("[[:alpha:", keeps: ["a", ":"]),
    ]

    static let order = [
        FilterCase("+ *.c", "*", excludes: ["a.o", "d/"], keeps: ["a.c", "d/b.c"]),
        FilterCase("*", "+ *.c", excludes: ["a.c", "a.o"]),
        FilterCase("+ */", "+ *.c", "- *", excludes: ["a.o"], keeps: ["d/", "d/a.c"]),
        FilterCase(
            "+ foo/",
            "+ foo/bar.c",
            "*",
            excludes: ["foo/a", "x"],
            keeps: ["foo/", "foo/bar.c"]
        ),
        FilterCase("- foo", excludes: ["foo"], keeps: ["- foo"]),
        FilterCase("-foo", excludes: ["-foo"], keeps: ["foo"]),
        FilterCase("-_foo", excludes: ["-_foo"], keeps: ["foo"]),
        FilterCase("-  x", excludes: [" x"], keeps: ["x"]),
        FilterCase("- - x", excludes: ["- x"], keeps: ["x"]),
        FilterCase("- +", "-", excludes: ["+", "-"]),
        FilterCase("#a", ";b", excludes: ["#a", ";b"]),
        FilterCase("foo", "!", "bar", excludes: ["bar"], keeps: ["foo", "!"]),
        FilterCase("foo", "- !", "bar", excludes: ["foo", "!", "bar"]),
        FilterCase("foo", "! ", "!x", excludes: ["foo", "! ", "!x"]),
    ]

    @Test("S45: a rule excludes what the manual says", arguments: plainNames)
    func plainName(_ example: FilterCase) throws { try check(example) }

    @Test("S45: wildcards", arguments: wildcards)
    func wildcard(_ example: FilterCase) throws { try check(example) }

    @Test("S45: brackets", arguments: brackets)
    func bracket(_ example: FilterCase) throws { try check(example) }

    @Test("S45: the first rule that matches decides; prefixes and !", arguments: order)
    func firstMatch(_ example: FilterCase) throws { try check(example) }

    @Test("S50: names and patterns are bytes, UTF-8 or not")
    func bytesThatAreNotText() throws {
        var filter = Filter()
        try filter.exclude(pattern: [0xFF, UInt8(ascii: "?"), UInt8(ascii: "\n")])
        #expect(filter.excludes(path: [0xFF, 0xFE, 0x0A], isDirectory: false))
        // Two bytes for one character are two bytes.
        #expect(!filter.excludes(path: [0xFF, 0xC3, 0xA9, 0x0A], isDirectory: false))
    }

    @Test("the root of the volume is never excluded")
    func root() throws {
        #expect(try !Filter(["***"]).excludes(path: [], isDirectory: true))
    }

    @Test("a filter without rules excludes nothing and says that it is empty")
    func empty() throws {
        #expect(Filter().isEmpty)
        #expect(!Filter().excludes("a"))
        #expect(try !Filter(["a"]).isEmpty)
        #expect(try Filter(["a", "!"]).isEmpty)
    }

    @Test("S45: the named classes are those of the C locale, for every byte")
    func classes() throws {
        let classes: [(name: String, contains: (Int32) -> Int32)] = [
            ("alnum", isalnum), ("alpha", isalpha), ("blank", isblank), ("cntrl", iscntrl),
            ("digit", isdigit), ("graph", isgraph), ("lower", islower), ("print", isprint),
            ("punct", ispunct), ("space", isspace), ("upper", isupper), ("xdigit", isxdigit),
        ]
        for (name, contains) in classes {
            let inside = try Filter(["[[:\(name):]]"])
            let outside = try Filter(["[^[:\(name):]]"])
            for byte in UInt8(1)...255 where byte != UInt8(ascii: "/") {
                let isMember = contains(Int32(byte)) != 0
                #expect(inside.excludes(path: [byte], isDirectory: false) == isMember, "\(name)")
                #expect(outside.excludes(path: [byte], isDirectory: false) == !isMember, "\(name)")
            }
        }
    }

    @Test("patterns around the sizes at which the state takes one more word")
    func wordBoundaries() throws {
        for count in Array(58...68) + Array(122...132) {
            let start = String(repeating: "a", count: count)
            let star = try Filter([start + "*b?"])
            let doubleStar = try Filter([start + "**b?"])
            for (path, isInStar, isInDoubleStar) in [
                (start + "bc", true, true),
                (start + "xbxbc", true, true),
                ("q/" + start + "bc", true, true),
                (start + "x/bc", false, true),
                ("q/" + start + "x/bbb", false, true),
                ("q" + start + "bc", false, false),
                (start.dropLast() + "bc", false, false),
                (start + "b/c", false, false),
                (start + "b/", false, false),
            ] {
                #expect(star.excludes(path) == isInStar, "\(count): \(path)")
                #expect(doubleStar.excludes(path) == isInDoubleStar, "\(count): \(path)")
            }
            let contents = try Filter([start + "/***"])
            #expect(contents.excludes(start + "/"))
            #expect(!contents.excludes(start))
        }
    }

    private func check(_ example: FilterCase) throws {
        let filter = try Filter(example.rules)
        for path in example.excluded {
            #expect(filter.excludes(path), "\(path) must be excluded")
        }
        for path in example.kept {
            #expect(!filter.excludes(path), "\(path) must not be excluded")
        }
    }
}
