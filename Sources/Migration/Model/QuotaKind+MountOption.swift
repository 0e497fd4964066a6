// How quotas are turned on at a mount.

package import LinuxIO

extension QuotaKind {
    /// What makes ext4 enforce limits of this kind, in mount options.
    package var ext4MountOption: String {
        switch self {
        case .user: "usrquota"
        case .group: "grpquota"
        case .project: "prjquota"
        }
    }

    /// What makes XFS account and enforce limits of this kind.
    package var xfsMountOption: String {
        switch self {
        case .user: "uquota"
        case .group: "gquota"
        case .project: "pquota"
        }
    }

    /// The same for a filesystem of any type; nil where none is known.
    package func mountOption(of type: String) -> String? {
        switch type {
        case "ext4": ext4MountOption
        case "xfs": xfsMountOption
        default: nil
        }
    }
}
