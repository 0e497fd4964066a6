// Directories whose names the kernel cannot decrypt (fscrypt): it lists made-up names instead, which change with
// every key and mean nothing on another volume (S63).

import CLinux

extension Descriptor {
    /// Throws ENOKEY if the names in this open directory cannot be told, for want of their key.
    ///
    /// Costs no call but for a directory that `status` calls encrypted. Any other error means that it is not known.
    /// A key of a policy of version 1 that is only in the session's keyring is not seen. The corresponding call is
    /// `ioctl` with FS_IOC_GET_ENCRYPTION_KEY_STATUS.
    package func checkNames(_ status: FileStatus) throws(SystemError) {
        guard status.isEncrypted else { return }
        let descriptor = raw
        if try retrying(.getKeyStatus, { cl_has_encryption_key(descriptor) }) == 0 {
            throw SystemError(.getKeyStatus, .noKey)
        }
    }
}
