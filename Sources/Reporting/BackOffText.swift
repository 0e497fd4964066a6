// Back-off in words, and as lines of JSON.

import LinuxIO
package import Migration

/// The words for giving way to others.
package enum BackOffText {
    // MARK: Text

    /// What a pass was held back for: `reads of SOURCE took 62 ms (limit 24 ms)`.
    package static func reason(_ observation: BackOffObservation, _ shown: ShownName) -> String {
        let (value, limit) = (observation.value, observation.limit)
        switch observation.cause {
        case .readLatency: return "reads of SOURCE took \(time(value)) (limit \(time(limit)))"
        case .probe: return "the probe took \(time(value)) (limit \(time(limit)))"
        case .pressure:
            let group = observation.group.map { shown.path(Array($0.utf8)) } ?? "another group"
            return "\(group) waited for disks \(percent(value)) of the time "
                + "(limit \(percent(limit)))"
        }
    }

    /// Of a pass that has ended: `held back 41 % of the time: ...`; nil where it was hardly ever.
    package static func row(_ held: HeldBack, _ shown: ShownName) -> String? {
        guard held.share >= 0.005, let why = held.why else { return nil }
        return "held back \(percent(held.share)) of the time: \(reason(why, shown))"
    }

    /// One line for people, without a name of the program before it.
    ///
    /// - Parameters:
    ///   - event: what is told.
    ///   - shown: how names are shown.
    ///   - done: how much of the present pass is done; nil: that is not known.
    ///   - hasHours: there is `--hours`.
    /// - Returns: a sentence or two.
    package static func line(
        _ event: BackOffEvent,
        _ shown: ShownName,
        done: WorkDone? = nil,
        hasHours: Bool = false
    ) -> String {
        switch event {
        case .changed(let answer, let workers): return change(answer, workers, shown)
        case .lacks(let lack): return sentence(lack)
        case .heldNearlyAllDay(let held):
            let why = held.why.map { ": \(reason($0, shown))" } ?? ""
            let work = done.map { "; \(FollowText.share($0)) is done" } ?? ""
            let advice =
                hasHours
                ? "Other --hours, when nobody works, would help."
                : "--hours 01:00-05:00, or when nobody works, would help."
            return "Held back nearly all day, \(percent(held.share)) of "
                + Quantity.duration(held.passNanoseconds) + why + work + ". " + advice
        }
    }

    private static func change(
        _ answer: BackOffAnswer,
        _ workers: Int,
        _ shown: ShownName
    ) -> String {
        let why = answer.why.map { ": \(reason($0, shown))" } ?? ""
        switch answer.state {
        case .free: return "no longer held back"
        case .held:
            return "held back to \(Quantity.count(UInt64(workers), "worker", "workers"))\(why)"
        case .paused: return "paused\(why)"
        case .measuring: return "paused, to measure what is usual without a pass"
        }
    }

    /// Why a signal cannot be had; without a name in it.
    static func sentence(_ lack: BackOffLack) -> String {
        switch lack {
        case .noDirectReads:
            "reads of SOURCE are not timed: its filesystem has none that pass the page cache by"
        case .noGroups: "others' pressure is not looked at: no cgroup v2 is mounted"
        case .noOtherGroups:
            "others' pressure is not looked at: no other cgroup is seen from here (a container)"
        case .noPressure: "others' pressure is not looked at: the kernel does not keep it (psi=1)"
        case .sharedGroup:
            "others' pressure is not looked at: this cgroup holds other processes, too "
                + "(a unit or systemd-run gives cutover its own)"
        case .probeFailed(let status): "the probe is not timed: it ended with status \(status)"
        case .probeTooSlow:
            "the probe says nothing yet: it took over 10 s with no pass beside it (--probe-limit says what is long)"
        case .probeNotRun(let reason): "the probe cannot be run: \(reason)"
        }
    }

    /// `0.62 ms`, `62 ms`, `3.2 s`, `1m05s`.
    private static func time(_ seconds: Double) -> String {
        let hundredths = Int((max(seconds, 0) * 100_000).rounded())
        if hundredths < 1_000 {
            let fraction = "\(100 + hundredths % 100)".dropFirst()
            return "\(hundredths / 100).\(fraction) ms"
        }
        let milliseconds = (seconds * 1_000).rounded()
        if milliseconds < 1_000 { return "\(Int(milliseconds)) ms" }
        let tenths = Int((seconds * 10).rounded())
        if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
        return Quantity.duration(UInt64(seconds * 1e9))
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    // MARK: JSON

    /// The line of an event; `time` is in nanoseconds since 1970, `done` as in `line`.
    package static func json(
        _ event: BackOffEvent,
        time: UInt64,
        done: WorkDone? = nil
    ) -> JSONLine {
        switch event {
        case .changed(let answer, let workers):
            var line = EventJSON.begin("back_off", time)
            line.add("workers", workers)
            line.add("state", answer.state.rawValue)
            add(answer.why, to: &line)
            return line
        case .lacks(let lack):
            var line = EventJSON.begin("back_off_lacks", time)
            line.add("cause", lack.cause.rawValue)
            line.add("reason", lack.word)
            line.add("message", sentence(lack))
            return line
        case .heldNearlyAllDay(let held):
            var line = EventJSON.begin("held_back", time)
            addFields(of: held, to: &line)
            line.add("done_share", decimal: done?.share)
            return line
        }
    }

    /// How long a pass was held back, as fields of another line.
    static func addFields(of held: HeldBack, to line: inout JSONLine) {
        line.add("pass_seconds", seconds: held.passNanoseconds)
        line.add("held_back_seconds", seconds: held.heldNanoseconds)
        add(held.why, to: &line)
    }

    private static func add(_ why: BackOffObservation?, to line: inout JSONLine) {
        line.add("cause", why?.cause.rawValue)
        // Seconds or a share: a flash disk is read in 0.0002 s.
        line.add("value", millionths: why.map { millionths($0.value) })
        line.add("limit", millionths: why.map { millionths($0.limit) })
        if let group = why?.group { line.add("group", name: Array(group.utf8)) }
    }

    private static func millionths(_ number: Double) -> UInt64 {
        UInt64((min(max(number, 0), 1e6) * 1e6).rounded())
    }
}
