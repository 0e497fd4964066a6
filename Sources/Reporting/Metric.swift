// Every figure of `--metrics`: its name, kind and meaning, and the text format of Prometheus.

/// A figure; the order is that of the file.
package enum Metric: String, CaseIterable, Sendable {
    case buildInfo = "build_info"
    case figuresTime = "figures_timestamp_seconds"
    case passRunning = "pass_running"
    case passNumber = "pass_number"
    case passWorkers = "pass_workers"
    case passLastStatus = "pass_last_status"
    case passLastDuration = "pass_last_duration_seconds"
    case passLastStart = "pass_last_start_timestamp_seconds"
    case passLastSuccess = "pass_last_success_timestamp_seconds"
    case passes = "passes_total"
    case filesCopied = "files_copied_total"
    case copiedBytes = "copied_bytes_total"
    case extrasDeleted = "extras_deleted_total"
    case failures = "failures_total"
    case walks = "walks_total"
    case failuresOpen = "failures_open"
    case entriesPending = "entries_pending"
    case pendingBytes = "pending_bytes"
    case sourceEntries = "source_entries"
    case sourceBytes = "source_bytes"
    case destinationAvailable = "destination_available_bytes"
    case destinationFreeInodes = "destination_free_inodes"
    case switchSeconds = "switch_seconds"
    case switchLow = "switch_low_seconds"
    case switchHigh = "switch_high_seconds"
    case switchTime = "switch_timestamp_seconds"
    case ready
    case heldBack = "held_back_seconds_total"
    case sourceRead = "source_read_seconds"
    case verifyLastStatus = "verify_last_status"
    case verifyLastTime = "verify_last_timestamp_seconds"
    case verifyLastDifferences = "verify_last_differences"

    /// What a verification finds.
    static let ofVerifications: [Metric] = [
        .verifyLastStatus, .verifyLastTime, .verifyLastDifferences,
    ]

    package var name: String { "cutover_\(rawValue)" }
    var kind: String { rawValue.hasSuffix("_total") ? "counter" : "gauge" }

    /// The label of its own, where it has parts.
    var label: String? {
        switch self {
        case .buildInfo: "version"
        case .passes: "outcome"
        case .walks: "reason"
        default: nil
        }
    }

    var help: String {
        switch self {
        case .buildInfo: "The version that wrote these figures; always 1."
        case .figuresTime: "When these figures were written."
        case .passRunning: "Whether a pass runs now."
        case .passNumber: "Number of the newest pass in the record."
        case .passWorkers: "Workers of the running pass; 0 while none runs."
        case .passLastStatus: "Exit status of the last pass, or of what refused it."
        case .passLastDuration: "How long the last pass took."
        case .passLastStart: "When the last pass began."
        case .passLastSuccess: "End of the last pass of all of SOURCE with status 0 or 24."
        case .passes: "Recorded passes by exit status; killed had no end."
        case .filesCopied: "Files that recorded passes copied."
        case .copiedBytes: "Bytes that recorded passes copied."
        case .extrasDeleted: "Entries that recorded passes deleted at DESTINATION."
        case .failures: "Failures of recorded passes."
        case .walks: "Recorded passes that walked, by reason."
        case .failuresOpen: "Failures of the last whole pass."
        case .entriesPending: "Entries to change, as it was looked at for the switch."
        case .pendingBytes: "Bytes to copy, as it was looked at for the switch."
        case .sourceEntries: "Inodes in use on SOURCE when the last pass began."
        case .sourceBytes: "Bytes in use on SOURCE when the last pass began."
        case .destinationAvailable: "Bytes available on DESTINATION."
        case .destinationFreeInodes: "Free inodes on DESTINATION."
        case .switchSeconds: "How long the switch would have taken when that was looked at."
        case .switchLow: "Least that the switch takes in most cases."
        case .switchHigh: "Most that the switch takes in most cases."
        case .switchTime: "When it was looked at how long the switch would take."
        case .ready:
            "Whether that was less than --ready-below and nothing failed; absent without a loop."
        case .heldBack: "Time for which passes of a loop gave way to others."
        case .sourceRead:
            "Time of single reads of SOURCE, 90th percentile of ten seconds of a pass."
        case .verifyLastStatus: "Exit status of the last verification."
        case .verifyLastTime: "End of the last verification."
        case .verifyLastDifferences:
            "Differences that a verification found, and none after it found gone."
        }
    }

    /// A label's value in quotes.
    ///
    /// A file with bytes that are not UTF-8 is refused whole by its readers: such a name is shown as elsewhere.
    static func quoted(_ bytes: [UInt8]) -> String {
        let isUTF8 = String(validating: bytes, as: UTF8.self) != nil
        let shown = isUTF8 ? bytes : ShownName(isForTerminal: true, isUTF8: true).escaped(bytes)
        var text = "\""
        for scalar in String(decoding: shown, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

/// What is known at a moment.
package struct MetricValues: Sendable {
    /// By labels of the figure's own, as they are written: `outcome="0"`; mostly there are none.
    private var values: [Metric: [String: String]] = [:]
    package var source: [UInt8] = []
    /// Of a run of a plan: its shard, or `closing`.
    package var part: String?
    package var destination: [UInt8] = []

    package init() {}

    /// Sets a figure; nil: it is not known (any more).
    package mutating func set<Number: BinaryInteger>(_ metric: Metric, _ value: Number?) {
        values[metric] = value.map { ["": "\($0)"] }
    }

    /// The same of seconds.
    package mutating func set(_ metric: Metric, seconds: Double?) {
        values[metric] = seconds.map { ["": "\($0)"] }
    }

    /// Sets all parts of a figure, each by the value of its label.
    package mutating func set(_ metric: Metric, parts: [String: UInt64]) {
        var found: [String: String] = [:]
        for (part, value) in parts {
            found["\(metric.label ?? "part")=\(Metric.quoted(Array(part.utf8)))"] = "\(value)"
        }
        values[metric] = found
    }

    private var places: String {
        "source=\(Metric.quoted(source)),destination=\(Metric.quoted(destination))"
            + (part.map { ",shard=\(Metric.quoted(Array($0.utf8)))" } ?? "")
    }

    /// Takes what a text says of the same two places.
    ///
    /// Whoever else can write there must not make the whole file unreadable: what is not well formed is left out.
    package mutating func take(from text: [UInt8]) {
        let end = places + "}"
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            guard let blank = line.lastIndex(of: " "), let brace = line.firstIndex(of: "{"),
                brace < blank, line.hasPrefix("cutover_"), line[..<blank].hasSuffix(end),
                let metric = Metric(rawValue: String(line[..<brace].dropFirst(8))),
                let number = Double(line[line.index(after: blank)...]), number.isFinite
            else { continue }
            let labels = line[line.index(after: brace)..<blank].dropLast(end.count)
            guard let label = Self.label(labels, of: metric) else { continue }
            values[metric, default: [:]][label] = String(line[line.index(after: blank)...])
        }
    }

    /// The label of its own that stands before those of the places; nil: it is not what this figure has.
    private static func label(_ text: Substring, of metric: Metric) -> String? {
        guard let label = metric.label else { return text.isEmpty ? "" : nil }
        guard text.hasPrefix(label + "=\""), text.hasSuffix("\",") else { return nil }
        let value = text.dropFirst(label.count + 2).dropLast(2)
        let isPlain = value.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0))
        }
        return isPlain ? String(text.dropLast()) : nil
    }

    /// Takes what is known of verifications from others, where they know of a later one.
    mutating func takeLaterVerification(of others: MetricValues) {
        guard let time = others.number(.verifyLastTime),
            time > number(.verifyLastTime) ?? 0
        else { return }
        for metric in Metric.ofVerifications { values[metric] = others.values[metric] }
    }

    /// What a figure without labels of its own says.
    func number(_ metric: Metric) -> Double? { values[metric]?[""].flatMap { Double($0) } }

    /// The file.
    package var text: [UInt8] {
        let places = self.places
        var text = ""
        for metric in Metric.allCases {
            guard let parts = values[metric], !parts.isEmpty else { continue }
            text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind)\n"
            for (label, value) in parts.sorted(by: { $0.key < $1.key }) {
                let labels = label.isEmpty ? places : "\(label),\(places)"
                text += "\(metric.name){\(labels)} \(value)\n"
            }
        }
        return Array(text.utf8)
    }
}
