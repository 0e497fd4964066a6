// The last pass (`--final`) for people: what it was asked for, and the verdict with what is to be done next.

import LinuxIO
package import Migration

/// The lines that end the last pass.
package struct FinalText: Sendable {
    private let outcome: FinalOutcome
    private let status: ExitStatus
    private let advice: SwitchAdvice?
    private let shown: ShownName

    /// `status`: of all, as it is told.
    package init(
        _ outcome: FinalOutcome,
        _ status: ExitStatus,
        _ advice: SwitchAdvice?,
        shown: ShownName
    ) {
        self.outcome = outcome
        self.status = status
        self.advice = advice
        self.shown = shown
    }

    // MARK: Beginning

    /// Whose options these are: `options of pass 812: --delete`.
    package static func origin(
        _ origin: FinalReporter.Origin,
        _ options: RecordedOptions,
        _ shown: ShownName
    ) -> String {
        switch origin {
        case .recorded(let pass): "options of pass \(pass): " + text(options, shown, pass)
        case .given(let pass, let other):
            "options as given, \(text(options, shown, nil)), instead of all those of pass \(pass): "
                + (other.map { text($0, shown, pass) } ?? "not kept")
        }
    }

    private static func text(
        _ options: RecordedOptions,
        _ shown: ShownName,
        _ pass: Int64?
    ) -> String {
        options.words.isEmpty ? "none" : OptionsText(options).shortText(shown, pass: pass)
    }

    /// Whether SOURCE can be written to.
    package static func source(_ use: SourceUse) -> String {
        if let doubt = FinalRefusalText.doubt(use) { return "this is not final: " + doubt }
        return use.isReadOnly
            ? "SOURCE is read-only, and nobody can write to it"
            : "SOURCE can be written to, so this is not final: " + FinalRefusalText.who(use)
    }

    // MARK: End

    /// All of it, without newlines.
    package var lines: [String] { ["", passLine] + checks + ending }

    /// Nothing where all is well.
    package var quietLines: [String] {
        status == .done && outcome.isFinal ? [] : checks + ending
    }

    private var passLine: String {
        let pass = outcome.pass
        let files = Quantity.count(pass.files, "file", "files")
        let foreseen = outcome.foreseen.map { ", foreseen: " + EstimateText($0).span }
        return "cutover: the last pass: \(files), \(Quantity.size(pass.bytes)) in "
            + Quantity.duration(pass.nanoseconds) + (foreseen ?? "")
            + (pass.status == .done ? "" : ", status \(pass.status.rawValue)")
    }

    private var checks: [String] {
        (outcome.secondLook.map(secondLook) ?? [])
            + (outcome.comparison.map { [comparison($0)] } ?? []) + leftOut + writable + standing
    }

    private func secondLook(_ look: FinalOutcome.SecondLook) -> [String] {
        guard look.entries > 0 else {
            let isWhole = look.status == .done || look.status == .someVanished
            return [
                isWhole
                    ? "cutover: a second look found nothing left"
                    : "cutover: the second look did not come to its end, status \(look.status.rawValue)"
            ]
        }
        let count = Quantity.count(look.entries, "change", "changes")
        let why =
            outcome.isFinal
            ? "SOURCE cannot have changed, so DESTINATION is not as the pass left it"
            : outcome.isSourceStill ? "another pass may have run" : "SOURCE changed"
        let named = look.first.map { "  " + shown.text($0) }
        let more = look.entries - UInt64(named.count)
        return ["cutover: a second look found \(count) to make: \(why):"] + named
            + (more > 0 ? ["  and \(more) more"] : [])
    }

    private func comparison(_ found: FinalOutcome.Comparison) -> String {
        let entries = Quantity.count(found.entries, "entry", "entries")
        let time = Quantity.duration(found.nanoseconds)
        switch found.status {
        case .done:
            return "cutover: verify: equal in attributes of \(entries), \(time)"
                + LeftAsideText.clause(found.aside, shown)
        case .different:
            let count = Quantity.count(found.differences, "difference", "differences")
            return "cutover: verify: \(count) in attributes of \(entries), \(time)"
        default:
            return "cutover: verify: no whole answer, status \(found.status.rawValue), \(time)"
        }
    }

    /// What was not done, and why.
    private var leftOut: [String] {
        if outcome.isStepRefused {
            return ["cutover: what was refused was not done, nor what comes after it"]
        }
        let status = outcome.pass.status
        if !FinalOutcome.compares(after: status) {
            return [
                "cutover: no second look and no comparison, for the pass is not whole "
                    + "(status \(status.rawValue))"
            ]
        }
        if !FinalOutcome.looksTwice(after: status) {
            return ["cutover: no second look, for it would find what failed"]
                + (outcome.comparison == nil ? ["cutover: no comparison"] : [])
        }
        return outcome.comparison == nil
            ? ["cutover: no comparison, for the second look was cut short"] : []
    }

    /// SOURCE was read-only when this began, and is not any more, or nobody can tell.
    private var writable: [String] {
        guard outcome.wasReadOnly, !outcome.isReadOnly else { return [] }
        let end = "so this is not final"
        guard let use = outcome.sourceAtEnd else {
            return ["cutover: SOURCE cannot be asked any more who can write to it, \(end)"]
        }
        let who = FinalRefusalText.doubt(use) ?? FinalRefusalText.who(use)
        return [
            "cutover: SOURCE was made writable meanwhile, \(end): " + shown.message(who)
                + "; stop that, and remount it read-only"
        ]
    }

    /// Why the pass may not have been the last one.
    private var standing: [String] {
        switch outcome.standing {
        case .last, .notAsked: []
        case .followed:
            ["cutover: another pass ran meanwhile, so this is not final: see that none begins"]
        case .unknown:
            [
                "cutover: the record does not tell whether another pass ran meanwhile, so this is "
                    + "not final"
            ]
        }
    }

    private var ending: [String] {
        let time = "\(Quantity.duration(outcome.tookNanoseconds)) since the command"
        if outcome.lacksOnlyReadOnly, status == .someVanished {
            return [
                "Not final: SOURCE could be written to meanwhile. Run this again without "
                    + "--allow-writers. \(time)."
            ]
        }
        if status != .done {
            return [
                "No switch yet (status \(status.rawValue)): see to it, and run this again. "
                    + time + "."
            ]
        }
        return switchLines + [
            "\(time); keep SOURCE read-only until a backup was read back."
        ]
    }

    private var switchLines: [String] {
        switch advice {
        case nil: return []
        case .noLine: return ["The switch: umount both. No line of /etc/fstab names SOURCE."]
        case .notWholeVolume(let side):
            return [
                "The switch: \(side.shown) is not the root of its volume, so what /etc/fstab is to "
                    + "say is yours to know."
            ]
        case .unreadable(let error):
            return [
                "The switch: umount both. /etc/fstab or a root could not be read: "
                    + error.code.sentence + "."
            ]
        case .lines(let changes, let obsolete):
            var lines = ["The switch: umount both, then in /etc/fstab"]
            for change in changes {
                lines += [
                    "  " + shown.text(change.new), "instead of", "  " + shown.text(change.old),
                ]
                lines += without(change.dropped)
            }
            if !obsolete.isEmpty {
                lines += ["and without"] + obsolete.map { "  " + shown.text($0) }
            }
            return lines
        }
    }

    /// Which options are left out, and why.
    private func without(_ dropped: [String]) -> [String] {
        let devices = dropped.filter(SwitchAdvice.namesDevice)
        let projects = dropped.filter(SwitchAdvice.isOfProjects)
        let unknown = dropped.filter {
            !SwitchAdvice.namesDevice($0) && !SwitchAdvice.isOfProjects($0)
        }
        return [
            (unknown, "which the new filesystem does not know"),
            (projects, "which needs the feature project: tune2fs -O quota,project"),
            (
                devices,
                "which is SOURCE's own; a device of that kind of DESTINATION's is yours to name"
            ),
        ].filter { !$0.0.isEmpty }.map { options, why in
            "without \(shown.message(options.joined(separator: ","))), \(why)"
        }
    }
}
