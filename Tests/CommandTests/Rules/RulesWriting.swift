// S12-S15, S19: how a file comes into being on DESTINATION.

import Glibc
import TestSupport
import Testing

@Suite(
    "Writing a file, S12-S15, S19",
    .requiresVolumes,
    .requiresTool("strace"),
    .timeLimit(.minutes(5))
)
struct RulesWriting {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("S12: a reader sees the old file or the new one, never a part and never nothing")
    func readersSeeWholeFiles() throws {
        let versions = (0..<6).map {
            [UInt8](repeating: 65 + UInt8($0), count: 2_000_000 + $0 * 4096)
        }
        try Files.write(stage.source("file"), versions[0])
        try stage.pass()
        let stop = joined(stage.outside, "stop")
        let loop = "while [ ! -e \"$2\" ]; do sha256sum <\"$1\"; done | sort | uniq -c"
        let reader = try Subprocess(
            ["bash", "-c", loop, "reader"].map { bytes($0) } + [stage.destination("file"), stop]
        )
        for version in versions.dropFirst() {
            try Files.write(stage.source("file"), version)
            try stage.pass()
        }
        try Files.write(stop, [])
        let seen = reader.wait()
        #expect(seen.errors == "", "the name was missing for a moment")
        var whole: Set<String> = []
        for version in versions {
            try Files.write(joined(stage.outside, "version"), version)
            let sum = try Shell.run("sha256sum <\"$1\"", joined(stage.outside, "version"))
            whole.insert(sum.output)
        }
        let sums = Set(
            seen.lines.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
        )
        #expect(!sums.isEmpty)
        let parts = sums.subtracting(
            whole.compactMap { $0.split(separator: " ").first.map(String.init) }
        )
        #expect(parts.isEmpty, "contents that were never a whole file: \(seen.output)")
    }

    @Test("S13: a temporary file is .cutover.*, exclusive, 0600, and fits a name of 255 bytes")
    func temporaryNames() throws {
        let long = String(repeating: "n", count: 255)
        try Files.write(stage.source(long), bytes("before"))
        try stage.pass()
        try Files.write(stage.source(long), bytes("after it"))
        let trace = try stage.trace()
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        let made = trace.calls.filter {
            $0.name.hasPrefix("openat") && $0.text.contains("\".cutover.")
        }
        #expect(made.count == 1, "\(made)")
        for call in made {
            #expect(call.text.contains("O_CREAT") && call.text.contains("O_EXCL"), "\(call)")
            #expect(call.text.contains("0600"), "\(call)")
            #expect(call.text.contains("O_NOFOLLOW") || call.text.contains("O_EXCL"), "\(call)")
        }
        #expect(try text(stage.destination(long)) == "after it")
        try stage.expectSame()
    }

    @Test(
        "S13: leftovers of a killed run are cleaned, with and without --delete",
        arguments: [true, false]
    )
    func leftoversAreCleaned(deletes: Bool) throws {
        let data = SeededBytes.megabytes(24)
        try Files.makeDirectory(stage.source("branch"))
        try Files.write(stage.source("branch/file"), bytes("old"))
        try stage.pass()
        try Files.write(stage.source("branch/file"), data)
        let killed = try Cutover.start(
            ["sync", "--bwlimit", "4M"].map { bytes($0) } + [stage.from, stage.to]
        )
        for _ in 0..<3000 {
            let isAtWork = try !stage.leftovers().isEmpty
            if isAtWork || !killed.isRunning { break }
            usleep(2000)
        }
        killed.send(SIGKILL)
        killed.wait()
        try #require(
            try !stage.leftovers().isEmpty,
            "the pass was not killed in the middle of a file"
        )
        #expect(try text(stage.destination("branch/file")) == "old")
        #expect(try stage.attempt(deletes ? "--delete" : "-v").status == 0)
        #expect(try stage.leftovers() == [])
        try stage.expectSame()
    }

    @Test("S13: a file that fails leaves no temporary file and the old one whole")
    func failedFileLeavesNothing() throws {
        try Files.write(stage.source("file"), bytes("old"))
        try stage.pass()
        try Files.write(stage.source("file"), bytes("newer"))
        let trace = try stage.trace(
            failing: "rename,renameat,renameat2",
            of: "file",
            with: "EACCES"
        )
        #expect(trace.outcome.status == 23, "\(trace.outcome)")
        #expect(try stage.leftovers() == [])
        #expect(try text(stage.destination("file")) == "old")
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S14: owner, mode, attributes, ACL, times, in that order, then the name")
    func attributeOrder() throws {
        let file = stage.source("file")
        try Files.write(file, bytes("before"))
        try stage.pass()
        try Files.write(file, bytes("rewritten"))
        try Files.changeOwner(file, 1001, 1002)
        try Files.changeMode(file, 0o6710)
        try Files.setAttribute(file, "user.note", bytes("x"))
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20] + [UInt8](repeating: 0, count: 14)
        try Files.setAttribute(file, "security.capability", capability)
        try Files.setACL(file, AccessList(users: [(5, 4)], group: 1, mask: 4))
        try Files.changeTime(file, seconds: 1_500_000_000, nanoseconds: 7)
        let trace = try stage.trace()
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        try stage.expectSame()

        let calls = trace.calls.filter { call in
            // An ACL may be set through /proc/self/fd, which does not show the name.
            call.text.contains(".cutover.")
                || call.name.hasSuffix("setxattr") && call.text.contains("/proc/")
        }
        func last(_ name: String, _ text: String = "") -> Int? {
            calls.lastIndex { $0.name.contains(name) && $0.text.contains(text) }
        }
        func first(_ name: String, _ text: String = "") -> Int? {
            calls.firstIndex { $0.name.contains(name) && $0.text.contains(text) }
        }
        let shown = calls.map(\.description).joined(separator: "\n")
        let owner = try #require(last("chown"), "\(shown)")
        let capabilities = try #require(first("setxattr", "security.capability"), "\(shown)")
        let list = try #require(first("setxattr", "posix_acl_access"), "\(shown)")
        let times = try #require(first("utimensat"), "\(shown)")
        let publishing = try #require(last("rename"), "\(shown)")
        let mode = try #require(first("chmod", ", 06"), "\(shown)")
        #expect(owner < mode, "setuid under the wrong owner: \(shown)")
        #expect(owner < capabilities, "a capability falls to chown: \(shown)")
        #expect(capabilities < times && list < times && times < publishing, "\(shown)")
        let writes = calls.lastIndex { $0.name.hasPrefix("write") || $0.name.hasPrefix("pwrite") }
        #expect(try #require(writes, "\(shown)") < times, "\(shown)")
    }

    @Test(
        "S14: only behind a directory that is closed to all but root is a file made with its final mode"
    )
    func modesAtBirth() throws {
        try Files.makeDirectory(stage.source("old"))
        try stage.pass()
        try Files.makeDirectory(stage.source("new"), mode: 0o775)
        let modes: [(name: String, mode: mode_t)] = [
            ("plain", 0o640), ("secret", 0o400), ("setuid", 0o4755), ("list", 0o644),
        ]
        for folder in ["old", "new"] {
            for (name, mode) in modes {
                let file = stage.source("\(folder)/\(name)")
                try Files.write(file, bytes(name))
                try Files.changeOwner(file, 1001, 1002)
                try Files.changeMode(file, mode)
            }
            try Files.setACL(
                stage.source("\(folder)/list"),
                AccessList(users: [(5, 4)], group: 1, mask: 4)
            )
        }
        let trace = try stage.trace()
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        try stage.expectSame()

        let shown = trace.calls.map(\.description).joined(separator: "\n")
        let made = trace.calls.filter {
            $0.name.hasPrefix("openat") && $0.text.contains("O_CREAT")
        }
        // Where others can come: as little as can be, until it has all.
        #expect(made.count { $0.text.contains(".cutover.") && $0.text.contains("0600") } == 4)
        for (name, mode) in [
            // The group's bits of the last are the mask of its list.
            ("plain", "0640"), ("secret", "0400"), ("setuid", "0600"), ("list", "0700"),
        ] {
            let call = try #require(made.first { $0.text.contains("\"\(name)\"") }, "\(shown)")
            #expect(call.text.contains(mode), "\(call)")
            let changes = trace.calls.filter {
                $0.name.contains("chmod") && $0.text.contains("/new/\(name)>")
            }
            #expect(changes.isEmpty == (name != "setuid"), "\(changes)")
        }
        // The door is opened last.
        let opening = try #require(
            trace.calls.lastIndex { $0.name.contains("chmod") && $0.text.contains("/new>") },
            "\(shown)"
        )
        let last = try #require(
            trace.calls.lastIndex { $0.name == "utimensat" && $0.text.contains("/new/") },
            "\(shown)"
        )
        #expect(last < opening, "\(shown)")
        #expect(
            trace.calls.contains {
                $0.name == "mkdirat" && $0.text.contains("\"new\"") && $0.text.contains("0700")
            },
            "\(shown)"
        )
    }

    @Test(
        "S12, S14: what a kill leaves in a new directory nobody but root can come to",
        .requiresFaultTable,
        arguments: ["pwrite", "fchown", "utimensat"]
    )
    func killedInNewDirectory(call: String) throws {
        let folder = stage.source("new")
        try Files.makeDirectory(folder, mode: 0o777)
        for index in 0..<6 {
            let file = joined(folder, "file \(index)")
            try Files.write(file, bytes("contents of \(index)"))
            try Files.changeOwner(file, 1001, 1002)
        }
        var names = 0
        // The first of these calls are about DESTINATION as a whole.
        for number in 2...12 where names == 0 {
            let outcome = try Cutover.run(
                bytes: ["sync", "-w", "1"].map { bytes($0) } + [stage.from, stage.to],
                environment: ["CUTOVER_FAULTS=\(call):\(number):KILL"]
            )
            #expect(outcome.signal == SIGKILL, "\(outcome)")
            guard let left = try? Files.status(stage.destination("new")) else { continue }
            #expect(left.st_uid == 0 && left.st_mode & 0o7777 == 0o700)
            names = try Files.names(stage.destination("new")).count
        }
        #expect((1...5).contains(names), "\(names) files")
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S14: a setuid file is never readable by more than its final mode while it is written")
    func noWiderAccessMeanwhile() throws {
        try Files.makeDirectory(stage.source("branch"))
        try Files.write(stage.source("branch/other"), bytes("x"))
        try stage.pass()
        try Files.write(stage.source("branch/secret"), SeededBytes.megabytes(6))
        try Files.changeOwner(stage.source("branch/secret"), 1001, 1001)
        try Files.changeMode(stage.source("branch/secret"), 0o4640)
        let running = try Cutover.start(
            ["sync", "--bwlimit", "3M"].map { bytes($0) } + [stage.from, stage.to]
        )
        var modes: Set<UInt32> = []
        while running.isRunning {
            for path in try stage.leftovers() {
                guard let status = try? Files.status(joined(stage.to, path)) else { continue }
                // Owner and mode at one moment, as a user would meet them.
                if status.st_uid == 0 { modes.insert(UInt32(status.st_mode) & 0o7777) }
            }
            usleep(5000)
        }
        #expect(running.wait().status == 0)
        #expect(modes.contains(0o600), "no temporary file was seen at work")
        #expect(modes.allSatisfy { $0 & 0o7177 == 0 }, "\(modes.map { String($0, radix: 8) })")
        try stage.expectSame()
    }

    @Test("S15: a replaced file has a new inode; other links to the old one keep the old content")
    func replacedFilesAreNew() throws {
        try Files.write(stage.source("file"), bytes("old"))
        try stage.pass()
        let kept = joined(stage.reference, "kept")
        try Files.link(kept, to: stage.destination("file"))
        let before = try inode(kept)
        try Files.write(stage.source("file"), bytes("newer"))
        try stage.pass()
        #expect(try text(kept) == "old")
        #expect(try inode(kept) == before)
        #expect(try inode(stage.destination("file")) != before)
        #expect(try text(stage.destination("file")) == "newer")
        try stage.expectSame()
    }

    @Test("S19: a pass ends with syncfs of DESTINATION, after its last write")
    func passesAreSynchronized() throws {
        try StandardTree.plain(stage.from)
        let trace = try stage.trace(calls: Trace.writing + ["syncfs"])
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        let synchronized = trace.calls.lastIndex { $0.name == "syncfs" && $0.concerns(stage.to) }
        let place = try #require(synchronized, "syncfs was not called")
        let changes = trace.calls[(place + 1)...].filter { call in
            call.concerns(stage.to) && !call.name.hasPrefix("open") && call.name != "ioctl"
        }
        #expect(changes.isEmpty, "after syncfs: \(changes)")
    }

    @Test("S19: a pass whose syncfs fails has not succeeded")
    func failedSynchronization() throws {
        try StandardTree.plain(stage.from)
        let trace = try stage.trace(
            calls: ["syncfs"],
            strace: ["-e", "inject=syncfs:error=EIO"]
        )
        #expect(trace.outcome.status == 11, "\(trace.outcome)")
    }
}

/// Data that does not compress and holds no zeros to speak of, the same at every run.
enum SeededBytes {
    private static let block: [UInt8] = {
        var random = SeededRandom(seed: 12)
        return random.bytes(1 << 20)
    }()

    static func megabytes(_ count: Int) -> [UInt8] {
        var data: [UInt8] = []
        data.reserveCapacity(count << 20)
        for _ in 0..<count { data += block }
        return data
    }
}
