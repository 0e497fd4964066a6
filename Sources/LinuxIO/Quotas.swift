// The quotas of a mounted filesystem: asked of the kernel, never of mount options or tools.
//
// Kept true: a list that ends does so because the kernel said ENOENT. Every other error is thrown, also those that say
// that quotas are off: whoever reads two lists would take an owner that is not told for one without limits.
// Quotas are never switched on or off here, and no usage is set.

import CLinux

/// The quotas of the filesystem that a descriptor is on.
///
/// Calls need CAP_SYS_ADMIN in the first user namespace (EPERM), but for `state` and `grace`. The corresponding system
/// call is `quotactl_fd`, Linux 5.14; before that, and where a container refuses it, `quotactl`.
package struct Quotas: Sendable {
    private let volume: SharedDescriptor
    /// The node of its block device, where `quotactl` needs one.
    private let node: SharedDescriptor?

    /// Of any directory of the filesystem, through a read-only view too: then nothing can be set (EROFS).
    ///
    /// `quotactl` wants a node of the device; the one in /dev is taken. ENOSYS where there is none: such a filesystem
    /// is on no block device, or this process does not see it.
    package init(of volume: SharedDescriptor) throws(SystemError) {
        self.volume = volume
        if cl_has_quota_descriptors() == 1 {
            node = nil
            return
        }
        guard let found = try Self.node(of: volume.descriptor) else {
            throw SystemError(.quotactl, .notImplemented)
        }
        node = SharedDescriptor(found)
    }

    /// A handle on the node in /dev of the device that a directory is on; nil where there is none.
    private static func node(of volume: borrowing Descriptor) throws(SystemError) -> Descriptor? {
        let number = try volume.status().device
        guard let device = BlockDevice(number: number) else { return nil }
        do throws(SystemError) {
            let folder = try Descriptor.openRoot(Name("/dev"))
            let handle = try folder.openHandle(Name(device.name))
            let status = try handle.status()
            guard status.kind == .blockDevice,
                UInt64(status.specialMajor) << 32 | UInt64(status.specialMinor) == number
            else { return nil }
            return handle
        } catch {
            if error.code == .noEntry { return nil }
            throw error
        }
    }

    private var place: cl_quota_place {
        cl_quota_place(volume: volume.descriptor.raw, node: node?.descriptor.raw ?? -1)
    }

    /// What is accounted and enforced.
    ///
    /// ENOSYS says that nothing is, and so does ESRCH of an ext4 that was remounted read-only. The command is
    /// Q_XGETQSTATV, Linux 3.12.
    package func state() throws(SystemError) -> QuotaState {
        var flags: UInt16 = 0
        var files: UInt32 = 0
        do throws(SystemError) {
            check(try retrying(.quotactl) { cl_quota_state(place, &flags, &files) })
        } catch {
            if error.code == .notImplemented || error.code == .noProcess { return QuotaState() }
            throw error
        }
        return QuotaState(flags: flags, files: files)
    }

    /// The grace times of a kind that is accounted, else ESRCH.
    ///
    /// The command is Q_GETINFO: Q_XGETQSTATV has 32 bits, and record 0 reads 0 while limits are not enforced.
    package func grace(of kind: QuotaKind) throws(SystemError) -> QuotaGrace {
        var (block, inode): (UInt64, UInt64) = (0, 0)
        check(
            try retrying(.quotactl) { cl_quota_grace(place, kind.number, &block, &inode) }
        )
        return QuotaGrace(blockSeconds: block, inodeSeconds: inode)
    }

    /// What this filesystem can hold of limits of a kind.
    ///
    /// The command is Q_GETFMT: ESRCH says that it is an XFS.
    package func storage(of kind: QuotaKind) throws(SystemError) -> QuotaStorage {
        let status = try VolumeStatus(of: volume.descriptor)
        var format: UInt32 = 0
        do throws(SystemError) {
            check(try retrying(.quotactl) { cl_quota_format(place, kind.number, &format) })
        } catch {
            // Of an ext4 ESRCH says that quotas are off.
            guard error.code == .noProcess, status.typeName == "xfs" else { throw error }
            return QuotaStorage(format: nil, blockBytes: status.blockBytes)
        }
        return QuotaStorage(format: format, blockBytes: status.blockBytes)
    }

    /// The record of the least id from `id` on; nil where there is none any more (ENOENT).
    ///
    /// Only ids with limits or usage have one for sure; empty ones may be told, too. ESRCH or ENOSYS: the kind is not
    /// accounted. EUCLEAN where the kernel goes back. The command is Q_XGETNEXTQUOTA, Linux 4.6.
    package func record(of kind: QuotaKind, from id: UInt32) throws(SystemError) -> QuotaRecord? {
        // The last number is nobody's, and asking for it is EINVAL.
        guard id < UInt32.max else { return nil }
        var raw = cl_quota_record()
        do throws(SystemError) {
            check(try retrying(.quotactl) { cl_quota_next(place, kind.number, id, &raw) })
        } catch {
            guard error.code == .noEntry else { throw error }
            // The older call says the same where its path leads nowhere: without /proc.
            if node != nil { _ = try state() }
            return nil
        }
        guard raw.id >= id else { throw SystemError(.quotactl, .corrupted) }
        return QuotaRecord(raw)
    }

    /// The limits of one owner, as they are kept.
    ///
    /// By a list that begins there: a question for the one record can leave an empty one behind on ext4.
    package func limits(of owner: QuotaOwner) throws(SystemError) -> QuotaLimits {
        guard let record = try record(of: owner.kind, from: owner.id), record.id == owner.id else {
            return .none
        }
        return record.limits
    }

    // MARK: Setting

    /// Sets the grace times of a kind.
    ///
    /// The command is Q_SETINFO.
    package func set(_ grace: QuotaGrace, of kind: QuotaKind) throws(SystemError) {
        check(
            try retrying(.quotactl) {
                cl_set_quota_grace(place, kind.number, grace.blockSeconds, grace.inodeSeconds)
            }
        )
    }

    /// Sets all limits of one owner, space in whole KiB: the rest is cut off, so round up before.
    ///
    /// An owner that is above a soft limit gets a new grace. ERANGE for what the format does not hold, but not for
    /// all of that: see `QuotaStorage`. The command is Q_SETQUOTA.
    package func set(_ limits: QuotaLimits, of owner: QuotaOwner) throws(SystemError) {
        let raw = cl_quota_limits(
            block_hard: limits.blockHardBytes / QuotaStorage.kibibyte,
            block_soft: limits.blockSoftBytes / QuotaStorage.kibibyte,
            inode_hard: limits.inodesHard,
            inode_soft: limits.inodesSoft
        )
        check(
            try retrying(.quotactl) {
                cl_set_quota_limits(place, owner.kind.number, owner.id, raw)
            }
        )
    }

    /// Sets when grace ends of an owner that is above a soft limit, in seconds since 1970; nil: as it is.
    ///
    /// Below the limit the kernel sets it to 0. The command is Q_SETQUOTA.
    package func setGraceEnd(
        block: UInt64?,
        inode: UInt64?,
        of owner: QuotaOwner
    ) throws(SystemError) {
        check(
            try retrying(.quotactl) {
                Self.withOptionalPointer(to: block) { block in
                    Self.withOptionalPointer(to: inode) { inode in
                        cl_set_quota_times(place, owner.kind.number, owner.id, block, inode)
                    }
                }
            }
        )
    }

    private static func withOptionalPointer(
        to value: UInt64?,
        _ body: (UnsafePointer<UInt64>?) -> Int32
    ) -> Int32 {
        guard let value else { return body(nil) }
        return withUnsafePointer(to: value, body)
    }
}

/// The records of one kind, in ascending order of their ids.
package struct QuotaCursor {
    /// The record of the least id from this one on.
    private let read: (UInt32) throws(SystemError) -> QuotaRecord?
    /// Where the next question begins; nil: the end was told.
    private var nextID: UInt32? = 0

    package init(_ quotas: Quotas, _ kind: QuotaKind) {
        read = { id throws(SystemError) in try quotas.record(of: kind, from: id) }
    }

    /// Over what `read` answers.
    package init(_ read: @escaping (UInt32) throws(SystemError) -> QuotaRecord?) {
        self.read = read
    }

    /// ext4 keeps records in a tree of 256 branches each (fs/quota/quota_tree.c).
    private static let branchBits: [UInt32] = [8, 16, 24]

    /// The next record; nil at the end.
    ///
    /// After an error the cursor stands where it stood.
    package mutating func next() throws(SystemError) -> QuotaRecord? {
        guard let id = nextID else { return nil }
        var found = try read(id)
        // Where the branch that `id` lies in went away since the record before was read (one that was empty goes when
        // the kernel lets go of it), the kernel adds whole branches to `id` as it is, and passes over the first ids of
        // the next one. From the first id of a branch it passes over none.
        if id > 0 {
            for bits in Self.branchBits {
                let first = UInt64((id - 1) >> bits + 1) << UInt64(bits)
                guard first <= UInt64(UInt32.max), first > UInt64(id),
                    found.map({ UInt64($0.id) > first }) ?? true
                else { continue }
                if let other = try read(UInt32(first)), found.map({ other.id < $0.id }) ?? true {
                    found = other
                }
            }
        }
        guard let record = found else {
            nextID = nil
            return nil
        }
        nextID = record.id == .max ? nil : record.id + 1
        return record
    }
}
