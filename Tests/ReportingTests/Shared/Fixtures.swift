// Passes made up for reports.

import History
import LinuxIO
import Migration
import Reporting
import TestSupport

/// errno values of Linux by number, for tables: written out so that a wrong constant in the product
/// shows.
let errnoOf: [String: Int32] = [
    "EPERM": 1, "ENOENT": 2, "EINTR": 4, "EIO": 5, "ENXIO": 6, "E2BIG": 7, "EAGAIN": 11,
    "ENOMEM": 12,
    "EACCES": 13, "EBUSY": 16, "EEXIST": 17, "EXDEV": 18, "ENOTDIR": 20, "EISDIR": 21, "EINVAL": 22,
    "ENFILE": 23, "EMFILE": 24, "ENOTTY": 25, "ETXTBSY": 26, "EFBIG": 27, "ENOSPC": 28, "EROFS": 30,
    "EMLINK": 31, "ERANGE": 34, "EDEADLK": 35, "ENAMETOOLONG": 36, "ENOSYS": 38, "ENOTEMPTY": 39,
    "ELOOP": 40, "ENODATA": 61, "EOVERFLOW": 75, "ENOTSUP": 95, "ESTALE": 116, "EUCLEAN": 117,
    "EDQUOT": 122, "EILSEQ": 84, "ETIMEDOUT": 110, "EREMOTEIO": 121,
]

func failure(
    _ path: String = "a/b",
    _ side: Failure.Side = .source,
    _ activity: Failure.Activity = .read,
    _ call: SystemError.Operation = .read,
    _ code: String = "EIO",
    bytes: Range<UInt64>? = nil,
    detail: String? = nil,
    damage: DamageReport? = nil
) -> Failure {
    Failure(
        path: Array(path.utf8),
        side: side,
        activity: activity,
        error: SystemError(call, ErrorCode(rawValue: errnoOf[code] ?? 0)),
        bytes: bytes,
        detail: detail,
        damage: damage
    )
}

func passStart(
    entries: UInt64? = 284_000,
    bytes: UInt64 = 700 << 30,
    isExact: Bool = true,
    isDryRun: Bool = false
) -> PassStart {
    PassStart(
        sourcePath: bytesOf("/mnt/old"),
        destinationPath: bytesOf("/mnt/new"),
        sourceType: "xfs",
        destinationType: "ext4",
        entriesTotal: entries,
        bytesTotal: bytes,
        totalsAreExact: isExact,
        workers: 30,
        isDryRun: isDryRun
    )
}

func passSummary(
    _ status: ExitStatus = .done,
    _ counters: Counters = Counters(),
    isDryRun: Bool = false,
    branches: [PassSummary.BranchTime] = [],
    failures: [Failure] = [],
    stop: PassSummary.Stop? = nil
) -> PassSummary {
    PassSummary(
        status: status,
        isDryRun: isDryRun,
        counters: counters,
        durationNanoseconds: 93_791_000_000_000,
        times: PassTimes(synchronize: 4_200_000_000),
        slowestBranches: branches,
        firstFailures: failures,
        stop: stop,
        workersBusyMax: 30
    )
}

func bytesOf(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A call that does not come back.
func waitingCall(
    _ path: [UInt8]? = bytes("home/mail"),
    side: Failure.Side? = .source,
    seconds: UInt64 = 60
) -> WaitingCall {
    WaitingCall(call: "read", path: path, side: side, nanoseconds: seconds * 1_000_000_000)
}
