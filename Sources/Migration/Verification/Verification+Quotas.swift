// Quotas of both volumes, compared after the last entry (Q14).

import LinuxIO
import Synchronization

extension VerificationContext {
    /// Compares quotas, where all of both volumes is compared; also by closing a plan, which has them of all its runs.
    ///
    /// Accounts are judged only where nothing else was found: an entry that is missing, or changes, is in the account of
    /// somebody.
    ///
    /// `before`: DESTINATION's accounts, as they were before the first entry.
    func compareQuotas(_ roots: Roots, before: QuotaAccounts?) {
        guard isOfVolumes, options.comparesQuotas, log.cause == nil else { return }
        // What is left out is in accounts, too; and closing has not seen what shards saw.
        let isEqual =
            scope.isWhole && log.status == .done && counters.mountsSkipped.value() == 0
            && filter.isEmpty
            && !metOtherMount.load(ordering: .relaxed)
        VolumeQuotas.compare(roots, counted: isEqual ? usage : nil, before: before) { finding in
            switch finding {
            case .difference(let difference):
                log.tell(
                    FoundDifference(path: [], kind: .directory, aspect: .quota(difference)),
                    isChanged: false
                )
            case .suspended(let side): log.say(.quotasSuspended(side))
            case .sourceOff(let kinds): log.say(.sourceQuotasOff(kinds))
            case .notEnforced(let kinds): log.say(.quotasNotEnforced(kinds))
            case .unread(let failed): report(failed)
            }
        }
    }

    /// DESTINATION's accounts before the first entry, to be given to `compareQuotas`; nil where they are not judged.
    func accounts(_ roots: Roots) -> QuotaAccounts? {
        guard isOfVolumes, options.comparesQuotas else { return nil }
        do throws(QuotaReadFailure) { return try VolumeQuotas.accounts(roots) } catch {
            report(error)
            return nil
        }
    }

    private var isOfVolumes: Bool { scope.isWhole || scope.spine?.part == .closing }

    private func report(_ failed: QuotaReadFailure) {
        if failed.error.isRefusalOfQuotas {
            log.say(.quotasUnread(failed.side, failed.error))
            return
        }
        let isOfDisk = failed.error.operation == .syncfs
        log.record(
            Failure(
                path: [],
                side: failed.side,
                activity: isOfDisk ? .synchronize : .readQuota,
                error: failed.error
            )
        )
    }
}
