// The project id of an inode that cannot be opened: a symlink, FIFO, device or socket of an XFS. An ioctl wants an
// open file, file_getattr(2) Linux 6.17; XFS_IOC_BULKSTAT tells it of any inode by its number.

import CLinux

extension Descriptor {
    /// The project id of inode `inode` of the XFS that this open file or directory is on.
    ///
    /// Nil where it is not told: no XFS (ENOTTY), no CAP_SYS_ADMIN (EPERM), an idmapped mount (EINVAL), or no such
    /// inode any more. The corresponding call is `ioctl(XFS_IOC_BULKSTAT)`, Linux 5.3.
    package func projectOfXFS(inode: UInt64) throws(SystemError) -> UInt32? {
        // The answer follows the request in memory: both are multiples of eight bytes.
        struct Question {
            var request = cl_xfs_bulk_request()
            var answer = cl_xfs_inode()
        }
        var question = Question()
        question.request.inode = inode
        question.request.capacity = 1
        let number = raw
        do throws(SystemError) {
            check(
                try retrying(.bulkStatus) {
                    withUnsafeMutableBytes(of: &question) { bytes -> Int32 in
                        guard let start = bytes.baseAddress else { return 0 }
                        return cl_xfs_bulkstat(
                            number,
                            start.assumingMemoryBound(to: cl_xfs_bulk_request.self)
                        )
                    }
                }
            )
        } catch {
            switch error.code {
            case .notSupportedByDevice, .notPermitted, .invalid: return nil
            default: throw error
            }
        }
        guard question.request.count == 1, question.answer.inode == inode else { return nil }
        return question.answer.project
    }
}
