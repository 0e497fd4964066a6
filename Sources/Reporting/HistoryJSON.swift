// Recorded passes as lines of JSON: the one place that knows their keys, which docs/OUTPUT.md lists. As in
// EventJSON, keys and types may be added; none changes its meaning or goes away.

import History
import LinuxIO
import Migration

/// The lines of `cutover history --json`.
package enum HistoryJSON {
    /// The lines of one pair: itself, then its passes, each with the failures and branches that it has here.
    ///
    /// `sinceBoot` is now, in nanoseconds since the machine started.
    package static func lines(
        _ pair: HistoryPair,
        sinceBoot: Int64 = bootNanoseconds()
    ) -> [JSONLine] {
        var line = JSONLine(type: "pair")
        line.add("format", EventJSON.format)
        line.add("source", name: pair.source)
        line.add("destination", name: pair.destination)
        line.add("state_path", pair.path)
        line.add("passes", pair.passCount)
        line.add("source_filesystem", FilesystemName.text(pair.sourceFilesystem))
        line.add("destination_filesystem", FilesystemName.text(pair.destinationFilesystem))
        line.add("outlook", pair.outlook?.json)
        var lines = [line]
        for pass in pair.passes {
            lines.append(self.pass(pass, of: pair, sinceBoot: sinceBoot))
            lines += pass.failures.map { failure($0, of: pass) }
            lines += pass.branches.map { branch($0, of: pass) }
        }
        lines += pair.verifications.map { verification($0, of: pair) }
        return lines + pair.tunings.map { tuning($0, of: pair) }
    }

    private static func pass(
        _ pass: HistoryPass,
        of pair: HistoryPair,
        sinceBoot: Int64
    ) -> JSONLine {
        let record = pass.record
        var line = JSONLine(type: "pass")
        line.add("pass", record.id)
        line.add("source", name: pair.source)
        line.add("destination", name: pair.destination)
        line.add("start", moment(record.startNanoseconds))
        line.add("end", record.endNanoseconds.map(moment))
        line.add("seconds", seconds: pass.duration(sinceBoot: sinceBoot))
        line.add("foreseen_seconds", seconds: record.foreseenNanoseconds)
        line.add("foreseen_low_seconds", seconds: record.foreseenLowNanoseconds)
        line.add("foreseen_high_seconds", seconds: record.foreseenHighNanoseconds)
        line.add("parts", parts(record.times))
        line.add("held_back", record.costsHeldBack != nil)
        line.add("outcome", name(pass.outcome))
        line.add("status", record.status)
        line.add("changes_by", record.method)
        if let (reason, recorded) = pass.walkReason {
            line.add("walk_reason", reason?.word.rawValue ?? recorded)
            line.add("message", reason.map(WalkReasonText.clause) ?? recorded)
        }
        line.add("partial", record.isPartial)
        line.add("complete", record.isComplete)
        line.add("watermark", record.safeUntilNanoseconds.map(moment))
        line.add("workers", record.workers)
        for (counter, _) in PassCounter.recorded {
            line.add(counter.row.key, pass.counts?[counter])
        }
        line.add("options", record.options)
        line.add("arguments", names: RecordedOptions(recorded: record.arguments)?.words)
        line.add("source_type", record.sourceType)
        line.add("destination_type", record.destinationType)
        line.add("source_features", record.sourceFeatures)
        line.add("destination_features", record.destinationFeatures)
        line.add("source_mount_options", record.sourceMountOptions)
        line.add("destination_mount_options", record.destinationMountOptions)
        line.add("host", record.host)
        line.add("boot_id", record.bootIdentifier)
        line.add("version", record.cutoverVersion)
        return line
    }

    /// What its parts took; nil: it is not known.
    private static func parts(_ times: PassTimes) -> JSONLine? {
        guard times.total != nil else { return nil }
        var parts = JSONLine()
        parts.add("open", seconds: times.open)
        parts.add("changes", seconds: times.changes)
        parts.add("work", seconds: times.work)
        parts.add("synchronize", seconds: times.synchronize)
        parts.add("commit", seconds: times.commit)
        return parts
    }

    private static func failure(_ record: FailureRecord, of pass: HistoryPass) -> JSONLine {
        let code = record.errorNumber.map { ErrorCode(rawValue: $0) }
        let text = Failure(record).map { FailureText($0) }
        var line = JSONLine(type: "pass_failure")
        line.add("pass", pass.record.id)
        line.add("path", name: record.path)
        line.add("side", record.side)
        line.add("activity", record.activity)
        line.add("errno", code?.rawValue)
        line.add("errno_name", code?.name)
        // As in `failure`: an empty range has no first byte, else both ends are inclusive.
        let first = record.firstByte ?? 0
        let end = record.endByte ?? 0
        line.add("first_byte", end > first ? first : nil)
        line.add("last_byte", end > first ? end - 1 : nil)
        line.add("detail", record.detail)
        line.add("message", text?.message)
        line.add("advice", text?.advice)
        return line
    }

    private static func branch(_ record: BranchRecord, of pass: HistoryPass) -> JSONLine {
        var line = JSONLine(type: "pass_branch")
        line.add("pass", pass.record.id)
        line.add("name", name: record.name)
        line.add("work_seconds", seconds: record.workNanoseconds)
        line.add("entries", record.entries)
        line.add("bytes", record.bytes)
        return line
    }

    private static func verification(
        _ record: RecordedVerification,
        of pair: HistoryPair
    ) -> JSONLine {
        var line = JSONLine(type: "verification")
        line.add("verification", record.id)
        line.add("source", name: pair.source)
        line.add("destination", name: pair.destination)
        line.add("start", moment(record.startNanoseconds))
        line.add("seconds", seconds: record.durationNanoseconds)
        line.add("status", record.status)
        line.add("status_name", name(verification: record))
        line.add("contents", record.comparesContents)
        line.add("sample_percent", record.samplePercent.map(VerificationText.percent))
        line.add("partial", record.isPartial)
        line.add("filtered", record.isFiltered)
        line.add("left_aside", names: RecordedOptions(recorded: record.leftAside)?.words)
        line.add("complete", record.isComplete)
        line.add("strict", record.isStrict)
        line.add("last_pass", record.lastPass)
        line.add("entries_seen", record.counts.entriesSeen)
        line.add("files_compared", record.counts.filesCompared)
        line.add("bytes_read", record.counts.bytesRead)
        line.add("differences", record.counts.differences)
        line.add("pending", record.counts.pending)
        line.add("changed", record.counts.changed)
        line.add("failures", record.counts.failures)
        line.add("vanished", record.counts.vanished)
        line.add("login_user", record.loginUser)
        line.add("version", record.cutoverVersion)
        return line
    }

    private static func tuning(_ tuned: TunedWorkers, of pair: HistoryPair) -> JSONLine {
        var line = JSONLine(type: "tuning")
        line.add("pass", tuned.pass)
        line.add("source", name: pair.source)
        line.add("destination", name: pair.destination)
        line.add("end", moment(tuned.momentNanoseconds))
        line.add("workers", tuned.workers)
        line.add("top_workers", tuned.topWorkers)
        line.add("limit", tuned.limit)
        line.add("rate_unit", tuned.isOfBytes ? "bytes" : "entries")
        line.add("numbers", TuneText.numbers(tuned.rows))
        return line
    }

    /// The word of how a verification ended.
    static func name(verification record: RecordedVerification) -> String {
        Int32(exactly: record.status).flatMap(ExitStatus.init).map(VerificationText.name)
            ?? "unknown"
    }

    /// RFC 3339, UTC, three decimals.
    static func moment(_ nanoseconds: Int64) -> String {
        let time = CalendarTime(utc: nanoseconds)
        return "\(time.date)T\(time.milliseconds)Z"
    }

    static func name(_ outcome: HistoryPass.Outcome) -> String {
        switch outcome {
        case .running: "running"
        case .unfinished: "unfinished"
        case .unknown: "unknown"
        case .ended(let status): EventJSON.name(status)
        }
    }
}
