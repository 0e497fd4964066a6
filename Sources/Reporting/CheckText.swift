// The outcome of a check as a table for people: verdict, question, what was found, what to do next, the entries
// concerned, what is fatal first and what is well in one line; then, if one of them asks for it, the mkfs.ext4 line
// with its reasons; and a last line that says it all.
//
// Lines keep within 80 columns, but for names.

import LinuxIO
package import Migration

/// The table of one check.
package struct CheckText: Sendable {
    private let outcome: CheckOutcome
    private let shown: ShownName
    private let isVerbose: Bool

    static let width = 80
    /// Entries that are named in the table; all that were kept are in the JSON.
    static let entriesShown = 5
    private static let verdictWidth = 9
    private static let nameWidth = 13
    private static let indent = verdictWidth + nameWidth

    /// `isVerbose`: what is well is listed, too.
    package init(_ outcome: CheckOutcome, shown: ShownName, isVerbose: Bool = false) {
        self.outcome = outcome
        self.shown = shown
        self.isVerbose = isVerbose
    }

    /// All of it, without newlines.
    package var lines: [String] {
        let facts = outcome.facts
        let source = "\(shown.path(facts.source.path)) (\(facts.source.typeName))"
        let destination = "\(shown.path(facts.destination.path)) (\(facts.destination.typeName))"
        var lines = ["\(source) to \(destination)", ""]
        for severity in [Finding.Severity.fatal, .warning] {
            for finding in outcome.findings where finding.severity == severity {
                lines += row(finding)
            }
        }
        lines += well
        if let timing = outcome.timing {
            lines.append("")
            for sentence in CopyTimingText(timing).sentences {
                lines += Self.wrap(sentence, lead: "", indent: 2)
            }
        }
        if !outcome.asksForMake { return lines + [""] + Self.wrap(ending, lead: "", indent: 0) }
        return lines + [""] + advice + [""] + Self.wrap(ending, lead: "", indent: 0)
    }

    /// What is well, in one line or, with `-v`, each.
    private var well: [String] {
        let findings = outcome.findings.filter { $0.severity == .ok }
        if isVerbose { return findings.flatMap(row) }
        guard !findings.isEmpty else { return [] }
        let count = Quantity.count(UInt64(findings.count), "check", "checks")
        let text = "\(count) passed (-v lists them)"
        return [TextLayout.padded(Finding.Severity.ok.rawValue, to: Self.verdictWidth) + text]
    }

    // MARK: Rows

    private func row(_ finding: Finding) -> [String] {
        let text = FindingText(finding)
        let lead =
            TextLayout.padded(finding.severity.rawValue, to: Self.verdictWidth)
            + TextLayout.padded(finding.matter.name, to: Self.nameWidth)
        var lines = Self.wrap(shown.message(text.message), lead: lead, indent: Self.indent)
        for entry in finding.notable.entries.prefix(Self.entriesShown) {
            let blanks = String(repeating: " ", count: Self.indent + 2)
            let name = entry.path.map(shown.path) ?? "inode \(entry.inode)"
            let value = CheckValue(entry.value, of: finding.matter).text
            lines.append(blanks + name + (value.map { "  \($0)" } ?? ""))
        }
        let rest = finding.notable.total - min(UInt64(Self.entriesShown), finding.notable.total)
        if rest > 0 {
            let blanks = String(repeating: " ", count: Self.indent + 2)
            let named = UInt64(finding.notable.entries.count)
            let which = named < finding.notable.total ? Quantity.count(named) + " in all" : "them"
            lines.append(blanks + "and \(Quantity.count(rest)) more (--json names \(which))")
        }
        if let advice = text.advice {
            let blanks = String(repeating: " ", count: Self.indent)
            lines += Self.wrap(shown.message(advice), lead: blanks + "-> ", indent: Self.indent + 3)
        }
        return lines
    }

    // MARK: mkfs

    private var advice: [String] {
        var lines = ["A DESTINATION made for this SOURCE:", "  \(outcome.advice.command)"]
        for option in outcome.advice.options {
            let text = MakeOptionText(option)
            let lead = "    " + TextLayout.padded(text.option, to: 15)
            lines += Self.wrap(text.reason, lead: lead, indent: 19)
        }
        return lines
    }

    private var ending: String {
        let fatal = outcome.count(.fatal)
        let warnings = Quantity.count(UInt64(outcome.count(.warning)), "warning", "warnings")
        if fatal > 0 {
            return
                "\(Quantity.count(UInt64(fatal), "fatal finding", "fatal findings")), \(warnings): a pass cannot end complete."
        }
        return outcome.count(.warning) > 0
            ? "Nothing fatal, \(warnings) to read before the switch: a pass can begin."
            : "All is well: a pass can begin."
    }

    private static func wrap(_ text: String, lead: String, indent: Int) -> [String] {
        TextLayout.wrapped(
            text.split(separator: " ").map(String.init),
            lead: lead,
            indent: indent,
            width: width
        )
    }
}

/// What makes one entry stand out, for people.
struct CheckValue {
    private let value: Int64
    private let matter: Finding.Matter

    init(_ value: Int64, of matter: Finding.Matter) {
        self.value = value
        self.matter = matter
    }

    var text: String? {
        switch matter {
        case .links: "\(Quantity.count(UInt64(clamping: value))) names"
        case .fileSize, .directories, .attributeSizes: Quantity.size(UInt64(clamping: value))
        case .times: "year \(FindingText.year(value))"
        case .projects: "project \(value)"
        case .extents: extents
        default: nil
        }
    }

    private var extents: String {
        let names: [(Census.XFSOnly, String)] = [
            (.realtime, "real-time"), (.directAccess, "DAX"), (.extentSize, "extent size"),
        ]
        let only = Census.XFSOnly(rawValue: value)
        return names.filter { only.contains($0.0) }.map(\.1).joined(separator: ", ")
    }
}

/// One option of mkfs.ext4 with its reason.
struct MakeOptionText {
    let option: String
    let reason: String

    init(_ option: MakeOption) {
        switch option {
        case .blockSize(let bytes):
            self.option = "-b \(bytes)"
            reason = "smaller blocks make for smaller files, directories and attributes"
        case .inodeSize(let bytes):
            self.option = "-I \(bytes)"
            reason = "nanoseconds, and years to 2446; with 128 whole seconds to 2038"
        case .inodes(let count, let used, let usual):
            self.option = "-N \(count)"
            reason =
                "SOURCE uses \(Quantity.count(used)), and grows; mkfs makes some "
                + "\(Quantity.count(usual)) of itself"
        case .largeDirectories(let count):
            self.option = "large_dir"
            reason =
                count.map {
                    "\(Quantity.count($0, "directory", "directories")) may have too many entries without"
                } ?? "a directory of more than some 10 million entries needs it; not looked at"
        case .largeAttributes(let count):
            self.option = "ea_inode"
            reason =
                count.map {
                    "attributes of \(Quantity.count($0, "entry", "entries")) do not fit in about 4 KiB"
                } ?? "attributes of one file beyond about 4 KiB need it; not measured"
        case .projects(let count):
            self.option = "project,quota"
            reason =
                "\(Quantity.count(count, "entry has", "entries have")) a project id; the kernel needs quota support"
        case .quotas(let kinds):
            self.option = kinds.contains(.project) ? "quota,project" : "quota"
            reason =
                "SOURCE accounts \(kinds.map { $0.rawValue + "s" }.joined(separator: ", ")); the kernel needs quota support"
        case .reserved(let percent, let bytes):
            self.option = "-m \(percent)"
            reason = "mkfs keeps 5% for root; of this volume 1% are \(Quantity.size(bytes))"
        }
    }
}
