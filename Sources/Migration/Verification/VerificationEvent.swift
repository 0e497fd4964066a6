// What a verification tells while it runs, and what is known at its end. The receiver is called from any worker,
// several at once, and must be quick.

package import LinuxIO

/// One thing worth telling, as it happens.
package enum VerificationEvent: Sendable {
    /// The roots are open and judged.
    case started(VerificationStart)
    case found(FoundDifference)
    /// It differed, and one of the two sides changed after the verification had begun: this says nothing of the
    /// copy.
    case changed(FoundDifference)
    /// It differs, and users changed it since the last whole pass, which the next one takes.
    ///
    /// `changed`: SOURCE's time of change that shows it, in nanoseconds since 1970; of an extra that of the directory
    /// which lost it.
    case pending(FoundDifference, changed: Int64)
    /// Something could not be read.
    case failed(Failure)
    /// An entry went away, or became another, between its listing and its turn.
    case vanished(path: [UInt8])
    /// Another filesystem begins here; nothing of it is compared (S4).
    case mountSkipped(
        path: [UInt8],
        side: Failure.Side = .source,
        crossing: MountBoundary.Crossing = .mount
    )
    /// Said once.
    case notice(VerificationNotice)
    /// SIGUSR1 or SIGUSR2 changed the number of workers.
    case workersChanged(Int)
    /// A call does not come back; again each time that the time doubles (S59).
    case waiting(WaitingCall)
}

/// A recorded pass that a verification rests on.
package struct ReferencePass: Sendable, Equatable {
    package var id: Int64
    /// Nanoseconds since 1970.
    package var endNanoseconds: Int64

    package init(id: Int64, endNanoseconds: Int64) {
        self.id = id
        self.endNanoseconds = endNanoseconds
    }
}

/// What is left out on both sides.
package struct FilterUse: Sendable, Equatable {
    package var rules: Int
    /// The pass that left it out; nil: the command line says so.
    package var pass: Int64?

    package init(rules: Int, pass: Int64? = nil) {
        self.rules = rules
        self.pass = pass
    }
}

/// What is known when a verification begins.
package struct VerificationStart: Sendable {
    /// Nil where a manifest stands for SOURCE.
    package var source: (path: [UInt8], type: String)?
    package var destinationPath: [UInt8]
    package var destinationType: String
    /// Entries to be compared, and bytes of SOURCE; nil where that is not known.
    package var entriesTotal: UInt64?
    package var bytesTotal: UInt64?
    /// Whether the totals are of what is compared; if not, they are upper limits.
    package var totalsAreExact: Bool
    package var workers: Int
    package var comparesContents: Bool
    package var sample: FileSample?
    /// Nil: nothing is left out by filters.
    package var filter: FilterUse?

    package init(  // One for each field.
        source: (path: [UInt8], type: String)?,
        destinationPath: [UInt8],
        destinationType: String,
        entriesTotal: UInt64?,
        bytesTotal: UInt64?,
        totalsAreExact: Bool,
        workers: Int,
        comparesContents: Bool,
        sample: FileSample?
    ) {
        self.source = source
        self.destinationPath = destinationPath
        self.destinationType = destinationType
        self.entriesTotal = entriesTotal
        self.bytesTotal = bytesTotal
        self.totalsAreExact = totalsAreExact
        self.workers = workers
        self.comparesContents = comparesContents
        self.sample = sample
    }
}

/// The end of a verification.
///
/// `manifest` holds the number of files that it names, or why it is not there.
package struct VerificationSummary: Sendable {
    package var status: ExitStatus
    package var isByManifest: Bool
    package var comparesContents: Bool
    package var sample: FileSample?
    /// The counts, read when no worker ran any more.
    package var counters: VerificationCounters
    package var durationNanoseconds: UInt64
    /// Failures, the first `PassSummary.failuresShownMax` of them.
    package var firstFailures: [Failure]
    /// Nil: none was asked for, or the verification was stopped before its end.
    package var manifest: Result<UInt64, SystemError>?
    /// None was written, for it would have named nothing, and a file that holds more had its name.
    package var keepsEarlierManifest = false
    /// A time limit was reached and something was not compared, whatever else the status says.
    package var isCutByTimeLimit = false
    /// The whole pass since which users may have changed something; nil where no record says so.
    package var lastPass: ReferencePass?
    /// Of a part of a plan.
    package var plan: PlanOutcome?
    /// What was asked to be left aside.
    package var aside = LeftAside()
    /// The most workers that had work at the same time.
    package var workersBusyMax: Int
    /// Calls that did not come back, of a verification that was given up (S59).
    package var waiting: [WaitingCall]

    package init(  // One for each field.
        status: ExitStatus,
        isByManifest: Bool,
        comparesContents: Bool,
        sample: FileSample?,
        counters: VerificationCounters,
        durationNanoseconds: UInt64,
        firstFailures: [Failure],
        manifest: Result<UInt64, SystemError>?,
        workersBusyMax: Int,
        waiting: [WaitingCall] = []
    ) {
        self.status = status
        self.isByManifest = isByManifest
        self.comparesContents = comparesContents
        self.sample = sample
        self.counters = counters
        self.durationNanoseconds = durationNanoseconds
        self.firstFailures = firstFailures
        self.manifest = manifest
        self.workersBusyMax = workersBusyMax
        self.waiting = waiting
    }
}
