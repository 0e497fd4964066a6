// What a pass tells while it runs. Only rare things are events; what happens per entry is a counter.
// The receiver is called from any worker, several at once, and must be quick.

package import LinuxIO

/// One thing worth telling, as it happens.
package enum PassEvent: Sendable {
    /// Both roots are open and judged; the pass begins.
    case started(PassStart)
    case failed(Failure)
    /// An entry of SOURCE went away between its listing and its opening (S47).
    case vanished(path: [UInt8])
    /// Another filesystem begins here; what is below it is left alone on both sides (S4, S46).
    case mountSkipped(
        path: [UInt8],
        side: Failure.Side = .source,
        crossing: MountBoundary.Crossing = .mount
    )
    /// DESTINATION keeps everything in this directory, for SOURCE's could not be listed to its end (S44).
    case directoryProtected(path: [UInt8])
    /// One line of `--itemize`; only where `PassOptions.itemizes`.
    case changed(Itemization)
    /// Quotas of DESTINATION were changed, or in a dry run would be (Q11).
    case quota(QuotaChange)
    /// Said once a pass.
    case notice(Notice)
    /// SIGUSR1 or SIGUSR2 changed the number of workers.
    case workersChanged(Int)
    /// A number of workers was tried.
    case tuneStep(TuneStep)
    /// A call does not come back; again each time that the time doubles (S59).
    case waiting(WaitingCall)
    /// DESTINATION takes no more writes; what is missing is being counted (S18).
    case stopped(DestinationStop, Failure)
    /// Nothing is written any more; `syncfs` of DESTINATION runs. `isWhole`: all that was to be written is.
    case synchronizing(isWhole: Bool)
}

/// What is known when a pass begins.
package struct PassStart: Sendable {
    package var sourcePath: [UInt8]
    package var destinationPath: [UInt8]
    package var sourceType: String
    package var destinationType: String
    /// Used inodes and bytes of SOURCE's filesystem; nil where it does not count them.
    package var entriesTotal: UInt64?
    package var bytesTotal: UInt64
    /// Whether SOURCE is a whole filesystem; if not, the totals are upper limits.
    package var totalsAreExact: Bool
    package var workers: Int
    /// When this number was found best for the pair, in nanoseconds since 1970; nil: it was given, or is the usual one.
    package var tunedNanoseconds: Int64?
    package var isDryRun: Bool
    /// The id under which the record has it; nil: nothing of it is recorded.
    package var pass: Int64?

    package init(  // One for each field.
        sourcePath: [UInt8],
        destinationPath: [UInt8],
        sourceType: String,
        destinationType: String,
        entriesTotal: UInt64?,
        bytesTotal: UInt64,
        totalsAreExact: Bool,
        workers: Int,
        tunedNanoseconds: Int64? = nil,
        isDryRun: Bool,
        pass: Int64? = nil
    ) {
        self.sourcePath = sourcePath
        self.destinationPath = destinationPath
        self.sourceType = sourceType
        self.destinationType = destinationType
        self.entriesTotal = entriesTotal
        self.bytesTotal = bytesTotal
        self.totalsAreExact = totalsAreExact
        self.workers = workers
        self.tunedNanoseconds = tunedNanoseconds
        self.isDryRun = isDryRun
        self.pass = pass
    }
}
