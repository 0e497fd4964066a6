// A plan that was made, for people and as JSON, and why one cannot be kept or used.

import LinuxIO
package import Migration

/// What `cutover plan` tells.
package struct PlanText: Sendable {
    private let made: MadePlan
    private let folder: [UInt8]
    private let shown: ShownName

    /// Above this the largest shard is worth a word.
    private static let unevenFrom = 1.2

    /// `folder`: where the plan lies, as it was named.
    package init(_ made: MadePlan, folder: [UInt8], shown: ShownName) {
        self.made = made
        self.folder = folder
        self.shown = shown
    }

    // MARK: For people

    /// All lines, without newlines.
    package var lines: [String] {
        let plan = made.plan
        let cut = made.cut
        let mean = PlanWeight(
            entries: cut.whole.entries / UInt64(plan.shards),
            bytes: cut.whole.bytes / UInt64(plan.shards)
        )
        let opened = Quantity.count(UInt64(cut.opened), "directory", "directories")
        return [
            "\(shown.path(folder)): \(Quantity.count(UInt64(plan.shards), "shard", "shards")), "
                + "plan \(plan.identifier)",
            "",
            row("SOURCE", Self.weight(cut.whole)),
            row("a shard", Self.weight(mean) + " on average"),
            row(
                "the largest",
                "\(Self.times(cut.balance.entries)) as many entries, "
                    + "\(Self.times(cut.balance.bytes)) as many bytes"
            ),
            row(
                "closing",
                "\(opened) above the cuts, "
                    + "\(Self.percent(cut.spineShare)) of the work"
            ),
        ] + remarks
    }

    private var remarks: [String] {
        var lines: [String] = []
        let cut = made.cut
        if cut.idle > 0 {
            let shards = Quantity.count(UInt64(cut.idle), "shard has", "shards have")
            lines.append(
                "\(shards) nothing to do: there are too few entries, or they are too large."
            )
        } else if max(cut.balance.entries, cut.balance.bytes) > Self.unevenFrom {
            lines.append(
                "The shards are uneven: the largest piece that cannot be cut is "
                    + "\(Self.times(cut.largestShare * Double(made.plan.shards))) of a shard's part."
            )
        }
        if let recorded = made.recorded {
            let branches = Quantity.count(UInt64(recorded.branches), "branch", "branches")
            lines.append(
                "What \(branches) hold was taken from pass \(recorded.pass), which walked."
            )
        }
        if made.unread.count > 0 {
            let entries = Quantity.count(made.unread.count, "entry", "entries")
            let example = made.unread.example.map { ": \(shown.path($0))" } ?? ""
            let why = made.unread.error.map { " (\($0.code.sentence))" } ?? ""
            lines.append(
                "\(entries) could not be read and \(made.unread.count == 1 ? "weighs" : "weigh") nothing here\(example)\(why)."
            )
        }
        return lines.isEmpty ? [] : [""] + lines
    }

    private func row(_ what: String, _ text: String) -> String {
        what + String(repeating: " ", count: 13 - what.count) + text
    }

    private static func weight(_ weight: PlanWeight) -> String {
        Quantity.count(weight.entries, "entry", "entries") + ", " + Quantity.size(weight.bytes)
    }

    private static func times(_ factor: Double) -> String { "\(hundredths(factor)) times" }

    private static func percent(_ part: Double) -> String { "\(hundredths(part * 100)) %" }

    private static func hundredths(_ number: Double) -> String {
        let rounded = UInt64((max(number, 0) * 100).rounded())
        let rest = rounded % 100
        return "\(rounded / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    // MARK: JSON

    /// The line `plan`.
    package func line(time: UInt64) -> JSONLine {
        let plan = made.plan
        let cut = made.cut
        var line = JSONLine(type: "plan")
        line.add("time", seconds: time)
        line.add("format", EventJSON.format)
        line.add("source", name: plan.source.path)
        line.add("destination", name: plan.destination.path)
        line.add("folder", name: folder)
        line.add("id", plan.identifier)
        line.add("shards", plan.shards)
        line.add("entries", cut.whole.entries)
        line.add("bytes", cut.whole.bytes)
        line.add("balance_entries", decimal: cut.balance.entries)
        line.add("balance_bytes", decimal: cut.balance.bytes)
        line.add("idle_shards", cut.idle)
        line.add("opened_directories", cut.opened)
        line.add("parts", cut.parts)
        line.add("closing_entries", cut.spine.entries)
        line.add("closing_bytes", cut.spine.bytes)
        line.add("unread", made.unread.count)
        if let example = made.unread.example { line.add("unread_path", name: example) }
        line.add("unread_errno_name", made.unread.error?.code.name)
        line.add("recorded_pass", made.recorded?.pass)
        line.add("recorded_branches", made.recorded?.branches)
        return line
    }

    // MARK: Refusals

    /// Why a plan cannot be kept or used, and what to do.
    package static func sentence(_ problem: PlanProblem) -> String {
        switch problem {
        case .onVolume(.source):
            "a plan does not lie on SOURCE, which is never written to; name a folder elsewhere that all hosts see"
        case .onVolume(.destination):
            "a plan on DESTINATION would be an extra there; name a folder elsewhere that all hosts see"
        case .exists: "there is a plan already; name another folder, or remove this one"
        case .notEmpty: "it is no empty folder; name one that is not there yet"
        case .unwritable(let error): "the plan cannot be written: \(error.code.sentence)"
        case .missing: "there is no plan: it has no plan.json"
        case .unreadable(let error): "plan.json cannot be read: \(error.code.sentence)"
        case .foreign: "plan.json is no plan of cutover"
        case .otherVersion(let version):
            "plan.json is of format \(version), of another version of cutover; make it anew"
        case .damaged: "plan.json is cut off, or was changed; make the plan anew"
        }
    }
}
