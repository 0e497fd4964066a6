// S67: modes that a pass does not carry, and modes that stand in the way of deleting. rsync is the oracle.

import Glibc
import TestSupport
import Testing

@Suite(
    "S67: modes without --perms, and directories that forbid writing",
    .requiresVolumes,
    .requiresTool("rsync"),
    .requiresTool("setpriv"),
    .timeLimit(.minutes(10))
)
struct RulesKeptModes {
    let stage: Stage
    init() throws { stage = try Stage() }

    private func modes(_ root: [UInt8]) throws -> [String] {
        let script = #"cd "$1"; find . -mindepth 1 ! -type l -printf '%P %04m\n' | sort"#
        return try Shell.run(script, root).lines
    }

    @Test(
        "--no-perms keeps the mode of what it replaces",
        arguments: [[], ["--workers", "1"], ["--no-acls"]]
    )
    func replaced(options: [String]) throws {
        let modes: [mode_t] = [0o600, 0o640, 0o755, 0o444, 0o4750, 0o2775, 0o1666, 0]
        for root in [stage.to, stage.reference] {
            for (index, mode) in modes.enumerated() {
                try Files.write(joined(root, "file\(index)"), bytes("old"))
                try Files.changeMode(joined(root, "file\(index)"), mode)
            }
        }
        for index in modes.indices {
            try Files.write(stage.source("file\(index)"), bytes("longer than before"))
            let mode: mode_t = index.isMultiple(of: 2) ? 0o777 : 0o4711
            try Files.changeMode(stage.source("file\(index)"), mode)
        }
        try Files.write(stage.source("new"), bytes("new"))
        try Files.changeMode(stage.source("new"), 0o666)
        let large = [UInt8](repeating: 1, count: 5 << 20)
        try Files.write(stage.source("large"), large)
        for root in [stage.to, stage.reference] {
            try Files.write(joined(root, "large"), bytes("small"))
            try Files.changeMode(joined(root, "large"), 0o604)
        }
        try Shell.run("rsync -rltgoD \"$1\"/ \"$2\"/", stage.from, stage.reference)
        let outcome = try Cutover.sync(stage.from, stage.to, ["--no-perms"] + options)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try self.modes(stage.to) == self.modes(stage.reference))
        #expect(try Files.read(stage.destination("file7")) == bytes("longer than before"))
        #expect(try Files.read(stage.destination("large")) == large)
    }

    /// Who may do what with a file, by the kernel: for each of some users the letters of access(2).
    private func access(_ path: [UInt8]) throws -> [Set<Character>] {
        let script = """
            for who in 1000:1000 5:5 6:6 7:1001 6:1001 8:1002 9:9; do
                setpriv --reuid=${who%:*} --regid=${who#*:} --clear-groups sh -c '
                    for test in r w x; do [ -$test "$0" ] && printf %s $test; done; echo .' "$1"
            done
            """
        return try Shell.run(script, path).lines.map { Set($0.dropLast()) }
    }

    /// Names and ACLs of files whose group bits say more than their owning group may.
    private static let lists = [
        "group": "u::rw-,g::---,u:5:rwx,m::rwx,o::r",
        "user": "u::rw-,g::rw-,u:6:---,m::rwx,o::rwx",
        "named-group": "u::rw-,g::r--,g:1002:---,m::rw-,o::r--",
        "masked": "u::rwx,g::rwx,u:5:rwx,m::r--,o::---",
        "granting": "u::rw-,g::r--,u:5:rwx,m::rwx,o::r--",
    ]

    @Test(
        "--no-perms, and an ACL that does not stay: nobody gets a right that it did not give",
        arguments: [[], ["--no-acls"], ["--workers", "1"]]
    )
    func replacedList(options: [String]) throws {
        var before: [String: [Set<Character>]] = [:]
        for (name, list) in Self.lists {
            for (kind, contents) in [("replaced", "longer than before"), ("repaired", "old")] {
                let file = "\(kind)-\(name)"
                for path in [stage.source(file), stage.destination(file)] {
                    try Files.write(path, bytes(path == stage.source(file) ? contents : "old"))
                    try Shell.run(
                        "chown 1000:1001 \"$1\"; chmod 600 \"$1\"; touch -d 2020-01-01 \"$1\"",
                        path
                    )
                }
                let path = stage.destination(file)
                try Shell.run("setfacl --set \(list) \"$1\"", path)
                before[file] = try access(path)
            }
        }
        #expect(before["replaced-group"]?.map(\.count) == [2, 3, 1, 0, 0, 1, 1], "it is judged")
        let outcome = try Cutover.sync(stage.from, stage.to, ["--no-perms"] + options)
        #expect(outcome.status == 0, "\(outcome)")
        for (file, rights) in before {
            let path = stage.destination(file)
            let after = try access(path)
            for (had, has) in zip(rights, after) {
                #expect(has.isSubset(of: had), "\(file): \(rights) became \(after)")
            }
            let isKept = file.hasPrefix("repaired") && options.contains("--no-acls")
            #expect(try Shell.run("getfacl -cnp \"$1\"", path).output.contains("mask") == isKept)
            if isKept { #expect(after == rights) }
        }
        #expect(try mode(stage.destination("replaced-granting")) == 0o644, "and no more is taken")
        #expect(try mode(stage.destination("replaced-masked")) == 0o740)
        #expect(try Files.read(stage.destination("replaced-user")) == bytes("longer than before"))
    }

    @Test("--no-perms, and an ACL that is carried: its mask is SOURCE's, special bits are not")
    func carriedList() throws {
        for (file, contents) in [("replaced", "longer than before"), ("repaired", "old")] {
            for path in [stage.source(file), stage.destination(file)] {
                try Files.write(path, bytes(path == stage.source(file) ? contents : "old"))
                try Shell.run("touch -d 2020-01-01 \"$1\"", path)
            }
            try Files.changeMode(stage.source(file), 0o6755)
            try Shell.run("setfacl -m u:5:rwx,m::r \"$1\"", stage.source(file))
            try Files.changeMode(stage.destination(file), 0o1775)
        }
        let outcome = try Cutover.sync(stage.from, stage.to, ["--no-perms"])
        #expect(outcome.status == 0, "\(outcome)")
        let list = "getfacl -cnp \"$1\""
        for file in ["replaced", "repaired"] {
            #expect(try mode(stage.destination(file)) == 0o1745, "\(file)")
            let found = try Shell.run(list, stage.destination(file)).output
            #expect(try found == Shell.run(list, stage.source(file)).output, "\(file)")
        }
    }

    /// Trees of nobody's that forbid writing, with something in them, on both copies.
    private func makeLocked(_ names: [String]) throws {
        for root in [stage.to, stage.reference] {
            for name in names {
                try Files.makeDirectory(joined(root, name))
                try Files.write(joined(root, name + "/file"), bytes("x"))
                try Files.makeDirectory(joined(root, name + "/below"))
                try Files.write(joined(root, name + "/below/file"), bytes("x"))
                try Files.changeMode(joined(root, name + "/below"), 0o555)
                try Files.changeMode(joined(root, name), 0o500)
            }
            try Shell.run("chown -R \(Unprivileged.user):\(Unprivileged.user) \"$1\"", root)
        }
    }

    @Test("not root: an extra directory of one's own that forbids writing is emptied and removed")
    func extras() throws {
        try Files.write(stage.source("kept"), bytes("x"))
        try makeLocked(["locked", "other"])
        let outcome = try Unprivileged.sync(stage)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Files.names(stage.to) == [bytes("kept")])
        try Shell.run(
            "setpriv --reuid=65534 --regid=65534 --clear-groups rsync -rlpt --delete \"$1\"/ \"$2\"/",
            stage.from,
            stage.reference
        )
        #expect(try Files.names(stage.reference) == [bytes("kept")])
    }

    @Test("not root, a dry run: says the same and changes no mode") func dryRun() throws {
        try Files.write(stage.source("kept"), bytes("x"))
        try makeLocked(["locked"])
        let before = try modes(stage.to)
        let promised = try Unprivileged.sync(stage, ["-n", "-i"])
        #expect(promised.status == 0, "\(promised)")
        #expect(try modes(stage.to) == before)
        let real = try Unprivileged.sync(stage, ["-i"])
        #expect(real.status == 0, "\(real)")
        #expect(real.lines.sorted() == promised.lines.sorted())
    }

    @Test("not root, --no-perms: a directory that was written to has its own mode again")
    func keptDirectory() throws {
        try Files.makeDirectory(stage.source("locked"))
        try Files.write(stage.source("locked/new"), bytes("x"))
        try makeLocked(["locked"])
        let outcome = try Unprivileged.sync(stage, ["--no-perms"])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Files.names(stage.destination("locked")) == [bytes("new")])
        #expect(try Files.status(stage.destination("locked")).st_mode & 0o7777 == 0o500)
    }
}
