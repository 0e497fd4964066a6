// What a verification counts, one row for each counter, as `PassCounter` has those of a pass.

package import History

/// A counter of a verification; the order is that of the lines of JSON.
///
/// Sizes are in bytes.
package enum VerificationCounter: Int, CounterName {
    /// Entries that were examined, whatever came out.
    case entriesSeen
    /// Space on SOURCE of what was examined.
    case bytesSeen
    /// Regular files whose contents were compared, to their ends.
    case filesCompared
    /// Bytes that were read, on both sides together.
    case bytesRead
    /// Differences found, several of one entry counted each.
    case differences
    /// Those of them that are of inode flags and project ids, which a pass carries only where DESTINATION can hold them.
    case settingsDifferences
    /// Of `differences`, those of quotas.
    case quotaDifferences
    /// Entries that differ and that users changed since the last whole pass, each counted once.
    case pending
    /// Differences of what changed meanwhile.
    case changed
    case failures, vanished, mountsSkipped

    /// The row of each counter; nil for a key: only the advice at the end asks for it.
    private var row: (key: String?, label: CounterLabel) {
        switch self {
        case .entriesSeen: ("entries_seen", .always("entries compared"))
        case .bytesSeen: ("bytes_seen", .noRow)
        case .filesCompared: ("files_compared", .always("contents compared"))
        case .bytesRead: ("bytes_read", .noRow)
        case .differences: ("differences", .always("differences"))
        case .settingsDifferences, .quotaDifferences: (nil, .noRow)
        case .pending:
            ("pending", .ifAny("pending", note: "the next pass takes them; -v lists them"))
        case .changed:
            ("changed", .ifAny("changed meanwhile", note: "not counted as differences"))
        case .failures: ("failures", .always("failures"))
        case .vanished: ("vanished", .always("vanished"))
        case .mountsSkipped: ("mounts_skipped", .noRow)
        }
    }

    package var key: String? { row.key }
    package var label: CounterLabel { row.label }
}
