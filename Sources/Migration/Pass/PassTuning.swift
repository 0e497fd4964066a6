// How a pass has numbers of workers tried on itself: what is set, and what is counted.

import LinuxIO

/// What is counted while numbers of workers are tried.
struct TuneProbe: Sendable {
    private let counters: Counters
    private let isByScan: Bool
    /// Numbers of the devices that hold both volumes.
    private let source: UInt64
    private let destination: UInt64?

    init(_ counters: Counters, _ roots: Roots, isByScan: Bool) {
        self.counters = counters
        self.isByScan = isByScan
        source = roots.sourceStatus.identity.device
        destination = roots.destinationStatus?.identity.device
    }

    /// The counts of now; reads files of the kernel's that ask no disk.
    func sample() -> TuneSample {
        TuneSample(
            nanoseconds: monotonicNanoseconds(),
            // A scan counts all of SOURCE's inodes in no time.
            entries: isByScan
                ? counters.touched(isByScan: true) : counters.entriesSeen.value(),
            bytes: counters.bytesCopied.value(),
            processors: .now(),
            source: DeviceTraffic(ofDevice: source),
            destination: destination.flatMap(DeviceTraffic.init(ofDevice:))
        )
    }
}

/// What is tried on one pass, if anything is.
///
/// `run` is called once, by the thread of the pass, `outcome` by any.
final class PassTuning: Sendable {
    private let present = Lock<Tuning?>(nil)

    /// What is known so far, or came of it; nil: nothing was asked for, or no work was there to try it on.
    var outcome: TuneOutcome? { present.withLock { $0 }?.outcome }

    /// Has the pass do its work, and numbers tried meanwhile, up to the number that it began with.
    func run(
        _ pass: Pass,
        _ roots: Roots,
        _ context: PassContext,
        _ method: ChangeMethod,
        work: () -> Void
    ) {
        guard let plan = context.plan.options.tuning else { return work() }
        let probe = TuneProbe(pass.counters, roots, isByScan: method == .scan)
        // Whoever tries keeps nothing of the pass: it ends before the pass does.
        let steering = Tuning.Steering(
            limit: { [weak pass] in pass?.limitWorkers(to: $0) },
            wanted: { [weak pass] in pass?.workersWanted ?? 0 },
            take: { [weak pass] number in
                guard let pass else { return }
                // It is under way, for this runs within it.
                _ = pass.changeWorkers(by: number - pass.workersWanted)
            }
        )
        let tuning = Tuning(
            plan,
            most: pass.workersWanted,
            steering,
            // A pass that DESTINATION has stopped only counts: how fast it does that says nothing.
            measure: { [context] in context.log.mayWrite ? probe.sample() : nil },
            tell: { [context] in context.log.emit(.tuneStep($0)) }
        )
        present.withLock { $0 = tuning }
        pass.control.whenEnding { [weak tuning] in tuning?.stop() }
        tuning.start()
        work()
        tuning.end()
    }
}
