// Back-off with its threads: on made-up runs and real passes, with made-up and real reads. Its clock goes faster here:
// ten or twenty seconds of it in one.

import Dispatch
import Glibc
import LinuxIO
import Migration
import Synchronization
import TestSupport
import Testing

/// A run that only notes what it is told.
private final class NotedRun: HeldRun {
    let workersWanted: Int
    private let limits = Lock<[Int?]>([])

    init(workers: Int) { workersWanted = workers }
    func limitWorkers(to most: Int?, isMeasuring: Bool) { limits.withLock { $0.append(most) } }
    var told: [Int?] { limits.withLock { $0 } }
}

/// What was told.
private final class Events: Sendable {
    private let events = Lock<[BackOffEvent]>([])
    var note: @Sendable (BackOffEvent) -> Void {
        { [self] event in events.withLock { $0.append(event) } }
    }
    var answers: [BackOffAnswer] {
        events.withLock { $0 }.compactMap {
            if case .changed(let answer, _) = $0 { answer } else { nil }
        }
    }
    var states: [BackOffAnswer.State] { answers.map(\.state) }
    var workers: [Int] {
        events.withLock { $0 }.compactMap {
            if case .changed(_, let workers) = $0 { workers } else { nil }
        }
    }
    var lacks: [BackOffLack] {
        events.withLock { $0 }.compactMap { if case .lacks(let lack) = $0 { lack } else { nil } }
    }
}

/// A disk whose reads take as long as a test says.
private final class FakeDisk: Sendable {
    let milliseconds: Atomic<UInt64>
    let reads = Atomic<Int>(0)
    init(_ milliseconds: UInt64) { self.milliseconds = Atomic(milliseconds) }
    var source: BackOff.ReadSource {
        { [self] _ in
            reads.wrappingAdd(1, ordering: .relaxed)
            return .took(milliseconds.load(ordering: .relaxed) * 1_000_000)
        }
    }
    func become(_ value: UInt64) { milliseconds.store(value, ordering: .relaxed) }
    func waitForReads(_ count: Int) {
        let before = reads.load(ordering: .relaxed)
        waitUntil { reads.load(ordering: .relaxed) >= before + count }
    }
}

@Suite("Back-off", .serialized, .timeLimit(.minutes(3))) struct BackOffTests {
    private func settings(_ source: [UInt8] = bytes("/"), scale: UInt64 = 20) -> BackOffSettings {
        var settings = BackOffSettings(source: Name(source))
        settings.clock = BackOffClock(scale: scale)
        return settings
    }

    @Test(
        "a run is held back while reads are slow, down to a pause, and let go when they are fast again"
    )
    func holdsAndLetsGo() throws {
        let disk = FakeDisk(5)
        let events = Events()
        let backOff = try BackOff(
            settings(),
            metFiles: MetFiles(),
            reads: disk.source,
            tell: events.note
        )
        defer { backOff.stop() }
        // In a rest nothing is read.
        pauseThread(nanoseconds: 50_000_000)
        #expect(disk.reads.load(ordering: .relaxed) == 0)
        backOff.waitBegins()
        disk.waitForReads(30)
        let run = NotedRun(workers: 8)
        backOff.passBegins(run)
        disk.waitForReads(30)
        #expect(run.told.isEmpty)
        disk.become(400)
        waitUntil { run.told.contains(0) }
        #expect(run.told.first == 4 && run.told.contains(1), "\(run.told)")
        waitUntil { run.told.filter { $0 == 0 }.count > 1 }
        disk.become(5)
        waitUntil { run.told.last == .some(nil) }
        let held = backOff.passEnds()
        #expect(held.share > 0 && held.share < 1)
        #expect(held.why?.cause == .readLatency && held.why?.value == 0.4)
        waitUntil { events.workers.last == 8 }
        #expect(events.states.first == .held && events.states.contains(.paused))
        #expect(events.workers.first == 4)
        #expect(backOff.passEnds() == held)
    }

    @Test("nothing is read while nothing is done, and of SOURCE not more than a minute of a pause")
    func rests() throws {
        let disk = FakeDisk(5)
        let looks = Atomic<Int>(0)
        let backOff = try BackOff(
            settings(scale: 200),
            metFiles: MetFiles(),
            reads: disk.source,
            pressure: {
                looks.wrappingAdd(1, ordering: .relaxed)
                return ["others": 0]
            },
            tell: { _ in }
        )
        defer { backOff.stop() }
        func waitForRest(_ count: borrowing Atomic<Int>) {
            waitUntil {
                let before = count.load(ordering: .relaxed)
                // Forty looks, and more reads.
                pauseThread(nanoseconds: 200_000_000)
                return count.load(ordering: .relaxed) == before
            }
        }
        pauseThread(nanoseconds: 50_000_000)
        #expect(looks.load(ordering: .relaxed) == 0 && disk.reads.load(ordering: .relaxed) == 0)
        backOff.waitBegins()
        disk.waitForReads(12)
        waitUntil { looks.load(ordering: .relaxed) > 1 }
        backOff.waitEnds()
        waitForRest(looks)
        waitForRest(disk.reads)
        // 60 s of it are 0.3 s here.
        backOff.waitBegins()
        disk.waitForReads(12)
        waitForRest(disk.reads)
        let before = looks.load(ordering: .relaxed)
        waitUntil { looks.load(ordering: .relaxed) > before }
        backOff.passBegins(NotedRun(workers: 8))
        disk.waitForReads(12)
    }

    @Test("a pass that begins without a base stops for a moment to find one")
    func measures() throws {
        let disk = FakeDisk(5)
        let events = Events()
        let sample = MetFiles()
        sample.add(bytes("large"), sizeBytes: 1 << 30, number: 1)
        let backOff = try BackOff(
            settings(scale: 40),
            metFiles: sample,
            reads: disk.source,
            tell: events.note
        )
        defer { backOff.stop() }
        let run = NotedRun(workers: 8)
        backOff.passBegins(run)
        waitUntil { events.states == [.measuring, .free] }
        #expect(run.told == [0, nil])
        disk.become(400)
        waitUntil { events.states.contains(.held) }
        // Four times the base.
        #expect(events.answers.first { $0.state == .held }?.why?.limit == 0.02)
        #expect(backOff.passEnds().share > 0)
    }

    @Test(
        "a read that hangs holds up nobody, and a run that is held back goes on when back-off is stopped"
    )
    func hangs() throws {
        let disk = FakeDisk(5)
        let isHanging = Atomic<Bool>(false)
        let gate = DispatchSemaphore(value: 0)
        let source = disk.source
        let backOff = try BackOff(
            settings(),
            metFiles: MetFiles(),
            reads: { isPass in
                if isHanging.load(ordering: .relaxed) { gate.wait() }
                return source(isPass)
            },
            tell: { _ in }
        )
        defer { gate.signal() }
        backOff.waitBegins()
        disk.waitForReads(30)
        let run = NotedRun(workers: 8)
        isHanging.store(true, ordering: .relaxed)
        backOff.passBegins(run)
        waitUntil { run.told.last == 0 }
        backOff.stop()
        waitUntil { run.told.last == .some(nil) }
    }

    @Test("a terminal that was stopped keeps no pass paused; what is told then comes in order")
    func blockedOutput() throws {
        let disk = FakeDisk(5)
        let gate = DispatchSemaphore(value: 0)
        let isFirst = Atomic<Bool>(true)
        let events = Events()
        let backOff = try BackOff(
            settings(),
            metFiles: MetFiles(),
            reads: disk.source,
            pressure: { [:] },
            tell: { event in
                if isFirst.exchange(false, ordering: .relaxed) { gate.wait() }
                events.note(event)
            }
        )
        defer { backOff.stop() }
        backOff.waitBegins()
        disk.waitForReads(30)
        let run = NotedRun(workers: 8)
        backOff.passBegins(run)
        disk.become(400)
        waitUntil { run.told.contains(0) }
        disk.become(5)
        waitUntil { run.told.last == .some(nil) }
        #expect(events.workers.isEmpty)
        gate.signal()
        waitUntil { events.workers.last == 8 }
        #expect(events.workers.first == 4)
    }

    @Test("a probe that takes longer than it did at first holds back; one that fails is said once")
    func probes() throws {
        let folder = try Scratch.directory()
        let (slow, log) = (joined(folder, "slow"), joined(folder, "log"))
        var settings = settings()
        settings.probe = bytes(
            """
            cd '\(String(decoding: folder, as: UTF8.self))'; echo >> log
            if [ -e slow ]; then sleep 100; else sleep 0.1; fi
            """
        )
        let events = Events()
        let backOff = try BackOff(
            settings,
            metFiles: MetFiles(),
            reads: { _ in .noDirectReads },
            pressure: { [:] },
            tell: events.note
        )
        defer { backOff.stop() }
        let run = NotedRun(workers: 4)
        backOff.passBegins(run)
        // Three of them, and half a minute after that the next.
        waitUntil { (try? Files.read(log))?.count ?? 0 >= 4 }
        try Files.write(slow, [])
        waitUntil { events.answers.contains { $0.why?.cause == .probe } }
        #expect(events.answers.first { $0.why != nil }?.most == 2)
        #expect(events.lacks.contains(.noDirectReads))
        #expect(backOff.passEnds().why?.cause == .probe)

        var failing = self.settings()
        failing.probe = bytes("exit 4")
        let other = try BackOff(
            failing,
            metFiles: MetFiles(),
            reads: { _ in .nothing },
            tell: events.note
        )
        defer { other.stop() }
        waitUntil { events.lacks.contains(.probeFailed(status: 4)) }
        // A pass does not wait for a service that is down.
        let free = NotedRun(workers: 4)
        other.passBegins(free)
        #expect(free.told.isEmpty)
    }

    @Test("a pass waits until the probe was timed without it, and what is stopped lets it go")
    func probesFirst() throws {
        let folder = try Scratch.directory()
        let (gate, log) = (joined(folder, "go"), joined(folder, "log"))
        var settings = settings()
        settings.probe = bytes(
            """
            cd '\(String(decoding: folder, as: UTF8.self))'; echo >> log
            while [ ! -e go ]; do sleep 0.02; done; sleep 0.2 # long beside the noise of a busy machine
            """
        )
        func start(_ events: Events) throws -> BackOff {
            try BackOff(
                settings,
                metFiles: MetFiles(),
                reads: { _ in .noDirectReads },
                pressure: { [:] },
                tell: events.note
            )
        }
        let events = Events()
        let backOff = try start(events)
        defer { backOff.stop() }
        let run = NotedRun(workers: 4)
        backOff.passBegins(run)
        #expect(run.told == [0])
        waitUntil { Files.exists(log) }
        try Files.write(gate, [])
        waitUntil { run.told.starts(with: [0, nil]) }
        #expect(try Files.read(log).count >= 3)
        waitUntil { events.states.starts(with: [.measuring, .free]) }
        #expect(backOff.passEnds().share == 0)

        try Files.unlink(gate)
        let other = try start(Events())
        let stopped = NotedRun(workers: 4)
        other.passBegins(stopped)
        other.stop()
        waitUntil { stopped.told == [0, nil] }
    }

    @Test("a probe that hangs keeps no pass waiting, and that is said")
    func probeHangs() throws {
        var settings = settings()
        settings.probe = bytes("sleep 1000")
        settings.firstProbeSecondsMax = 1
        let events = Events()
        let backOff = try BackOff(
            settings,
            metFiles: MetFiles(),
            reads: { _ in .noDirectReads },
            tell: events.note
        )
        defer { backOff.stop() }
        let run = NotedRun(workers: 4)
        backOff.passBegins(run)
        waitUntil { run.told == [0, nil] && events.lacks.contains(.probeTooSlow) }
    }

    // MARK: Real passes

    private struct Trees {
        let source: [UInt8], destination: [UInt8]
        init(files: Int, bytes count: Int) throws {
            let folder = try Scratch.directory()
            (source, destination) = (
                joined(folder, Scratch.uniqueName("source")),
                joined(folder, Scratch.uniqueName("destination"))
            )
            try Files.makeDirectory(source)
            try Files.makeDirectory(destination)
            for number in 0..<files {
                if number % 10 == 0 { try Files.makeDirectory(joined(source, "d\(number / 10)")) }
                let contents = [UInt8](repeating: UInt8(1 + number % 200), count: count)
                try Files.write(joined(source, "d\(number / 10)/f\(number)"), contents)
            }
        }

        func pass(_ sample: MetFiles? = nil, bytesPerSecond: UInt64? = nil) throws -> Pass {
            var options = PassOptions()
            options.checksFirst = false
            options.workers = WorkersWanted(8)
            options.metFiles = sample
            options.bytesPerSecondMax = bytesPerSecond
            options.stateFolder = Name(destination + bytes(".state"))
            return try Pass(
                ProcessSetup(writesTrees: false),
                RootNames(source: Name(source), destination: Name(destination)),
                options,
                counters: Counters(),
                emit: { _ in }
            )
        }
    }

    private func start(_ pass: Pass) -> (ended: DispatchGroup, summary: Summary) {
        let (ended, summary) = (DispatchGroup(), Summary())
        DispatchQueue(label: "pass").async(group: ended) {
            let found = pass.run()
            summary.value.withLock { $0 = found }
        }
        return (ended, summary)
    }

    private final class Summary: Sendable { let value = Lock<PassSummary?>(nil) }

    @Test(
        "a real pass beside a slow disk falls to one worker, pauses and rises; a signal ends it in its pause"
    )
    func realPass() throws {
        // Minutes of work, if nobody ended it.
        let trees = try Trees(files: 300, bytes: 65_536)
        let pass = try trees.pass(bytesPerSecond: 100_000)
        let disk = FakeDisk(5)
        let events = Events()
        let backOff = try BackOff(
            settings(),
            metFiles: MetFiles(),
            reads: disk.source,
            tell: events.note
        )
        defer { backOff.stop() }
        backOff.waitBegins()
        disk.waitForReads(30)
        let (ended, summary) = start(pass)
        backOff.passBegins(pass)
        disk.become(400)
        waitUntil { events.workers.contains(0) }
        #expect(events.workers.first == 4 && events.workers.contains(1), "\(events.workers)")
        disk.become(5)
        waitUntil { events.workers.contains(3) }
        #expect(ended.wait(timeout: .now()) == .timedOut)
        disk.become(400)
        let pauses = events.workers.filter { $0 == 0 }.count
        waitUntil { events.workers.filter { $0 == 0 }.count > pauses }
        let isInTime = pass.interrupt()
        #expect(isInTime)
        #expect(ended.wait(timeout: .now() + hangSeconds) == .success)
        #expect(summary.value.withLock { $0?.status } == .interrupted)
        #expect(backOff.passEnds().share > 0)
    }

    @Test(
        "a real pass that is paused copies nothing, keeps a person's number, and is whole after it"
    )
    func pausedPass() throws {
        let trees = try Trees(files: 40, bytes: 100_000)
        let sample = MetFiles()
        let pass = try trees.pass(sample)
        pass.limitWorkers(to: 0)
        #expect(pass.changeWorkers(by: -3))
        let (ended, summary) = start(pass)
        #expect(ended.wait(timeout: .now() + 0.3) == .timedOut)
        #expect(pass.counters.bytesCopied.value() == 0)
        #expect(pass.workersWanted == 5)
        pass.limitWorkers(to: 2)
        #expect(ended.wait(timeout: .now() + hangSeconds) == .success)
        #expect(summary.value.withLock { $0?.status } == .done)
        #expect(summary.value.withLock { $0?.workersBusyMax ?? 0 } <= 2)
        #expect(pass.counters.bytesCopied.value() == 4_000_000)
        #expect(sample.count == 40)
    }

    @Test("a time limit, and then its grace's end, reach a real pass in its pause")
    func limitInAPause() throws {
        let trees = try Trees(files: 40, bytes: 100_000)
        let pass = try trees.pass()
        pass.limitWorkers(to: 0)
        let (ended, summary) = start(pass)
        #expect(ended.wait(timeout: .now() + 0.2) == .timedOut)
        pass.control.reachTimeLimit()
        #expect(ended.wait(timeout: .now() + hangSeconds) == .success)
        #expect(summary.value.withLock { $0?.status } == .timeLimit)
    }

    @Test(
        "a large file in hand stops between two chunks, a small one is finished; a signal gives it back"
    )
    func chunks() throws {
        let folder = try Scratch.directory()
        let from = try Descriptor.openRoot(Name(folder))
        let name = Scratch.uniqueName("large")
        let large = 12 << 20
        try Files.write(joined(folder, name), [UInt8](repeating: 7, count: large))
        let source = SharedDescriptor(try from.openHandle(Name(name)).reopenForReading())
        for (pausesAt, isStopped) in [(1 << 20, true), (6 << 20, true), (6 << 20, false)] {
            let control = RunControl()
            let copied = Atomic<Int>(0)
            let rules = ContentRules(
                makesHoles: false,
                blockBytes: 4_096,
                throttle: nil,
                control: control,
                countCopied: {
                    let now = copied.wrappingAdd(Int($0), ordering: .relaxed).newValue
                    if now >= pausesAt { control.pause(true) }
                }
            )
            let target = SharedDescriptor(
                try from.createFile(Name(Scratch.uniqueName("copy")), mode: 0o600)
            )
            let ended = DispatchGroup()
            DispatchQueue(label: "copy").async(group: ended) {
                let copier = ContentCopier(rules)
                var bypass = CacheBypass.nowhere
                // How it ends is seen by what is written.
                _ = try? copier.copy(
                    from: source.descriptor,
                    to: target.descriptor,
                    range: 0..<UInt64(large),
                    sizeBytes: UInt64(large),
                    bypass: &bypass,
                    mayHaveHoles: false
                )
            }
            waitUntil { copied.load(ordering: .relaxed) >= max(pausesAt, 4 << 20) }
            #expect(ended.wait(timeout: .now() + 0.1) == .timedOut)
            // One that has less than 4 MiB would be finished.
            #expect(copied.load(ordering: .relaxed) == max(pausesAt, 4 << 20))
            if isStopped { control.interrupt() } else { control.reachTimeLimit() }
            #expect(ended.wait(timeout: .now() + hangSeconds) == .success)
            #expect((copied.load(ordering: .relaxed) == large) == !isStopped)
        }
    }
}
