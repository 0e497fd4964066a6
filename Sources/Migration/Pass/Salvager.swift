// A file that SOURCE's disk does not give whole (S16): read once more for all that it gives, so that each
// unreadable range is known, and with `--salvage` written without them, marked. This is the one place that
// decides whether a salvaged copy may take a name on DESTINATION:
//
//     DESTINATION has                                 salvaged copy
//     no file of that name                            is put there
//     a file without the mark: older, but whole       never takes its place
//     a marked file of another size or time           takes its place
//     a marked file of the same size and time         takes its place if it lacks nothing that this one has

import LinuxIO

/// Reads damaged files, and tells of them.
///
/// Belongs to one worker.
final class Salvager {
    private let context: PassContext
    private let reports: PassReports
    private let copier: ContentCopier

    init(_ context: PassContext, _ reports: PassReports, _ copier: ContentCopier) {
        self.context = context
        self.reports = reports
        self.copier = copier
    }

    // MARK: The mark

    /// The mark of DESTINATION's file: the file is not whole, whatever its size and time say.
    ///
    /// Nil where there is none. One that SOURCE's file has as well is a copy of SOURCE's.
    func mark(of pair: EntryPair) throws(AttributeFailure) -> [UInt8]? {
        try mark(of: pair) { name throws(SystemError) in
            try pair.open.source?.descriptor.attribute(name, of: pair.pointer)
        }
    }

    private func mark(
        of pair: EntryPair,
        ofSource own: (NamePointer) throws(SystemError) -> [UInt8]?
    ) throws(AttributeFailure) -> [UInt8]? {
        guard let target = pair.open.destination else { return nil }
        return try DamageMark.attribute.withPointer { name throws(AttributeFailure) in
            let value = try read(.destination) { () throws(SystemError) in
                try target.descriptor.attribute(name, of: pair.pointer)
            }
            guard let value else { return nil }
            let isSources = try read(.source) { () throws(SystemError) in try own(name) } == value
            return isSources ? nil : value
        }
    }

    /// Reads a mark; none where the filesystem has no such attributes.
    private func read(
        _ side: Failure.Side,
        _ body: () throws(SystemError) -> [UInt8]?
    ) throws(AttributeFailure) -> [UInt8]? {
        do throws(SystemError) { return try body() } catch {
            if error.code == .notSupported { return nil }
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// Whether contents must be copied anew though nothing else says so.
    ///
    /// Asked where the answer decides: before contents are compared, and before a group of links takes the
    /// file for up to date. For others the repair asks, which has DESTINATION's attributes at hand.
    func isDamagedCopy(_ pair: EntryPair, _ verdict: Verdict) throws(AttributeFailure) -> Bool {
        switch verdict {
        case .contents: break
        case .decided(.change(.upToDate)) where pair.source.linkCount > 1:
            if pair.isUntouched, pair.evidence == .proven { return false }
        // Most entries end here.
        case .decided: return false
        }
        guard pair.kind == .regular, let destination = pair.destination,
            destination.kind == .regular
        else { return false }
        return try mark(of: pair) != nil
    }

    // MARK: Reading once more

    /// What came of reading a damaged file once more.
    enum Outcome {
        /// All that could be read is written and may take the name: the whole file, or what was salvaged of it.
        case complete(ContentEnd)
        /// What was written is to be removed; that was told, or the pass is interrupted.
        case givenUp
    }

    /// Where a copy ended with a read error of SOURCE: all that is readable is read once more, and written anew.
    ///
    /// `writer`: what was being written; what it holds is given up.
    func reread(
        _ pair: EntryPair,
        _ source: SourceFile,
        into writer: borrowing Descriptor,
        after failure: ContentFailure
    ) -> Outcome {
        guard failure.side == .source, failure.isDamage, context.log.mayWrite else {
            fail(failure, pair)
            return .givenUp
        }
        let plan = salvagePlan(pair) { name throws(SystemError) in
            try source.reader.descriptor.attribute(name)
        }
        do throws(ContentFailure) {
            guard let found = try reread(source, into: writer, plan) else { return .givenUp }
            guard let damage = found.damage else { return .complete(found) }
            let outcome = plan.outcome(for: damage)
            if outcome == .salvaged { return .complete(found) }
            tell(DamageReport(damage, outcome), failure.error, pair)
            return .givenUp
        } catch {
            fail(error, pair)
            return .givenUp
        }
    }

    /// Reads all that is readable and writes it, from the first unreadable block on only if that may be kept.
    ///
    /// Nil when interrupted.
    private func reread(
        _ source: SourceFile,
        into writer: borrowing Descriptor,
        _ plan: SalvagePlan
    ) throws(ContentFailure) -> ContentEnd? {
        let size = source.status.sizeBytes
        let reader = try DamagedFile(source.reader.descriptor, side: .source)
        do throws(SystemError) { try writer.truncate(to: 0) } catch {
            throw ContentFailure(side: .destination, error: error, bytes: 0..<size)
        }
        var bypass = try copier.prepare(writer, sizeBytes: size, readsDirectly: false)
        let found = try reader.read(
            sizeBytes: size,
            into: copier.buffer,
            takesBehindDamage: plan.mayReplace,
            mayGoOn: context.contentRules.mayRead,
            take: { (bytes, offset) throws(ContentFailure) in
                context.contentRules.countCopied(UInt64(bytes.count))
                try copier.write(bytes, to: writer, at: offset, &bypass)
            }
        )
        guard let found else { return nil }
        return ContentEnd(
            end: found.end,
            writtenEnd: bypass.writtenEnd,
            damage: found.damage.isEmpty ? nil : found.damage
        )
    }

    /// Where a comparison of contents ended with an error: the unreadable ranges are found, nothing is written.
    ///
    /// True when there are none this time, and nothing was recorded; false also when interrupted. `file` is the
    /// one of `failure.side`.
    func examine(
        _ pair: EntryPair,
        _ file: borrowing Descriptor,
        after failure: ContentFailure
    ) -> Bool {
        var problem = failure
        do throws(ContentFailure) {
            guard failure.isDamage else { throw failure }
            let reader = try DamagedFile(file, side: failure.side)
            let found = try reader.read(
                sizeBytes: pair.source.sizeBytes,
                into: copier.buffer,
                mayGoOn: context.contentRules.mayRead,
                take: { (_, _) throws(ContentFailure) in }
            )
            guard let found else { return false }
            if found.damage.isEmpty { return true }
            // DESTINATION has a file of this size and time.
            let report = DamageReport(found.damage, .keptWhole)
            tell(report, failure.error, pair, side: failure.side)
            return false
        } catch {
            problem = error
        }
        failRead(problem, pair)
        return false
    }

    // MARK: Telling

    /// Records a failed read of either side.
    func failRead(_ failure: ContentFailure, _ pair: EntryPair) {
        var step = FailedStep(.read, failure.side, failure.error)
        step.bytes = failure.bytes
        reports.fail(step, of: pair.affected)
    }

    /// Records a copy that failed.
    func fail(_ failure: ContentFailure, _ pair: EntryPair) {
        var step = FailedStep(
            failure.side == .source ? .read : .write,
            failure.side,
            failure.error
        )
        step.isWrite = failure.side == .destination
        step.bytes = failure.bytes
        reports.fail(step, of: pair.affected)
    }

    /// Records a file that is damaged; under its first name its bytes count.
    func tell(
        _ report: DamageReport,
        _ error: SystemError,
        _ pair: EntryPair,
        side: Failure.Side = .source
    ) {
        if side == .source {
            if context.knownDamage.damage(of: pair.source) == nil {
                context.log.counters.filesDamaged.count()
                context.log.counters.bytesUnreadable.count(report.damage.byteCount)
            }
            let isSalvaged = report.outcome == .salvaged
            if isSalvaged, context.knownDamage.salvaged(pair.source) == nil {
                context.log.counters.filesSalvaged.count()
            }
            context.knownDamage.note(pair.source, report.damage, error, isSalvaged: isSalvaged)
        }
        reports.fail(report, error, side, of: pair.affected)
    }

    // MARK: What is known already

    /// Whether a file is known to be damaged from another of its names, and need not be read to say so.
    ///
    /// Records it then.
    func failKnownDamage(_ pair: EntryPair, _ source: SourceFile) -> Bool {
        guard let known = context.knownDamage.damage(of: source.status) else { return false }
        let plan = salvagePlan(pair) { name throws(SystemError) in
            try source.reader.descriptor.attribute(name)
        }
        let outcome = plan.outcome(for: known.damage)
        if outcome == .salvaged { return false }
        tell(DamageReport(known.damage, outcome), known.error, pair)
        return true
    }

    /// Whether a name keeps the file that it has, for the leader of its group was salvaged and is no better.
    ///
    /// Records it then.
    func keepsItsFile(_ pair: EntryPair) -> Bool {
        guard let known = context.knownDamage.salvaged(pair.source) else { return false }
        let plan = salvagePlan(pair) { name throws(SystemError) in
            try pair.open.source?.descriptor.attribute(name, of: pair.pointer)
        }
        let outcome = plan.outcome(for: known.damage)
        if outcome == .salvaged { return false }
        tell(DamageReport(known.damage, outcome), known.error, pair)
        return true
    }

    /// A name that was linked to a salvaged file is damaged as well, and told.
    func reportLinkedDamage(_ pair: EntryPair) {
        guard let known = context.knownDamage.salvaged(pair.source) else { return }
        tell(DamageReport(known.damage, .salvaged), known.error, pair)
    }

    // MARK: Deciding

    private func salvagePlan(
        _ pair: EntryPair,
        ofSource own: (NamePointer) throws(SystemError) -> [UInt8]?
    ) -> SalvagePlan {
        let salvages = context.plan.options.salvages
        guard let destination = pair.destination, destination.kind == .regular else {
            return salvages ? .replaces : .notAsked
        }
        // One whose mark cannot be read may be whole: it stays.
        guard let value = try? mark(of: pair, ofSource: own) else { return .keepsWhole }
        guard salvages else { return .notAsked }
        let isSameVersion =
            pair.source.sizeBytes == destination.sizeBytes
            && context.plan.comparison.times.agree(
                source: pair.source.modified,
                destination: destination.modified
            )
        guard isSameVersion, let mark = DamageMark(value) else { return .replaces }
        return .replacesIfBetter(than: mark)
    }
}

extension ContentFailure {
    /// Whether the disk has lost a part of what was read.
    var isDamage: Bool { error.isDamage }
}
