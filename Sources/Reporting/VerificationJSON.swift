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
        status: PassStatus,
        time: UInt64
    ) -> JSONLine {
        var line = EventJSON.begin("summary", time)
        line.add("status", status.rawValue)
        line.add("status_name", VerificationText.name(status))
        line.add("by_manifest", summary.isByManifest)
        line.add("contents", summary.comparesContents)
        add(summary.sample, to: &line)
        line.add("seconds", seconds: summary.durationNanoseconds)
        EventJSON.add(summary.counters, to: &line)
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
        line.add("what", name(found.aspect))
        add(found.aspect, to: &line)
        line.add("message", DifferenceText(found).message)
        return line
    }

    /// A stable word for what differs.
    static func name(_ aspect: FoundDifference.Aspect) -> String {
        switch aspect {
        case .missing: "missing"
        case .extra: "extra"
        case .type: "type"
        case .size: "size"
        case .contents: "contents"
        case .unsteady: "unsteady"
        case .target: "target"
        case .device: "device"
        case .owner: "owner"
        case .group: "group"
        case .mode: "mode"
        case .modified: "modified"
        case .flags: "flags"
        case .project: "project"
        case .attribute: "attribute"
        case .accessControl(let kind, _, _): kind == .access ? "acl" : "default_acl"
        case .links: "hard_links"
        case .digest: "digest"
        }
    }

    /// Both values, as plain as they are: numbers as numbers, moments as seconds with nine decimals.
    private static func add(_ aspect: FoundDifference.Aspect, to line: inout JSONLine) {
        switch aspect {
        case .missing, .extra, .unsteady: break
        case .type(let left, let right):
            add(EventJSON.name(left), EventJSON.name(right), to: &line)
        case .size(let left, let right): add(left, right, to: &line)
        case .contents(let found):
            line.add("first_byte", found.firstByte)
            line.add("blocks_differing", found.blocksDiffering)
            line.add("blocks", found.blocks)
            line.add("block_bytes", found.blockBytes)
        case .target(let left, let right):
            line.add("source", name: left)
            line.add("destination", name: right)
        case .device(let left, let right):
            add("\(left.major):\(left.minor)", "\(right.major):\(right.minor)", to: &line)
        case .owner(let left, let right), .group(let left, let right),
            .project(let left, let right):
            add(left, right, to: &line)
        case .mode(let left, let right):
            add(DifferenceText.octal(left), DifferenceText.octal(right), to: &line)
        case .modified(let left, let right): add(exact(left), exact(right), to: &line)
        case .flags(let left, let right):
            add(DifferenceText.letters(left), DifferenceText.letters(right), to: &line)
        case .attribute(let name, let left, let right):
            line.add("attribute", name: name)
            add(left.map(hexadecimal), right.map(hexadecimal), to: &line)
            line.add("source_length", left?.count)
            line.add("destination_length", right?.count)
        case .accessControl(_, let left, let right): add(left, right, to: &line)
        case .links(let left, let right):
            add(left.inode, right.inode, to: &line)
            line.add("source_names", left.names)
            line.add("destination_names", right.names)
        case .digest(let left, let right):
            add(DifferenceText.hexadecimal(left), DifferenceText.hexadecimal(right), to: &line)
        }
    }

    private static func add(_ left: String?, _ right: String?, to line: inout JSONLine) {
        line.add("source", left)
        line.add("destination", right)
    }

    private static func add(
        _ left: some BinaryInteger,
        _ right: some BinaryInteger,
        to line: inout JSONLine
    ) {
        line.add("source", left)
        line.add("destination", right)
    }

    /// Bytes of an attribute's value that are written: no line grows without limit.
    static let valueBytesMax = 4096

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        DifferenceText.hexadecimal(Array(bytes.prefix(valueBytesMax)))
    }

    /// Seconds since 1970 with nine decimals, as text: a double holds no nanoseconds.
    private static func exact(_ time: Timestamp) -> String {
        // Nanoseconds count up from the second below, also before 1970.
        let isBefore = time.seconds < 0 && time.nanoseconds > 0
        let seconds = isBefore ? time.seconds + 1 : time.seconds
        let fraction = String(isBefore ? 1_000_000_000 - time.nanoseconds : time.nanoseconds)
        let sign = isBefore && seconds == 0 ? "-" : ""
        return "\(sign)\(seconds)." + String(repeating: "0", count: 9 - fraction.count) + fraction
    }
}
