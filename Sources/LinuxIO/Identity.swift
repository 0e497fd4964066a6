// What tells filesystems and inodes apart for longer than a mount lasts. Device numbers do not: a volume
// has another one after a restart, and another volume may have its.

import CLinux

extension Descriptor {
    /// What identifies the filesystem that holds this open file or directory (not an O_PATH handle: EBADF):
    /// its UUID, 16 bytes; where there is none, the 8 bytes of f_fsid.
    ///
    /// A copy of a whole volume (dd(1), a snapshot) has the same UUID. f_fsid is weaker: many filesystems
    /// make it of their device number, so that another volume may have it later. EOPNOTSUPP where not even
    /// that is there. The corresponding calls are `ioctl` with FS_IOC_GETFSUUID (Linux 6.9),
    /// XFS_IOC_FSGEOMETRY (5.2) or EXT4_IOC_GETFSUUID (5.19), and `fstatfs`.
    package func filesystemIdentifier() throws(SystemError) -> [UInt8] {
        let descriptor = raw
        if let uuid = try Self.uuid({ cl_filesystem_uuid(descriptor, $0) }) { return uuid }
        if let uuid = try Self.uuid({ cl_xfs_uuid(descriptor, $0) }) { return uuid }
        if let uuid = try Self.uuid({ cl_ext4_uuid(descriptor, $0) }) { return uuid }
        var status = cl_volume_status()
        check(try retrying(.fstatfs) { cl_fstatfs(descriptor, &status) })
        guard status.identifier != 0 else { throw SystemError(.fstatfs, .notSupported) }
        return withUnsafeBytes(of: status.identifier) { Array($0) }
    }

    /// What a call for a UUID answers; nil where it is not known here, and for one of zeros, which is none
    /// (`tune2fs -U clear`).
    private static func uuid(
        _ call: (UnsafeMutablePointer<UInt8>) -> Int32
    ) throws(SystemError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: Int(CL_UUID_BYTES))
        let length: Int32
        do throws(SystemError) {
            length = try retrying(.getIdentifier) { call(&bytes) }
        } catch {
            switch error.code {
            case .notSupportedByDevice, .notSupported, .invalid: return nil
            default: throw error
            }
        }
        let uuid = Array(bytes.prefix(Int(length)))
        return uuid.allSatisfy { $0 == 0 } ? nil : uuid
    }

    /// The generation of the inode behind this open file or directory (not an O_PATH handle: EBADF): a
    /// number that is another one when the inode's number is given out again.
    ///
    /// ENOTTY where there is none (tmpfs). The corresponding call is `ioctl` with FS_IOC_GETVERSION.
    package func inodeGeneration() throws(SystemError) -> UInt32 {
        var generation: UInt32 = 0
        let descriptor = raw
        check(try retrying(.getGeneration) { cl_generation(descriptor, &generation) })
        return generation
    }
}
