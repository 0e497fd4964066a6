// What a loop of passes waits for: hours of work, another process' pass, room on DESTINATION, the pause.

import LinuxIO
import Migration
import Reporting

extension FollowLoop {
    private static let second: UInt64 = 1_000_000_000
    /// Between two looks whether DESTINATION has room again, and how often.
    private static let roomSeconds: UInt64 = 600
    private static let roomLooksMax = 6
    /// Between two attempts at a pass where another one runs.
    private static let lockSeconds: UInt64 = 5

    func waitForHours() throws(End) {
        var isTold = false
        while true {
            let now = Int64(clamping: WallClock.nanoseconds)
            if plan.hours.allow(now) { return }
            guard let opening = plan.hours.nextChange(after: now) else { return }
            if !isTold {
                let time = CalendarTime(local: opening)
                // They come daily: another date is that of tomorrow.
                let day = time.date == CalendarTime(local: now).date ? "" : "tomorrow "
                reporter.wait(
                    .hours,
                    until: opening,
                    told: "the hours of work begin \(day)at \(time.minutes)"
                )
                isTold = true
            }
            // In steps: the wall clock may be set meanwhile.
            let left = UInt64(max(opening - now, 0))
            // A shell sends SIGCONT to who goes on in the foreground: outside of the hours it begins nothing.
            _ = try step(.hours, left: left, for: min(left, 10 * Self.second))
        }
    }

    /// Waits once more; what is waited for is told once.
    func waitForOthers(isTold: Bool) throws(End) {
        let text = busy.map { RefusalText($0).reason }
        if !isTold { reporter.wait(.lock, until: nil, told: text) }
        let seconds = givenWaitSeconds.map { UInt64($0) } ?? Self.lockSeconds
        try wait(.lock, nanoseconds: seconds * Self.second, isTold: false)
    }

    func waitForRoom(_ bytes: UInt64, _ inodes: UInt64) throws(End) {
        let seconds = givenWaitSeconds.map { UInt64($0) } ?? Self.roomSeconds
        // An hour has gone by, and a pass was tried: it is full still.
        if hasTriedWithoutRoom { throw End(.destinationStopped, .destinationStopped) }
        for _ in 0..<Self.roomLooksMax {
            let isContinued = try wait(.full, nanoseconds: seconds * Self.second) {
                "DESTINATION is full; looking again at \(CalendarTime(local: $0).minutes)"
            }
            // SIGCONT: somebody knows that there is room.
            if isContinued { return }
            do throws(SystemError) {
                let room = try DestinationRoom(of: plan.names.destination)
                if room.holds(bytes: bytes, inodes: inodes) { return }
            } catch {
                throw refuse(
                    .cannotOpen(
                        .destination,
                        path: Array(plan.names.destination.bytes),
                        error
                    )
                )
            }
        }
        // What is missing may be less by now: the next pass tells, and is the last one if it is not.
        hasTriedWithoutRoom = true
    }

    /// Waits so long; whether SIGCONT ended it.
    ///
    /// `told`: said to people, of the moment until when, in nanoseconds since 1970; `isTold`: programs read of it.
    @discardableResult
    func wait(
        _ reason: FollowReporter.WaitReason,
        nanoseconds: UInt64,
        isTold: Bool = true,
        told: (Int64) -> String? = { _ in nil }
    ) throws(End) -> Bool {
        let end = monotonicNanoseconds() &+ nanoseconds
        // Nothing of ours runs for a while: threads of the last pass left up to 20 MB in arenas, of which 0.4 were in use.
        BlockingThread.returnFreeMemory()
        // And what is measured now is what users have without us.
        if reason == .pause { backOff?.waitBegins() }
        defer { backOff?.waitEnds() }
        let until = Int64(clamping: WallClock.nanoseconds) &+ Int64(clamping: nanoseconds)
        if isTold { reporter.wait(reason, until: until, told: told(until)) }
        while true {
            let now = monotonicNanoseconds()
            if now >= end { return false }
            if try step(reason, left: end - now, for: min(end - now, Self.second)) { return true }
        }
    }

    func checkLimit() throws(End) {
        if plan.limit?.remaining == 0 { throw end(.stopAt) }
    }

    /// Waits a little; true: the next pass is to begin now.
    private func step(
        _ reason: FollowReporter.WaitReason,
        left: UInt64,
        for nanoseconds: UInt64
    ) throws(End) -> Bool {
        try checkLimit()
        reporter.drawWaiting(reason, nanoseconds: left, next)
        switch supervision.wait(nanoseconds: nanoseconds) {
        case .stopped: throw end(.signal)
        case .continued: return true
        case .timeIsUp: return false
        }
    }
}
