// What a verification finds of quotas, as a sentence and as fields of a line of JSON.

import LinuxIO
import Migration

/// The words for one difference of quotas.
struct QuotaDifferenceText {
    private let difference: QuotaDifference

    init(_ difference: QuotaDifference) { self.difference = difference }

    /// "quota of user 1001: limits: SOURCE blocks 1/2 KiB, inodes 0/0, DESTINATION none".
    var message: String {
        switch difference {
        case .notAccounted(let kind, let limits):
            let own =
                limits == 0 ? "enforces limits" : "has \(Quantity.count(limits, "limit", "limits"))"
            return "quota of \(kind.rawValue)s: SOURCE \(own), DESTINATION does not account them: "
                + "tune2fs -O quota,project on the unmounted volume (an XFS is mounted with them)"
        case .grace(let kind, let left, let right):
            return
                "quota of \(kind.rawValue)s: grace: SOURCE \(Self.text(left)), DESTINATION \(Self.text(right))"
        case .limits(let owner, let left, let right):
            return
                "quota of \(owner.words): limits: SOURCE \(Self.text(left)), DESTINATION \(Self.text(right))"
        case .usage(let owner, let counted, let accounted):
            return
                "quota of \(owner.words): account: counted on DESTINATION \(Self.text(counted)), accounted "
                + "\(Self.text(accounted)): run e2fsck -f on the unmounted DESTINATION"
        case .total(let kind, let found, let other, let wanted):
            return
                "quota of \(kind.rawValue)s: accounts: together \(Self.text(found)), those of \(other.rawValue)s "
                + "\(Self.text(wanted)): run e2fsck -f on the unmounted DESTINATION"
        }
    }

    /// Limits and usage in bytes, grace in seconds; the first value is SOURCE's, or what was counted.
    func addFields(to line: inout JSONLine) {
        switch difference {
        case .notAccounted(let kind, let limits):
            begin("accounting", kind, nil, &line)
            line.add("source_limits", limits)
        case .grace(let kind, let left, let right):
            begin("grace", kind, nil, &line)
            line.add("source", QuotaText.object(left))
            line.add("destination", QuotaText.object(right))
        case .limits(let owner, let left, let right):
            begin("limits", owner.kind, owner.id, &line)
            line.add("source", QuotaText.object(left))
            line.add("destination", QuotaText.object(right))
        case .usage(let owner, let counted, let accounted):
            begin("usage", owner.kind, owner.id, &line)
            line.add("counted", Self.object(counted))
            line.add("accounted", Self.object(accounted))
        case .total(let kind, let found, let other, let wanted):
            begin("total", kind, nil, &line)
            line.add("accounted", Self.object(found))
            line.add("other_kind", other.rawValue)
            line.add("other_accounted", Self.object(wanted))
        }
    }

    private func begin(_ part: String, _ kind: QuotaKind, _ id: UInt32?, _ line: inout JSONLine) {
        line.add("part", part)
        line.add("owner_kind", kind.rawValue)
        line.add("id", id)
    }

    // MARK: Values

    private static func text(_ limits: QuotaLimits) -> String {
        limits.isNone ? "none" : QuotaText.limits(limits)
    }

    private static func text(_ grace: QuotaGrace) -> String {
        "\(grace.blockSeconds)/\(grace.inodeSeconds) s"
    }

    private static func text(_ usage: QuotaUsage) -> String {
        "\(usage.bytes / 1024) KiB, \(Quantity.count(usage.inodes, "inode", "inodes"))"
    }

    private static func object(_ usage: QuotaUsage) -> JSONLine {
        var object = JSONLine()
        object.add("bytes", usage.bytes)
        object.add("inodes", usage.inodes)
        return object
    }
}
