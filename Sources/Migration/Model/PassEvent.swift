// What a pass tells while it runs. Only rare things are events; what happens per entry is a counter.
// The receiver is called from any worker, several at once, and must be quick.

package import History
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
    /// Said once a pass.
    case notice(Notice)
    /// SIGUSR1 or SIGUSR2 changed the number of workers.
    case workersChanged(Int)
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
    package var isDryRun: Bool

    package init(
        sourcePath: [UInt8],
        destinationPath: [UInt8],
        sourceType: String,
        destinationType: String,
        entriesTotal: UInt64?,
        bytesTotal: UInt64,
        totalsAreExact: Bool,
        workers: Int,
        isDryRun: Bool
    ) {
        self.sourcePath = sourcePath
        self.destinationPath = destinationPath
        self.sourceType = sourceType
        self.destinationType = destinationType
        self.entriesTotal = entriesTotal
        self.bytesTotal = bytesTotal
        self.totalsAreExact = totalsAreExact
        self.workers = workers
        self.isDryRun = isDryRun
    }
}

/// Things that hold for a whole pass and are said once.
package enum Notice: Sendable, Hashable {
    /// Not root: owners stay, devices are skipped (S31).
    case notRoot
    /// Root without these capabilities: what needs them fails (S54).
    case capabilitiesMissing(Capabilities)
    /// What this process may do, and whether SOURCE and DESTINATION are reached through views of its own.
    case reaches(Capabilities, isRoot: Bool, viewsSource: Bool, viewsDestination: Bool)
    /// `--idle` on a disk whose I/O scheduler takes no notice of it.
    case idleIgnored(device: String, scheduler: String)
    /// RLIMIT_NOFILE allows only so many workers.
    case workersLimited(Int, descriptors: Int)
    /// There are threads for so many workers and no more (S58).
    case threadsLimited(Int)
    /// DESTINATION stores times in steps of so many nanoseconds, or only in a range of years (S6).
    case coarseTimes(stepNanoseconds: UInt32)
    /// Times outside of what DESTINATION stores, of how many entries, and the first that was met (S64).
    case clampedTimes(entries: UInt64, first: [UInt8])
    /// DESTINATION holds no project ids (ext4 without `-O project`).
    case projectsNotKept
    /// DESTINATION has no inode flags.
    case flagsNotKept
    /// A link group is larger than DESTINATION's limit; fresh copies lead further groups (S41).
    case linkLimitReached(Int)
    /// An extra directory stays since a filter protects something in it (S45).
    case protectedByFilter
    /// Small files are read so many at a time, through io_uring.
    case readsTogether(Int)
    /// They are read one by one: io_uring is refused, or RLIMIT_NOFILE is too small.
    case readsAlone(SystemError)
    /// Both trees are walked, and why, where a scan is possible in principle.
    case walks(WalkReason)
    /// The state is not kept: the folder cannot be used, or a write to it failed.
    case nothingRemembered(path: String, reason: String)
    /// A state that cannot be used was put aside; this pass starts without one.
    case stateSetAside(SetAside)
    /// A pass was ended by a power cut, or DESTINATION mounted anew after it: contents that may be lost are compared.
    case comparesAfterPowerCut
    /// DESTINATION was put back to an earlier state: contents that may be old are compared.
    case comparesAfterRollback
    /// The state of earlier passes is there and cannot be read: all contents are compared.
    case comparesWithoutState
    /// Nothing is known of a DESTINATION that is not empty.
    case trustsSizeAndTime
    /// What of SOURCE's root is not copied for its name (S62).
    case leftOut(LeftOut)
}
