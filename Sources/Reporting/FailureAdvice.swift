// What a person does next about a failure: a table, searched from its top, one row for each thing
// that can be done. A row matches on errno and, where that changes the advice, on the volume and on
// what was being done. Every errno that LinuxIO knows by name ends in a row or in the last resort.

import LinuxIO
import Migration

/// The table of advice.
enum FailureAdvice {
    /// The advice for one failure.
    static func advice(for failure: Failure) -> String {
        if failure.side == .source, let outcome = failure.damage?.outcome {
            return advice(for: outcome)
        }
        guard let error = failure.error else {
            switch failure.activity {
            case .replaceType: return withoutDelete
            case .setMode: return droppedBits
            case .readAttributes, .examine:
                return failure.path.isEmpty ? HiddenText.wayOut(of: failure.activity) : withoutCall
            case .enter: return mounted
            case .setQuota: return otherLimits
            default: return withoutCall
            }
        }
        if failure.volumeHasRoom, !failure.activity.isOfQuotas {
            return names.contains(failure.activity) ? fullDirectory : fullProject
        }
        if failure.activity == .setQuota, error.code == .outOfRange {
            return beyondFormat(failure.detail)
        }
        return Row.advice(in: rows, for: failure, error) ?? unknown
    }

    /// What makes a name, and so can meet the limit of a directory.
    private static let names: [Failure.Activity] = [
        .create, .publish, .link, .makeDirectory, .makeSymlink, .makeSpecial,
    ]
    static let fullDirectory =
        "DESTINATION has room: the directory is at ext4's limit. Unmount DESTINATION, run tune2fs -O large_dir, "
        + "mount it again. On XFS a project is at its limit (xfs_quota -xc 'report -p'): raise it. Then run the "
        + "pass again."
    static let fullProject =
        "DESTINATION has room: a project is at its limit (xfs_quota -xc 'report -p'). Raise it, then run the pass "
        + "again."

    /// What a damaged file of SOURCE asks for, by what DESTINATION has of it now.
    private static func advice(for outcome: DamageReport.Outcome) -> String {
        switch outcome {
        case .kept: unreadable
        case .keptWhole:
            "SOURCE's disk fails here: see dmesg. DESTINATION keeps the copy that it has, which is whole; "
                + "--salvage never replaces one. Restore this file on SOURCE from a backup, or move the "
                + "copy away and run the pass with --salvage for what is readable of the newer one."
        case .keptSalvaged:
            "SOURCE's disk fails here: see dmesg. DESTINATION keeps what was salvaged before, which has "
                + "more of this file. Restore it on SOURCE from a backup, then run the pass again."
        case .salvaged:
            "SOURCE's disk fails here: see dmesg. DESTINATION has the rest of it, with holes there, marked "
                + "with the attribute user.cutover.damaged. Restore this file on SOURCE from a backup, then "
                + "run the pass again."
        }
    }

    private static let unreadable =
        "SOURCE's disk fails here: see dmesg. DESTINATION keeps what it had. Restore this "
        + "file from a backup, or run the pass with --salvage to copy what is readable of it."
    static let withoutDelete =
        "A directory is replaced by another type only with --delete. Or move it away by hand."
    static let droppedBits =
        "The kernel drops setgid without an error where CAP_FSETID is missing and the process is not in the "
        + "group. All else of the entry is in place. Give the container CAP_FSETID, then run the pass again."
    private static let mounted =
        "What is mounted there hides DESTINATION's own entry: unmount it, then run the pass again."
    static let withoutCall = "Look at this entry on both sides, then run the pass again."
    static let unknown =
        "The kernel's log (dmesg) may say more. Run the pass again; if it still fails, copy it by hand."

    /// One row: which failures, and what to do.
    struct Row: Sendable {
        var codes: [String]
        var side: Failure.Side?
        var activities: [Failure.Activity] = []
        var advice: String

        /// What the first row says that fits; nil: none does.
        static func advice(
            in rows: [Row],
            for failure: Failure,
            _ error: SystemError
        ) -> String? {
            rows.first { row in
                row.codes.contains(error.code.name)
                    && (row.side == nil || row.side == failure.side)
                    && (row.activities.isEmpty || row.activities.contains(failure.activity))
            }?.advice
        }
    }

    private static let attributes: [Failure.Activity] = [.setAttribute, .setAccessControl]
    private static let owners: [Failure.Activity] = [.setOwner, .setMode, .setTimes]

    private static let rows: [Row] =
        quotaRows + sourceRows + attributeRows + destinationRows + eitherRows

    private static let sourceRows: [Row] = [
        Row(
            codes: ["EIO", "ENXIO", "ENODATA", "EILSEQ", "EREMOTEIO", "ETIMEDOUT"],
            side: .source,
            activities: [.read],
            advice: unreadable
        ),
        Row(
            codes: ["EIO", "ENXIO"],
            side: .source,
            activities: [.list],
            advice:
                "SOURCE's disk or filesystem is damaged here: see dmesg, check it with xfs_repair -n. "
                + "Nothing below was copied, nothing was deleted in this directory."
        ),
        Row(
            codes: ["EIO", "ENXIO"],
            side: .source,
            advice:
                "SOURCE's disk or filesystem is damaged here: see dmesg, check it with xfs_repair -n. "
                + "DESTINATION keeps what it had."
        ),
        Row(
            codes: ["EUCLEAN"],
            side: .source,
            advice:
                "SOURCE's filesystem is damaged here: see dmesg. Unmount it, run xfs_repair, then run "
                + "the pass again. DESTINATION keeps what it had."
        ),
        Row(
            codes: ["EACCES"],
            side: .source,
            advice:
                "Run as root, or as a user who may read it. As root: a security module or an NFS "
                + "server forbids it; see the audit log."
        ),
        Row(
            codes: ["EPERM"],
            side: .source,
            advice:
                "Run as root. As root: a security module or a container's limits forbid it; see the "
                + "audit log."
        ),
        Row(
            codes: ["ENOENT", "ENOTDIR", "ELOOP"],
            side: .source,
            advice: "It changed while the pass looked at it. The next pass copies it as it is then."
        ),
        Row(
            codes: ["EINVAL"],
            side: .source,
            activities: [.list],
            advice:
                "SOURCE returned invalid names: check it with xfs_repair -n. Nothing "
                + "was deleted in this directory."
        ),
        Row(
            codes: ["E2BIG", "ERANGE"],
            side: .source,
            activities: [.readAttributes, .readAccessControl],
            advice:
                "Its attributes changed while they were read, or are larger than Linux can "
                + "return (64 KiB). Run the pass again; if it still fails, shorten them with setfattr -x."
        ),
    ]

    private static let attributeRows: [Row] = [
        Row(
            codes: ["ENOSPC"],
            side: .destination,
            activities: attributes,
            advice:
                "The disk is not full: ext4 gives the attributes of one file about 4 KiB. The data is "
                + "in place. Make DESTINATION with mkfs.ext4 -O ea_inode, or shorten the attribute."
        ),
        Row(
            codes: ["E2BIG", "ERANGE"],
            side: .destination,
            activities: attributes,
            advice:
                "DESTINATION holds no attribute of this size. The data is in place. Make it with "
                + "mkfs.ext4 -O ea_inode, or shorten the attribute."
        ),
        Row(
            codes: ["ENOTSUP", "EINVAL"],
            side: .destination,
            activities: [.setAccessControl],
            advice:
                "DESTINATION holds no such ACL. The data is in place. Mount it with -o acl, or pass "
                + "--no-acls."
        ),
        Row(
            codes: ["ENOTSUP", "EINVAL"],
            side: .destination,
            activities: [.setAttribute],
            advice:
                "DESTINATION holds no attribute of this name. The data is in place. Mount it with "
                + "-o user_xattr, or pass --no-xattrs."
        ),
        Row(
            codes: ["ENOTSUP", "ENOTTY", "EINVAL"],
            side: .destination,
            activities: [.setFlags],
            advice:
                "DESTINATION does not have one of these flags (see chattr(1)). All else of the entry "
                + "is in place; nothing needs to be done unless you rely on the flag."
        ),
        Row(
            codes: ["EPERM", "EACCES"],
            side: .destination,
            activities: attributes,
            advice:
                "Run as root: trusted.*, security.* and other owners' attributes need it. As root: a "
                + "security module forbids it. The data is in place."
        ),
        Row(
            codes: ["EPERM", "EACCES"],
            side: .destination,
            activities: [.setMode],
            advice:
                "Run as root, or pass --no-perms: only root and the owner of an entry may change its mode. As root: "
                + "it is immutable (lsattr, chattr -ia), or the mount maps ids."
        ),
        Row(
            codes: ["EPERM", "EACCES"],
            side: .destination,
            activities: [.setTimes],
            advice:
                "Run as root, or pass --no-times: only root and the owner of an entry may set its times. As root: "
                + "it is immutable (lsattr, chattr -ia), or the mount maps ids."
        ),
        Row(
            codes: ["EPERM", "EACCES"],
            side: .destination,
            activities: owners,
            advice:
                "Run as root, or pass --no-owner and --no-group. As root: it is immutable (lsattr, "
                + "chattr -ia), or the mount maps ids."
        ),
        Row(
            codes: ["EPERM"],
            side: .destination,
            activities: [.setFlags],
            advice:
                "Only root, with CAP_LINUX_IMMUTABLE, can set immutable and append-only: a container may "
                + "lack it. All else of the entry is in place."
        ),
        Row(
            codes: ["EINVAL", "EOVERFLOW"],
            side: .destination,
            activities: owners,
            advice:
                "DESTINATION cannot store this value: ids outside the mount's mapping, or a time "
                + "outside its range (ext4 with 128-byte inodes: after 2038)."
        ),
    ]

    private static let destinationRows: [Row] = [
        Row(
            codes: ["ENOSPC"],
            side: .destination,
            advice:
                "DESTINATION is full: compare df and df -i on both sides. Make room or a larger "
                + "filesystem, then run the pass again; it resumes. With room left: tune2fs -O large_dir for a "
                + "directory at ext4's limit, xfs_quota for a project at its own."
        ),
        Row(
            codes: ["EDQUOT"],
            side: .destination,
            advice:
                "The owner's quota on DESTINATION is used up (repquota), and this process lacks CAP_SYS_RESOURCE, which "
                + "passes over limits. Give the container that, or raise the limit (on XFS root is limited, too), "
                + "then run the pass again."
        ),
        Row(
            codes: ["EROFS"],
            side: .destination,
            advice:
                "DESTINATION is mounted read-only, perhaps by the kernel after an error: see dmesg. "
                + "Then mount -o remount,rw, and run the pass again."
        ),
        Row(
            codes: ["EIO", "ENXIO", "EUCLEAN", "EILSEQ", "EREMOTEIO", "ETIMEDOUT"],
            side: .destination,
            advice:
                "DESTINATION's disk or filesystem fails: see dmesg. Do not switch to it; check the disk "
                + "with smartctl, the filesystem with e2fsck -f, then run the pass again."
        ),
        Row(
            codes: ["EPERM"],
            side: .destination,
            activities: [.remove, .publish, .create],
            advice:
                "It is a swap file in use (swapon --show; swapoff releases it), or it or its directory is immutable "
                + "or append-only (lsattr; chattr -ia lifts that), or this needs root."
        ),
        Row(
            codes: ["EPERM"],
            side: .destination,
            advice:
                "It, or its directory, is immutable or append-only (lsattr; chattr -ia lifts that), or "
                + "this needs root."
        ),
        Row(
            codes: ["EACCES"],
            side: .destination,
            advice:
                "Run as root, or as a user who may write there. As root: a security module forbids it; "
                + "see the audit log."
        ),
        Row(
            codes: ["EFBIG"],
            side: .destination,
            advice:
                "The file is larger than DESTINATION allows: 16 TiB on ext4 with 4 KiB blocks. Split "
                + "it, or leave it on XFS. A limit of the shell (ulimit -f) gives the same error."
        ),
        Row(
            codes: ["ENAMETOOLONG"],
            side: .destination,
            advice:
                "DESTINATION allows shorter names only (255 bytes on ext4, less when encrypted; "
                + "targets of symlinks less than a block). Rename it on SOURCE."
        ),
        Row(
            codes: ["EMLINK"],
            side: .destination,
            activities: [.makeDirectory],
            advice:
                "One directory has too many directories in it: 64,998 on ext4 without the feature "
                + "dir_nlink. Add it: tune2fs -O dir_nlink."
        ),
        Row(
            codes: ["EMLINK"],
            side: .destination,
            advice:
                "ext4 allows 65,000 names for one file: this name needs a copy of its own. Run the "
                + "pass again."
        ),
        Row(
            codes: ["ENOTEMPTY", "EEXIST"],
            side: .destination,
            advice:
                "Something else writes to DESTINATION right now, or a filter protects something "
                + "in it. Stop other writers, then run the pass again."
        ),
        Row(
            codes: ["EBUSY"],
            side: .destination,
            advice:
                "It is a mount point, a swap file, or in use by the kernel on DESTINATION. Unmount it or release "
                + "it (swapoff), then run the pass again."
        ),
        Row(
            codes: ["ETXTBSY"],
            side: .destination,
            advice:
                "It is a swap file in use (swapoff releases it), or a program runs from it: nothing should use "
                + "DESTINATION before the cutover. Stop that, then run the pass again."
        ),
        Row(
            codes: ["ENOKEY"],
            advice:
                "The directory is encrypted and its key is not there, so its names cannot be read. Add the "
                + "key (fscrypt unlock), then run it again."
        ),
        Row(
            codes: ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"],
            side: .destination,
            advice:
                "Something else changed DESTINATION during the pass. Stop other writers, then run the "
                + "pass again."
        ),
        Row(
            codes: ["ENOTSUP", "EINVAL", "ENOSYS"],
            side: .destination,
            activities: [.makeSpecial],
            advice:
                "DESTINATION holds no such entries. Pass --no-devices or --no-specials to leave them "
                + "out."
        ),
        Row(
            codes: ["EINVAL"],
            side: .destination,
            activities: [.create, .makeDirectory, .makeSymlink],
            advice:
                "DESTINATION refuses this name: a casefolded or encrypted directory wants valid UTF-8, "
                + "other filesystems forbid some characters. Rename it on SOURCE."
        ),
        Row(
            codes: ["EXDEV"],
            side: .destination,
            advice: "The directory belongs to another filesystem or another project quota (project "
                + "inheritance) than the file. See findmnt and lsattr -p on DESTINATION."
        ),
    ]

    private static let eitherRows: [Row] = [
        Row(
            codes: ["EMFILE"],
            advice:
                "This process may open no more files: raise ulimit -n (at least 4096), or lower "
                + "--workers, then run the pass again."
        ),
        Row(
            codes: ["ENFILE"],
            advice: "The machine may open no more files: raise fs.file-max with sysctl, or lower "
                + "--workers, then run the pass again."
        ),
        Row(
            codes: ["ENOMEM"],
            advice:
                "The kernel ran out of memory: lower --workers, or free memory, then run the pass "
                + "again."
        ),
        Row(
            codes: ["ESTALE"],
            advice:
                "The network filesystem no longer has it: the server was restarted or its export changed. Mount "
                + "it again, then run the pass again."
        ),
        Row(
            codes: ["ENOTSUP", "ENOSYS", "ENOTTY"],
            advice:
                "This filesystem or kernel cannot do that: see the kernel's log (dmesg) and mount "
                + "options. All else of the entry is in place."
        ),
        Row(
            codes: ["EINVAL", "ERANGE", "EOVERFLOW", "E2BIG"],
            advice:
                "The filesystem refuses a value of this entry: look at it with stat, getfattr and "
                + "lsattr, correct it on SOURCE, then run the pass again."
        ),
        Row(
            codes: ["EBUSY", "ETXTBSY", "EAGAIN", "EINTR", "EDEADLK"],
            advice:
                "It is in use by another program or the kernel at the moment. Run the pass again."
        ),
        Row(
            codes: ["ENODATA"],
            advice: "It changed while the pass looked at it. Run the pass again."
        ),
    ]
}
