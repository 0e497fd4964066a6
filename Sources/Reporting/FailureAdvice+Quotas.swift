// The part of the table of advice that is about quotas of a whole volume.

import LinuxIO
import Migration

extension FailureAdvice {
    private static let quotas: [Failure.Activity] = [.readQuota, .setQuota]

    /// A limit that DESTINATION's format does not hold: what lowers it.
    ///
    /// `detail` begins with the owner and the limit (Q12): "user 1005: hard limit of blocks ...".
    static func beyondFormat(_ detail: String?) -> String {
        let parts = (detail ?? "").split(separator: ": ", maxSplits: 1)
        var command = "limit ..."
        if let owner = parts.first.flatMap({ QuotaOwner(words: $0) }), parts.count == 2 {
            let limit =
                (parts[1].contains("inodes") ? "i" : "b")
                + (parts[1].hasPrefix("soft") ? "soft" : "hard")
            command = "limit -\(owner.kind.rawValue.prefix(1)) \(limit)=... \(owner.id)"
        }
        return
            "DESTINATION's format holds no such value: nothing was set there. Lower it on SOURCE "
            + "(xfs_quota -x -c '\(command)', setquota), then run the pass again."
    }

    static let otherLimits =
        "DESTINATION took these limits without an error and has others: XFS does so with a soft limit above the hard "
        + "one. Lower it on SOURCE, then run the pass again."

    static let quotaRows: [Row] = [
        Row(
            codes: ["ENOSPC"],
            activities: [.setQuota],
            advice:
                "DESTINATION has no block left for its quota records: see df. Make room, then run the pass again."
        ),
        Row(
            codes: ["ESRCH", "ENOSYS"],
            activities: quotas,
            advice:
                "Its quotas were switched off during the pass, or it was remounted read-only. Switch them on, then "
                + "run the pass again."
        ),
        Row(
            codes: ["EPERM", "EACCES"],
            activities: quotas,
            advice:
                "Quotas need CAP_SYS_ADMIN in the first user namespace, which a container lacks. Run the pass "
                + "outside of it, or with --quotas off."
        ),
        Row(
            codes: ["EIO", "EUCLEAN", "EINVAL"],
            activities: quotas,
            advice:
                "Its quota records may be damaged: see dmesg. All entries were carried. Unmount it and check it "
                + "(xfs_repair -n, e2fsck -f), then run the pass again, or with --quotas off."
        ),
    ]
}
