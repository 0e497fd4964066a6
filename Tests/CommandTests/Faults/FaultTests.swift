// S16, S18, S34, S48: one call of a pass fails. Whatever call and whatever errno: the pass ends,
// its status fits, what it did not name is in place, nothing looks right that is wrong, nothing of
// it is left, and the next pass makes good.

import Glibc
import TestSupport
import Testing

@Suite("Faults, S16-S18, S34, S48", .requiresVolumes, .requiresFaultTable, .timeLimit(.minutes(30)))
struct FaultTests {
    let stage: Stage
    let trees: FaultTrees

    init() throws {
        stage = try Stage()
        trees = try FaultTrees.shared()
    }

    @Test(
        "S48: a call that fails, at every place and with every errno",
        arguments: FaultTable.operations
    )
    func anyCallMayFail(operation: String) throws {
        var statuses: [Int32: Int] = [:]
        for fault in FaultTable.cases(of: operation) {
            let run = try run(fault)
            statuses[run.outcome.status ?? -1, default: 0] += 1
            let problems = try run.problems(leftovers: stage.leftovers())
            #expect(
                problems.isEmpty,
                "\(fault) \(problems.joined(separator: "\n"))\n\(run.outcome)"
            )
            if run.outcome.status != 0 {
                try expectNextPassMakesGood(fault.description, asksOracle: fault.number == 2)
            }
        }
        // A case that meets no call proves nothing: some must fail in some way.
        // Most calls of close(2) end reading, and what they say is of no use: `lostWrites` has the others.
        let isMet = statuses.keys.contains { $0 != 0 }
        #expect(isMet || operation == "close", "no fault was met: \(statuses)")
    }

    @Test("S18: a write that only close(2) reports as lost is a failed write")
    func lostWrites() throws {
        for (error, status) in [("EIO", 11), ("ENOSPC", 23), ("EDQUOT", 23), ("EINTR", 0)] {
            try reset()
            let outcome = try pass(from: trees.new, fault: "close:1:\(error):*")
            #expect(outcome.status == Int32(status), "\(error): \(outcome)")
            #expect(try stage.leftovers() == [], "\(error)")
            let after = try TreeImage(stage.to)
            #expect(trees.newImage.falseCopies(in: after) == [], "\(error)")
            try expectNextPassMakesGood("close:1:\(error):*", asksOracle: false)
        }
    }

    /// A pass without faults, and then both trees are the same.
    private func expectNextPassMakesGood(_ fault: String, asksOracle: Bool) throws {
        try passWithoutFault()
        let after = try TreeImage(stage.to)
        let differing = trees.newImage.differences(after)
        let shown = differing.prefix(5).map { trees.newImage.explain($0, after) }
        #expect(shown.isEmpty, "\(fault): the next pass did not make good: \(shown)")
        if asksOracle { #expect(try Oracle.differences(trees.new, stage.to) == [], "\(fault)") }
    }

    @Test(
        "S48: calls that a signal interrupts (EINTR) are made again: nothing fails",
        arguments: FaultTable.interruptions
    )
    func interruptedCalls(faults: String) throws {
        try reset()
        let outcome = try pass(from: trees.new, fault: faults)
        #expect(outcome.status == 0, "\(faults): \(outcome)")
        let after = try TreeImage(stage.to)
        #expect(trees.newImage.differences(after).map(shown) == [], "\(faults)")
        #expect(try stage.leftovers() == [])
    }

    @Test(
        "S16: a read of SOURCE that fails once is made again, and the file copied whole",
        arguments: [1, 2, 5, 8]
    )
    func readErrors(number: Int) throws {
        let run = try run(FaultCase(operation: "pread", error: "EIO", number: number))
        #expect(run.outcome.status == 0, "\(run.outcome)")
        let after = try TreeImage(stage.to)
        #expect(trees.newImage.differences(after).map(shown) == [], "\(number)")
        #expect(try stage.leftovers() == [])
    }

    @Test("S16: other errors while SOURCE is read are told with path, call, errno and bytes")
    func otherReadErrors() throws {
        // The first ones read super blocks, for the words that are recorded of both volumes.
        let run = try run(FaultCase(operation: "pread", error: "ESTALE", number: 3))
        #expect(run.outcome.status == 23, "\(run.outcome)")
        let failures = run.report.of("failure")
        #expect(failures.count == 1)
        for line in failures {
            let path = line.path ?? []
            #expect(Files.exists(joined(trees.new, path)), "\(line)")
            #expect(line.text("side") == "source", "\(line)")
            #expect(line.text("activity") == "read", "\(line)")
            #expect(line.text("call")?.hasSuffix("read") == true, "\(line)")
            #expect(line.text("errno_name") == "ESTALE", "\(line)")
            let first = line.number("first_byte")
            let last = line.number("last_byte")
            #expect((first ?? -1) >= 0 && (last ?? -1) >= (first ?? 0), "\(line)")
            let old = try? Files.read(joined(trees.old, path))
            #expect(
                (try? Files.read(joined(stage.to, path))) == old,
                "the old copy of \(shown(path)) stays"
            )
        }
    }

    @Test(
        "Small files read together: what a batch cannot read is read again by itself",
        arguments: [
            "io_uring_read:1:EIO", "io_uring_read:2:EAGAIN:3", "io_uring_read:1:ENOMEM:*",
            "io_uring_enter:1:ENOMEM", "io_uring_setup:2:ENOMEM:*", FaultTable.noRing,
        ]
    )
    func batchesThatFail(fault: String) throws {
        try reset()
        let outcome = try pass(from: trees.new, fault: fault)
        #expect(outcome.status == 0, "\(fault): \(outcome)")
        let after = try TreeImage(stage.to)
        #expect(trees.newImage.differences(after).map(shown) == [], "\(fault)")
        #expect(try stage.leftovers() == [])
        let report = try JSONReport(joined(stage.outside, "report"))
        let expected = fault == FaultTable.noRing ? "reads_alone" : "reads_together"
        #expect(!report.notices(expected).isEmpty, "\(fault): \(report.of("notice"))")
    }

    @Test(
        "S18: EIO and EROFS of a write stop the pass; EDQUOT, and ENOSPC of a volume with room, do not",
        arguments: ["pwrite", "ftruncate", "mkdirat", "symlinkat", "renameat"]
    )
    func writeErrors(operation: String) throws {
        // So that the first of the calls is not the state's, which is made in a first pass.
        try passWithoutFault()
        for (error, status) in [("EIO", 11), ("ENOSPC", 23), ("EROFS", 11), ("EDQUOT", 23)] {
            let run = try run(FaultCase(operation: operation, error: error, number: 1))
            #expect(run.outcome.status == Int32(status), "\(operation) \(error): \(run.outcome)")
            #expect(try stage.leftovers() == [], "\(operation) \(error)")
            if status == 11 {
                #expect((run.report.summary("entries_missing") ?? 0) > 0, "\(operation) \(error)")
            }
        }
    }

    @Test(
        "S18: calls that fail from one moment on for ever: a broken or a full disk",
        arguments: [1, 3]
    )
    func failuresThatStay(number: Int) throws {
        let writes = "pwrite openat mkdirat renameat linkat unlinkat fchown utimensat"
        for error in ["EIO", "ENOSPC", "EDQUOT"] {
            for operation in writes.split(separator: " ") {
                let fault = "\(operation):\(number):\(error):*"
                try reset()
                let outcome = try pass(from: trees.new, fault: fault)
                let fits: [Int32] = error == "EDQUOT" ? [3, 23] : [3, 11, 23]
                #expect(fits.contains(outcome.status ?? -1), "\(fault): \(outcome)")
                // Where nothing can be removed any more, temporary files cannot either.
                if operation != "unlinkat" { #expect(try stage.leftovers() == [], "\(fault)") }
                let after = try TreeImage(stage.to)
                #expect(trees.newImage.falseCopies(in: after) == [], "\(fault)")
                try expectNextPassMakesGood(fault, asksOracle: false)
            }
        }
    }

    /// A pass with one fault, from `old` to `new`.
    private func run(_ fault: FaultCase) throws -> FaultRun {
        try reset()
        let before = try TreeImage(stage.to)
        let outcome = try pass(from: trees.new, fault: fault.description)
        return FaultRun(
            fault: fault,
            outcome: outcome,
            report: try JSONReport(joined(stage.outside, "report")),
            trees: trees,
            before: before,
            after: try TreeImage(stage.to)
        )
    }

    /// DESTINATION is what `old` is, without a pass: there are hundreds of cases.
    private func reset() throws {
        try Shell.run(
            "find \"$2\" -mindepth 1 -delete; cp -a --no-target-directory -- \"$1\" \"$2\"",
            trees.old,
            stage.to
        )
    }

    /// Of this stage: by an inode number that is given out again another test's would be met, and set aside.
    private var state: [UInt8] { joined(stage.outside, "state") }

    private func passWithoutFault() throws {
        try Cutover.pass(trees.new, stage.to, ["--delete", "--state", shown(state)])
    }

    private func pass(from source: [UInt8], fault: String) throws -> Outcome {
        let report = joined(stage.outside, "report")
        let words = ["sync", "--delete", "--workers", "1", "--state"].map { bytes($0) }
        return try Cutover.run(
            bytes: words + [state, bytes("--json"), report, source, stage.to],
            environment: ["CUTOVER_FAULTS=" + fault],
            seconds: 30
        )
    }
}

/// What a pass with one fault did.
private struct FaultRun {
    let fault: FaultCase
    let outcome: Outcome
    let report: JSONReport
    let trees: FaultTrees
    let before: TreeImage
    let after: TreeImage

    /// Everything that is wrong with it.
    func problems(leftovers: [[UInt8]]) throws -> [String] {
        var problems: [String] = []
        guard let status = outcome.status else { return ["ended by signal \(outcome.signal ?? 0)"] }
        if !statuses.contains(status) { problems.append("status \(status) does not fit") }
        if !leftovers.isEmpty { problems.append("left: \(leftovers.map(shown))") }
        let wrong = trees.newImage.falseCopies(in: after)
        if !wrong.isEmpty { problems.append("looks right and is wrong: \(wrong.map(shown))") }
        var different = trees.newImage.differences(after)
        if fault.error == "ENOENT" {
            // A name that is to go and is said to be gone: nothing is left to do.
            different.removeAll { !trees.newImage.contains($0) }
        }
        switch status {
        case 0: problems += different.map { "status 0: " + trees.newImage.explain($0, after) }
        case 3:
            let touched = before.differences(after)
            if !touched.isEmpty { problems.append("refused, but touched \(touched.map(shown))") }
        case 23, 24:
            let named = told
            let unnamed = different.filter { path in
                // Where a name of an inode failed, the others are right, but not its links.
                let first = trees.newImage.firstName(of: path)
                return !named.contains { isNear(path, $0) || $0 == first }
            }
            problems += unnamed.map { "not told: " + trees.newImage.explain($0, after) }
            // What failed may be the report itself, which its own sentence tells.
            let isReport = outcome.errors.contains("a report could not be written")
            if named.isEmpty, !isReport { problems.append("nothing is named") }
        default: break
        }
        return problems
    }

    /// The statuses that an errno may lead to.
    private var statuses: [Int32] {
        // Whatever it says: what was written is lost.
        if fault.operation == "syncfs" { return [0, 11] }
        return switch fault.error {
        case "EIO", "ENOSPC": [0, 3, 11, 23]
        case "ENOENT", "ESTALE": [0, 3, 23, 24]
        default: [0, 3, 23]
        }
    }

    /// The paths that were named as failed, vanished or protected.
    private var told: [[UInt8]] {
        ["failure", "vanished", "directory_protected"].flatMap { report.of($0) }
            .compactMap { $0.path }
    }

    /// A directory that could not be opened takes what is below it along, and what is not done in a
    /// directory may leave its times.
    private func isNear(_ path: [UInt8], _ named: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        return path == named || path.starts(with: named + [slash]) || named.isEmpty
            || named.starts(with: path + [slash]) || path.isEmpty
    }
}
