// What the service manager is told of this process (sd_notify(3)): that it is ready, what it does now, that it stops, and
// that a stop takes longer than others.
//
//     roots are judged ──▶ READY=1
//     ticker of a run, waiting loop ──▶ STATUS=, each ten seconds, and at once where something else begins
//     signal ──▶ STOPPING=1, and EXTEND_TIMEOUT_USEC= while a disk is waited for
//
// Kept true: nothing waits for the manager, and what becomes of a message changes nothing in a run. What must be heard once
// (READY, STOPPING) goes along with each later message until it was taken; a status that was not is late, and no more.

package import LinuxIO

/// Tells the service manager; without one there is none of these.
///
/// Any thread may call it, and none is held up.
package final class ServiceNotifier: Sendable {
    /// What is under way; where it changes, the status is told at once.
    package enum Phase: Sendable { case running, synchronizing, waiting, stopping, ended }

    private struct State: Sendable {
        /// What was not taken yet.
        var owed: [String] = []
        var isReady = false
        var isStopping = false
        var phase: Phase?
        /// When a status is told again, by the same clock.
        var due: UInt64 = 0
    }

    /// Between two statuses.
    private static let interval: UInt64 = 10_000_000_000
    /// As long as a manager's own limit for a start; beside what a person's command may take.
    private static let startSeconds: UInt64 = 120
    /// A disk of DESTINATION is waited for so long after a process was told to stop: 50 GB of dirty pages at 30 MB/s.
    private static let synchronizeSeconds: UInt64 = 1_800

    private let clock: @Sendable () -> UInt64
    private let send: @Sendable (String) -> Bool
    /// Held while sending, which does not wait: messages arrive in their order.
    private let state = Lock(State())

    /// - Parameters:
    ///   - socket: where messages go.
    ///   - clock: nanoseconds of a clock that never goes back.
    package convenience init(
        _ socket: ServiceSocket,
        clock: @escaping @Sendable () -> UInt64 = { monotonicNanoseconds() }
    ) {
        self.init(clock: clock) { text in
            do throws(SystemError) {
                try socket.send(text)
                return true
            } catch {
                // Full, gone, or refused: it is told again if it matters. Nothing else hears of it, for a run is no worse for
                // a manager that does not listen.
                return false
            }
        }
    }

    /// `send` gives whether a message was taken.
    package init(
        clock: @escaping @Sendable () -> UInt64,
        send: @escaping @Sendable (String) -> Bool
    ) {
        self.clock = clock
        self.send = send
    }

    /// The one of this process, by its environment, which has the address no more afterwards.
    ///
    /// Nil where no service manager listens. Only while the process has one thread.
    package static func taken() -> ServiceNotifier? {
        ServiceSocket.taken().map { ServiceNotifier($0) }
    }

    /// Both roots are judged, or what is waited for now is none of their faults; told once.
    package func ready() {
        state.withLock { state in
            guard !state.isReady else { return }
            state.isReady = true
            state.owed.append("READY=1")
            tell(&state)
        }
    }

    /// Before the process is ready something begins that may take so long.
    package func extendStart(seconds: UInt64) {
        state.withLock { state in
            guard !state.isReady else { return }
            tell(&state, Self.longer(seconds + Self.startSeconds))
        }
    }

    /// A signal says to stop; told once, and again while `isSynchronizing`: a disk is waited for, which cannot be cut short,
    /// not even by the end of this process.
    package func stop(isSynchronizing: Bool, _ text: String) {
        state.withLock { state in
            if state.isStopping, !isSynchronizing { return }
            if !state.isStopping { state.owed.append("STOPPING=1") }
            state.isStopping = true
            state.phase = .stopping
            var lines = "STATUS=" + Self.line(text)
            if isSynchronizing { lines += "\n" + Self.longer(Self.synchronizeSeconds) }
            tell(&state, lines)
        }
    }

    /// What is done now: sent each ten seconds, and where it is of another kind than the last.
    ///
    /// `text`: one line.
    package func show(_ phase: Phase, _ text: @autoclosure () -> String) {
        state.withLock { state in
            // What a run does while it is being stopped is no news.
            if state.isStopping, phase != .ended { return tell(&state) }
            let now = clock()
            if phase == state.phase, phase != .ended, now < state.due { return tell(&state) }
            // Taken or not: the next one is as good.
            state.due = now &+ Self.interval
            state.phase = phase
            tell(&state, "STATUS=" + Self.line(text()))
        }
    }

    /// One datagram: what is owed, and a message if there is one.
    private func tell(_ state: inout State, _ message: String? = nil) {
        let lines = state.owed + (message.map { [$0] } ?? [])
        guard !lines.isEmpty else { return }
        if send(lines.joined(separator: "\n")) { state.owed = [] }
    }

    private static func longer(_ seconds: UInt64) -> String {
        "EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000)"
    }

    /// Without what would begin another assignment.
    private static func line(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
