// Signals of a running pass, through Dispatch sources: handlers run on an ordinary thread.

import Dispatch
import Glibc
import LinuxIO
import Migration
import Synchronization

/// Listens to the signals that steer a running pass.
final class Signals {
    private static let numbers: [Int32] = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2]
    private let steering: Steering
    private var sources: [any DispatchSourceSignal] = []

    /// Those of a pass.
    convenience init(_ pass: Pass) {
        self.init(
            notice: "files in hand are given back",
            changeWorkers: { pass.changeWorkers(by: $0) },
            interrupt: { pass.interrupt() }
        )
    }

    /// Those of something that can be interrupted; `notice` says what is done before it ends.
    init(
        notice: String = "what was tried out is taken away",
        changeWorkers: @escaping @Sendable (Int) -> Void = { _ in },
        interrupt: @escaping @Sendable () -> Void
    ) {
        steering = Steering(notice, changeWorkers, interrupt)
    }

    /// From the start: writing to a closed pipe, or beyond the largest size that a file may have, is an error to
    /// be handled, and a request for more workers that comes too early is not the end of a migration.
    static func ignoreHarmless() {
        // The results are the handlers before, which nobody wants back.
        for number in [SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2] { _ = signal(number, SIG_IGN) }
    }

    /// Begins to listen, and returns when every signal is heard: one that comes between would be lost.
    func begin() {
        let queue = DispatchQueue(label: "cutover.signals")
        let heard = DispatchGroup()
        defer { heard.wait() }
        for number in Self.numbers {
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [steering] in steering.receive(number) }
            heard.enter()
            // Activation only asks for it; this comes when it is done.
            source.setRegistrationHandler { heard.leave() }
            // The kernel's own action would end the process. Before the source is active, for that installs
            // a handler of Dispatch's. The result is the handler before, which nobody wants back.
            _ = signal(number, SIG_IGN)
            source.activate()
            sources.append(source)
        }
    }

    /// Stops listening.
    func end() {
        for source in sources { source.cancel() }
    }
}

/// What signals do: the first of SIGINT, SIGTERM, SIGHUP stops the pass cleanly, the second at once; SIGUSR1
/// and SIGUSR2 change the number of workers.
private final class Steering: Sendable {
    private let notice: String
    private let changeWorkers: @Sendable (Int) -> Void
    private let interrupt: @Sendable () -> Void
    private let stops = Atomic<Int>(0)

    init(
        _ notice: String,
        _ changeWorkers: @escaping @Sendable (Int) -> Void,
        _ interrupt: @escaping @Sendable () -> Void
    ) {
        self.notice = notice
        self.changeWorkers = changeWorkers
        self.interrupt = interrupt
    }

    func receive(_ number: Int32) {
        switch number {
        case SIGUSR1: changeWorkers(1)
        case SIGUSR2: changeWorkers(-1)
        default: stop()
        }
    }

    private func stop() {
        if stops.wrappingAdd(1, ordering: .relaxed).newValue > 1 {
            _exit(PassStatus.interrupted.rawValue)
        }
        interrupt()
        // Elsewhere than on the queue of signals: a terminal that is stopped (^S) or a pipe that nobody reads
        // holds up who writes, and the second signal must still be heard.
        DispatchQueue(label: "cutover.signals.notice").async { [notice] in
            OutputFile.standardError.write(
                Array("\ncutover: stopping; \(notice) (once more: stop at once).\n".utf8)
            )
        }
    }
}
