// S40, S41 and "Workers": many of something. Directories with 100,000 entries, inodes with 70,000
// names, everything in one branch, one file as large as all others; and what the machine has to
// give for it: memory, descriptors, threads.

import Glibc
import TestSupport
import Testing

@Suite("Hazard: crowds, S40, S41", .requiresVolumes, .timeLimit(.minutes(30)))
struct HazardCrowds {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("A directory of 100,000 entries occupies all 30 workers")
    func hugeDirectory() throws {
        try Files.makeDirectory(stage.source("branch"))
        for index in 0..<100_000 {
            try Files.write(stage.source("branch/file-\(index)"), bytes("\(index)"))
        }
        let first = try stage.reported(seconds: 300)
        #expect(first.outcome.status == 0, "\(first.outcome)")
        #expect(first.report.summary("workers_busy_max") == 30)
        #expect(first.report.summary("files_copied") == 100_000)
        try stage.expectSame()
        let second = try stage.reported(seconds: 300)
        #expect(second.report.summary("files_copied") == 0 && second.outcome.status == 0)
        #expect(second.report.summary("entries_seen").map { $0 >= 100_001 } == true)
        for index in 0..<100_000 where index % 3 == 0 {
            try Files.unlink(stage.source("branch/file-\(index)"))
        }
        let third = try stage.reported(seconds: 300)
        #expect(third.outcome.status == 0, "\(third.outcome)")
        #expect(third.report.summary("extras_deleted") == 33_334)
        try stage.expectSame()
    }

    @Test("S41: 70,000 names of one file: a second inode, told, no failure; then nothing to do")
    func namesBeyondTheLimit() throws {
        try Files.makeDirectory(stage.source("links"))
        try Files.write(stage.source("links/0"), bytes("one file with many names\n"))
        for index in 1..<70_000 {
            try Files.link(stage.source("links/\(index)"), to: stage.source("links/0"))
        }
        let first = try stage.reported(seconds: 300)
        #expect(first.outcome.status == 0, "\(first.outcome)")
        let notices = first.report.notices("link_limit_reached")
        #expect(notices.count == 1, "\(first.report.of("notice"))")
        try expectTwoInodes()
        let before = try Snapshot(stage.to)
        let second = try stage.reported(seconds: 300)
        #expect(second.outcome.status == 0, "\(second.outcome)")
        #expect(second.report.summary("files_copied") == 0)
        #expect(second.report.summary("links_made") == 0)
        #expect(try before.changes().prefix(5).joined(separator: "\n") == "")
        // And one more change of contents: all names follow.
        try Files.write(stage.source("links/0"), bytes("changed"))
        let third = try stage.reported(seconds: 300)
        #expect(third.outcome.status == 0, "\(third.outcome)")
        try expectTwoInodes()
        #expect(try text(stage.destination("links/69999")) == "changed")
    }

    private func expectTwoInodes() throws {
        let counted = try Shell.run(
            "find \"$1\" -type f -printf '%i %n %s\\n' | sort | uniq -c",
            stage.destination("links")
        )
        let counts = counted.lines.map { $0.split(separator: " ").compactMap { Int($0) } }
        #expect(counts.count == 2, "\(counted)")
        #expect(counts.allSatisfy { $0.count == 4 && $0[0] == $0[2] }, "\(counted)")
        #expect(counts.map { $0[0] }.reduce(0, +) == 70_000, "\(counted)")
    }

    @Test("One branch that holds all keeps all workers busy")
    func oneHugeBranch() throws {
        try Files.makeDirectory(stage.source("branch"))
        for directory in 0..<150 {
            let path = stage.source("branch/d\(directory)")
            try Files.makeDirectory(path)
            for index in 0..<60 { try Files.write(joined(path, "f\(index)"), bytes("\(index)")) }
        }
        for workers in [8, 30, 100] {
            let pass = try stage.reported("--workers", "\(workers)", "--ignore-times")
            #expect(pass.outcome.status == 0, "\(pass.outcome)")
            // Beyond some number the first is done before the last has begun.
            let busy = pass.report.summary("workers_busy_max") ?? 0
            #expect(busy >= min(workers, 30) && busy <= workers, "\(busy) of \(workers)")
        }
        try stage.expectSame()
    }

    @Test("A file of 700 MB with holes is copied in ranges by several workers, and equals")
    func largeFile() throws {
        let file = stage.source("large")
        try Shell.run(
            """
            truncate -s 700M "$1"
            for start in 0 63 64 190 300 301 477; do
                dd if=/dev/urandom of="$1" bs=1M seek=$start count=30 conv=notrunc status=none
            done
            dd if=/dev/urandom of="$1" bs=1 seek=$((650 * 1048576 + 4095)) count=3 conv=notrunc status=none
            """,
            file
        )
        try Files.link(stage.source("another name"), to: file)
        let first = try stage.reported("--workers", "8")
        #expect(first.outcome.status == 0, "\(first.outcome)")
        #expect((first.report.summary("workers_busy_max") ?? 0) > 2)
        try stage.expectSame()
        let words = ["rsync", "-aHSX", "--"].map { bytes($0) }
        let copied = try Subprocess.run(words + [stage.from + bytes("/"), stage.reference])
        #expect(copied.status == 0, "\(copied)")
        #expect(try Oracle.blocksBeyond(reference: stage.reference, stage.to) == [])
        // What it replaces stays whole until then, and a change of one byte in the middle arrives.
        try Files.overwrite(file, bytes("!"), at: 310 << 20)
        let second = try stage.reported("--workers", "1")
        #expect(second.outcome.status == 0, "\(second.outcome)")
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test(
        "1, 128 and 250 workers make the same, within bounded memory and descriptors",
        arguments: [1, 128, 250]
    )
    func workersAndResources(workers: Int) throws {
        for index in 0..<3 {
            try Files.makeDirectory(stage.source("b\(index)"))
            try StandardTree.everything(stage.source("b\(index)"))
        }
        let report = joined(stage.outside, "report.json")
        let process = try stage.start("--workers", "\(workers)", report: report)
        var (memory, descriptors, threads) = (0, 0, 0)
        while process.isRunning {
            let home = "/proc/\(process.processID)"
            descriptors = max(descriptors, (try? Files.names(bytes(home + "/fd")).count) ?? 0)
            let status = status(of: process)
            memory = max(memory, number("VmHWM:", status))
            threads = max(threads, number("Threads:", status))
        }
        let outcome = process.wait()
        #expect(outcome.status == 0, "\(outcome)")
        try stage.expectSame()
        // A batch of 1 MiB, 256 KiB of buffer and some 100 KiB of stack and scratch a worker, and the
        // program itself.
        #expect(memory > 1000 && memory < 60_000 + 1600 * workers, "\(memory) kB")
        // Up to 44 a worker, and some directories.
        #expect(descriptors > 5 && descriptors < 1000 + 44 * workers, "\(descriptors) descriptors")
        // Beside the workers: libdispatch has a thread for each queue that has something to do just then.
        #expect(threads > 1 && threads <= workers + 16, "\(threads) threads")
        #expect(try JSONReport(report).summary("workers_busy_max").map { $0 <= workers } == true)
        try stage.expectNothingToDo()
    }

    /// What the kernel shows of it; empty before exec, when it is still a copy of the tests' own process, and after its
    /// end.
    private func status(of process: Subprocess) -> String {
        let status = (try? readFile("/proc/\(process.processID)/status")) ?? []
        let text = String(decoding: status, as: UTF8.self)
        return text.hasPrefix("Name:\tcutover\n") ? text : ""
    }

    private func number(_ key: String, _ status: String) -> Int {
        guard let found = status.firstRange(of: key) else { return 0 }
        let rest = status[found.upperBound...].drop { !$0.isNumber }
        return Int(rest.prefix { $0.isNumber }) ?? 0
    }

    @Test("Memory does not grow with the entries of a tree, but with those of one directory")
    func memoryOfManyDirectories() throws {
        // 60,000 entries in 600 directories.
        for directory in 0..<600 {
            let path = stage.source("d\(directory)")
            try Files.makeDirectory(path)
            for index in 0..<100 { try Files.write(joined(path, "entry-with-a-name-\(index)"), []) }
        }
        let report = joined(stage.outside, "report.json")
        let process = try stage.start("--workers", "4", report: report)
        var memory = 0
        while process.isRunning {
            memory = max(memory, number("VmHWM:", status(of: process)))
            usleep(2000)
        }
        #expect(process.wait().status == 0)
        #expect(memory > 1000 && memory < 64_000, "\(memory) kB")
    }
}
