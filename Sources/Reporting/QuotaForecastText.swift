// What `check` says of quotas: a sentence, what to do, fields of JSON.

import LinuxIO
import Migration

/// The words for what would become of SOURCE's limits.
struct QuotaForecastText {
    private let forecast: QuotaForecast

    init(_ forecast: QuotaForecast) { self.forecast = forecast }

    /// What both sides account and enforce, and what is not carried as it is.
    var message: String {
        if let unread = forecast.unread {
            return
                "quotas of \(unread.side.shown) cannot be read: \(QuotaText.reason(unread.error))"
        }
        if let side = forecast.suspended { return QuotaText.suspended(side) }
        if forecast.isSourceOff {
            return
                "SOURCE was mounted with quotas at some time and is not now: its limits cannot be read"
        }
        var parts = [
            "SOURCE \(Self.state(forecast.source)); DESTINATION \(Self.state(forecast.destination))"
        ]
        let limits = QuotaKind.allCases.compactMap { kind in
            forecast.limits[kind].map { "\(Quantity.count($0)) of \(kind.rawValue)s" }
        }
        parts.append("limits: " + (limits.isEmpty ? "none" : limits.joined(separator: ", ")))
        parts += lost
        return parts.joined(separator: "; ")
    }

    /// What a pass does not carry, or who has too much then.
    private var lost: [String] {
        var parts: [String] = []
        let missing = QuotaKind.allCases.filter { forecast.shortage.limits[$0] ?? 0 > 0 }
        if !missing.isEmpty {
            parts.append("those of \(QuotaText.list(missing)) are not kept")
        }
        let unaccounted = QuotaKind.allCases.filter {
            forecast.unaccounted.contains($0) && !missing.contains($0)
        }
        if !forecast.hidden.isEmpty {
            parts.append(
                "limits of \(QuotaText.list(forecast.hidden)) cannot be read as SOURCE is mounted"
            )
        }
        if !unaccounted.isEmpty {
            parts.append("DESTINATION does not account \(QuotaText.list(unaccounted))")
        }
        if forecast.refused > 0 {
            let first = forecast.firstRefused.map { " (the first: \($0.words))" } ?? ""
            parts.append(
                Quantity.count(forecast.refused, "owner has", "owners have")
                    + " a limit beyond DESTINATION's format\(first)"
            )
        }
        if !forecast.defaults.isEmpty {
            parts.append(
                "default limits of \(QuotaText.list(forecast.defaults.map(\.kind))) are not kept"
            )
        }
        if forecast.realtimeLimits > 0 {
            parts.append(
                Quantity.count(forecast.realtimeLimits, "realtime limit is", "realtime limits are")
                    + " not kept"
            )
        }
        for (excess, limit) in [(forecast.excess, "hard"), (forecast.softExcess, "soft")] {
            guard let excess else { continue }
            parts.append(
                Quantity.count(excess.owners, "owner", "owners")
                    + " would be above a \(limit) limit (the first: \(excess.first.words))"
            )
        }
        if !forecast.unenforced.isEmpty {
            parts.append(
                "DESTINATION does not enforce limits of \(QuotaText.list(forecast.unenforced))"
            )
        }
        return parts
    }

    /// What to do, in whole sentences.
    var advice: String {
        if forecast.suspended != nil { return "Or remount it now, for this check." }
        if let unread = forecast.unread {
            if unread.error.code == .notImplemented { return "Or pass with --quotas off." }
            return unread.error.code == .notPermitted || unread.error.code == .accessDenied
                ? "Quotas need root with CAP_SYS_ADMIN, outside of a container."
                : "See dmesg, and check that filesystem (xfs_repair -n, e2fsck -f); or pass with --quotas off."
        }
        var sentences: [String] = []
        if !forecast.hidden.isEmpty {
            sentences.append(
                "Mount SOURCE with \(forecast.hidden.map(\.xfsMountOption).joined(separator: ",")) to carry "
                    + "limits of \(QuotaText.list(forecast.hidden))."
            )
        }
        let missing = QuotaKind.allCases.filter { forecast.shortage.limits[$0] != nil }
        if !missing.isEmpty {
            let features = missing.contains(.project) ? "quota,project" : "quota"
            let options = missing.map(\.xfsMountOption).joined(separator: ",")
            sentences.append(
                forecast.isToXFS
                    ? "Unmount DESTINATION and mount it with \(options)."
                    : "Unmount DESTINATION, then tune2fs -O \(features) DEVICE (projects need 256-byte inodes; old "
                        + "quota files: quotaon)."
            )
        }
        if forecast.refused > 0 {
            sentences.append("Lower them on SOURCE, or these owners fail (23).")
        }
        if !forecast.defaults.isEmpty {
            sentences.append("Defaults are not carried: give each owner limits of its own.")
        }
        if forecast.excess != nil || forecast.softExcess != nil {
            sentences.append(
                forecast.isToXFS
                    ? "Raise limits on SOURCE."
                    : "ext4 needs 4 KiB for each directory: raise limits on SOURCE."
            )
        }
        if forecast.hindersPasses {
            sentences.append(
                "XFS limits root, too: passes fail for owners near their limits. Mount DESTINATION with uqnoenforce,"
                    + "gqnoenforce,pqnoenforce until the switch."
            )
        }
        if let options = mountOptions {
            sentences.append(
                "At the switch, in /etc/fstab: \(forecast.isToXFS ? "xfs" : "ext4") defaults,\(options) 0 "
                    + "\(forecast.isToXFS ? 0 : 2)."
            )
        }
        return sentences.joined(separator: " ")
    }

    /// What makes ext4 enforce what SOURCE enforces (Q22); nil: nothing.
    private var mountOptions: String? {
        let kinds = QuotaKind.allCases.filter(forecast.source.enforced.contains)
        let option: KeyPath<QuotaKind, String> =
            forecast.isToXFS ? \.xfsMountOption : \.ext4MountOption
        return kinds.isEmpty ? nil : kinds.map { $0[keyPath: option] }.joined(separator: ",")
    }

    func addFields(to line: inout JSONLine) {
        line.add("source_accounted", Self.words(forecast.source.accounted))
        line.add("source_enforced", Self.words(forecast.source.enforced))
        line.add("destination_accounted", Self.words(forecast.destination.accounted))
        line.add("destination_enforced", Self.words(forecast.destination.enforced))
        line.add("source_off", forecast.isSourceOff)
        line.add("hidden_kinds", QuotaText.words(forecast.hidden))
        for kind in QuotaKind.allCases {
            line.add("\(kind.rawValue)_limits", forecast.limits[kind] ?? 0)
        }
        line.add("realtime_limits", forecast.realtimeLimits)
        line.add("refused", forecast.refused)
        line.add("default_kinds", QuotaText.words(forecast.defaults.map(\.kind)))
        line.add("over_limit", forecast.excess?.owners ?? 0)
        line.add("over_soft_limit", forecast.softExcess?.owners ?? 0)
        line.add("suspended_side", forecast.suspended?.rawValue)
        line.add("mount_options", mountOptions)
        line.add("errno_name", forecast.unread?.error.code.name)
    }

    // MARK: Values

    private static func words(_ kinds: Set<QuotaKind>) -> String {
        QuotaText.words(QuotaKind.allCases.filter(kinds.contains))
    }

    /// "accounts users, groups and enforces limits of users".
    private static func state(_ state: QuotaState) -> String {
        let accounted = QuotaKind.allCases.filter(state.accounted.contains)
        if accounted.isEmpty { return "accounts nothing" }
        let enforced = QuotaKind.allCases.filter(state.enforced.contains)
        let how =
            enforced == accounted
            ? "enforces that"
            : enforced.isEmpty
                ? "enforces nothing" : "enforces limits of \(QuotaText.list(enforced))"
        return "accounts \(QuotaText.list(accounted)) and \(how)"
    }
}
