// What a pass tries that looks for the best number of workers, what it measured, and what came of it: values only.

/// What is to be tried.
package struct TunePlan: Equatable, Sendable {
    /// The least and the largest number of workers.
    package var from: Int
    package var to: Int
    /// Each number at a time, with the beginning that does not count.
    package var stepNanoseconds: UInt64
    /// Of the order in which numbers are tried.
    package var seed: UInt64

    package static let usualFrom = 1
    package static let usualTo = 120
    package static let usualStepNanoseconds: UInt64 = 8_000_000_000

    package init(
        from: Int = usualFrom,
        to: Int = usualTo,
        stepNanoseconds: UInt64 = usualStepNanoseconds,
        seed: UInt64
    ) {
        self.from = from
        self.to = to
        self.stepNanoseconds = stepNanoseconds
        self.seed = seed
    }

    /// The beginning of a step, which does not count: what workers had in hand is of the step before.
    ///
    /// A quarter, which is 2 s of the usual 8.
    package var settleNanoseconds: UInt64 { stepNanoseconds / 4 }
}

/// How busy things were, as shares of the time; nil: the kernel does not tell.
package struct TuneLoad: Equatable, Sendable {
    /// Of all processors together.
    package var processors: Double?
    package var source: Double?
    package var destination: Double?

    package init(processors: Double? = nil, source: Double? = nil, destination: Double? = nil) {
        self.processors = processors
        self.source = source
        self.destination = destination
    }
}

/// What kept more workers from being faster.
package enum TuneLimit: String, CaseIterable, Sendable {
    case source, destination
    case processors = "cpu"
    /// Neither a disk nor the processors, and all were seen: workers waited for each other, here or in the kernel.
    case locks
}

/// What one stretch of work with one number of workers came to; its beginning is left out.
package struct TuneStep: Equatable, Sendable {
    package var workers: Int
    /// From 1 on.
    package var round: Int
    package var nanoseconds: UInt64
    package var entries: UInt64
    package var bytes: UInt64
    package var load: TuneLoad
    /// In entries a second of the average mix, as all steps so far have it; 0 before that is known.
    package var rate = 0.0

    package init(  // One for each field.
        workers: Int,
        round: Int,
        nanoseconds: UInt64,
        entries: UInt64,
        bytes: UInt64,
        load: TuneLoad = TuneLoad()
    ) {
        self.workers = workers
        self.round = round
        self.nanoseconds = nanoseconds
        self.entries = entries
        self.bytes = bytes
        self.load = load
    }
}

/// What was found of one number of workers.
package struct TuneRow: Equatable, Sendable {
    package var workers: Int
    /// As in `TuneStep`; in bytes a second where `TuneOutcome.isOfBytes`.
    package var rate: Double
    /// In parts of the best rate; above 1 where one that was tried once was faster still.
    package var share: Double
    /// Half of what lies between the slowest and the fastest step, in parts of the best rate.
    package var spread: Double
    /// How many steps there were.
    package var steps: Int

    package init(workers: Int, rate: Double, share: Double, spread: Double, steps: Int) {
        self.workers = workers
        self.rate = rate
        self.share = share
        self.spread = spread
        self.steps = steps
    }
}

/// What came of all steps.
package struct TuneOutcome: Equatable, Sendable {
    /// A number that later passes may take.
    package struct Choice: Equatable, Sendable {
        /// The smallest that is nearly as fast as the fastest.
        package var workers: Int
        package var topWorkers: Int
        /// What limited the fastest; nil: the kernel tells nothing.
        package var limit: TuneLimit?
        package var load: TuneLoad

        package init(workers: Int, topWorkers: Int, limit: TuneLimit?, load: TuneLoad) {
            self.workers = workers
            self.topWorkers = topWorkers
            self.limit = limit
            self.load = load
        }
    }

    /// By the number of workers.
    package var rows: [TuneRow] = []
    /// No step had an entry: rates are of bytes.
    package var isOfBytes = false
    /// Nil: too little was measured.
    package var choice: Choice?
    /// Seconds that one entry, and one byte, takes at the best rate; nil: nothing was measured.
    package var entrySeconds: Double?
    package var byteSeconds: Double?
    /// Steps that were measured, and those that a choice needs: two whole rounds.
    package var steps = 0
    package var stepsNeeded = 0
    /// The choice was written down for later passes.
    package var isRemembered = false

    package init() {}

    /// From this difference between steps of one number on, in parts of the best rate, another number may win in another hour.
    private static let doubtfulSpread = 0.1

    /// By how much, in parts of the best rate, steps of the fastest number differed, where that leaves a doubt.
    package var doubt: Double? {
        let spread = rows.first { $0.workers == choice?.topWorkers }?.spread
        return spread.flatMap { $0 >= Self.doubtfulSpread ? $0 : nil }
    }

    /// The largest number that was tried was the fastest: a larger one may be faster still.
    package var mayWantMore: Bool {
        choice.map { $0.workers == rows.last?.workers } ?? false
    }
}
