// S52: each call that a command makes in the state folder fails once, or the process is killed in its place:
// opening, looking, listing, renaming, removing, synchronising. The fault table counts only calls by a descriptor of
// that folder, so every one of them is met, and no other.
//
// The copy is right whatever fails; that nothing will be remembered is told in one line with the reason, or the pass
// is remembered; a record is never lost for it, and the next pass with the same state makes good.

import Glibc
import TestSupport
import Testing

@Suite(
    "Calls in the state folder fail, S52",
    .requiresVolumes,
    .requiresFaultTable,
    .timeLimit(.minutes(20))
)
struct StateFolderFaults {
    /// What a pass finds in the folder, which decides which calls it makes there.
    enum Found: String, CaseIterable, Sendable {
        /// The record of this pair.
        case record
        /// A database that is damaged: it is set aside, and another is made.
        case damage
        /// The folder is empty: the pair is not known.
        case nothing
    }

    /// A pass tells of itself in a file of the folder every two seconds: so many calls of one kind more or less.
    private static let callsByTheClock = 2

    /// Which of so many calls fail: all of a few, one in three of many, which are of a kind.
    private static func numbers(_ calls: Int) -> [Int] {
        Array(stride(from: 1, through: calls, by: calls > 10 ? 3 : 1))
    }

    static let operations = ["openat", "statx", "getdents64", "renameat", "unlinkat", "fsync"]

    let stage: ScanStage
    private let counts: [UInt8]

    init() throws {
        stage = try ScanStage()
        counts = joined(stage.outside, "counts")
        for (index, name) in ["a", "b", "c"].enumerated() {
            try stage.makeFolder(stage.from(name), salt: UInt64(index + 1))
        }
        try stage.settle()
    }

    // MARK: Passes

    @Test("each call of a pass fails once", arguments: Found.allCases, operations)
    func failing(found: Found, operation: String) throws {
        let calls = try calls(operation, found)
        var met = 0
        for number in Self.numbers(calls) {
            try prepare(found, salt: UInt64(number))
            let before = try kept(found)
            let pass = try run("\(operation)@\(place()):\(number):EIO")
            let fault = "\(operation) \(number) of \(calls), \(found)"
            #expect(pass.outcome.status == 0, "\(fault): \(pass.outcome)")
            #expect(try stage.pair.differences() == [], "\(fault): the copy is right")
            if try counted(operation) >= number { met += 1 }
            try expectTold(pass.outcome, fault)
            try expectNextIsRight(before, found, fault)
        }
        #expect(try stage.pair.leftToDo().stdout == [], "a walk would do something")
        let tried = Self.numbers(calls).count
        #expect(met + Self.callsByTheClock >= tried, "\(met) of \(tried) were met")
    }

    @Test(
        "the process is killed in the place of each call that changes the folder",
        arguments: Found.allCases,
        ["openat", "renameat", "unlinkat", "fsync"]
    )
    func killed(found: Found, operation: String) throws {
        let calls = try calls(operation, found)
        var met = 0
        for number in Self.numbers(calls) {
            try prepare(found, salt: UInt64(number))
            let before = try kept(found)
            let pass = try run("\(operation)@\(place()):\(number):KILL")
            let fault = "\(operation) \(number) of \(calls), \(found), killed"
            if pass.outcome.signal == SIGKILL {
                met += 1
            } else {
                #expect(pass.outcome.status == 0, "\(fault): \(pass.outcome)")
            }
            try expectNextIsRight(before, found, fault)
        }
        let tried = Self.numbers(calls).count
        #expect(met + Self.callsByTheClock >= tried, "\(met) of \(tried) were met")
    }

    @Test("all kinds of calls are met")
    func allAreMet() throws {
        var met: [String: Int] = [:]
        for found in Found.allCases {
            try prepare(found, salt: 1)
            let faults = try Self.operations.map { "\($0)@\(try place()):999999:EIO" }
            let pass = try run(faults.joined(separator: ","))
            #expect(pass.outcome.status == 0, "\(pass.outcome)")
            for operation in Self.operations {
                met[operation, default: 0] += try counted(operation)
            }
            try stage.tick()
        }
        #expect(Self.operations.filter { met[$0] ?? 0 == 0 } == [], "\(met)")
    }

    // MARK: Looking on

    @Test(
        "each call of a dry run fails once: it writes nothing, and shows the same",
        arguments: operations
    )
    func dryRun(operation: String) throws {
        try prepare(.record, salt: 1)
        let all = try shownBy("-n", "-i", fault: "\(operation)@\(place()):999999:EIO")
        #expect(all.stdout != [], "there is something to show")
        let calls = try counted(operation)
        let before = try stage.pair.stateContents()
        for number in Self.numbers(calls) {
            let outcome = try shownBy("-n", "-i", fault: "\(operation)@\(place()):\(number):EIO")
            #expect(outcome.status == 0, "\(operation) \(number): \(outcome)")
            // Workers print as they come to it.
            #expect(
                outcome.lines.sorted() == all.lines.sorted(),
                "\(operation) \(number): \(outcome)"
            )
            #expect(try stage.pair.stateContents() == before, "\(operation) \(number)")
        }
    }

    private func shownBy(_ options: String..., fault: String) throws -> Outcome {
        let environment = ["CUTOVER_FAULTS=count:\(shown(counts)),\(fault)"]
        // By a walk, whatever the record says: what is shown is not to depend on it.
        return try stage.pair.sync(["--changes", "walk"] + options, environment: environment)
            .outcome
    }

    @Test("each call of `history` fails once: told in one line with status 3, or shown whole")
    func history() throws {
        let words = ["history", "--state"].map { bytes($0) } + [stage.pair.state]
        var refused = 0
        for operation in ["openat", "statx", "getdents64"] {
            func run(_ number: Int) throws -> Outcome {
                let fault = "\(operation)@\(try place()):\(number):EIO"
                let environment = ["CUTOVER_FAULTS=count:\(shown(counts)),\(fault)"]
                return try Cutover.run(bytes: words, environment: environment)
            }
            let whole = try run(999_999)
            #expect(whole.status == 0 && whole.stdout != [], "\(whole)")
            let calls = try counted(operation)
            #expect(calls > 0, "\(operation)")
            for number in stride(from: 1, through: calls, by: 1) {
                let outcome = try run(number)
                let fault = "\(operation) \(number) of \(calls)"
                if outcome.status == 3 {
                    refused += 1
                    let lines = outcome.errors.split(separator: "\n")
                    #expect(lines.count == 1, "\(fault): \(outcome)")
                    #expect(outcome.errors.contains("Input/output error"), "\(fault): \(outcome)")
                } else {
                    #expect(outcome.status == 0, "\(fault): \(outcome)")
                    #expect(outcome.stdout == whole.stdout, "\(fault): \(outcome)")
                }
            }
        }
        #expect(refused > 0, "no fault was told")
    }

    // MARK: Making the folder

    @Test(
        "a folder that cannot be made, or not brought to the disk: told, and the pass is done",
        arguments: [
            "mkdirat:1:EIO", "mkdirat:1:ENOSPC", "fsync@PARENT:1:EIO", "fsync@PARENT:1:ENOSPC",
        ]
    )
    func making(fault: String) throws {
        try Files.removeTree(stage.pair.state)
        try rewrite(salt: 90)
        let parent = try Self.place(of: stage.outside)
        let pass = try run(fault.replacing("PARENT", with: parent))
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(try stage.pair.differences() == [], "the copy is right")
        let lines = tellingLines(pass.outcome)
        let reason = fault.hasSuffix("EIO") ? "Input/output error" : "No space left on device"
        #expect(lines.count == 1 && lines[0].contains(reason), "\(pass.outcome)")
        let next = try stage.pass()
        #expect(next.outcome.status == 0, "\(next.outcome)")
        #expect(tellingLines(next.outcome) == [], "\(next.outcome)")
        try stage.expectSame()
    }

    @Test("that a pair was declared is written down, or it is told that it could not be")
    func declaring() throws {
        try edit(salt: 91)
        let calls = try calls("openat", .record, "--new-pair")
        #expect(calls > 0)
        var lost = 0
        for number in stride(from: 1, through: calls, by: 1) {
            try edit(salt: UInt64(200 + number))
            let fault = "openat@\(try place()):\(number):EIO"
            // A pass without it forgets it.
            #expect(try declarations() == [], "before \(fault)")
            let pass = try run(fault, "--new-pair")
            #expect(pass.outcome.status == 0, "\(fault): \(pass.outcome)")
            let isWritten = try declarations().count == 1
            let isTold = tellingLines(pass.outcome).count == 1
            #expect(isWritten || isTold, "\(fault): \(pass.outcome)")
            if !isWritten { lost += 1 }
            let next = try stage.pass()
            #expect(next.outcome.status == 0, "after \(fault): \(next.outcome)")
            try stage.tick()
        }
        #expect(lost > 0, "none of them was the one that writes it down")
    }

    private func declarations() throws -> [[UInt8]] {
        try Files.names(stage.pair.state).filter { shown($0).hasSuffix(".new-pair") }
    }
}

// MARK: -

extension StateFolderFaults {
    /// Device and inode as the fault table wants them.
    static func place(of path: [UInt8]) throws -> String {
        let status = try Files.status(path)
        return "\(status.st_dev).\(status.st_ino)"
    }

    func place() throws -> String { try Self.place(of: stage.pair.state) }

    /// Something for the next pass to do.
    func edit(salt: UInt64) throws {
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: salt)
        try Files.exchange(stage.from("b"), stage.from("c"))
        try stage.tick()
    }

    /// The same for a pass that has no record to rest on: it trusts size and time.
    func rewrite(salt: UInt64) throws {
        try Files.write(stage.from("a/one"), bytes("written \(salt)"))
        try stage.tick()
    }

    func prepare(_ found: Found, salt: UInt64) throws {
        switch found {
        case .record: try edit(salt: salt)
        case .damage:
            try rewrite(salt: salt)
            // Those of earlier rounds would have the names of this one's.
            for name in try Files.names(stage.pair.state) where shown(name).contains(".set-aside") {
                try Files.unlink(joined(stage.pair.state, name))
            }
            let database = try #require(try stage.pair.databases().first)
            try Files.overwrite(database, damageMark(salt), at: 0)
        case .nothing:
            try rewrite(salt: salt)
            for name in try Files.names(stage.pair.state) {
                try Files.unlink(joined(stage.pair.state, name))
            }
        }
    }

    private func damageMark(_ salt: UInt64) -> [UInt8] { bytes("damaged on purpose \(salt)\n") }

    /// What must not be lost: passes that are recorded, or files that begin as the damaged one does.
    func kept(_ found: Found) throws -> Int {
        switch found {
        case .record: try passesRecorded()
        case .damage: try damagedFiles()
        case .nothing: 0
        }
    }

    private func damagedFiles() throws -> Int {
        try Files.names(stage.pair.state).count { name in
            let path = joined(stage.pair.state, name)
            return try Files.read(path).starts(with: bytes("damaged on purpose "))
        }
    }

    /// Passes that came to their end, as `history` shows them.
    private func passesRecorded() throws -> Int {
        let words = ["history", "--limit", "900", "--json", "-", "--state"].map { bytes($0) }
        let outcome = try Cutover.run(bytes: words + [stage.pair.state])
        return try outcome.report().lines.count {
            $0.text("type") == "pass" && $0.text("end") != nil
        }
    }

    /// A pass with a fault, of which the calls that it counts are counted.
    func run(_ fault: String, _ options: String...) throws -> ScanPass {
        let environment = ["CUTOVER_FAULTS=count:\(shown(counts)),\(fault)"]
        return try stage.pair.sync(options, environment: environment)
    }

    /// How many calls of this operation a pass makes in the folder.
    func calls(_ operation: String, _ found: Found, _ options: String...) throws -> Int {
        try prepare(found, salt: 1_000)
        let environment = [
            "CUTOVER_FAULTS=count:\(shown(counts)),\(operation)@\(try place()):999999:EIO"
        ]
        let pass = try stage.pair.sync(options, environment: environment)
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        let calls = try counted(operation)
        try stage.tick()
        // So that all begin alike, and nothing declared is left.
        try stage.settledPass()
        return calls
    }

    /// What the last process counted in the folder.
    func counted(_ operation: String) throws -> Int {
        let text = String(decoding: try Files.read(counts), as: UTF8.self)
        let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
        let prefix = operation + "@"
        let line = try #require(lines.first { $0[0].hasPrefix(prefix) }, "\(text)")
        return try #require(Int(line[1]))
    }

    func tellingLines(_ outcome: Outcome) -> [Substring] {
        outcome.errors.split(separator: "\n").filter { $0.contains("will be remembered") }
    }

    /// That nothing will be remembered is told in one line, and why; or the pass is remembered.
    func expectTold(_ outcome: Outcome, _ fault: String) throws {
        let lines = tellingLines(outcome)
        #expect(lines.count <= 1, "\(fault): \(outcome)")
        if let line = lines.first {
            #expect(line.contains("Input/output error"), "\(fault): \(outcome)")
            return
        }
        let words = ["history", "--limit", "1", "--json", "-", "--state"].map { bytes($0) }
        let shown = try Cutover.run(bytes: words + [stage.pair.state])
        let newest = try shown.report().lines.last { $0.text("type") == "pass" }
        #expect(
            newest?.text("end") != nil,
            "\(fault): neither told nor remembered: \(outcome)\n\(shown)"
        )
    }

    /// A pass without faults: it makes good, is remembered, and what was there is there.
    func expectNextIsRight(_ before: Int, _ found: Found, _ fault: String) throws {
        let next = try stage.pass()
        #expect(next.outcome.status == 0, "after \(fault): \(next.outcome)")
        #expect(tellingLines(next.outcome) == [], "after \(fault): \(next.outcome)")
        #expect(try stage.pair.differences() == [], "after \(fault)")
        #expect(try kept(found) >= before + (found == .record ? 1 : 0), "after \(fault): lost")
        try stage.tick()
    }
}

extension ScanStage {
    /// A pass that must end well.
    fileprivate func settledPass() throws {
        let pass = try pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        try tick()
    }
}
