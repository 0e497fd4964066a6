// What is remembered of each pass: plain values, without a trace of how they are stored.
//
// Times are nanoseconds since 1970 by the clock of that moment, which may have been set since; those
// named `Boot` are of CLOCK_BOOTTIME and compare only within one boot.

/// One pass, from its start to its end; the end is missing while it runs and when it was killed.
package struct PassRecord: Equatable, Sendable {
    /// 0 before `History.begin`, which gives it.
    package var id: Int64 = 0
    package var startNanoseconds: Int64
    package var endNanoseconds: Int64?
    /// Of the running kernel: /proc/sys/kernel/random/boot_id.
    package var bootIdentifier: String
    package var startBootNanoseconds: Int64
    package var endBootNanoseconds: Int64?
    /// How long it took, by the clock that nobody sets; nil where that is not known.
    package var durationNanoseconds: UInt64? {
        endBootNanoseconds.flatMap { UInt64(exactly: $0 - startBootNanoseconds) }
    }
    /// Canonical text of the options that decide what is copied.
    package var options: String
    /// How changes were looked for: `walk` or `scan`.
    package var method: String
    /// Why not by scan.
    package var reason: String?
    package var workers: Int
    /// Only a part of SOURCE was looked at.
    package var isPartial: Bool
    /// Exit status.
    package var status: Int?
    /// All of it was done (single entries may have failed), and syncfs(2) of DESTINATION succeeded.
    package var isComplete: Bool
    /// What was written to DESTINATION before this moment is on the disk; `lostWrites` after a syncfs(2) that failed.
    package var watermarkNanoseconds: Int64?
    /// The watermark of a pass that was told of lost writes.
    package static let lostWrites = Int64.min
    /// The watermark, if it is a moment.
    package var safeUntilNanoseconds: Int64? {
        watermarkNanoseconds == Self.lostWrites ? nil : watermarkNanoseconds
    }
    /// Whether it came to its end, with all that it had written on the disk.
    package var isSynchronized: Bool {
        isComplete || endNanoseconds.map { $0 == watermarkNanoseconds } ?? false
    }
    /// Inodes in use on DESTINATION at the end.
    package var destinationInodes: UInt64?
    /// The mount of DESTINATION, a number that is not given again in one boot, and the sectors that its
    /// device had been given to write at the end: others that write there later are seen by it.
    package var destinationMount: UInt64?
    package var destinationSectorsWritten: UInt64?
    /// Time of change of DESTINATION's root at the end: a pass moves it before its first change there and after its
    /// last, also one that can write down nothing.
    package var destinationChangedNanoseconds: Int64?
    package var counts: Counts
    package var cutoverVersion: String
    /// Which mounting of DESTINATION's filesystem the pass wrote to (`Descriptor.filesystemInstance`), from its
    /// start on; nil where nothing tells: then no two passes are of one.
    package var destinationInstance: String?
    /// Where DESTINATION was put back to an earlier state before this pass: the time of change of its root then.
    ///
    /// It counts until a whole pass of SOURCE with the same options is complete.
    package var rolledBackToNanoseconds: Int64?
    /// What decided what it left at DESTINATION, as words of the command line, each ended by a zero byte.
    ///
    /// Nil: not kept, for it was a pass of an earlier version, or they were too long.
    package var arguments: [UInt8]?

    /// What filesystems the roots were of, such as `xfs`.
    package var sourceType: String?
    package var destinationType: String?
    /// What they were made with, in the words of their tools, with blanks between; nil: not told.
    package var sourceFeatures: String?
    package var destinationFeatures: String?
    /// How they were mounted, with commas between; nil: not told.
    package var sourceMountOptions: String?
    package var destinationMountOptions: String?
    /// The name of the machine; nil: not told.
    package var host: String?

    /// What its parts took; of a pass that ended.
    package var times = PassTimes()
    /// How long it would take, as it was foreseen right before, in nanoseconds, up to the same moment as `times.total`.
    package var foreseenNanoseconds: UInt64?
    /// The interval in which it was to lie; nil: too few passes were known for one.
    package var foreseenLowNanoseconds: UInt64?
    package var foreseenHighNanoseconds: UInt64?
    /// Whether it was held back from the start: it had the idle class, or a limit of bytes.
    package var isHeldBack: Bool?
    /// Entries that it copied, made, repaired or deleted, and directories that a scan had it list.
    package var entriesTouched: UInt64?
    /// On which machine: rates of another say nothing.
    package var machine: String?
    /// What its work cost at full power, as `CostSums` has it, and what it cost while it was held back.
    package var costsAtFullPower: String?
    package var costsHeldBack: String?

    /// What a pass did, by its counters; those that the record does not keep are 0.
    package struct Counts: Equatable, Sendable {
        private var values = [UInt64](repeating: 0, count: PassCounter.allCases.count)

        package init() {}

        package subscript(counter: PassCounter) -> UInt64 {
            get { values[counter.rawValue] }
            set { values[counter.rawValue] = newValue }
        }
    }

    /// A pass that begins: nothing done, no end.
    package init(  // One for each field.
        startNanoseconds: Int64,
        bootIdentifier: String,
        startBootNanoseconds: Int64,
        options: String,
        method: String,
        reason: String? = nil,
        workers: Int,
        isPartial: Bool,
        cutoverVersion: String
    ) {
        self.startNanoseconds = startNanoseconds
        self.bootIdentifier = bootIdentifier
        self.startBootNanoseconds = startBootNanoseconds
        self.options = options
        self.method = method
        self.reason = reason
        self.workers = workers
        self.isPartial = isPartial
        self.cutoverVersion = cutoverVersion
        isComplete = false
        counts = Counts()
    }
}

/// What the parts of a pass took, in nanoseconds by a clock that nobody sets.
package struct PassTimes: Equatable, Sendable {
    /// To open and judge the roots and the state, to the moment at which it looks for changes.
    package var open: UInt64?
    /// To find out what to look at.
    package var changes: UInt64?
    /// All workers' work, from the first to the last entry.
    package var work: UInt64?
    /// DESTINATION's disk.
    package var synchronize: UInt64?
    /// To write down what was learned, but for the last step of the database, which comes after it.
    package var commit: UInt64?

    package init(synchronize: UInt64? = nil) { self.synchronize = synchronize }

    /// All parts together; nil where one is not known.
    package var total: UInt64? {
        guard let open, let changes, let work, let synchronize, let commit else { return nil }
        return open &+ changes &+ work &+ synchronize &+ commit
    }
}

/// What one branch cost.
package struct BranchRecord: Equatable, Sendable {
    /// Any bytes.
    package var name: [UInt8]
    /// Of all workers together.
    package var workNanoseconds: UInt64
    package var entries: UInt64
    package var bytes: UInt64

    package init(name: [UInt8], workNanoseconds: UInt64, entries: UInt64, bytes: UInt64) {
        self.name = name
        self.workNanoseconds = workNanoseconds
        self.entries = entries
        self.bytes = bytes
    }
}

/// What could not be done to one entry.
package struct FailureRecord: Equatable, Sendable {
    /// Any bytes, below the roots.
    package var path: [UInt8]
    package var side: String
    package var activity: String
    package var errorNumber: Int32?
    /// The bytes concerned, from `firstByte` to before `endByte`.
    package var firstByte: UInt64?
    package var endByte: UInt64?
    package var detail: String?

    package init(  // One for each field.
        path: [UInt8],
        side: String,
        activity: String,
        errorNumber: Int32? = nil,
        firstByte: UInt64? = nil,
        endByte: UInt64? = nil,
        detail: String? = nil
    ) {
        self.path = path
        self.side = side
        self.activity = activity
        self.errorNumber = errorNumber
        self.firstByte = firstByte
        self.endByte = endByte
        self.detail = detail
    }
}
