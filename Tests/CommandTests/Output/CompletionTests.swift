// TAB, as a person presses it: bash, zsh and fish on a terminal, with the scripts that the program prints. What a line means
// is asked of the shell, by the words that it would run.

import Glibc
import TestSupport
import Testing

/// A directory with the program in PATH, and something to complete.
struct CompletionStage {
    let path: [UInt8]
    var programs: [UInt8] { joined(path, "bin") }
    var old: [UInt8] { joined(path, "old") }
    var state: [UInt8] { joined(path, "state") }

    init() throws {
        path = joined(try Scratch.directory(), Scratch.uniqueName("completion"))
        for name in ["", "bin", "old", "old mail", "newer", "home"] {
            try Files.makeDirectory(joined(path, name))
        }
        try Files.write(joined(path, "newfile"), [])
        try Files.link(symbolic: joined(programs, "cutover"), to: Cutover.binary)
    }

    /// A shell whose directory is `home`, with `..` for all else.
    func session(_ kind: ShellSession.Kind) throws -> ShellSession {
        let script = try Cutover.run(["--generate-completion-script", kind.rawValue])
        #expect(script.status == 0 && script.stderr.isEmpty, "\(script)")
        return try ShellSession(
            kind,
            completion: script.stdout,
            programs: programs,
            in: joined(path, "home")
        )
    }

    /// The words of a line, completed at each TAB in it.
    func words(
        _ session: ShellSession,
        _ keys: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        let words = try session.words(after: bytes(keys))
        #expect(words != nil, "\(keys): \(session.screen)", sourceLocation: sourceLocation)
        return (words ?? []).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What the program answers to a shell: words and texts, without the shell.
    func answer(_ words: String..., shell: String = "fish") throws -> [(
        word: [UInt8], text: String
    )] {
        try answer(words.map { bytes($0) }, shell)
    }

    func answer(_ words: [[UInt8]], _ shell: String) throws -> [(word: [UInt8], text: String)] {
        let outcome = try Cutover.run(
            bytes: ["---complete", shell].map { bytes($0) } + words,
            environment: ["CUTOVER_STATE=\(String(decoding: state, as: UTF8.self))"],
            seconds: Int(hangSeconds)
        )
        #expect(outcome.status == 0 && outcome.stderr.isEmpty, "\(outcome)")
        let parts = records(outcome.stdout).dropFirst(2).map { $0 }
        return stride(from: 0, to: parts.count - 1, by: 2).map {
            (parts[$0], String(decoding: parts[$0 + 1], as: UTF8.self))
        }
    }
}

@Suite("Completion in shells", .timeLimit(.minutes(5)))
struct CompletionTests {
    let stage: CompletionStage

    init() throws { stage = try CompletionStage() }

    private func expect(_ kind: ShellSession.Kind) throws {
        let session = try stage.session(kind)
        let lines: [(keys: String, words: [String])] = [
            // `sync` is the default, and its options are those of a line without a subcommand.
            ("cutover --dele\t", ["--delete"]),
            ("cutover sync --itemi\t--delete", ["sync", "--itemize", "--delete"]),
            ("cutover ver\t--metad\t", ["verify", "--metadata"]),
            ("cutover help hist\t", ["help", "history"]),
            // Not those of others, nor one that is given.
            ("cutover --metad\t", ["--metad"]),
            ("cutover --delete --dele\t", ["--delete", "--dele"]),
            // Operands are directories, after options, too.
            ("cutover ../newe\t", ["../newer"]),
            ("cutover --delete ../old\\ m\t ../newe\t", ["--delete", "../old mail", "../newer"]),
            ("cutover verify ../newe\t", ["verify", "../newer"]),
            ("cutover --exclude ../newe\t", ["--exclude", "../newe"]),
            ("cutover --state ../newe\t", ["--state", "../newer"]),
            ("cutover --state=../newe\t", ["--state=../newer"]),
            ("cutover --failures ../newf\t", ["--failures", "../newfile"]),
            ("cutover --failures=../newf\t", ["--failures=../newfile"]),
            ("cutover --metr\t../newf\t", ["--metrics", "../newfile"]),
            ("cutover rep\t--outp\t../newf\t", ["report", "--output", "../newfile"]),
            ("cutover fol\t--ready-b\t", ["follow", "--ready-below"]),
            ("cutover tun\t--ste\t", ["tune", "--step"]),
            // Words of an option.
            ("cutover --changes sc\t", ["--changes", "scan"]),
            ("cutover --changes=sc\t", ["--changes=scan"]),
            ("cutover verify --quotas of\t", ["verify", "--quotas", "off"]),
        ]
        for line in lines {
            let found = try stage.words(session, line.keys).map { word in
                // bash and fish leave the slash behind a directory.
                word.count > 1 && word.hasSuffix("/") ? String(word.dropLast()) : word
            }
            #expect(found == line.words, "\(kind): \(line.keys)")
        }
    }

    @Test("bash: the default subcommand, directories, files, words of options") func bash() throws {
        try expect(.bash)
    }

    @Test("zsh: the same", .requiresTool("zsh")) func zsh() throws { try expect(.zsh) }

    @Test("fish: the same", .requiresTool("fish")) func fish() throws { try expect(.fish) }

    /// Each begins with a letter of its own, so that one is enough.
    private static let names: [[UInt8]] = [
        bytes("plain"), bytes("blank here"), bytes("quote's"), bytes("double\"quote"),
        bytes("new\nline"),
        bytes("value$HOME"), bytes("slash\\back"), bytes("kleene*"), bytes("history!x"),
        bytes("x;touch gone"),
        bytes("y`touch gone`"), bytes("zone\u{1B}[31m"), bytes("über"), bytes("a") + [0xFF, 0xFE],
        bytes("colon:in=name"), bytes("#hash"), bytes("~tilde"), bytes("(round)"),
    ]

    private func expectNames(_ kind: ShellSession.Kind) throws {
        for name in Self.names { try Files.write(joined(stage.old, name), []) }
        let session = try stage.session(kind)
        for name in Self.names {
            // What a person types of it: its first letter, with a backslash where the shell wants one.
            let first = String(decoding: name, as: UTF8.self).prefix(1)
            let start = bytes("#~(".contains(first) ? "\\" + first : String(first))
            for option in ["--branch ", "--branch="] {
                let words = try session.words(
                    after: bytes("cutover ../old ../newer \(option)") + start + [0x09]
                )
                let value =
                    option.hasSuffix("=") ? [bytes(option) + name] : [bytes("--branch"), name]
                #expect(
                    words == [bytes("../old"), bytes("../newer")] + value,
                    "\(kind): \(option)\(shown(name)): \(session.screen)"
                )
            }
        }
        #expect(!Files.exists(joined(stage.path, "home/gone")))
        // SOURCE behind the cursor, which is put where --branch ends. fish tells only what stands before it.
        if kind != .fish {
            let line = "cutover --branch p ../old ../newer"
            let left = String(repeating: "\u{1B}[D", count: " ../old ../newer".count)
            let words = try stage.words(session, line + left + "\t")
            #expect(words == ["--branch", "plain", "../old", "../newer"], "\(session.screen)")
        }
        // Inside of quotation marks, which the shell closes, or a person.
        let quoted = try stage.words(session, "cutover ../old ../newer --branch 'bl\t")
        #expect(quoted.last == "blank here", "\(kind): \(session.screen)")
    }

    @Test("bash: --branch offers what SOURCE has, and hostile names become the words that they are")
    func bashNames() throws { try expectNames(.bash) }

    @Test("zsh: the same names", .requiresTool("zsh")) func zshNames() throws {
        try expectNames(.zsh)
    }

    @Test("fish: the same names", .requiresTool("fish")) func fishNames() throws {
        try expectNames(.fish)
    }

    private func expectTypedIsNotRun(_ kind: ShellSession.Kind) throws {
        let session = try stage.session(kind)
        let trap = joined(stage.path, "home/cutover")
        try Files.write(trap, bytes("#!/bin/sh\ntouch ../gone\n"))
        try Files.changeMode(trap, 0o755)
        try session.press(bytes("./cutover --dele\t"))
        waitUntil { session.screen.contains("--delete") }
        #expect(!Files.exists(joined(stage.path, "gone")))
    }

    @Test("bash: the program that was typed is not run, that of PATH answers")
    func bashTyped() throws { try expectTypedIsNotRun(.bash) }

    @Test("zsh: nor is it", .requiresTool("zsh")) func zshTyped() throws {
        try expectTypedIsNotRun(.zsh)
    }

    @Test("fish: nor is it", .requiresTool("fish")) func fishTyped() throws {
        try expectTypedIsNotRun(.fish)
    }
}

@Suite("Completion: what the program answers", .timeLimit(.minutes(5)))
struct CompletionAnswerTests {
    let stage: CompletionStage

    init() throws { stage = try CompletionStage() }

    @Test(
        "each option of each subcommand is offered, with what it does",
        arguments: ["sync", "follow", "check", "verify", "history", "report"]
    )
    func options(command: String) throws {
        let help = try Cutover.run([command, "--help"]).output
        let wanted = Set(help.matches(of: /\n  (?:-\w, )*(--[a-z-]+)/).map { String($0.1) })
        let found = try stage.answer("cutover \(command) --", "")
        let names = found.map { String(decoding: $0.word, as: UTF8.self) }
        #expect(Set(names) == wanted.subtracting(["--version"]) && names.count == Set(names).count)
        for (word, text) in found { #expect(!text.isEmpty, "\(shown(word))") }
    }

    @Test("a line that makes no sense, or no question, is answered with nothing, and 0")
    func nonsense() throws {
        let lines: [[String]] = [
            [], ["bash"], ["bash", "cutover"], ["tcsh", "cutover --de", ""], ["bash", "", ""],
            ["zsh", "cut", ""],
            ["bash", "cutover --branch ", ""], ["bash", "cutover --branch ", " $old /x"],
            ["bash", "cutover help sync ", ""],
            ["bash", "cutover /a /b ", ""], ["bash", "cutover --max-delete ", ""],
            ["bash", "cutover --nonsense=", ""],
            ["bash", "cutover $'\\x", ""], ["bash", "cutover \\", ""],
            ["bash", "cutover \"$", "\""],
            ["zsh", "cutover history --pass ", " $(touch gone) /b"],
            ["bash", "cutover history --pass ", " /a"],
        ]
        for line in lines {
            let outcome = try Cutover.run(
                ["---complete"] + line,
                environment: ["CUTOVER_STATE=\(String(decoding: stage.state, as: UTF8.self))"]
            )
            #expect(outcome.status == 0 && outcome.stderr.isEmpty, "\(line): \(outcome)")
            #expect(records(outcome.stdout).count <= 2, "\(line): \(outcome)")
        }
        #expect(!Files.exists(stage.state))
    }

    @Test(
        "--branch leaves out what is given, what is no branch, and what would be taken for an option"
    )
    func branches() throws {
        for name in ["mail", "home", "-n", "lost+found"] {
            try Files.write(joined(stage.old, name), [])
        }
        let old = String(decoding: stage.old, as: UTF8.self)
        let head = "cutover \(old) /x --branch mail --branch"
        #expect(try stage.answer(head + " ", "").map(\.word) == [bytes("home")])
        #expect(
            try stage.answer(head + "=", "").map(\.word) == [
                bytes("--branch=-n"), bytes("--branch=home"),
            ]
        )
        #expect(try stage.answer("cutover follow --branch ", " \(old) /x").count == 2)
    }

    @Test("S10: a look at SOURCE moves no access time, and makes nothing anywhere") func untouched()
        throws
    {
        try Files.write(joined(stage.old, "mail"), [])
        let before = try Snapshot(stage.old, agesAccess: true)
        let old = String(decoding: stage.old, as: UTF8.self)
        #expect(try stage.answer("cutover \(old) /x --branch ", "").count == 1)
        #expect(try stage.answer("cutover history --pass ", "").isEmpty)
        #expect(try before.changes() == [])
        #expect(!Files.exists(stage.state))
    }

    @Test(
        "--pass offers the passes of the record, the newest first, and none where it is not clear of which volumes",
        .requiresVolumes
    )
    func passes() throws {
        let volumes = try Stage()
        let state = joined(volumes.outside, "state")
        for _ in 0..<2 {
            let outcome = try Cutover.run(
                bytes: [
                    bytes("--state"), state, volumes.from, volumes.to,
                    bytes("--allow-empty-source"),
                ]
            )
            #expect(outcome.status == 0, "\(outcome)")
        }
        let before = try Snapshot(state)
        let folder = String(decoding: state, as: UTF8.self)
        let roots = [volumes.from, volumes.to].map { String(decoding: $0, as: UTF8.self) }.joined(
            separator: " "
        )
        for line in ["", roots] {
            let found = try stage.answer("cutover history --state \(folder) --pass ", " " + line)
            #expect(found.map(\.word) == [bytes("2"), bytes("1")], "\(line)")
            for pass in found {
                #expect(
                    pass.text.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d done/) != nil,
                    "\(pass.text)"
                )
            }
        }
        #expect(try stage.answer("cutover history --state \(folder) --pass ", " /a /b").isEmpty)
        #expect(try before.changes() == [])
    }

    @Test(
        "a SOURCE, or a state, that does not answer: nothing is offered, and the line comes back",
        .requiresFUSE
    )
    func silent() throws {
        let filesystem = try SilentFilesystem(over: stage.old)
        defer { filesystem.remove() }
        let old = String(decoding: stage.old, as: UTF8.self)
        let start = monotonicSeconds()
        #expect(try stage.answer("cutover \(old)/. /x --branch ", "").isEmpty)
        #expect(try stage.answer("cutover history --state \(old) --pass ", "").isEmpty)
        #expect(monotonicSeconds() - start < hangSeconds)
    }

    @Test(
        "fish would take a name with a tilde for a home directory: it is offered where that cannot be"
    )
    func tilde() throws {
        try Files.write(joined(stage.old, "~root"), [])
        let line = "cutover \(String(decoding: stage.old, as: UTF8.self)) /new --branch"
        #expect(try stage.answer("\(line) ", "").isEmpty)
        #expect(try stage.answer("\(line) \\~", "").map(\.word) == [bytes("~root")])
        #expect(try stage.answer("\(line)=", "").map(\.word) == [bytes("--branch=~root")])
    }

    @Test("what a full disk cut short is told, with status 23: a script, help, the version")
    func fullDisk() throws {
        for words in [
            "--generate-completion-script bash", "--help", "--version", "sync --help", "help tune",
        ] {
            let outcome = try Shell.attempt("\"$1\" \(words) >/dev/full", [Cutover.binary])
            #expect(outcome.status == 23, "\(words): \(outcome)")
            #expect(outcome.errors.contains("cannot write standard output: No space left"))
        }
    }

    @Test("an older program is asked nothing: the question is no option of anybody")
    func olderProgram() throws {
        // Behind another word it is read as every option is.
        let outcome = try Cutover.run(["sync", "---complete", "bash", "cutover /a /b", ""])
        #expect(outcome.status == 64, "\(outcome)")
        let wrong = try Cutover.run(["--generate-completion-script", "tcsh"])
        #expect(wrong.status == 64 && wrong.errors.contains("bash, zsh, fish"), "\(wrong)")
    }
}
