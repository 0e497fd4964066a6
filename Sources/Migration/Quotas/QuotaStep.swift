// The step of a pass that is about quotas: known before it begins, done after its last entry.

import LinuxIO

/// What a pass does about quotas.
enum QuotaStep: Sendable {
    case nothing
    case carry(VolumeQuotas)
    /// They could not be asked for, and that is no refusal of this kernel or container.
    case fail(Failure.Side, SystemError)

    /// Does it; in a dry run, tells what would be done.
    func run(_ report: some QuotaReporting) {
        switch self {
        case .nothing: break
        case .carry(let quotas): quotas.carry(report)
        case .fail(let side, let error): report.fail(FailedStep(.readQuota, side, error))
        }
    }
}

extension SystemError {
    /// Whether quotas cannot be asked for by this process, or of this kernel: a container or a security module (EPERM,
    /// EACCES), Linux before 4.6 (EINVAL), no node of the device for the older call, a format that cannot be listed, or
    /// an ext4 that is mounted read-only (ENOSYS).
    var isRefusalOfQuotas: Bool {
        switch code {
        case .notPermitted, .accessDenied, .invalid, .notImplemented: true
        default: false
        }
    }
}
