// How long a first copy takes at least, by what both disks did for some seconds (`check --time`): values, and what follows
// from them. Pure.

package import LinuxIO

/// Why a part was not timed.
package enum Untimed: Error, Equatable, Sendable {
    /// A whole pass is recorded: `cutover history` tells how long passes take.
    case holdsCopy
    /// Files are read by their inodes, which only a whole XFS lists, and only to root.
    case notListed
    /// SOURCE holds so few bytes that any disk has read them before it is at its speed.
    case tooSmall(bytes: UInt64)
    /// SOURCE's filesystem has no reads past the page cache, and memory is no disk.
    case noDirectReads
    /// DESTINATION takes no write.
    case readOnly
    /// A pass writes to DESTINATION.
    case busy
    /// DESTINATION has little room left, in bytes or inodes.
    case noRoom
    /// With the call.
    case failed(SystemError)

    /// The word for programs, which stays.
    package var word: String {
        switch self {
        case .holdsCopy: "holds_copy"
        case .notListed: "not_listed"
        case .tooSmall: "too_small"
        case .noDirectReads: "no_direct_reads"
        case .readOnly: "read_only"
        case .busy: "busy"
        case .noRoom: "no_room"
        case .failed: "failed"
        }
    }
}

/// What was timed of a copy that is to come.
package struct CopyTiming: Equatable, Sendable {
    /// So much of something was done.
    package struct Work: Equatable, Sendable {
        /// Bytes, or files.
        package var amount: UInt64
        package var nanoseconds: UInt64

        package init(amount: UInt64, nanoseconds: UInt64) {
            (self.amount, self.nanoseconds) = (amount, nanoseconds)
        }

        /// Seconds for another amount at this speed; nil where nothing was done.
        func seconds(for other: UInt64) -> Double? {
            amount == 0 ? nil : Double(other) * Double(nanoseconds) / 1e9 / Double(amount)
        }
    }

    /// Contents of SOURCE, in bytes, past the page cache.
    package var reading: Result<Work, Untimed>
    /// Files on DESTINATION, on its disk at the end.
    package var making: Result<Work, Untimed>
    /// How many worked at it at a time.
    package var workers: Int
    /// What a copy has to read, in bytes.
    package var bytes: UInt64
    /// What it has to make.
    package var inodes: UInt64

    package init(  // One for each field.
        reading: Result<Work, Untimed>,
        making: Result<Work, Untimed>,
        workers: Int,
        bytes: UInt64,
        inodes: UInt64
    ) {
        (self.reading, self.making, self.workers) = (reading, making, workers)
        (self.bytes, self.inodes) = (bytes, inodes)
    }

    /// Seconds to read all; nil: not known.
    package var readSeconds: Double? { (try? reading.get())?.seconds(for: bytes) }
    /// Seconds to make all files; nil: not known.
    package var makeSeconds: Double? { (try? making.get())?.seconds(for: inodes) }
    /// A first copy takes that long at least: both go on at the same time.
    package var leastSeconds: Double? { [readSeconds, makeSeconds].compactMap { $0 }.max() }
}

/// A file of SOURCE that may be read to time its disk.
struct SampledFile: Sendable {
    let inode: UInt64
    let generation: UInt32
}

/// Runs of files in the order of their inodes, as a pass reads them, from all over an allocation group; a fair sample of
/// its runs.
struct FileRuns: Sendable {
    private(set) var runs: [[SampledFile]] = []
    private var current: [SampledFile] = []
    private var seen: UInt64 = 0

    private static let runLength = 64
    private static let most = 256

    /// Takes note of the next file.
    mutating func add(_ file: SampledFile) {
        current.append(file)
        if current.count == Self.runLength { endRun() }
    }

    /// The last file of the group was noted.
    mutating func endRun() {
        if current.isEmpty { return }
        defer { current = [] }
        seen += 1
        if runs.count < Self.most { return runs.append(current) }
        let place = UInt64.random(in: 0..<seen)
        if place < UInt64(Self.most) { runs[Int(place)] = current }
    }

    mutating func merge(_ other: FileRuns) { runs += other.runs }
}
