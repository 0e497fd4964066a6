// The one error type of the kernel boundary: which call, which errno. It knows nothing of paths:
// the engine adds those where it makes a failure of it.

import CLinux
import Glibc

/// A system call that failed: the call's name and its errno.
package struct SystemError: Error, Hashable, Sendable {
    /// The call, by the name of its man page.
    package let operation: Operation
    /// The errno value, positive.
    package let code: ErrorCode

    package init(_ operation: Operation, _ code: ErrorCode) {
        self.operation = operation
        self.code = code
    }

    /// The calls that can fail, named after their man pages in section 2.
    package enum Operation: String, Sendable {
        case open, close, statx, fstatfs, getdents64, readlink, read, write, lseek, ftruncate,
            fsync, syncfs
        case flock
        case mkdir, mknod, symlink, link, unlink, rmdir, rename
        case chown, chmod, utimensat, listxattr, getxattr, setxattr, removexattr
        case getACL = "acl_get_file"
        case setACL = "acl_set_file"
        case getFlags = "FS_IOC_FSGETXATTR"
        case setFlags = "FS_IOC_FSSETXATTR"
        case openHandle = "open_by_handle_at"
        case limit = "setrlimit"
        case capget
        case setOpenFlags = "fcntl"
        case priority = "ioprio_set"
        case makeRing = "io_uring_setup"
        case useRing = "io_uring_enter"
        case bulkStatus = "XFS_IOC_BULKSTAT"
        case getGeometry = "XFS_IOC_FSGEOMETRY"
        case getIdentifier = "FS_IOC_GETFSUUID"
        case getGeneration = "FS_IOC_GETVERSION"
        case getKeyStatus = "FS_IOC_GET_ENCRYPTION_KEY_STATUS"
        case startThread = "pthread_create"
        case quotactl
        case spawn = "posix_spawn"
        case wait = "waitpid"
        case send = "sendto"
    }
}

/// An errno value with its C name; see errno(3).
package struct ErrorCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let notPermitted = ErrorCode(rawValue: EPERM)
    /// A call that the kernel lacks, or that a container refuses (ENOSYS).
    package static let notImplemented = ErrorCode(rawValue: ENOSYS)
    package static let noEntry = ErrorCode(rawValue: ENOENT)
    package static let interrupted = ErrorCode(rawValue: EINTR)
    /// What is asked about is not there: of quotas, a kind that is not accounted (ESRCH).
    package static let noProcess = ErrorCode(rawValue: ESRCH)
    package static let inputOutput = ErrorCode(rawValue: EIO)
    package static let noDevice = ErrorCode(rawValue: ENXIO)
    package static let noMemory = ErrorCode(rawValue: ENOMEM)
    package static let accessDenied = ErrorCode(rawValue: EACCES)
    package static let busy = ErrorCode(rawValue: EBUSY)
    package static let exists = ErrorCode(rawValue: EEXIST)
    package static let crossDevice = ErrorCode(rawValue: EXDEV)
    package static let notDirectory = ErrorCode(rawValue: ENOTDIR)
    package static let isDirectory = ErrorCode(rawValue: EISDIR)
    package static let invalid = ErrorCode(rawValue: EINVAL)
    package static let tooManyOpenHere = ErrorCode(rawValue: EMFILE)
    package static let notSupportedByDevice = ErrorCode(rawValue: ENOTTY)
    package static let fileTooLarge = ErrorCode(rawValue: EFBIG)
    package static let noSpace = ErrorCode(rawValue: ENOSPC)
    package static let readOnly = ErrorCode(rawValue: EROFS)
    package static let tooManyLinks = ErrorCode(rawValue: EMLINK)
    package static let outOfRange = ErrorCode(rawValue: ERANGE)
    package static let nameTooLong = ErrorCode(rawValue: ENAMETOOLONG)
    package static let notEmpty = ErrorCode(rawValue: ENOTEMPTY)
    package static let symlinkLoop = ErrorCode(rawValue: ELOOP)
    package static let noData = ErrorCode(rawValue: ENODATA)
    package static let notSupported = ErrorCode(rawValue: ENOTSUP)
    package static let argumentsTooLong = ErrorCode(rawValue: E2BIG)
    package static let stale = ErrorCode(rawValue: ESTALE)
    package static let quotaExceeded = ErrorCode(rawValue: EDQUOT)
    package static let corrupted = ErrorCode(rawValue: EUCLEAN)
    package static let illegalSequence = ErrorCode(rawValue: EILSEQ)
    package static let remoteInputOutput = ErrorCode(rawValue: EREMOTEIO)
    package static let wouldBlock = ErrorCode(rawValue: EWOULDBLOCK)
    package static let brokenPipe = ErrorCode(rawValue: EPIPE)
    package static let noKey = ErrorCode(rawValue: ENOKEY)
    package static let timedOut = ErrorCode(rawValue: ETIMEDOUT)

    /// The C name (`ENOSPC`), or `errno N` for one that has no row here.
    package var name: String { Self.names[rawValue] ?? "errno \(rawValue)" }

    /// What the C library calls it, in English: "No space left on device".
    ///
    /// The corresponding function is `strerrordesc_np`.
    package var sentence: String {
        guard let sentence = cl_error_sentence(rawValue) else { return "Unknown error \(rawValue)" }
        // ASCII text of the C library, not a name.
        return String(cString: sentence)
    }

    private static let names: [Int32: String] = [
        EPERM: "EPERM", ENOENT: "ENOENT", ESRCH: "ESRCH", EINTR: "EINTR", EIO: "EIO",
        ENXIO: "ENXIO",
        EAGAIN: "EAGAIN",
        EBADF: "EBADF", ENOMEM: "ENOMEM", EACCES: "EACCES", EBUSY: "EBUSY", EEXIST: "EEXIST",
        EXDEV: "EXDEV", ENODEV: "ENODEV", ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", EINVAL: "EINVAL",
        EMFILE: "EMFILE", ENFILE: "ENFILE", ENOTTY: "ENOTTY", ETXTBSY: "ETXTBSY", EFBIG: "EFBIG",
        ENOSPC: "ENOSPC", EROFS: "EROFS", EMLINK: "EMLINK", ERANGE: "ERANGE", EDEADLK: "EDEADLK",
        ENAMETOOLONG: "ENAMETOOLONG", ENOSYS: "ENOSYS", ENOTEMPTY: "ENOTEMPTY", ELOOP: "ELOOP",
        ENODATA: "ENODATA", ENOTSUP: "ENOTSUP", E2BIG: "E2BIG", ESTALE: "ESTALE", EDQUOT: "EDQUOT",
        EOVERFLOW: "EOVERFLOW", ENOKEY: "ENOKEY", EUCLEAN: "EUCLEAN",
        ENOLCK: "ENOLCK", EPIPE: "EPIPE",
        ECANCELED: "ECANCELED", EILSEQ: "EILSEQ", EREMOTEIO: "EREMOTEIO", ETIMEDOUT: "ETIMEDOUT",
    ]
}

/// Makes a call that returns a value or -errno, again while a signal interrupts it (EINTR).
///
/// Calls of a filesystem on local disks are rarely interruptible, but FUSE and NFS ones are.
@inline(__always)
func retrying<Value: SignedInteger & FixedWidthInteger>(
    _ operation: SystemError.Operation,
    _ call: () -> Value
) throws(SystemError) -> Value {
    var result: Value
    repeat { result = call() } while result == -Value(EINTR)
    if result < 0 {
        throw SystemError(operation, ErrorCode(rawValue: Int32(truncatingIfNeeded: -result)))
    }
    return result
}
