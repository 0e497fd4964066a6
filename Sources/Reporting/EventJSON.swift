// Events, progress and the end of a pass as lines of JSON: the one place that knows their keys, which
// docs/OUTPUT.md lists. Keys and types may be added; none changes its meaning or goes away.

import LinuxIO
package import Migration

/// The lines of `--json` and `--failures`.
package enum EventJSON {
    /// The version of the format, in `start`: grows when something old would be misread.
    static let format = 1

    /// The line of an event.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - time: nanoseconds since 1970.
    /// - Returns: the line, to be written whole.
    package static func line(_ event: PassEvent, time: UInt64) -> JSONLine {
        switch event {
        case .started(let start): return self.start(start, time: time)
        case .failed(let failure): return self.failure(failure, in: .pass, time: time)
        case .vanished(let path): return named("vanished", path, time: time)
        case .mountSkipped(let path, let side, let crossing):
            return MountText.line(path, side, crossing, time: time)
        case .directoryProtected(let path): return named("directory_protected", path, time: time)
        case .changed(let itemization): return change(itemization, time: time)
        case .quota(let change): return QuotaText.line(change, time: time)
        case .notice(let notice): return NoticeText.line(notice, time: time)
        case .workersChanged(let count):
            var line = begin("workers", time)
            line.add("workers", count)
            return line
        case .tuneStep(let step): return TuneText.line(step, time: time)
        case .waiting(let call): return waiting(call, time: time)
        case .stopped(let reason, let failure):
            var line = begin("stopped", time)
            line.add("reason", name(reason))
            addFields(of: failure, in: .pass, to: &line)
            return line
        case .synchronizing: return begin("synchronizing", time)
        }
    }

    /// A failure, also the line of `--failures`.
    package static func failure(
        _ failure: Failure,
        in run: FailureText.Run,
        time: UInt64
    ) -> JSONLine {
        var line = begin("failure", time)
        addFields(of: failure, in: run, to: &line)
        return line
    }

    /// A call that does not come back.
    static func waiting(_ call: WaitingCall, time: UInt64) -> JSONLine {
        var line = begin("waiting", time)
        addFields(of: call, to: &line)
        line.add("message", WaitingText.sentence(call))
        return line
    }

    /// Such calls in a summary.
    static func object(_ call: WaitingCall) -> JSONLine {
        var object = JSONLine()
        addFields(of: call, to: &object)
        return object
    }

    private static func addFields(of call: WaitingCall, to line: inout JSONLine) {
        line.add("call", call.call)
        if let path = call.path { line.add("path", name: path) }
        line.add("side", call.side?.rawValue)
        line.add("waited_seconds", seconds: call.nanoseconds)
    }

    /// A refusal before the pass began.
    package static func refused(
        _ reason: String,
        path: [UInt8]?,
        status: ExitStatus,
        _ refusal: Refusal? = nil,
        time: UInt64
    ) -> JSONLine {
        var line = begin("refused", time)
        line.add("status", status.rawValue)
        if let refusal { line.add("reason", refusal.word) }
        line.add("message", reason)
        if let recorded = refusal?.recorded {
            line.add("pair_passes", recorded.passes)
            line.add("last_end", seconds: UInt64(max(recorded.lastEndNanoseconds, 0)))
        }
        if case .sourceWritable(let use) = refusal { addFields(of: use, to: &line) }
        if let path { line.add("path", name: path) }
        return line
    }

    /// Who can write to SOURCE.
    private static func addFields(of use: SourceUse, to line: inout JSONLine) {
        line.add(
            "writable_mounts",
            use.mounts.map { mount in
                var object = JSONLine()
                object.add("path", name: mount.path)
                object.add("process", mount.process)
                return object
            }
        )
        line.add(
            "writers",
            use.writers.map { writer in
                var object = JSONLine()
                object.add("process", writer.process)
                object.add("name", name: writer.name)
                object.add("path", name: writer.path)
                return object
            }
        )
        line.add("processes_unseen", use.unseen)
        line.add("processes_may_be_hidden", use.mayHideProcesses)
    }

    /// When the run ends by itself: nanoseconds since 1970.
    static func timeLimit(_ moment: Int64, time: UInt64) -> JSONLine {
        var line = begin("time_limit", time)
        line.add("stops_at", seconds: UInt64(max(moment, 0)))
        return line
    }

    /// How far the pass is.
    package static func progress(_ progress: Progress, time: UInt64) -> JSONLine {
        self.progress(progress, files: "files_copied", bytes: "bytes_copied", time: time)
    }

    /// The same of any run; `files` and `bytes` are the keys of what is done with them there, and
    /// `differences` is told where it looks for them.
    static func progress(
        _ progress: Progress,
        files: String,
        bytes: String,
        differences: UInt64? = nil,
        time: UInt64
    ) -> JSONLine {
        let latest = progress.latest
        var line = begin("progress", time)
        line.add("seconds", seconds: latest.nanoseconds)
        line.add("entries_seen", latest.entriesSeen)
        line.add("entries_total", progress.entriesTotal)
        line.add("bytes_seen", latest.bytesSeen)
        line.add("bytes_total", progress.bytesTotal)
        line.add("totals_are_exact", progress.totalsAreExact)
        line.add(files, latest.filesCopied)
        line.add(bytes, latest.bytesCopied)
        line.add("entries_per_second", progress.entriesPerSecond)
        line.add("bytes_per_second", progress.bytesPerSecond)
        line.add("remaining_seconds", seconds: progress.remainingNanoseconds)
        if let differences { line.add("differences", differences) }
        line.add("failures", latest.failures)
        line.add("workers", progress.workers)
        return line
    }

    /// The end of the pass; `status` is the exit status, which output errors may have changed.
    package static func summary(
        _ summary: PassSummary,
        status: ExitStatus,
        time: UInt64
    ) -> JSONLine {
        var line = begin("summary", time)
        line.add("status", status.rawValue)
        line.add("status_name", name(status))
        line.add("dry_run", summary.isDryRun)
        line.add("time_limit_reached", summary.isCutByTimeLimit)
        line.add("changes_by", summary.method.name)
        if case .walk(let reason?) = summary.method {
            line.add("walk_reason", reason.word.rawValue)
        }
        line.add("seconds", seconds: summary.durationNanoseconds)
        line.add("synchronize_seconds", seconds: summary.synchronizeNanoseconds)
        add(summary.counters, to: &line)
        line.add("workers_busy_max", summary.workersBusyMax)
        line.add(
            "slowest_branches",
            summary.slowestBranches.map { branch in
                var object = JSONLine()
                object.add("name", name: branch.name)
                object.add("work_seconds", seconds: branch.workNanoseconds)
                object.add("entries", branch.entries)
                object.add("bytes", branch.bytes)
                return object
            }
        )
        if let plan = summary.plan { PlannedText.add(plan, to: &line) }
        line.add("waiting", summary.waiting.map(object))
        line.add("stop", summary.stop.map { stop($0, counters: summary.counters) })
        return line
    }

    /// Adds all counters that JSON has.
    static func add<Name>(_ counters: CounterTable<Name>, to line: inout JSONLine) {
        for name in Name.allCases {
            if let key = name.key { line.add(key, counters[name].value()) }
        }
    }

    /// The start of a line; `time` is in nanoseconds since 1970.
    static func begin(_ type: String, _ time: UInt64) -> JSONLine {
        var line = JSONLine(type: type)
        line.add("time", seconds: time)
        return line
    }

    /// A line that tells of a path only.
    static func named(_ type: String, _ path: [UInt8], time: UInt64) -> JSONLine {
        var line = begin(type, time)
        line.add("path", name: path)
        return line
    }

    private static func start(_ start: PassStart, time: UInt64) -> JSONLine {
        var line = begin("start", time)
        line.add("format", format)
        line.add("source", name: start.sourcePath)
        line.add("destination", name: start.destinationPath)
        line.add("source_type", start.sourceType)
        line.add("destination_type", start.destinationType)
        line.add("entries_total", start.entriesTotal)
        line.add("bytes_total", start.bytesTotal)
        line.add("totals_are_exact", start.totalsAreExact)
        line.add("workers", start.workers)
        line.add(
            "workers_tuned_at",
            seconds: start.tunedNanoseconds.map { UInt64(max($0, 0)) }
        )
        line.add("dry_run", start.isDryRun)
        line.add("pass", start.pass)
        return line
    }

    private static func addFields(
        of failure: Failure,
        in run: FailureText.Run,
        to line: inout JSONLine
    ) {
        let text = FailureText(failure, in: run)
        line.add("path", name: failure.path)
        line.add("side", failure.side.rawValue)
        line.add("activity", failure.activity.rawValue)
        line.add("call", failure.error?.operation.rawValue)
        line.add("errno", failure.error?.code.rawValue)
        line.add("errno_name", failure.error?.code.name)
        // An empty range has no first byte; where there is one, both ends are inclusive.
        let bytes = failure.bytes.flatMap { $0.isEmpty ? nil : $0 }
        line.add("first_byte", bytes?.lowerBound)
        line.add("last_byte", bytes.map { $0.upperBound - 1 })
        line.add("detail", failure.detail)
        if let report = failure.damage {
            line.add("unreadable_bytes", report.damage.byteCount)
            line.add("unreadable_ranges", ranges: report.damage.ranges)
            line.add("ranges_are_exact", report.damage.isExact)
            line.add("salvaged", report.outcome == .salvaged)
        }
        line.add("message", text.message)
        line.add("advice", text.advice)
    }

    private static func change(_ itemization: Itemization, time: UInt64) -> JSONLine {
        var line = begin("change", time)
        // Letters of a deletion are rsync's too, without the blanks behind.
        line.add("itemized", itemization.action == .deleted ? "*deleting" : itemization.code)
        line.add("path", name: itemization.path)
        line.add("kind", name(itemization.kind))
        if let target = itemization.target { line.add("target", name: target) }
        return line
    }

    private static func stop(_ stop: PassSummary.Stop, counters: Counters) -> JSONLine {
        let text = StopText(stop, counters: counters)
        var object = JSONLine()
        object.add("reason", name(stop.reason))
        object.add("available_bytes", stop.availableBytes)
        if let freeInodes = stop.freeInodes { object.add("free_inodes", freeInodes) }
        object.add("needed_bytes", text.bytesNeeded)
        object.add("needed_inodes", text.inodesNeeded)
        object.add("advice", text.advice)
        return object
    }
}
