// What a service manager hears of a run, on a real socket: and that a run is none the worse for one that does not listen.

import Glibc
import TestSupport
import Testing

@Suite("A service manager listens", .requiresVolumes, .timeLimit(.minutes(10)))
struct ServiceTests {
    private let stage: Stage
    private let manager: ServiceManager

    init() throws {
        stage = try Stage()
        manager = try ServiceManager()
        try Files.write(stage.source("file"), bytes("text"))
    }

    private func words(_ command: [String]) -> [[UInt8]] {
        command.map { bytes($0) } + [bytes("--state"), joined(stage.outside, "state")]
            + [stage.from, stage.to]
    }

    private func start(_ command: String..., variable: String? = nil) throws -> Subprocess {
        try Cutover.start(words(command), environment: [variable ?? manager.variable])
    }

    private static let loop = ["follow", "--no-idle", "--no-back-off", "--pause", "1h"]

    private func follow(_ options: String...) throws -> Subprocess {
        try Cutover.start(words(Self.loop + options), environment: [manager.variable])
    }

    // MARK: What is told

    @Test("sync and verify: ready once, and how it ended", arguments: ["sync", "verify"])
    func oneRun(command: String) throws {
        try stage.pass()
        let outcome = try start(command).wait()
        #expect(outcome.status == 0, "\(outcome)")
        let lines = manager.receive()
        #expect(lines.filter { $0 == "READY=1" }.count == 1, "\(lines)")
        #expect(lines.first == "READY=1", "\(lines)")
        #expect(lines.last?.contains(" ended with 0: ") == true, "\(lines)")
        #expect(!lines.contains("STOPPING=1"), "\(lines)")
    }

    @Test(
        "roots that are refused: never ready, and the reason is told",
        arguments: ["sync", "follow"]
    )
    func refused(command: String) throws {
        try Files.removeTree(stage.source("file"))
        let outcome = try start(command, "--delete").wait()
        #expect(outcome.status == 3, "\(outcome)")
        let lines = manager.receive()
        #expect(!lines.contains("READY=1"), "\(lines)")
        #expect(lines.last?.contains("ended with 3: ") == true, "\(lines)")
        #expect(lines.last?.contains("empty") == true, "\(lines)")
    }

    @Test("not ready while --before runs, which is given its time; then ready, pass, pause, stop")
    func wholeLoop() throws {
        var random = SeededRandom(seed: 7)
        for index in 0..<3 { try Files.write(stage.source("slow\(index)"), random.bytes(1 << 20)) }
        let go = joined(stage.outside, "go")
        let before = "while [ ! -e '\(shown(go))' ]; do sleep 0.1; done"
        let run = try follow("--before", before, "--bwlimit", "1M", "--workers", "2")
        manager.waitFor("EXTEND_TIMEOUT_USEC=720000000")
        usleep(300_000)
        #expect(manager.receive().allSatisfy { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") })
        try Files.write(go, [])
        manager.waitFor("STATUS=waiting ")
        let told = manager.receive()
        #expect(told[1] == "READY=1", "\(told)")
        let status = manager.all("STATUS=")
        #expect(status.first?.hasPrefix("pass 1: ") == true, "\(told)")
        #expect(status.first?.hasSuffix(", 2 workers") == true, "\(told)")
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        let end = Array(manager.receive().suffix(3))
        #expect(end.first == "STOPPING=1", "\(end)")
        #expect(end.last == "STATUS=the loop ended with 0: stopped by a signal; 1 pass, status 0")
        #expect(manager.all("EXTEND_TIMEOUT_USEC=").count == 1, "no disk is waited for")
        try stage.expectSame()
    }

    @Test("outside of --hours it is ready all the same: a start that lasts till night looks hung")
    func outsideHours() throws {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let hour = (Int(parts.tm_hour) + 6) % 24
        let begin = (hour < 10 ? "0" : "") + "\(hour)"
        let run = try Cutover.start(
            words(Self.loop + ["--hours", "\(begin):00-\(begin):02"]),
            environment: ["TZ=UTC0", manager.variable]
        )
        manager.waitFor("STATUS=outside of --hours, waiting ")
        #expect(manager.receive().first == "READY=1")
        run.send(SIGTERM)
        #expect(run.wait().status == 20)
    }

    @Test(
        "a stop while DESTINATION's disk is waited for asks for time",
        .requiresTool("strace")
    )
    func stopWhileSynchronizing() throws {
        let tracing = ["strace", "-f", "-o", "/dev/null", "-e", "trace=syncfs", "-e"]
        let delay = ["inject=syncfs:delay_enter=3000000", "--"]
        let tracer = try Subprocess(
            (tracing + delay).map { bytes($0) } + [Cutover.binary] + words(["sync"]),
            environment: Environment.inherited + [bytes(manager.variable)]
        )
        manager.waitFor("STATUS=pass 1: waiting for DESTINATION's disk")
        let children = try Shell.run(
            "cat /proc/\(tracer.processID)/task/\(tracer.processID)/children"
        )
        let child = try #require(children.lines.first.flatMap { pid_t($0.filter(\.isNumber)) })
        kill(child, SIGTERM)
        manager.waitFor("EXTEND_TIMEOUT_USEC=1800000000")
        #expect(manager.receive().contains("STOPPING=1"))
        #expect(manager.all("STATUS=").last?.hasPrefix("stopping; ") == true)
        tracer.wait()
    }

    @Test("commands of --before, --after and --probe do not see the socket")
    func commands() throws {
        let folder = shown(stage.outside)
        func note(_ name: String) -> String {
            "env >'\(folder)/\(name).new' && mv '\(folder)/\(name).new' '\(folder)/\(name)'"
        }
        let run = try follow("--before", note("before"), "--after", note("after"))
        manager.waitFor("STATUS=waiting ")
        run.send(SIGTERM)
        #expect(run.wait().status == 0)
        // A probe is timed before the first pass.
        let words = words(["follow", "--no-idle", "--pause", "1h", "--probe", note("probe")])
        let probed = try Cutover.start(words, environment: [manager.variable])
        let files = ["before", "after", "probe"].map { joined(stage.outside, $0) }
        waitUntil(seconds: 60) { files.allSatisfy(Files.exists) }
        probed.send(SIGTERM)
        probed.wait()
        for file in files {
            let variables = String(decoding: try Files.read(file), as: UTF8.self)
            #expect(variables.contains("PATH="))
            #expect(!variables.contains("NOTIFY_SOCKET"), "\(shown(file))")
        }
        #expect(manager.receive().contains("READY=1"))
    }

    // MARK: Nobody listens

    @Test("a socket with a path; it is gone when the loop ends, and that is no error")
    func gone() throws {
        let path = joined(stage.outside, "manager")
        let other = try ServiceManager(path: path)
        let run = try Cutover.start(words(Self.loop), environment: [other.variable])
        other.waitFor("STATUS=waiting ")
        try Files.unlink(path)
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(!other.receive().contains("STOPPING=1"))
    }

    @Test("a full socket holds nothing up, and READY comes when there is room")
    func full() throws {
        let full = try ServiceManager(isFull: true)
        let run = try Cutover.start(
            words(Self.loop + ["--after", "touch '\(shown(joined(stage.outside, "done")))'"]),
            environment: [full.variable]
        )
        waitUntil(seconds: Int(hangSeconds)) { Files.exists(joined(stage.outside, "done")) }
        try stage.expectSame()
        full.waitFor("READY=1")
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(full.all("READY=1").count == 1)
    }

    @Test(
        "an address that is none changes nothing",
        arguments: ["", "@", "/", "relative", "vsock:2:1", String(repeating: "/long", count: 40)]
    )
    func address(text: String) throws {
        let outcome = try start("sync", variable: "NOTIFY_SOCKET=\(text)").wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(!outcome.errors.lowercased().contains("socket"), "\(outcome)")
        try stage.expectSame()
    }

    @Test("without a service manager no socket is made", .requiresTool("strace"))
    func nobody() throws {
        let file = joined(stage.outside, "calls")
        let words = ["strace", "-f", "-e", "trace=socket,sendto", "-o"].map { bytes($0) }
        for environment in [[], [bytes(manager.variable)]] {
            let outcome = try Subprocess.run(
                words + [file, bytes("--"), Cutover.binary] + self.words(["sync"]),
                environment: Environment.inherited + environment
            )
            #expect(outcome.status == 0, "\(outcome)")
            let calls = String(decoding: try Files.read(file), as: UTF8.self)
            #expect(calls.contains("socket(AF_UNIX") == !environment.isEmpty, "\(calls)")
        }
    }
}
