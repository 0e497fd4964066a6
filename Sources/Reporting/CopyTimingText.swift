// How long a first copy takes at least, for people and as a line of JSON.

import LinuxIO
import Migration

/// The words of what `check --time` measured, and what it did not.
struct CopyTimingText {
    private let timing: CopyTiming

    init(_ timing: CopyTiming) { self.timing = timing }

    /// Paragraphs, not wrapped yet.
    var sentences: [String] {
        [verdict] + untimed + [Self.limits]
    }

    private var verdict: String {
        var parts: [String] = []
        if let seconds = timing.readSeconds, let work = try? timing.reading.get() {
            let test = "\(Quantity.size(work.amount)) in \(Quantity.span(took(work)))"
            parts.append(
                "\(Quantity.span(seconds)) at the speed of SOURCE's disk (read test: \(test))"
            )
        }
        if let seconds = timing.makeSeconds, let work = try? timing.making.get() {
            let test = "\(Quantity.count(work.amount)) in \(Quantity.span(took(work)))"
            let files = Quantity.count(timing.inodes, "file", "files")
            parts.append(
                "\(Quantity.span(seconds)) for \(files) made on DESTINATION (test: \(test))"
            )
        }
        if parts.isEmpty { return "How long a first copy takes was not measured." }
        let workers = Quantity.count(UInt64(timing.workers), "worker", "workers")
        return "A first copy takes at least " + parts.joined(separator: ", ") + ", with \(workers)."
    }

    private func took(_ work: CopyTiming.Work) -> Double { Double(work.nanoseconds) / 1e9 }

    private var untimed: [String] {
        var lines: [String] = []
        if case .failure(let why) = timing.reading {
            lines.append("Reading SOURCE was not timed: \(Self.reason(why)).")
        }
        if case .failure(let why) = timing.making, why != .holdsCopy {
            lines.append("Making files was not timed: \(Self.reason(why)).")
        }
        return lines
    }

    private static let limits =
        "Not measured: how fast DESTINATION takes contents, and what users do meanwhile."

    private static func reason(_ why: Untimed) -> String {
        switch why {
        case .holdsCopy:
            "a whole pass is recorded, and 'cutover history' tells how long passes take"
        case .notListed: "only a whole XFS lists its files, and only to root"
        case .tooSmall(let bytes):
            "it holds only \(Quantity.size(bytes)), which says nothing of a disk"
        case .noDirectReads: "its filesystem has no reads that pass the page cache by"
        case .readOnly: "DESTINATION takes no write"
        case .busy: "a pass writes to DESTINATION"
        case .noRoom: "DESTINATION has too little room for it"
        case .failed(let error): "\(error.operation.rawValue): \(error.code.sentence)"
        }
    }

    /// The line of JSON; `time` is in nanoseconds since 1970.
    func line(time: UInt64) -> JSONLine {
        var line = EventJSON.begin("copy_time", time)
        line.add("at_least_seconds", decimal: timing.leastSeconds)
        line.add("workers", timing.workers)
        Self.add(timing.reading, "read", amount: "read_bytes", to: &line)
        line.add("copy_read_seconds", decimal: timing.readSeconds)
        Self.add(timing.making, "make", amount: "made_files", to: &line)
        line.add("copy_make_seconds", decimal: timing.makeSeconds)
        return line
    }

    private static func add(
        _ result: Result<CopyTiming.Work, Untimed>,
        _ what: String,
        amount: String,
        to line: inout JSONLine
    ) {
        let work = try? result.get()
        line.add(amount, work?.amount)
        line.add("\(what)_seconds", seconds: work?.nanoseconds)
        var why: String?
        if case .failure(let reason) = result { why = reason.word }
        line.add("\(what)_untimed", why)
    }
}
