// Output that cannot be written: a full disk is told once and changes the status, a reader that went
// away does not; and lines of many workers stay whole.

import Dispatch
import Glibc
import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite struct LostOutputTests {
    private func full() throws -> OutputFile { try OutputFile(report: Name("/dev/full")) }

    private func event(_ path: String) -> PassEvent {
        .changed(Itemization(action: .transferred, kind: .regular, isNew: true, path: bytes(path)))
    }

    enum Place: String, CaseIterable { case output, json, failures }

    @Test("/dev/full: told once on standard error, exit status 23", arguments: Place.allCases)
    func fullDisk(place: Place) throws {
        let error = try Capture()
        var configuration = ReporterConfiguration(
            standardOutput: place == .output ? try full() : try Capture().file,
            standardError: error.file,
            isUTF8: true
        )
        configuration.itemizes = true
        configuration.json = place == .json ? try full() : nil
        configuration.failures = place == .failures ? try full() : nil
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: Counters())
        reporter.begin()
        for number in 0..<3000 { reporter.receive(event("name\(number)")) }
        for _ in 0..<10 { reporter.receive(.failed(failure())) }
        // Two ticks see the error, and the end sees it once more.
        usleep(1_300_000)
        #expect(reporter.finish(passSummary(.done)) == .someFailed)
        #expect(reporter.hadOutputError)
        let told = error.lines.filter { $0.hasPrefix("cutover: cannot write ") }
        let name = ["output": "standard output", "json": "--json", "failures": "--failures"][
            place.rawValue
        ]
        #expect(told.count == 1)
        #expect(told.first?.contains("\(name ?? ""): No space left on device (ENOSPC)") == true)
    }

    @Test("S48: an output error changes no worse status")
    func precedence() throws {
        let table: [(Migration.ExitStatus, Migration.ExitStatus)] = [
            (.done, .someFailed), (.someVanished, .someFailed), (.deletionLimit, .someFailed),
            (.someFailed, .someFailed), (.destinationStopped, .destinationStopped),
            (.interrupted, .interrupted),
        ]
        for (before, after) in table {
            var configuration = ReporterConfiguration(
                standardOutput: try Capture().file,
                standardError: try Capture().file,
                isUTF8: true
            )
            configuration.json = try full()
            let reporter = Reporter(
                ReportStreams(configuration, run: "the pass"),
                counters: Counters()
            )
            reporter.begin()
            #expect(reporter.finish(passSummary(before)) == after)
        }
    }

    @Test(
        "a reader that goes away ends output quietly and disturbs nothing",
        arguments: [true, false]
    )
    func closedPipe(isJSON: Bool) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let output = OutputFile(borrowing: ends[1])
        let error = try Capture()
        var configuration = ReporterConfiguration(
            standardOutput: output,
            standardError: error.file,
            isUTF8: true
        )
        configuration.itemizes = true
        configuration.json = isJSON ? output : nil
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: Counters())
        reporter.begin()
        close(ends[0])
        for number in 0..<3000 { reporter.receive(event("name\(number)")) }
        #expect(reporter.finish(passSummary(.done)) == .done)
        #expect(output.isClosedPipe && !reporter.hadOutputError)
        #expect(!error.text.contains("cannot write"))
        close(ends[1])
    }

    @Test(
        "a pipe that does not block and is full for a while loses nothing",
        .timeLimit(.minutes(1))
    )
    func fullPipe() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        try #require(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
        let reader = ends[0]
        let count = 300_000
        let done = DispatchSemaphore(value: 0)
        let received = Received()
        DispatchQueue(label: "reader").async {
            var buffer = [UInt8](repeating: 0, count: 4096)
            usleep(200_000)
            while received.count < count {
                let part = read(reader, &buffer, buffer.count)
                if part <= 0 { break }
                received.add(part)
            }
            done.signal()
        }
        let output = OutputFile(borrowing: ends[1])
        output.write([UInt8](repeating: 0x78, count: count))
        done.wait()
        #expect(received.count == count && output.error == nil)
        close(ends[0])
        close(ends[1])
    }

    @Test("a file that cannot be made says why")
    func unwritable() throws {
        let missing = try Scratch.missingPath()
        let directory = try Scratch.directory()
        #expect(throws: SystemError(.open, .noEntry)) {
            _ = try OutputFile(report: Name(joined(missing, "file")))  // only the error counts
        }
        #expect(throws: SystemError(.open, .isDirectory)) {
            _ = try OutputFile(report: Name(directory))  // only the error counts
        }
    }

    @Test("--failures is written before receive returns, and readable by its owner only")
    func failuresSurvive() throws {
        let path = joined(try Scratch.directory(), Scratch.uniqueName("failures"))
        try Files.write(path, bytes("old"))
        try Files.unlink(path)
        var configuration = ReporterConfiguration(
            standardOutput: try Capture().file,
            standardError: try Capture().file,
            isUTF8: true
        )
        configuration.failures = try OutputFile(report: Name(path))
        configuration.failuresName = path
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: Counters())
        for number in 1...3 {
            reporter.receive(.failed(failure("f\(number)")))
            let lines = try JSONReport(path).lines
            #expect(lines.count == number)
            #expect(lines.allSatisfy { $0.text("type") == "failure" && $0.decimal("time") != nil })
        }
        #expect(try Files.status(path).st_mode & 0o7777 == 0o600)
    }

    @Test("thousands of events of 100 workers never interleave", .timeLimit(.minutes(5)))
    func wholeLines() throws {
        let workers = 100
        // ThreadSanitizer makes it 50 times slower.
        let each = 50
        let output = try Capture()
        let error = try Capture()
        let json = try Capture()
        let failures = try Capture()
        var configuration = ReporterConfiguration(
            standardOutput: output.file,
            standardError: error.file,
            isUTF8: true
        )
        configuration.itemizes = true
        configuration.isVerbose = true
        configuration.json = json.file
        configuration.failures = failures.file
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: Counters())
        reporter.begin()
        let group = DispatchGroup()
        for worker in 0..<workers {
            DispatchQueue(label: "worker \(worker)").async(group: group) {
                for number in 0..<each {
                    let name = "\(worker)/\(number)/" + String(repeating: "x", count: 6 * number)
                    reporter.receive(
                        .changed(
                            Itemization(
                                action: .transferred,
                                kind: .regular,
                                isNew: true,
                                path: Array(name.utf8)
                            )
                        )
                    )
                    if number % 10 == 0 {
                        reporter.receive(
                            .failed(Failure(path: Array(name.utf8), side: .source, activity: .open))
                        )
                    }
                }
            }
        }
        group.wait()
        #expect(reporter.finish(passSummary()) == .done)
        var expected: Set<String> = []
        for worker in 0..<workers {
            for number in 0..<each {
                expected.insert(
                    ">f+++++++++ \(worker)/\(number)/" + String(repeating: "x", count: 6 * number)
                )
            }
        }
        #expect(output.lines.count == workers * each && Set(output.lines) == expected)
        let rare = workers * each / 10
        #expect(try JSONReport(printed: failures.bytes).of("failure").count == rare)
        #expect(try JSONReport(printed: json.bytes).of("change").count == workers * each)
        #expect(error.lines.count { $0.contains(": cannot open it on SOURCE. Look at") } == rare)
    }
}

/// A number of bytes that one thread adds to and another reads.
private final class Received: Sendable {
    private let bytes = Counters()
    var count: Int { Int(bytes.bytesCopied.value()) }
    func add(_ part: Int) { bytes.bytesCopied.count(UInt64(part)) }
}
