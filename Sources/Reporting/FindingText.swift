// A finding as sentences: what is so, with both numbers, and what to do next. The one place that makes text of
// findings about volumes; those about entries and features are in FindingText+Support.swift.

import LinuxIO
package import Migration

/// The sentences for one finding.
package struct FindingText: Sendable {
    let finding: Finding

    package init(_ finding: Finding) { self.finding = finding }

    /// What was found.
    package var message: String {
        switch finding.matter {
        case .privileges(let isRoot, let missing, let hidden):
            Self.privileges(isRoot, missing, hidden)
        case .pair(let wrong):
            wrong.map(WrongRootsText.facts) ?? "no earlier pass contradicts these two volumes"
        case .mounted(let wrong, let isSourceEmpty): Self.mounted(wrong, isSourceEmpty)
        case .writable(let cause): Self.writable(cause)
        case .probe(let problem): Self.probe(problem)
        case .errors(let side, let health): Self.errors(side, health)
        case .damaged:
            "XFS knows \(entries(finding.notable.total)) of SOURCE to be damaged"
        case .mounts(let quotas, let before, let differences):
            Self.mounts(quotas, before, differences)
        case .unknownMounts(let sides, let error): Self.unknownMounts(sides, error)
        case .quotas(let forecast): QuotaForecastText(forecast).message
        case .space(let balance, let shared, let reserved):
            Self.space(balance, shared, reserved)
        case .inodes(let balance): Self.inodes(balance)
        default: supportMessage
        }
    }

    /// What to do about it, in whole sentences; nil: nothing.
    package var advice: String? {
        guard finding.severity != .ok else { return nil }
        switch finding.matter {
        case .privileges(_, _, let hidden) where !hidden.isEmpty: return HiddenText.advice(hidden)
        case .privileges(let isRoot, _, _):
            return isRoot
                ? "Run it outside of the container, or give it these capabilities."
                : "Run as root for a whole copy."
        case .pair: return "If they are meant: sync --new-pair."
        case .mounted(let wrong, _):
            return wrong == nil
                ? "Mount it; if it is meant: sync --allow-empty-source."
                : "Mount it; if this directory is meant: sync --new-pair."
        case .writable(let cause): return Self.advice(for: cause)
        case .probe(.busy): return "Run check again when that pass has ended."
        case .probe(.readOnly): return Self.advice(for: .filesystem)
        case .probe(.failed(let error))
        where error.code == .accessDenied || error.code == .notPermitted:
            return "Run as root, or as a user who may write there."
        case .probe(.failed(let error))
        where error.code == .noSpace || error.code == .quotaExceeded:
            return "DESTINATION has no room for one more file: see space and inodes."
        case .probe(.failed):
            return "See dmesg; check the filesystem with e2fsck -f, then run check again."
        case .errors(.source, let health):
            return health.isShutDown
                ? "Unmount it, mount it again, and look at dmesg."
                : "Look at dmesg; unmount SOURCE and run xfs_repair -n (ext4: e2fsck -fn) before you copy."
        case .errors(.destination, _):
            return "Unmount DESTINATION and run e2fsck -f, or make it anew."
        case .damaged:
            return
                "Copy them to another place by hand now, and run xfs_repair -n on the unmounted volume."
        case .mounts: return "Mind these options in /etc/fstab at the switch."
        case .quotas(let forecast): return QuotaForecastText(forecast).advice
        case .unknownMounts:
            return
                "Look at both with findmnt: quotas and mount options are not known here. Make /proc/self/mountinfo readable."
        case .space(let balance, _, _): return Self.spaceAdvice(balance)
        case .inodes(let balance): return Self.inodeAdvice(balance)
        default: return supportAdvice
        }
    }

    func entries(_ count: UInt64) -> String { Quantity.count(count, "entry", "entries") }

    // MARK: Volumes

    private static func privileges(
        _ isRoot: Bool,
        _ missing: [String],
        _ hidden: HiddenParts
    ) -> String {
        if !isRoot {
            return
                "not root: owners stay your own, devices are skipped, and entries that you may not read fail"
        }
        let capabilities =
            missing.isEmpty
            ? "root, with all capabilities that a whole copy needs"
            : "root, but without " + missing.map(NoticeText.capability).joined(separator: ", ")
                + ": what needs them fails"
        return hidden.isEmpty ? capabilities : capabilities + "; " + HiddenText.facts(hidden)
    }

    private static func mounted(_ wrong: WrongRoots?, _ isSourceEmpty: Bool) -> String {
        let facts =
            (isSourceEmpty ? ["SOURCE is empty: is it mounted?"] : [])
            + (wrong.map { [WrongRootsText.facts($0)] } ?? [])
        return facts.isEmpty ? "both roots look like what is meant" : facts.joined(separator: " ")
    }

    private static func writable(_ cause: ReadOnlyCause?) -> String {
        switch cause {
        case nil: "DESTINATION takes writes"
        case .mount: "DESTINATION is mounted read-only"
        case .filesystem: "DESTINATION's filesystem is read-only, perhaps after an error"
        case .device: "DESTINATION's block device is read-only"
        case .shutdown: "DESTINATION's filesystem was shut down after an error"
        }
    }

    private static func advice(for cause: ReadOnlyCause?) -> String {
        switch cause {
        case nil, .mount: "mount -o remount,rw, if it is the right volume."
        case .filesystem: "See dmesg. Unmount it, run e2fsck -f, mount it again."
        case .device: "blockdev --setrw, or lvchange -p rw, if it is the right volume."
        case .shutdown: "See dmesg. Unmount it, run e2fsck -f, mount it again."
        }
    }

    private static func probe(_ problem: ProbeProblem) -> String {
        switch problem {
        case .readOnly: "DESTINATION takes no writes: Read-only file system (EROFS)"
        case .busy: "a pass writes to DESTINATION: nothing was tried out there"
        case .untouched(let pass):
            "DESTINATION is as pass \(pass) left it; nothing is tried out there, so that the next pass can scan"
        case .failed(let error):
            "trying out DESTINATION failed: \(error.code.sentence) (\(error.operation.rawValue), \(error.code.name))"
        }
    }

    private static func errors(_ side: Failure.Side, _ health: FilesystemHealth) -> String {
        if health.isShutDown { return "\(side.shown)'s filesystem was shut down after an error" }
        if health.errors > 0 {
            let count = Quantity.count(health.errors, "error", "errors")
            return "the kernel has met \(count) in \(side.shown)'s filesystem since its last fsck"
        }
        if health.isSick { return "the kernel knows metadata of \(side.shown) to be damaged" }
        return "the kernel knows of none in \(side.shown)'s filesystem"
    }

    private static func mounts(
        _ quotas: [String],
        _ before: [String],
        _ differences: [String]
    ) -> String {
        var parts: [String] = []
        if !quotas.isEmpty {
            parts.append("DESTINATION is mounted with \(quotas.joined(separator: ","))")
        }
        if !before.isEmpty {
            parts.append("SOURCE is mounted with \(before.joined(separator: ","))")
        }
        if !differences.isEmpty {
            parts.append("only one side has " + differences.joined(separator: ", "))
        }
        return parts.isEmpty ? "no option changes what a copy means" : parts.joined(separator: "; ")
    }

    private static func unknownMounts(
        _ sides: [Failure.Side],
        _ error: SystemError?
    ) -> String {
        let names = sides.map(\.shown).joined(separator: " and ")
        let verb = sides.count == 1 ? "is" : "are"
        guard let error else {
            return
                "how \(names) \(verb) mounted could not be read: /proc/self/mountinfo does not say"
        }
        return "how \(names) \(verb) mounted could not be read from /proc/self/mountinfo: "
            + "\(error.code.sentence) (\(error.operation.rawValue), \(error.code.name))"
    }

    // MARK: Room

    private static func bound(_ balance: Finding.Balance) -> String {
        switch balance.knowledge {
        case .counted: ""
        case .upperLimit: "at most "
        case .lowerLimit: "at least "
        }
    }

    private static func space(
        _ balance: Finding.Balance?,
        _ shared: UInt64?,
        _ reserved: UInt64
    ) -> String {
        guard let balance else { return "DESTINATION does not report its free space" }
        var text = "a copy needs \(bound(balance))\(Quantity.size(balance.needed))"
        if balance.held > 0 {
            text += "; DESTINATION has \(Quantity.size(balance.held)) in use"
            text += balance.holdsCopy ? ", the copy of an earlier pass" : ", perhaps of the copy"
        }
        text += "; \(Quantity.size(balance.free)) are free"
        if reserved > 0 {
            // What is kept for root is no part of what is free for others.
            let how = balance.isForRoot ? "of it" : "more"
            text += " (\(Quantity.size(reserved)) \(how) for root alone)"
        }
        if let shared {
            text +=
                "; at least \(Quantity.size(shared)) are shared by files on SOURCE and will not be"
        }
        return text + "; less if there are runs of zeros"
    }

    private static func spaceAdvice(_ balance: Finding.Balance?) -> String {
        guard let balance else { return "Make sure by other means that SOURCE fits." }
        if balance.missing > balance.free {
            let lacking = Quantity.size(balance.missing - balance.free)
            return balance.knowledge != .upperLimit
                ? "Make DESTINATION \(lacking) larger (lvextend, resize2fs), or leave something out."
                : "SOURCE is a part of its filesystem: --deep counts what it holds itself."
        }
        if !balance.holdsCopy, balance.needed > balance.free {
            return "It fits only if what is there already is a part of the copy."
        }
        return
            "It fits with little to spare: a changed file needs room for its new copy beside the old one, and "
            + "attributes may need a block for each entry that has any."
    }

    private static func inodes(_ balance: Finding.Balance?) -> String {
        guard let balance else { return "DESTINATION makes inodes as they are needed" }
        var text = "a copy needs \(bound(balance))\(Quantity.count(balance.needed))"
        if balance.held > 0 { text += "; DESTINATION has \(Quantity.count(balance.held)) in use" }
        return text
            + "; \(Quantity.count(balance.free)) of \(Quantity.count(balance.total)) are free"
    }

    private static func inodeAdvice(_ balance: Finding.Balance?) -> String? {
        guard let balance else { return nil }
        if balance.missing > balance.free {
            return balance.knowledge != .upperLimit
                ? "ext4's number is fixed when it is made: mkfs.ext4 -N, below. A larger DESTINATION gets more (resize2fs)."
                : "SOURCE is a part of its filesystem: --deep counts what it holds itself."
        }
        if !balance.holdsCopy, balance.needed > balance.free {
            return "They suffice only if what is there already is a part of the copy."
        }
        return
            "They suffice with little to spare, and ext4's number is fixed when it is made: mkfs.ext4 -N, below."
    }
}
