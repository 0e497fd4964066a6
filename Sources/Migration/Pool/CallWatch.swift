// Finds calls that do not come back, and tells them: after 30 s, and again each time that doubles (S59).
//
// What threads are doing is read from /proc (LinuxIO/ThreadCall.swift), so those that work do nothing for it: no
// store, no clock. A call is the same one as before when its number, its arguments and the number of times its thread
// has waited are the same.

import Dispatch
package import LinuxIO

/// Watches all threads of this process.
///
/// Thread-safe.
package final class CallWatch: Sendable {
    /// Seconds after which a call is told first.
    package static let firstSeconds = 30
    /// What a thread must have been in for so long to be named when a run is given up.
    private static let stuckNanoseconds: UInt64 = 1_000_000_000

    private struct Sighting: Sendable {
        var call: ThreadCall
        var since: UInt64
        /// When it is told next, in nanoseconds since `since`.
        var due: UInt64
    }

    private let first: UInt64
    private let sightings = Lock<[Int32: Sighting]>([:])
    private let places = Lock<[RootPlace]>([])
    private let woken = DispatchSemaphore(value: 0)
    private let notices = Lock<[@Sendable () -> Void]>([])

    /// `firstSeconds`: another number for tests.
    package init(firstSeconds: Int = givenWaitSeconds ?? firstSeconds) {
        first = UInt64(max(firstSeconds, 1)) * 1_000_000_000
    }

    /// The roots are open: paths below them are told relative to them from now on.
    package func know(_ roots: [RootPlace]) { places.withLock { $0 = roots } }

    /// Begins to look, ten times in the first span; until the process ends.
    ///
    /// `tell` may block as long as it likes: only later calls are told later then.
    package func start(_ tell: @escaping @Sendable (WaitingCall) -> Void) throws(SystemError) {
        let interval = DispatchTimeInterval.nanoseconds(Int(first / 10))
        try BlockingThread.start { [self] in
            while true {
                if woken.wait(timeout: .now() + interval) == .success {
                    let next = notices.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                    next?()
                }
                for call in look() { tell(call) }
            }
        }
    }

    /// Runs something on the watch's thread: for who must not wait for a stopped terminal itself.
    package func perform(_ notice: @escaping @Sendable () -> Void) {
        notices.withLock { $0.append(notice) }
        woken.signal()
    }

    /// Calls that are due to be told now.
    private func look() -> [WaitingCall] {
        let now = monotonicNanoseconds()
        let due = note(ThreadCall.all(), now).filter { now - $0.since >= $0.due }
        sightings.withLock { sightings in
            for sighting in due { sightings[sighting.call.thread]?.due *= 2 }
        }
        return due.map { told($0, now) }
    }

    /// Calls that have been under way for longer than a moment, the longest first.
    package func stuck() -> [WaitingCall] {
        let now = monotonicNanoseconds()
        return note(ThreadCall.all(), now).filter { now - $0.since >= Self.stuckNanoseconds }
            .sorted { $0.since < $1.since }.map { told($0, now) }
    }

    /// Takes what threads do now for what is known; returns that.
    private func note(_ calls: [ThreadCall], _ now: UInt64) -> [Sighting] {
        sightings.withLock { sightings in
            var next: [Int32: Sighting] = [:]
            for call in calls {
                if let known = sightings[call.thread], known.call.isSame(as: call) {
                    next[call.thread] = known
                } else {
                    next[call.thread] = Sighting(call: call, since: now, due: first)
                }
            }
            sightings = next
            return Array(next.values)
        }
    }

    private func told(_ sighting: Sighting, _ now: UInt64) -> WaitingCall {
        let (path, mount) = sighting.call.place()
        let root = places.withLock { $0 }
            .filter { $0.mount == mount && path?.starts(with: $0.path) == true }
            .max { $0.path.count < $1.path.count }
        var relative = path
        if let root, let path {
            relative = Array(path.dropFirst(root.path.count).drop { $0 == 0x2F })
        }
        return WaitingCall(
            call: sighting.call.name,
            path: relative,
            side: root?.side,
            nanoseconds: now - sighting.since
        )
    }
}
