// The step of a pass that is about quotas: known before it begins, done after its last entry.

import LinuxIO

/// What a pass does about quotas.
enum QuotaStep: Sendable {
    case nothing
    case carry(VolumeQuotas)
    /// They could not be asked for, and that is no refusal of this kernel or container.
    case fail(Failure.Side, SystemError)

    /// Tells what is known to fail, before hours of copying.
    func begin(_ report: some QuotaReporting) {
        if case .fail(let side, let error) = self {
            report.fail(FailedStep(.readQuota, side, error))
        }
    }

    /// Does it; in a dry run, tells what would be done.
    ///
    /// `willSynchronize`: see `VolumeQuotas.carry`.
    func run(_ report: some QuotaReporting, willSynchronize: () -> Void) {
        if case .carry(let quotas) = self { quotas.carry(report, willSynchronize: willSynchronize) }
    }
}

extension SystemError {
    /// Whether quotas cannot be asked for by this process, or of this volume: a container or a security module (EPERM,
    /// EACCES); no node of the device for the older call, or a format that cannot be listed (vfsold; ENOSYS).
    ///
    /// EINVAL, which Linux before 4.6 says, is none: nothing else of cutover runs there (statx(2) is of 4.11).
    var isRefusalOfQuotas: Bool {
        switch code {
        case .notPermitted, .accessDenied, .notImplemented: true
        default: false
        }
    }
}
