// Names shown: S50, and itemized lines that scripts which read rsync's can read (S49).

import LinuxIO
import Reporting
import TestSupport
import Testing

@Suite struct ShownNameTests {
    /// Names with every kind of byte that can hurt: controls, DEL, C1, bidi, not UTF-8, cut short,
    /// overlong, surrogates, and what looks like an escape.
    static let names: [[UInt8]] = [
        bytes("plain"), bytes("a\nb"), bytes("tab\there"), bytes("cr\r"), bytes("esc\u{1B}[31m"),
        bytes("del\u{7F}"), bytes("c1\u{85}\u{9B}31m"), bytes("bidi\u{202E}txt"),
        bytes("iso\u{2066}"),
        bytes("sep\u{2028}"), bytes("\u{E9}t\u{E9}"), bytes("\u{6F22}\u{5B57}"), bytes("\u{1F600}"),
        [0xFF, 0xFE], bytes("cut") + [0xC3], [0xE2, 0x82, 0x61], [0xC0, 0xAF], [0xED, 0xA0, 0x80],
        bytes("q") + [0xFF, 0xC3, 0xA9], bytes("bs\\#033"),
        bytes("bs\\#899"),
        bytes("bs\\x"), bytes("bs\\#03"), bytes("\\\\#777"), bytes("blank here "),
        bytes("quote\"'"),
    ]

    @Test(
        "S49, S50: itemized lines for a pipe are escaped byte for byte as rsync does",
        .requiresTool("rsync"),
        arguments: [true, false]
    )
    func asRsync(isUTF8: Bool) throws {
        let source = joined(try Scratch.directory(), Scratch.uniqueName("names"))
        let empty = joined(try Scratch.directory(), Scratch.uniqueName("empty"))
        try Files.makeDirectory(source)
        try Files.makeDirectory(empty)
        for name in Self.names { try Files.write(joined(source, name), []) }
        let outcome = try Subprocess.run(
            [
                bytes("rsync"), bytes("-r"), bytes("-n"), bytes("--out-format=%n"), source + [0x2F],
                empty + [0x2F],
            ],
            environment: Environment.inherited.filter { !$0.starts(with: bytes("LC_ALL=")) } + [
                bytes(isUTF8 ? "LC_ALL=C.UTF-8" : "LC_ALL=C")
            ]
        )
        #expect(outcome.status == 0)
        let shown = ShownName(isForTerminal: false, isUTF8: isUTF8)
        let ours = Set(Self.names.map { shown.escaped($0) })
        let theirs = Set(outcome.stdout.split(separator: 0x0A).map(Array.init)).subtracting([
            bytes("./")
        ])
        #expect(ours.map(TestSupport.shown).sorted() == theirs.map(TestSupport.shown).sorted())
    }

    @Test("S50: on a terminal nothing is left that a terminal obeys")
    func harmless() {
        for isUTF8 in [true, false] {
            let shown = ShownName(isForTerminal: true, isUTF8: isUTF8)
            var names = Self.names + (0...255).map { [UInt8($0)] }
            var random = SeededRandom(seed: 50)
            for _ in 0..<2000 { names.append(random.bytes(random.below(12))) }
            for name in names {
                let text = String(decoding: shown.escaped(name), as: UTF8.self)
                #expect(Array(text.utf8) == shown.escaped(name), "seed 50: not valid UTF-8")
                for scalar in text.unicodeScalars {
                    let isControl = scalar.properties.generalCategory == .control
                    let isSeparator = [.lineSeparator, .paragraphSeparator].contains(
                        scalar.properties.generalCategory
                    )
                    #expect(!isControl && !isSeparator && !scalar.properties.isBidiControl)
                    #expect(isUTF8 || scalar.isASCII)
                }
                #expect(unescaped(shown.escaped(name)) == name, "seed 50: cannot be undone")
            }
        }
    }

    @Test("S50: escapes are rsync's")
    func table() {
        let shown = ShownName(isForTerminal: true, isUTF8: true)
        let rows: [([UInt8], String)] = [
            (bytes("a\u{1B}[2Jb"), "a\\#033[2Jb"), (bytes("\u{202E}"), "\\#342\\#200\\#256"),
            ([0xFF], "\\#377"), (bytes("\t"), "\\#011"), (bytes("\u{7F}"), "\\#177"),
            (bytes("\u{9B}"), "\\#302\\#233"), (bytes("\u{E9}"), "\u{E9}"),
            (bytes("\\#012"), "\\#134#012"),
        ]
        for (name, text) in rows { #expect(shown.escaped(name) == bytes(text)) }
    }

    /// Undoes escapes: `\#` and three octal digits are a byte.
    private func unescaped(_ shown: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = shown[...]
        while let byte = rest.first {
            let digits = rest.dropFirst(2).prefix(3)
            let isEscape =
                byte == 0x5C && rest.dropFirst().first == 0x23 && digits.count == 3
                && digits.allSatisfy { (0x30...0x39).contains($0) }
            if isEscape {
                result.append(digits.reduce(0) { $0 &* 8 &+ ($1 - 0x30) })
                rest = rest.dropFirst(5)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
