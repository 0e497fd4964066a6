// The command line as rsync's users type it: what is true of every pass is taken and changes nothing, what is not is
// refused with the reason, and a mistake is one line that names it. The worst mistake is a command that looks as if
// it had worked: status 0, and nothing copied.

import TestSupport
import Testing

@Suite("The command line") struct CommandLineTests {
    let path: [UInt8]
    var old: [UInt8] { joined(path, "old") }
    var new: [UInt8] { joined(path, "new") }

    init() throws {
        path = joined(try Scratch.directory(), Scratch.uniqueName("line"))
        for name in [path, joined(path, "old"), joined(path, "new")] {
            try Files.makeDirectory(name)
        }
        try Files.write(joined(path, "old/file"), bytes("contents"))
        try Files.write(joined(path, "old/file.log"), bytes("log"))
        try Files.write(joined(path, "new/extra"), bytes("extra"))
    }

    /// Runs a line of the shell in the directory that holds `old` and `new`.
    private func run(_ line: String) throws -> Outcome {
        try Shell.attempt(
            #"cd "$1"; export CUTOVER_STATE=$1/state; program=$2; "#
                + #"cutover() { "$program" "$@"; }; "# + line,
            [path, Cutover.binary]
        )
    }

    private func expectMistake(_ outcome: Outcome, _ line: String) throws {
        #expect(outcome.status == 64, "\(line): \(outcome)")
        #expect(outcome.stdout.isEmpty, "\(line): \(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(line): \(outcome)")
        #expect(outcome.errors.hasPrefix("cutover: "), "\(line): \(outcome)")
        #expect(try Files.names(new) == [bytes("extra")], "\(line): \(outcome)")
        #expect(Set(try Files.names(path)) == [bytes("old"), bytes("new")], "\(line)")
        #expect(Set(try Files.names(old)) == [bytes("file"), bytes("file.log")], "\(line)")
    }

    @Test(
        "h among letters or beside operands is no help: the pass is made",
        arguments: [
            "-aHAXxh --delete old/ new/", "-h --delete old new", "-ah old new --delete",
            "sync -hhv --delete old new", "--human-readable --delete old new",
            "old new -h --delete",
        ]
    )
    func letterOfHelp(words: String) throws {
        let outcome = try run("cutover " + words)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.stdout.isEmpty, "\(outcome)")
        #expect(Set(try Files.names(new)) == [bytes("file"), bytes("file.log")], "\(outcome)")
    }

    @Test("-h beside the operands of other commands is none either") func letterOfHelpElsewhere()
        throws
    {
        #expect(try run("cutover old new --delete").status == 0)
        for line in ["verify -h old new", "verify -vh old new", "history -h old new"] {
            let outcome = try run("cutover " + line)
            #expect(outcome.status == 0, "\(line): \(outcome)")
            #expect(!outcome.output.contains("USAGE"), "\(line): \(outcome)")
        }
    }

    @Test(
        "help alone is help",
        arguments: [
            "-h", "--help", "help", "sync -h", "sync --help", "help sync", "verify -h",
            "help check", "history -h", "--help old new", "--delete --help",
        ]
    )
    func help(words: String) throws {
        let outcome = try run("cutover " + words)
        #expect(outcome.status == 0 && outcome.stderr.isEmpty, "\(outcome)")
        #expect(outcome.output.contains("OPTIONS"), "\(outcome)")
        #expect(try Files.names(new) == [bytes("extra")])
    }

    @Test(
        "rsync's habits that are true of every pass change nothing",
        arguments: [
            "-x", "--one-file-system", "--numeric-ids", "-W", "--whole-file", "-P", "--partial",
            "--info=progress2", "--info progress2", "--info=stats2,misc1", "--stats",
            "--human-readable", "-v", "-E", "--executability", "--open-noatime", "--fsync",
            "--recursive", "--archive", "--acls", "--sparse", "--hard-links", "--links",
            "--perms", "--times", "--group", "--owner", "--devices", "--specials",
            "-rlptgoD", "-aHAXSxWPvh --numeric-ids --info=progress2 --stats",
        ]
    )
    func accepted(words: String) throws {
        let outcome = try run("cutover \(words) old/ new/")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.stdout.isEmpty, "\(outcome)")
        #expect(
            Set(try Files.names(new)) == [bytes("extra"), bytes("file"), bytes("file.log")]
        )
    }

    /// Each with a word of the reason.
    private static let refused: [(String, String)] = [
        ("--inplace", "replaced whole"), ("--append", "replaced whole"),
        ("--append-verify", "replaced whole"), ("--no-whole-file", "copied whole"),
        ("--block-size=4", "copied whole"), ("-B 4", "copied whole"),
        ("--fuzzy", "copied whole"), ("-y", "copied whole"),
        ("--partial-dir=x", "no part"), ("--delay-updates", "complete"),
        ("--temp-dir=x", "complete"), ("-T x", "complete"), ("--preallocate", "holes"),
        ("--copy-links", "symlinks"), ("-L", "symlinks"), ("--copy-dirlinks", "symlinks"),
        ("-k", "symlinks"), ("--copy-unsafe-links", "symlinks"), ("--safe-links", "symlinks"),
        ("--munge-links", "symlinks"), ("--keep-dirlinks", "never followed"),
        ("-K", "never followed"), ("--copy-devices", "devices"), ("--write-devices", "devices"),
        ("--fake-super", "as they are"), ("--chmod=u+w", "as they are"),
        ("--chown=a:b", "as they are"), ("--usermap=0:1", "as they are"),
        ("--groupmap=0:1", "as they are"), ("--atimes", "access"), ("-U", "access"),
        ("--crtimes", "birth"), ("-N", "birth"), ("--omit-dir-times", "--no-times"),
        ("-O", "--no-times"), ("--omit-link-times", "--no-times"), ("-J", "--no-times"),
        ("--modify-window=1", "times"), ("-@ 1", "times"), ("--iconv=.", "bytes"),
        ("-8", "bytes"), ("--no-links", "everything"), ("--no-recursive", "everything"),
        ("--no-p", "--no-perms"), ("--no-o", "--no-owner"), ("--no-g", "--no-group"),
        ("--no-t", "--no-times"), ("--no-A", "--no-acls"), ("--no-X", "--no-xattrs"),
        ("--no-H", "--no-hard-links"), ("--no-S", "--no-sparse"), ("--no-D", "--no-devices"),
        ("--update", "like SOURCE"), ("-u", "like SOURCE"), ("--existing", "like SOURCE"),
        ("--ignore-existing", "like SOURCE"), ("--max-size=1M", "every size"),
        ("--min-size=1M", "every size"), ("--prune-empty-dirs", "empty"), ("-m", "empty"),
        ("--dirs", "entered"), ("-d", "entered"), ("--relative", "--branch"), ("-R", "--branch"),
        ("--files-from=x", "--branch"), ("--include=x", "--exclude"),
        ("--include-from=x", "--exclude"), ("--filter=x", "--exclude"), ("-f x", "--exclude"),
        ("-F", "--exclude"), ("-C", "--exclude"), ("--cvs-exclude", "--exclude"),
        ("-0", "--exclude"), ("--del", "write --delete"), ("--delete-before", "write --delete"),
        ("--delete-during", "write --delete"), ("--delete-delay", "write --delete"),
        ("--delete-after", "write --delete"), ("--delete-excluded", "never deleted"),
        ("--ignore-errors", "--delete"), ("--force", "--delete"),
        ("--remove-source-files", "never written"), ("--backup", "not kept"), ("-b", "not kept"),
        ("--backup-dir=x", "not kept"), ("--suffix=x", "not kept"),
        ("--compare-dest=x", "third"), ("--copy-dest=x", "third"), ("--link-dest=x", "third"),
        ("--no-x", "--cross-mounts"), ("--compress", "network"), ("-z", "network"),
        ("--rsh=ssh", "network"), ("-e ssh", "network"), ("--rsync-path=x", "network"),
        ("--timeout=3", "network"), ("-s", "network"), ("-M x", "network"), ("-4", "network"),
        ("-6", "network"), ("--write-batch=x", "batch"), ("--log-file=x", "--json"),
        ("--out-format=x", "--json"), ("--list-only", "-n -i"), ("--itemize-changes", "-i"),
        ("--mkpath", "mount"),
    ]

    @Test("rsync's options that are not true of a pass are refused, with the reason")
    func refused() throws {
        for (word, reason) in Self.refused {
            let outcome = try run("cutover -a \(word) --delete old/ new/")
            try expectMistake(outcome, word)
            let name = word.prefix { $0 != "=" && $0 != " " }
            #expect(outcome.errors.contains("'\(name)' is refused: "), "\(outcome)")
            #expect(outcome.errors.contains(reason), "\(reason): \(outcome)")
        }
    }

    @Test("a value may begin with a dash, and is no option that was meant as one")
    func dashedValues() throws {
        let outcome = try run("cutover --delete --exclude '- *.log' old new")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Files.names(new) == [bytes("file")])
        let attached = try run("cutover -n --exclude=-n --branch file old new")
        #expect(attached.status == 0, "\(attached)")
        let rules = try run("cutover --exclude '+ file' --exclude '-file*' old new")
        #expect(rules.status == 0, "\(rules)")
    }

    @Test(
        "every form of --bwlimit",
        arguments: [
            "50M", "50MB", "1.5M", "1MiB", "0", "off", "OFF", "1g", "100000", "64k", "64KiB",
            "0.5G", "2TB", "1048576B", "0K",
        ]
    )
    func rates(rate: String) throws {
        for option in ["--bwlimit \(rate)", "--bwlimit=\(rate)"] {
            let outcome = try run("cutover \(option) old new")
            #expect(outcome.status == 0, "\(outcome)")
        }
    }

    @Test("--version and its number, alone") func version() throws {
        for words in ["--version", "sync --version", "verify --version"] {
            let outcome = try run("cutover " + words)
            #expect(outcome.status == 0 && outcome.stderr.isEmpty, "\(outcome)")
            #expect(outcome.output == "cutover 0.3.0\n", "\(outcome)")
        }
    }

    @Test("an option is known to the commands whose help names it, and to no other")
    func table() throws {
        let commands = ["sync", "check", "verify", "history"]
        var options: [String: [String: Bool]] = [:]
        for command in commands {
            let help = try Cutover.run([command, "--help"], environment: ["COLUMNS=200"]).output
            for line in help.split(separator: "\n") where line.hasPrefix("  -") {
                let words = line.dropFirst(2).split(
                    separator: " ",
                    omittingEmptySubsequences: false
                )
                let described = words.firstIndex(of: "") ?? words.endIndex
                let takesValue = words[..<described].contains { $0.hasPrefix("<") }
                for word in words[..<described] where word.hasPrefix("-") {
                    let name = String(word.filter { $0 != "," })
                    options[name, default: [:]][command] = takesValue
                }
            }
        }
        #expect(options.count > 55, "\(options)")
        for own in ["-h", "--help", "--version"] { options[own] = nil }
        for (name, takers) in options {
            for command in commands {
                let outcome = try Cutover.run([command, name])
                let errors = outcome.errors
                if takers[command] == true {
                    #expect(errors.contains("'\(name)' needs a value"), "\(command): \(errors)")
                } else if takers[command] == false {
                    #expect(!errors.contains("'\(name)'"), "\(command): \(errors)")
                } else {
                    #expect(
                        errors.contains("'\(name)' is an option of 'cutover "),
                        "\(command): \(errors)"
                    )
                }
            }
        }
    }

    @Test("wrong lines, each with what is said; CUTOVER_UPDATE_HELP=1 writes the file anew")
    func mistakes() throws {
        let here = bytes(#filePath)
        let directory = Array(here[..<(here.lastIndex(of: UInt8(ascii: "/")) ?? 0)])
        let file = joined(directory, "CommandLineMistakes.txt")
        let kept = String(decoding: try Files.read(file), as: UTF8.self)
        var written = ""
        var count = 0
        for line in kept.split(separator: "\n") where line.hasPrefix("$ ") {
            let outcome = try run(String(line.dropFirst(2)))
            try expectMistake(outcome, String(line))
            written += "\(line)\n\(outcome.errors)"
            count += 1
        }
        #expect(count >= 60)
        if Environment.value("CUTOVER_UPDATE_HELP") == "1" {
            try Files.write(file, bytes(written))
        } else {
            #expect(written == kept)
        }
    }
}
