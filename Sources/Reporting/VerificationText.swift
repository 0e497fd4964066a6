// A verification for people: its first line, its notices, and the summary that ends it. Pure: what is known in, lines
// out, within 80 columns but for paths.

import LinuxIO
package import Migration

/// The words of a verification.
package enum VerificationText {
    /// The line that begins it.
    static func first(_ start: VerificationStart, _ shown: ShownName) -> String {
        let destination = "\(shown.path(start.destinationPath)) (\(start.destinationType))"
        var line = "cutover: comparing "
        if let source = start.source {
            line += "\(shown.path(source.path)) (\(source.type)) with \(destination)"
        } else {
            line += "\(destination) with the manifest"
        }
        line += ", " + Quantity.count(UInt64(max(start.workers, 0)), "worker", "workers")
        if !start.comparesContents { line += ", attributes only" }
        return line
    }

    /// The second, of a sample: what repeats it.
    static func sample(_ sample: FileSample) -> String {
        "cutover: contents of \(percent(sample)) % of the files; the same ones again: --seed \(sample.seed)"
    }

    /// The second, where something is left out.
    static func filter(_ filter: FilterUse) -> String {
        let rules = Quantity.count(UInt64(max(filter.rules, 0)), "rule", "rules")
        guard let pass = filter.pass else { return "cutover: leaving out by \(rules)" }
        return "cutover: leaving out what pass \(pass) left out, by \(rules)"
    }

    /// Without needless decimals.
    static func percent(_ sample: FileSample) -> String {
        percent(String(sample.percent))
    }

    /// The same of a percentage that is recorded.
    static func percent(_ text: String) -> String {
        text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// The stable word of the exit status.
    static func name(_ status: ExitStatus) -> String {
        switch status {
        case .done: "equal"
        case .someVanished: "some_changed"
        default: EventJSON.name(status)
        }
    }
}

/// The summary that ends a verification.
package struct VerificationSummaryText: Sendable {
    private let summary: VerificationSummary
    private let status: ExitStatus
    private let asides: PassAsides
    private let shown: ShownName
    private let failuresFile: String?
    private let manifestName: String?
    private let now: UInt64

    /// `status`: the one that the command exits with.
    package init(  // One for each field.
        _ summary: VerificationSummary,
        status: ExitStatus,
        asides: PassAsides,
        shown: ShownName,
        failuresFile: String? = nil,
        manifestName: String? = nil,
        now: UInt64 = WallClock.nanoseconds
    ) {
        self.summary = summary
        self.status = status
        self.asides = asides
        self.shown = shown
        self.failuresFile = failuresFile
        self.manifestName = manifestName
        self.now = now
    }

    /// All of it, without newlines.
    package var lines: [String] {
        var lines = SummaryText.wrap("cutover: " + headline, indent: 2)
        lines += rows.map { "  " + $0 }
        if let plan = summary.plan {
            lines += PlannedText.lines(plan).flatMap { SummaryText.wrap("  " + $0, indent: 4) }
        }
        lines += WaitingText.lines(summary.waiting, shown)
        lines += MountText.lists(asides.mounts, isPass: false, shown)
        lines += SummaryText.failures(
            summary.firstFailures,
            of: summary.counters.failures.value(),
            file: failuresFile,
            run: .verification,
            shown
        )
        return lines + advice
    }

    /// What `--quiet` leaves of it: one line unless both sides are equal in all.
    package var quietLines: [String] {
        status == .done && summary.aside.isEmpty ? [] : ["cutover: " + headline]
    }

    private var headline: String {
        let counters = summary.counters
        let time = Quantity.duration(summary.durationNanoseconds)
        switch status {
        case .interrupted: return "interrupted after \(time); the rest was not compared"
        case .timeLimit:
            let found = counters.differences.value()
            let differences = Quantity.count(found, "difference", "differences")
            return "stopped at the time limit after \(time)"
                + (found > 0 ? ", with \(differences)" : "") + "; the rest was not compared"
        case .done:
            return "equal\(scope), in \(time)\(aside)"
        case .different:
            return "different: "
                + Quantity.count(counters.differences.value(), "difference", "differences")
                + ", in \(time)"
        case .someVanished where counters.pending.value() > 0:
            let entries = Quantity.count(counters.pending.value(), "entry", "entries")
            let others = counters.changed.value() > 0 || counters.vanished.value() > 0
            return "equal\(scope) but for \(entries) that users changed since \(lastPass)"
                + (others ? ", and some that changed meanwhile" : "") + aside
        case .someVanished:
            return "nothing wrong was found in \(time), but some entries changed meanwhile"
        default:
            let failures = counters.failures.value()
            let reason =
                failures > 0
                ? Quantity.count(failures, "failure", "failures")
                : summary.keepsEarlierManifest
                    ? "no file was compared for the manifest"
                    : PlannedText.isIncomplete(summary.plan)
                        ? "shards are missing" : "a report could not be written"
            let found = counters.differences.value()
            let rest = found > 0 ? ", " + Quantity.count(found, "difference", "differences") : ""
            return "not all could be compared: \(reason)\(rest), in \(time)"
        }
    }

    /// The pass since which users changed something: "pass 41 (12:07 ago)".
    private var lastPass: String {
        guard let pass = summary.lastPass else { return "the last pass" }
        let age = Int64(clamping: now) - pass.endNanoseconds
        return "pass \(pass.id) (\(Quantity.duration(UInt64(max(age, 0)))) ago)"
    }

    private var aside: String { LeftAsideText.clause(summary.aside, shown) }

    /// What "equal" is of, where that is not all.
    private var scope: String {
        guard summary.comparesContents else { return " in attributes (contents were not read)" }
        guard let sample = summary.sample else { return "" }
        return
            " in all attributes and in contents of \(VerificationText.percent(sample)) % of the files"
    }

    private var rows: [String] {
        let counters = summary.counters
        let time = summary.durationNanoseconds
        let hasRates = !PlannedText.countsAll(summary.plan)
        var rows = SummaryText.rows(counters, isPlanned: false) { counter, row in
            var row = row
            switch counter {
            case .entriesSeen:
                if summary.isByManifest { row.label = "files listed" }
                if hasRates {
                    row.note = "\(Quantity.count(Quantity.perSecond(row.count, in: time)))/s"
                }
            case .filesCompared:
                guard summary.comparesContents else { return nil }
                let bytes = counters.bytesRead.value()
                row.note = "\(Quantity.size(bytes)) read"
                if hasRates {
                    row.note? += ", \(Quantity.size(Quantity.perSecond(bytes, in: time)))/s"
                }
            default: break
            }
            return row
        }
        if case .success(let files) = summary.manifest {
            rows.append(("files in manifest", files, manifestName))
        }
        return SummaryText.table(rows + SummaryText.busyRow(summary.workersBusyMax))
    }

    /// Nothing changed while it was compared.
    private var hasOnlyPending: Bool {
        let counters = summary.counters
        return counters.pending.value() > 0 && counters.changed.value() == 0
            && counters.vanished.value() == 0
    }

    /// What to do next.
    private var advice: [String] {
        var lines: [String] = []
        if case .failure(let error) = summary.manifest {
            let name = manifestName ?? "the manifest"
            lines += SummaryText.wrap(
                "\(name): cannot write it: \(error.code.sentence) (\(error.code.name)). "
                    + "No manifest was made.",
                indent: 0
            )
        }
        if summary.keepsEarlierManifest {
            lines += SummaryText.wrap(
                "\(manifestName ?? "The manifest") stays as it was: no file was compared, and an empty manifest "
                    + "would have replaced it. Are both volumes mounted?",
                indent: 0
            )
        }
        switch status {
        case .different where summary.isByManifest:
            lines += SummaryText.wrap(
                "Compare with SOURCE if it is still there; do not use these files before.",
                indent: 0
            )
        case .different
        where summary.counters.settingsDifferences.value() == summary.counters.differences.value():
            lines += SummaryText.wrap(
                "Only inode flags or project ids differ (lsattr -p). A pass sets those that DESTINATION can hold; "
                    + "where its summary said that they are not kept, another pass changes nothing. Nothing needs "
                    + "to be done unless you rely on them.",
                indent: 0
            )
        case .different
        where summary.counters.quotaDifferences.value() == summary.counters.differences.value():
            lines += SummaryText.wrap(
                "Only quotas differ. 'cutover sync --delete' carries limits and grace times of what DESTINATION "
                    + "accounts; for the rest and for wrong accounts do what the lines say, or what 'cutover check' "
                    + "advises. Then verify again; --quotas off leaves quotas out.",
                indent: 0
            )
        case .different:
            lines += SummaryText.wrap(
                "'cutover sync --delete' puts names and attributes right, but not what "
                    + "passes leave out (--exclude, --no-perms and the like). A pass trusts size and time of "
                    + "modification: where contents differ it needs --checksum. See dmesg and smartctl when "
                    + "nobody but cutover wrote to DESTINATION. Then verify again.",
                indent: 0
            )
        case .someVanished where hasOnlyPending: break
        case .someVanished where summary.plan != nil:
            lines += SummaryText.wrap(
                "What changed meanwhile could not be judged: run a pass, and compare again. What the plan has and "
                    + "SOURCE has no more is told again each time: make a plan anew.",
                indent: 0
            )
        case .someVanished:
            lines += SummaryText.wrap(
                "Entries that changed meanwhile could not be judged: run a pass and verify again, best when "
                    + "nothing writes to SOURCE any more.",
                indent: 0
            )
        default: break
        }
        return lines
    }
}
