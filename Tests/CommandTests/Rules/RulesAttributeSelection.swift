// S54, `--xattrs LIST`: what is not meant to be carried is neither copied nor compared nor removed.

import Glibc
import TestSupport
import Testing

@Suite("--xattrs, S54", .requiresVolumes, .timeLimit(.minutes(5)))
struct RulesAttributeSelection {
    let stage: Stage

    init() throws { stage = try Stage() }

    private static let spaces = ["user", "trusted", "security"]

    /// Each side has attributes of its own in every namespace, and others with another value.
    private func fill() throws {
        for (root, value) in [(stage.from, "right"), (stage.to, "wrong")] {
            try Files.write(joined(root, "file"), bytes("x"))
            try Files.makeDirectory(joined(root, "directory"))
            for name in ["file", "directory"] {
                for space in Self.spaces {
                    try Files.setAttribute(joined(root, name), "\(space).both", bytes(value))
                    try Files.setAttribute(joined(root, name), "\(space).\(value)", bytes(value))
                }
                try Files.changeTime(joined(root, name), seconds: 1_600_000_000, nanoseconds: 5)
            }
        }
    }

    @Test(
        "a namespace or a name that is left out is as it was, on both sides",
        arguments: [
            ("user", ["user"], []), ("trusted,security", ["trusted", "security"], []),
            ("user,security,-security.both", ["user", "security"], ["security.both"]),
            ("-trusted.both", ["user", "trusted", "security"], ["trusted.both"]),
            ("-trusted", ["user", "security"], []),
        ] as [(String, [String], [String])]
    )
    func leftOut(list: String, spaces: [String], names: [String]) throws {
        try fill()
        let words = ["--xattrs", list]
        for _ in 1...2 { try Cutover.pass(stage.from, stage.to, ["--delete"] + words) }
        for entry in ["file", "directory"] {
            let path = stage.destination(entry)
            for space in Self.spaces {
                let isCarried = spaces.contains(space)
                let both = "\(space).both"
                let expected = isCarried && !names.contains(both) ? "right" : "wrong"
                #expect(try Files.attribute(path, both) == bytes(expected), "\(entry) \(both)")
                let added = try Files.attribute(path, "\(space).right")
                #expect(added == (isCarried ? bytes("right") : nil), "\(entry) \(space)")
                let extra = try Files.attribute(path, "\(space).wrong")
                #expect(extra == (isCarried ? nil : bytes("wrong")), "\(entry) \(space)")
            }
        }
        #expect(try stage.differences(words) == [])
        let all = try stage.differences()
        #expect(!all.isEmpty, "what was left out differs")
        try Cutover.pass(stage.from, stage.to)
        #expect(try stage.differences() == [], "and a pass without the list carries it")
    }

    @Test("another list is another set of options: the next pass walks")
    func isPartOfTheRecord() throws {
        try Files.write(stage.source("file"), bytes("x"))
        try stage.pass()
        func reasons(_ options: String...) throws -> [String] {
            let (outcome, report) = try stage.reported("--xattrs", options[0])
            #expect(outcome.status == 0, "\(outcome)")
            return report.of("notice").compactMap { $0.text("reason") }
        }
        #expect(try reasons("user,security") == ["options_changed"])
        #expect(try reasons("user,security") != ["options_changed"])
        #expect(try reasons("security,user") != ["options_changed"], "the order says nothing")
        #expect(try reasons("user,security,-security.a") == ["options_changed"])
    }

    @Test("a list that cannot be read is one line, 64, for every subcommand")
    func mistakes() throws {
        for command in ["sync", "verify", "check"] {
            for list in ["system", "user,nope", ",", "user,", "-selinux", "user,-user", "", "-."] {
                let outcome = try Cutover.run(
                    bytes: [bytes(command), bytes("--xattrs"), bytes(list), stage.from, stage.to]
                )
                #expect(outcome.status == 64, "\(list) \(outcome)")
                #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
                #expect(outcome.errors.contains("--xattrs"), "\(outcome)")
            }
        }
        let both = try stage.attempt("--no-xattrs", "--xattrs", "user")
        #expect(both.status == 64 && both.errors.contains("only one of"), "\(both)")
        let manifest = try Cutover.run(["verify", "--manifest", "/m", "--xattrs", "user", "/d"])
        #expect(manifest.status == 64 && manifest.errors.contains("--xattrs"), "\(manifest)")
    }

    @Test("not root: of a list only user counts", .requiresTool("setpriv"))
    func notRoot() throws {
        try Files.write(stage.source("file"), bytes("x"))
        try Files.setAttribute(stage.source("file"), "user.a", bytes("1"))
        let outcome = try Unprivileged.sync(stage, ["--xattrs", "user,security"])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Files.attribute(stage.destination("file"), "user.a") == bytes("1"))
    }

    @Test("the mark of a salvaged file is seen where user is left out", .requiresFaultTable)
    func markIsSeen() throws {
        try Files.write(stage.source("file"), [UInt8](repeating: 7, count: 40_960))
        try Files.setAttribute(stage.source("file"), "trusted.a", bytes("1"))
        let status = try Files.status(stage.source("file"))
        let broken = "pread@\(status.st_dev).\(status.st_ino):8192-12287:EIO"
        let salvaged = try Cutover.run(
            bytes: ["sync", "--salvage", "--xattrs", "trusted"].map { bytes($0) }
                + [stage.from, stage.to],
            environment: ["CUTOVER_FAULTS=\(broken)"]
        )
        #expect(salvaged.status == 23, "\(salvaged)")
        try #require(
            try Files.attribute(stage.destination("file"), "user.cutover.damaged") != nil
        )
        // Without a record nothing but the mark tells that it is no copy.
        let state = String(decoding: joined(stage.outside, "state"), as: UTF8.self)
        try stage.pass("--xattrs", "trusted", "--state", state)
        #expect(try Files.read(stage.destination("file")) == Files.read(stage.source("file")))
    }
}
