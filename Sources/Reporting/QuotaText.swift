// What is said of quotas: notices, refusals of `--quotas on`, and lines of JSON.

import LinuxIO
package import Migration

/// The words for quotas.
package enum QuotaText {
    // MARK: Notices

    /// What belongs to the word of a notice; other notices have nothing here.
    static func add(_ notice: Notice, to line: inout JSONLine) {
        switch notice {
        case .quotasNotKept(let shortage):
            for kind in QuotaKind.allCases {
                line.add("\(kind.rawValue)_limits", shortage.limits[kind] ?? 0)
            }
            line.add("realtime_limits", shortage.realtime)
        case .quotasSuspended(let side), .quotasNotCarried(let side):
            line.add("side", side.rawValue)
        case .quotasUnread(let side, let error):
            line.add("side", side.rawValue)
            line.add("errno_name", error.code.name)
        case .defaultLimitsNotKept(let defaults):
            line.add("kinds", words(defaults.map(\.kind)))
        case .quotasNotEnforced(let kinds), .sourceQuotasOff(let kinds),
            .noLimitsOnSource(let kinds):
            line.add("kinds", words(kinds))
        case .overLimit(let excess):
            line.add("owners", excess.owners)
            line.add("kind", excess.first.kind.rawValue)
            line.add("id", excess.first.id)
            line.add("used", excess.used)
            line.add("limit", excess.hard)
            line.add("unit", excess.isOfInodes ? "inodes" : "bytes")
        default: break
        }
    }

    /// The sentences of such a notice; empty for others.
    static func sentence(_ notice: Notice) -> String {
        switch notice {
        case .quotasNotKept(let shortage): notKept(shortage)
        case .sourceQuotasOff(let kinds): sourceOff(kinds) + "to carry them."
        case .noLimitsOnSource(let kinds): noLimitsOnSource(kinds)
        case .quotasNotCarried(let side):
            "SOURCE has quotas, which are not carried: they are the volume's, and \(side.shown) is not the root of one."
        case .quotasSuspended(let side): suspended(side) + "."
        case .quotasUnread(let side, let error):
            "quotas of \(side.shown) cannot be read, so none are carried: \(reason(error))."
        case .defaultLimitsNotKept(let defaults): self.defaults(defaults)
        case .quotasNotEnforced(let kinds): notEnforced(kinds)
        case .overLimit(let excess): overLimit(excess)
        default: ""
        }
    }

    private static func notKept(_ shortage: QuotaShortage) -> String {
        var sentences = QuotaKind.allCases.compactMap { kind -> String? in
            guard let count = shortage.limits[kind] else { return nil }
            if count == 0 {
                return
                    "\(kind.rawValue): SOURCE enforces limits and has none so far: DESTINATION accounts "
                    + "no \(kind.rawValue)s."
            }
            return "\(kind.rawValue): \(Quantity.count(count, "limit", "limits")) of SOURCE "
                + "\(count == 1 ? "is" : "are") not kept: DESTINATION accounts no \(kind.rawValue)s."
        }
        if !sentences.isEmpty {
            let features = shortage.limits[.project] == nil ? "quota" : "quota,project"
            let kinds = QuotaKind.allCases.filter { shortage.limits[$0] != nil }
            sentences.append(
                "On the unmounted volume: tune2fs -O \(features) DEVICE (old quota files: quotaon; an XFS is mounted "
                    + "with \(kinds.map(\.xfsMountOption).joined(separator: ",")))."
            )
        }
        if shortage.realtime > 0 {
            let limits = Quantity.count(
                shortage.realtime,
                "limit of SOURCE's realtime device is",
                "limits of SOURCE's realtime device are"
            )
            sentences.append("\(limits) not kept: other filesystems have none.")
        }
        return sentences.joined(separator: " ")
    }

    /// Kinds by commas, for programs.
    static func words(_ kinds: [QuotaKind]) -> String {
        kinds.map(\.rawValue).joined(separator: ",")
    }

    /// "users, groups".
    static func list(_ kinds: [QuotaKind]) -> String {
        kinds.map { $0.rawValue + "s" }.joined(separator: ", ")
    }

    /// Why limits cannot be read, to "Mount it with uquota,gquota ".
    static func sourceOff(_ kinds: [QuotaKind]) -> String {
        let which = kinds.count == QuotaKind.allCases.count ? "" : " of \(list(kinds))"
        return
            "SOURCE's quotas\(which) are off: limits, if any, cannot be read. Unmount it (a remount does nothing) and "
            + "mount it with \(kinds.map(\.xfsMountOption).joined(separator: ",")) "
    }

    private static func noLimitsOnSource(_ kinds: [QuotaKind]) -> String {
        "SOURCE has not one limit of \(list(kinds)), as after an xfs_repair that lost them: those on DESTINATION "
            + "stay. If that is meant: --allow-empty-source."
    }

    /// Why an ext4 tells of no quotas, and what to do, without a period.
    static func suspended(_ side: Failure.Side) -> String {
        "\(side.shown) is an ext4 that is mounted read-only, and accounts nothing meanwhile: its limits cannot be read. "
            + "mount -o remount,rw for this run"
    }

    static func reason(_ error: SystemError) -> String {
        let what = "\(error.code.sentence) (\(error.code.name))"
        return error.code == .notImplemented
            ? what + "; no node of its device is in /dev, or its old quota format cannot be listed"
            : what
    }

    private static func notCarried(_ defaults: [QuotaDefault]) -> String {
        let each = defaults.map { "\($0.kind.rawValue): \(limits($0.limits))" }
        return
            "default limits of SOURCE (those of id 0) are not carried (\(each.joined(separator: "; ")))"
    }

    private static func defaults(_ defaults: [QuotaDefault]) -> String {
        "\(notCarried(defaults)). On XFS they are the default of owners without limits of their own, who will have none."
    }

    /// "blocks 1024/2048 KiB, inodes 0/0": soft and hard; 0 is none.
    static func limits(_ limits: QuotaLimits) -> String {
        "blocks \(limits.blockSoftBytes / 1024)/\(limits.blockHardBytes / 1024) KiB, "
            + "inodes \(limits.inodesSoft)/\(limits.inodesHard)"
    }

    static func notEnforced(_ kinds: [QuotaKind]) -> String {
        let words = kinds.map(\.rawValue).joined(separator: ", ")
        let options = kinds.map(\.ext4MountOption).joined(separator: ",")
        return
            "\(words): limits are set but not enforced on DESTINATION: mount it with \(options) at the switch; a remount does not do "
            + "(an XFS with \(kinds.map(\.xfsMountOption).joined(separator: ",")))."
    }

    private static func overLimit(_ excess: QuotaExcess) -> String {
        let unit: UInt64 = excess.isOfInodes ? 1 : 1024
        let word = excess.isOfInodes ? "inodes" : "KiB"
        let owners = Quantity.count(excess.owners, "owner is", "owners are")
        return "\(owners) above a hard limit on DESTINATION (\(excess.first.words): "
            + "\(excess.used / unit) \(word) of \(excess.hard / unit)). SOURCE's may be, too; ext4 also needs "
            + "4 KiB for each directory. See repquota, and raise the limit where it was set."
    }

    // MARK: Refusals

    /// Why `--quotas on` is refused, and what to do, without a period.
    package static func refusal(_ obstacle: QuotaObstacle) -> String {
        let ending = "; --quotas auto carries what can be carried"
        switch obstacle {
        case .branches: return "--quotas on: limits are those of a whole volume, not of --branch"
        case .notPrivileged: return "--quotas on needs root with CAP_SYS_ADMIN"
        case .notWholeVolume(let side):
            return
                "--quotas on: \(side.shown) is not the root of its volume, and limits are the volume's"
        case .suspended(let side): return "--quotas on: " + suspended(side)
        case .unread(let side, let error):
            return "--quotas on: quotas of \(side.shown) cannot be read: \(reason(error))"
        case .sourceOff(let kinds):
            return "--quotas on: " + sourceOff(kinds) + "to carry them" + ending
        case .ownersNotCarried(let kinds):
            return
                "--quotas on: SOURCE has limits of \(list(kinds)), which are not carried with "
                + kinds.map { $0 == .user ? "--no-owner" : "--no-group" }.joined(separator: ", ")
        case .beyondFormat(let owners, let first):
            return
                "--quotas on: \(Quantity.count(owners, "owner has", "owners have")) a limit beyond "
                + "DESTINATION's format (the first: \(first.words)): lower it on SOURCE" + ending
        case .defaults(let defaults): return "--quotas on: " + notCarried(defaults) + ending
        case .notKept(let shortage):
            return "--quotas on: " + withoutPeriod(notKept(shortage)) + ending
        }
    }

    private static func withoutPeriod(_ text: String) -> String {
        text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    // MARK: Changes

    /// The line of JSON for a change (Q12).
    static func line(_ change: QuotaChange, time: UInt64) -> JSONLine {
        switch change {
        case .limits(let owner, let before, let after):
            var line = EventJSON.begin("quota", time)
            line.add("kind", owner.kind.rawValue)
            line.add("id", owner.id)
            add(after, to: &line)
            line.add("before", object(before))
            return line
        case .grace(let kind, let before, let after):
            var line = EventJSON.begin("quota_grace", time)
            line.add("kind", kind.rawValue)
            add(after, to: &line)
            line.add("before", object(before))
            return line
        }
    }

    static func object(_ limits: QuotaLimits) -> JSONLine {
        var object = JSONLine()
        add(limits, to: &object)
        return object
    }

    static func object(_ grace: QuotaGrace) -> JSONLine {
        var object = JSONLine()
        add(grace, to: &object)
        return object
    }

    private static func add(_ limits: QuotaLimits, to line: inout JSONLine) {
        line.add("block_soft", limits.blockSoftBytes)
        line.add("block_hard", limits.blockHardBytes)
        line.add("inode_soft", limits.inodesSoft)
        line.add("inode_hard", limits.inodesHard)
    }

    private static func add(_ grace: QuotaGrace, to line: inout JSONLine) {
        line.add("block_grace_seconds", grace.blockSeconds)
        line.add("inode_grace_seconds", grace.inodeSeconds)
    }
}
