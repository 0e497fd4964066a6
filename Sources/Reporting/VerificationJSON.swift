// A verification as lines of JSON: the one place that knows their keys, which docs/OUTPUT.md lists. As in EventJSON,
// keys and types may be added; none changes its meaning or goes away.

import LinuxIO
package import Migration

/// The lines of `cutover verify --json`.
package enum VerificationJSON {
    /// The line of an event.
    package static func line(_ event: VerificationEvent, time: UInt64) -> JSONLine {
        switch event {
        case .started(let start): return self.start(start, time: time)
        case .found(let found): return difference(found, "difference", time: time)
        case .changed(let found): return difference(found, "changed", time: time)
        case .pending(let found, let changed):
            var line = difference(found, "pending", time: time)
            line.add("changed_at", seconds: UInt64(max(changed, 0)))
            return line
        case .failed(let failure):
            return EventJSON.failure(failure, in: .verification, time: time)
        case .vanished(let path): return EventJSON.named("vanished", path, time: time)
        case .mountSkipped(let path, let side, let crossing):
            return MountText.line(path, side, crossing, time: time)
        case .notice(let notice): return VerificationNoticeText.line(notice, time: time)
        case .waiting(let call): return EventJSON.waiting(call, time: time)
        case .workersChanged(let count):
            var line = EventJSON.begin("workers", time)
            line.add("workers", count)
            return line
        }
    }

    /// How far it is.
    package static func progress(_ progress: Progress, time: UInt64) -> JSONLine {
        EventJSON.progress(
            progress,
            files: "files_compared",
            bytes: "bytes_read",
            differences: progress.latest.differences,
            time: time
        )
    }

    /// The end; `status` is the exit status, which output errors may have changed.
    package static func summary(
        _ summary: VerificationSummary,
        status: ExitStatus,
        time: UInt64
    ) -> JSONLine {
        var line = EventJSON.begin("summary", time)
        line.add("status", status.rawValue)
        line.add("status_name", VerificationText.name(status))
        line.add("time_limit_reached", summary.isCutByTimeLimit)
        line.add("by_manifest", summary.isByManifest)
        if let plan = summary.plan {
            PlannedText.add(plan, to: &line)
            let isClosing = plan.share.part == .closing
            line.add("shards_different", numbers: isClosing ? plan.shardsDifferent : nil)
        }
        line.add("contents", summary.comparesContents)
        add(summary.sample, to: &line)
        line.add("seconds", seconds: summary.durationNanoseconds)
        EventJSON.add(summary.counters, to: &line)
        line.add("last_pass", summary.lastPass?.id)
        line.add(
            "last_pass_end",
            seconds: summary.lastPass.map { UInt64(max($0.endNanoseconds, 0)) }
        )
        line.add("manifest_files", try? summary.manifest?.get())
        line.add("workers_busy_max", summary.workersBusyMax)
        line.add("waiting", summary.waiting.map(EventJSON.object))
        return line
    }

    private static func start(_ start: VerificationStart, time: UInt64) -> JSONLine {
        var line = EventJSON.begin("start", time)
        line.add("format", EventJSON.format)
        if let source = start.source { line.add("source", name: source.path) }
        line.add("destination", name: start.destinationPath)
        if let source = start.source { line.add("source_type", source.type) }
        line.add("destination_type", start.destinationType)
        line.add("entries_total", start.entriesTotal)
        line.add("bytes_total", start.bytesTotal)
        line.add("totals_are_exact", start.totalsAreExact)
        line.add("workers", start.workers)
        line.add("contents", start.comparesContents)
        add(start.sample, to: &line)
        if let filter = start.filter {
            line.add("filter_rules", filter.rules)
            line.add("filters_of_pass", filter.pass)
        }
        return line
    }

    private static func add(_ sample: FileSample?, to line: inout JSONLine) {
        guard let sample else { return }
        line.add("sample_percent", VerificationText.percent(sample))
        line.add("seed", sample.seed)
    }

    private static func difference(
        _ found: FoundDifference,
        _ type: String,
        time: UInt64
    ) -> JSONLine {
        var line = EventJSON.begin(type, time)
        line.add("path", name: found.path)
        line.add("kind", EventJSON.name(found.kind))
        DifferenceText(found).addFields(to: &line)
        return line
    }
}
