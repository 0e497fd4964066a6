// S58: fewer threads than workers.

import Glibc
import TestSupport
import Testing

@Suite("Threads, S58", .requiresVolumes, .serialized, .timeLimit(.minutes(10)))
struct RulesThreads {
    let stage: Stage

    init() throws { stage = try Stage() }

    /// Branches for many workers.
    private func fill() throws {
        try StandardTree.plain(stage.from)
        for branch in 0..<40 {
            try Files.makeDirectory(stage.source("b\(branch)"))
            for file in 0..<8 {
                try Files.write(stage.source("b\(branch)/f\(file)"), bytes("\(branch) \(file)"))
            }
        }
    }

    private func run(_ words: [[UInt8]], _ command: String...) throws -> Outcome {
        try Subprocess.run(
            words + [Cutover.binary] + command.map { bytes($0) } + [stage.from, stage.to],
            seconds: 60
        )
    }

    /// The workers that each line on threads tells of.
    private func tellings(_ outcome: Outcome) -> [Int] {
        let line = /cutover: only (\d+) workers?: no more threads can be started/
        return outcome.errors.matches(of: line).compactMap { Int($0.output.1) }
    }

    /// The workers that the one line on threads tells of.
    private func told(_ outcome: Outcome) throws -> Int {
        let workers = tellings(outcome)
        #expect(workers.count == 1, "\(outcome)")
        return try #require(workers.first)
    }

    @Test(
        "S58: a pids cgroup with fewer threads than workers: as many as there are, told once",
        .requiresThreadLimit,
        arguments: [6, 10, 20, 31]
    )
    func fewThreads(threads: Int) throws {
        try fill()
        let limit = try ThreadLimit(threads: threads)
        let first = try run(limit.words, "sync", "--delete", "-w", "30")
        #expect(first.status == 0, "\(first)")
        let workers = try told(first)
        #expect((1..<threads).contains(workers))
        try stage.expectSame()
        // The second one scans, in lanes of its own.
        try Files.write(stage.source("b3/f3"), bytes("changed"))
        let second = try run(limit.words, "sync", "--delete", "-w", "30", "--changes", "scan")
        #expect(second.status == 0, "\(second)")
        try stage.expectSame()
        let verified = try run(limit.words, "verify", "-w", "30")
        #expect(verified.status == 0, "\(verified)")
        #expect(try told(verified) == workers)
        let checked = try run(limit.words, "check", "-v", "-w", "30")
        #expect([0, 3].contains(checked.status ?? -1), "\(checked)")
        #expect(try told(checked) == workers)
        #expect(checked.output.contains("inodes"), "\(checked)")
    }

    @Test(
        "S58: no thread for one worker and what goes with it: refused, and nothing is touched",
        .requiresThreadLimit,
        arguments: 1...5,
        ["sync", "verify", "check"]
    )
    func noThreads(threads: Int, command: String) throws {
        try fill()
        let limit = try ThreadLimit(threads: threads)
        let outcome = try run(limit.words, command)
        #expect(outcome.status == 3, "\(outcome)")
        #expect(outcome.errors.contains("pids.max"), "\(outcome)")
        #expect(try Files.names(stage.to).isEmpty)
    }

    @Test(
        "S58: little address space: fewer workers, or refused; never a hang",
        arguments: [150_000, 200_000, 307_200, 500_000]
    )
    func littleAddressSpace(kibibytes: Int) throws {
        try fill()
        let script = bytes("ulimit -v \(kibibytes) && exec \"$@\"")
        let words = [bytes("sh"), bytes("-c"), script, bytes("sh")]
        let outcome = try run(words, "sync", "--delete", "-w", "30")
        if outcome.status == 3 {
            #expect(kibibytes < 307_200 && outcome.errors.contains("ulimit -v"), "\(outcome)")
            #expect(try Files.names(stage.to).isEmpty)
            return
        }
        #expect(outcome.status == 0, "\(outcome)")
        if kibibytes <= 307_200 { #expect(try told(outcome) < 30) }
        try stage.expectSame()
        let verified = try run(words, "verify", "-w", "30")
        #expect(verified.status == 0, "\(verified)")
    }

    @Test("S58: SIGUSR1 where there is no thread: says how many run", .requiresThreadLimit)
    func moreWorkers() throws {
        for file in 0..<3 {
            try Files.write(stage.source("f\(file)"), [UInt8](repeating: 7, count: 2 << 20))
        }
        let limit = try ThreadLimit(threads: 10)
        let report = joined(stage.outside, "report.json")
        let options = ["sync", "--bwlimit", "1M", "--json"]
        let process = try Subprocess(
            limit.words + [Cutover.binary] + options.map { bytes($0) }
                + [report, stage.from, stage.to],
            seconds: 60
        )
        func count(_ type: String) -> Int { ((try? JSONReport(report))?.of(type).count) ?? 0 }
        waitUntil { count("start") > 0 }
        for turn in 1...6 {
            process.send(SIGUSR1)
            waitUntil { count("workers") == turn }
        }
        let outcome = process.wait()
        #expect(outcome.status == 0, "\(outcome)")
        let numbers = try JSONReport(report).of("workers").compactMap { $0.number("workers") }
        // A thread of the start may end in the meantime: then there is room for one more, and that is told anew.
        #expect(numbers.count == 6 && numbers == numbers.sorted(), "\(numbers)")
        let told = tellings(outcome)
        #expect(told == told.sorted() && Set(numbers).isSubset(of: told), "\(outcome)")
        #expect(told.last == numbers.last, "\(outcome)")
        #expect(told.allSatisfy { (1..<10).contains($0) }, "\(outcome)")
        try stage.expectSame()
    }

    @Test(
        "S58: the user's limit of processes (RLIMIT_NPROC), not root",
        arguments: [4, 9, 40]
    )
    func limitOfUser(threads: Int) throws {
        try Files.write(stage.source("f"), bytes("f"))
        try Shell.run("chmod 755 \"$1\" && chown -R 54321 \"$1\" \"$2\"", stage.from, stage.to)
        let words = [
            "setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups",
            "prlimit", "--nproc=\(threads)",
        ]
        let outcome = try run(
            words.map { bytes($0) },
            "sync",
            "-w",
            "30",
            "--state",
            String(decoding: try Scratch.missingPath(), as: UTF8.self)
        )
        #expect(outcome.status == (threads == 4 ? 3 : 0), "\(outcome)")
        if threads == 9 { #expect(try told(outcome) < 9) }
    }
}
