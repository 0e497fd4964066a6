// The part of the table of advice that is about quotas of a whole volume.

import Migration

extension FailureAdvice {
    private static let quotas: [Failure.Activity] = [.readQuota, .setQuota]

    static let quotaRows: [Row] = [
        Row(
            codes: ["ERANGE"],
            side: .destination,
            activities: quotas,
            advice:
                "DESTINATION's format holds no such limit: nothing was set for this owner. Lower it on SOURCE "
                + "(xfs_quota -x -c 'limit ...'), then run the pass again."
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
