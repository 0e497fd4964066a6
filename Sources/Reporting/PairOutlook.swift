// What the record of a pair says of the switch: whether anything speaks against it, and how long it would take. Pure:
// the same for who reads a page and for programs, whenever they ask.

package import History
package import Migration

/// The verdict on one pair of volumes.
package struct PairOutlook: Sendable {
    /// What speaks against a switch, as words for programs, which stay; `ready`: nothing that is recorded.
    package enum Word: String, CaseIterable, Sendable {
        case ready
        /// No pass of all of SOURCE was done to its end.
        case noWholePass = "no_whole_pass"
        /// A pass has no end, and does not run: it was killed, or the machine went down.
        case unfinished
        /// A pass was stopped by a signal or a time limit.
        case cutShort = "cut_short"
        /// DESTINATION stopped a pass.
        case destinationStopped = "destination_stopped"
        /// A pass had failures.
        case failing
        /// `--max-delete` left extras.
        case extrasLeft = "extras_left"
        /// A pass of all could not be recorded as a whole one.
        case notRecorded = "not_recorded"
        /// A verification found differences, and none after it looked there again and found none.
        case different
        /// A verification had failures, and none after it looked there again and had none.
        case notVerified = "not_verified"
    }

    package let word: Word
    /// The pass that it is about.
    package let pass: Int64?
    /// How many: failures of a pass or of a verification, extras, differences.
    package let count: UInt64?
    /// The pass that runs now.
    package let running: Int64?
    /// A pass that does as much as the last whole one; nil: nothing is known.
    package let next: SwitchEstimate?
    /// The pass that `next` repeats.
    package let basis: Int64?

    /// So many of the newest passes say all that there is to say.
    package static let passesMax = 1_000

    package var isReady: Bool { word == .ready }

    /// - Parameters:
    ///   - passes: as the record has them, the newest first.
    ///   - running: the one that runs.
    ///   - verifications: those that are recorded, the oldest first.
    package init(
        _ passes: [PassRecord],
        running: Int64?,
        verifications: [RecordedVerification]
    ) {
        self.running = running
        let present = passes.filter { $0.id != running }.present
        let whole = present.last.flatMap { $0.isWhole ? $0 : nil }
        basis = whole?.id
        next = whole.flatMap { pass in
            Estimator(
                passes,
                .init(options: pass.options, workers: pass.workers, machine: pass.machine)
            ).repeating(pass, comparison: ComparisonTime(verifications, on: pass.machine))
        }
        (word, pass, count) = Self.judge(present, whole, verifications)
    }

    /// The worst comes first, and of passes with the same the newest is named.
    private static func judge(
        _ present: [PassRecord],
        _ whole: PassRecord?,
        _ verifications: [RecordedVerification]
    ) -> (Word, Int64?, UInt64?) {
        guard whole != nil else { return (.noWholePass, nil, nil) }
        for pass in present {
            switch pass.status.flatMap({ ExitStatus(rawValue: Int32(clamping: $0)) }) {
            case nil: return (.unfinished, pass.id, nil)
            case .interrupted, .timeLimit: return (.cutShort, pass.id, nil)
            case .destinationStopped: return (.destinationStopped, pass.id, nil)
            default: break
            }
        }
        let counted: [(PassCounter, Word)] = [
            (.failures, .failing), (.deletionsRefused, .extrasLeft),
        ]
        for (counter, word) in counted {
            if let pass = present.first(where: { $0.counts[counter] > 0 }) {
                return (word, pass.id, pass.counts[counter])
            }
        }
        if let pass = present.first(where: { !$0.isPartial && !$0.isComplete }) {
            return (.notRecorded, pass.id, nil)
        }
        if let count = differences(verifications) { return (.different, nil, count) }
        if let count = standing(verifications, \.failures) { return (.notVerified, nil, count) }
        return (.ready, nil, nil)
    }

    /// How many the newest verification found whose finding stands; nil: none does.
    static func differences(_ verifications: [RecordedVerification]) -> UInt64? {
        standing(verifications, \.differences)
    }

    /// What the newest verification counted that none took back; nil: nothing.
    ///
    /// One of some branches, that left out what passes carry, that was cut or met failures may not have looked where another
    /// found something; and one of attributes, or of a sample of the bytes, does not clear bytes.
    private static func standing(
        _ verifications: [RecordedVerification],
        _ count: KeyPath<RecordedVerification.Counts, UInt64>
    ) -> UInt64? {
        var clearsAttributes = false
        for row in verifications.reversed() {
            let found = row.counts[keyPath: count]
            if found > 0, !clearsAttributes || row.comparesContents { return found }
            let isWhole = row.isComplete && !row.isPartial && !row.isFiltered
            guard isWhole, row.counts.differences == 0, row.counts.failures == 0 else { continue }
            if row.comparesContents, row.samplePercent == nil { return nil }
            clearsAttributes = true
        }
        return nil
    }
}

extension PassRecord {
    /// It looked at all of SOURCE, to its end; single entries may have failed.
    var isWhole: Bool { isComplete && !isPartial }
}

extension [PassRecord] {
    /// Of passes, the newest first, those that tell how things are now: the last whole one and all that ran after it.
    ///
    /// Those of some branches are among them; where none was whole: all. What they met is open until the next whole pass, for a verdict and for a list of failures alike.
    var present: [PassRecord] { firstIndex(where: \.isWhole).map { Array(self[...$0]) } ?? self }
}

/// The words of a verdict.
struct OutlookText {
    private let outlook: PairOutlook

    init(_ outlook: PairOutlook) { self.outlook = outlook }

    /// "Ready: the switch would take 3m30s (2m50s-5m)." or what speaks against it.
    var sentence: String {
        outlook.isReady ? ready : "Not ready: \(obstacle)."
    }

    private var ready: String {
        guard let next = outlook.next else {
            return "Ready, but how long the switch would take is not known yet."
        }
        return "Ready: the switch would take \(EstimateText(next).span)."
    }

    /// How far the sentence goes.
    var basis: String {
        guard let basis = outlook.basis else { return "" }
        if outlook.isReady {
            return outlook.next == nil
                ? "Pass \(basis) is the last whole one."
                : "That is a last pass with as much to do as pass \(basis), by how earlier ones fared. What users "
                    + "changed since then is not in it, nor what is done besides: services, mounts, checks."
        }
        guard let next = outlook.next else { return "Pass \(basis) is the last whole one." }
        return "A pass with as much to do as pass \(basis), the last whole one, would take "
            + "\(EstimateText(next).span)."
    }

    private var obstacle: String {
        let pass = outlook.pass ?? 0
        let count = outlook.count ?? 0
        switch outlook.word {
        case .ready: return ""
        case .noWholePass: return "no pass of all of SOURCE was done to its end yet"
        case .unfinished: return "pass \(pass) has no end: it was killed, or the machine went down"
        case .cutShort: return "pass \(pass) was stopped before its end"
        case .destinationStopped:
            return "DESTINATION stopped pass \(pass): it was full, read-only or failing"
        case .failing:
            return "pass \(pass) had " + Quantity.count(count, "failure", "failures")
        case .extrasLeft:
            let extras = Quantity.count(count, "extra was", "extras were")
            return "\(extras) not deleted in pass \(pass), for --max-delete was reached"
        case .notRecorded:
            return "pass \(pass) was not recorded as a whole one, so the next one walks"
        case .different:
            return "a verification found " + Quantity.count(count, "difference", "differences")
                + ", and none looked there again since and found none"
        case .notVerified:
            return "a verification had " + Quantity.count(count, "failure", "failures")
                + ", and none looked there again since and had none"
        }
    }
}

extension PairOutlook {
    /// The object in a `pair` line.
    var json: JSONLine {
        var line = JSONLine()
        line.add("ready", isReady)
        line.add("word", word.rawValue)
        line.add("pass", pass)
        line.add("count", count)
        line.add("running_pass", running)
        line.add("seconds", decimal: next?.seconds)
        line.add("low_seconds", decimal: next?.interval?.low)
        line.add("high_seconds", decimal: next?.interval?.high)
        line.add("upper_limit", next?.isUpperLimit ?? false)
        line.add("lower_limit", next?.isLowerLimit ?? false)
        line.add("as_pass", basis)
        return line
    }
}
