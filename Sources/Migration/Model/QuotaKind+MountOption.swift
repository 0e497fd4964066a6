// How quotas are turned on at a mount.

package import LinuxIO

extension QuotaKind {
    /// What makes a filesystem account and enforce limits of this kind, in mount options; nil where none is known.
    package func mountOption(of type: String) -> String? {
        switch (type, self) {
        case ("ext4", .user): "usrquota"
        case ("ext4", .group): "grpquota"
        case ("ext4", .project): "prjquota"
        case ("xfs", .user): "uquota"
        case ("xfs", .group): "gquota"
        case ("xfs", .project): "pquota"
        default: nil
        }
    }
}
