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

extension Worker {
    // MARK: The mark

    /// The mark of DESTINATION's file: the file is not whole, whatever its size and time say.
    ///
    /// Nil where there is none. One that SOURCE's file has as well is a copy of SOURCE's.
    func damageMark(_ entry: PassEntry, _ open: OpenDirectory) throws(AttributeFailure) -> [UInt8]?
    {
        guard let source = open.source, let target = open.destination else { return nil }
        return try damageMark(entry, target) { name throws(SystemError) in
            try source.descriptor.attribute(name, of: entry.pointer)
        }
    }

    private func damageMark(
        _ entry: PassEntry,
        _ target: SharedDescriptor,
        ofSource own: (NamePointer) throws(SystemError) -> [UInt8]?
    ) throws(AttributeFailure) -> [UInt8]? {
        try DamageMark.attribute.withPointer { name throws(AttributeFailure) in
            let value = try mark(of: .destination) { () throws(SystemError) in
                try target.descriptor.attribute(name, of: entry.pointer)
            }
            guard let value else { return nil }
            return try mark(of: .source) { () throws(SystemError) in try own(name) } == value
                ? nil : value
        }
    }

    /// Reads a mark; none where the filesystem has no such attributes.
    private func mark(
        of side: Failure.Side,
        _ read: () throws(SystemError) -> [UInt8]?
    ) throws(AttributeFailure) -> [UInt8]? {
        do throws(SystemError) { return try read() } catch {
            if error.code == .notSupported { return nil }
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// Marks a salvaged file; false when that failed, which was recorded.
    func setMark(
        _ mark: String,
        on target: borrowing Descriptor,
        of affected: AffectedEntry
    ) -> Bool {
        do throws(SystemError) {
            try DamageMark.attribute.withPointer { name throws(SystemError) in
                try target.setAttribute(name, Array(mark.utf8))
            }
            return true
        } catch {
            let name = String(decoding: DamageMark.attribute.bytes, as: UTF8.self)
            fail(
                .setAttribute,
                .destination,
                error,
                isWrite: true,
                detail:
                    "\(name), \(mark.utf8.count) bytes; without it a salvaged file is not put in place",
                of: affected
            )
            return false
        }
    }

    /// Whether contents must be copied anew though nothing else says so.
    ///
    /// Asked where the answer decides: before contents are compared, and before a group of links takes the
    /// file for up to date. For others `keep` asks, which has DESTINATION's attributes at hand.
    func isDamagedCopy(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus,
        _ action: Action
    ) throws(AttributeFailure) -> Bool {
        guard status.kind == .regular, destination.kind == .regular else { return false }
        switch action {
        case .compareContents: return try damageMark(entry, open) != nil
        case .keep where status.linkCount > 1:
            let isSettled = isSettled(entry, destination)
            if isSettled, evidence(of: entry, status, destination) == .proven { return false }
            return try damageMark(entry, open) != nil
        default: return false
        }
    }

    // MARK: Reading once more

    /// Where a copy ended with a read error of SOURCE: all that is readable is read once more.
    ///
    /// A file that is given this time is copied whole. `file` is what was being written; what it holds is
    /// given up.
    func rescue(
        _ entry: PassEntry,
        _ source: SourceFile,
        _ file: consuming NewFile,
        _ target: SharedDescriptor,
        replacing destination: FileStatus?,
        after failure: CopyFailure,
        isLeader: Bool
    ) -> ActionResult {
        let name = file.name
        var isHandedOver = false
        defer { if !isHandedOver { removeTemporary(name, target.descriptor, entry) } }
        guard failure.side == .source, failure.isDamage, context.mayWrite else {
            failCopy(failure, entry, source.status)
            return .failed
        }
        let plan = salvagePlan(entry, source.status, target, destination) {
            name throws(SystemError) in try source.reader.descriptor.attribute(name)
        }
        do throws(CopyFailure) {
            guard let found = try reread(source, into: file.writer, plan) else { return .failed }
            if found.damage.isEmpty {
                isHandedOver = true
                return complete(
                    entry,
                    source.status,
                    source.reader.descriptor,
                    file,
                    target,
                    end: found.end,
                    writtenEnd: copier.writtenEnd,
                    isLeader: isLeader
                )
            }
            let outcome = plan.outcome(for: found.damage)
            guard outcome == .salvaged else {
                fail(failure.error, DamageReport(found.damage, outcome), source.status, entry)
                return .failed
            }
            isHandedOver = true
            let result = complete(
                entry,
                source.status,
                source.reader.descriptor,
                file,
                target,
                end: found.end,
                writtenEnd: copier.writtenEnd,
                damage: found.damage,
                isLeader: isLeader
            )
            // Where it could not be put in place that is told, too.
            var isDone = false
            if case .done = result { isDone = true }
            let report = DamageReport(found.damage, isDone ? .salvaged : .kept)
            fail(failure.error, report, source.status, entry)
            return result
        } catch {
            failCopy(error, entry, source.status)
            return .failed
        }
    }

    /// Reads all that is readable and writes it, from the first unreadable block on only if that may be kept.
    ///
    /// Nil when interrupted.
    private func reread(
        _ source: SourceFile,
        into writer: borrowing Descriptor,
        _ plan: SalvagePlan
    ) throws(CopyFailure) -> (damage: Damage, end: UInt64)? {
        let size = source.status.sizeBytes
        let reader = try DamagedFile(source.reader.descriptor, side: .source)
        do throws(SystemError) { try writer.truncate(to: 0) } catch {
            throw CopyFailure(side: .destination, error: error, bytes: 0..<size)
        }
        var passing = try copier.prepare(writer, sizeBytes: size, readsDirectly: false)
        return try reader.read(
            sizeBytes: size,
            into: copier.buffer,
            takesBehindDamage: plan.mayReplace,
            mayGoOn: mayRead,
            take: { (bytes, offset) throws(CopyFailure) in
                counters.bytesCopied.count(UInt64(bytes.count))
                try copier.write(bytes, to: writer, at: offset, &passing)
            }
        )
    }

    /// Waits for `--bwlimit`; false when the pass is interrupted.
    private func mayRead(_ byteCount: Int) -> Bool {
        context.throttle?.wait(for: byteCount) { context.isInterrupted }
        return !context.isInterrupted
    }

    /// Where a comparison of contents ended with an error: the unreadable ranges are found, nothing is written.
    ///
    /// True when there are none this time, and nothing was recorded; false also when interrupted. `file` is the
    /// one of `failure.side`.
    func examine(
        _ entry: PassEntry,
        _ file: borrowing Descriptor,
        _ status: FileStatus,
        after failure: CopyFailure
    ) -> Bool {
        var problem = failure
        do throws(CopyFailure) {
            guard failure.isDamage else { throw failure }
            let reader = try DamagedFile(file, side: failure.side)
            let found = try reader.read(
                sizeBytes: status.sizeBytes,
                into: copier.buffer,
                mayGoOn: mayRead,
                take: { (_, _) throws(CopyFailure) in }
            )
            guard let found else { return false }
            if found.damage.isEmpty { return true }
            // DESTINATION has a file of this size and time.
            let report = DamageReport(found.damage, .keptWhole)
            fail(failure.error, report, status, entry, side: failure.side)
            return false
        } catch {
            problem = error
        }
        fail(
            .read,
            problem.side,
            problem.error,
            bytes: problem.bytes,
            of: AffectedEntry(entry, status)
        )
        return false
    }

    // MARK: Telling

    /// Records a file that is damaged; under its first name its bytes count.
    private func fail(
        _ error: SystemError,
        _ report: DamageReport,
        _ source: FileStatus,
        _ entry: PassEntry,
        side: Failure.Side = .source
    ) {
        if side == .source {
            if context.knownDamage.damage(of: source) == nil {
                counters.filesDamaged.count()
                counters.bytesUnreadable.count(report.damage.byteCount)
            }
            let isSalvaged = report.outcome == .salvaged
            if isSalvaged, context.knownDamage.salvaged(source) == nil {
                counters.filesSalvaged.count()
            }
            context.knownDamage.note(source, report.damage, error, isSalvaged: isSalvaged)
        }
        doubt(AffectedEntry(entry, source))
        context.record(
            Failure(
                path: entry.path,
                side: side,
                activity: .read,
                error: error,
                bytes: report.damage.bounds,
                damage: report
            )
        )
    }

    /// Whether a file is known to be damaged from another of its names, and need not be read to say so.
    ///
    /// Records it then.
    func failKnownDamage(
        _ entry: PassEntry,
        _ source: SourceFile,
        _ target: SharedDescriptor,
        _ destination: FileStatus?
    ) -> Bool {
        guard let known = context.knownDamage.damage(of: source.status) else { return false }
        let plan = salvagePlan(entry, source.status, target, destination) {
            name throws(SystemError) in try source.reader.descriptor.attribute(name)
        }
        let outcome = plan.outcome(for: known.damage)
        if outcome == .salvaged { return false }
        fail(known.error, DamageReport(known.damage, outcome), source.status, entry)
        return true
    }

    /// Whether a name keeps the file that it has, for the leader of its group was salvaged and is no better.
    ///
    /// Records it then.
    func keepsItsFile(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?
    ) -> Bool {
        guard let known = context.knownDamage.salvaged(status), let source = open.source,
            let target = open.destination
        else { return false }
        let plan = salvagePlan(entry, status, target, destination) { name throws(SystemError) in
            try source.descriptor.attribute(name, of: entry.pointer)
        }
        let outcome = plan.outcome(for: known.damage)
        if outcome == .salvaged { return false }
        fail(known.error, DamageReport(known.damage, outcome), status, entry)
        return true
    }

    /// A name that was linked to a salvaged file is damaged as well, and told.
    func noteLinkedDamage(_ entry: PassEntry, _ status: FileStatus) {
        guard let known = context.knownDamage.salvaged(status) else { return }
        fail(known.error, DamageReport(known.damage, .salvaged), status, entry)
    }

    // MARK: Deciding

    private func salvagePlan(
        _ entry: PassEntry,
        _ source: FileStatus,
        _ target: SharedDescriptor,
        _ destination: FileStatus?,
        ofSource own: (NamePointer) throws(SystemError) -> [UInt8]?
    ) -> SalvagePlan {
        let salvages = context.options.salvages
        guard let destination, destination.kind == .regular else {
            return salvages ? .replaces : .notAsked
        }
        // One whose mark cannot be read may be whole: it stays.
        guard let value = try? damageMark(entry, target, ofSource: own) else { return .keepsWhole }
        guard salvages else { return .notAsked }
        let isSameVersion =
            source.sizeBytes == destination.sizeBytes
            && context.comparison.times.agree(
                source: source.modified,
                destination: destination.modified
            )
        guard isSameVersion, let mark = DamageMark(value) else { return .replaces }
        return .replacesIfBetter(than: mark)
    }
}

/// What may become of a salvaged copy.
private enum SalvagePlan {
    /// Without `--salvage`, where DESTINATION has no whole file.
    case notAsked
    case keepsWhole
    case replaces
    case replacesIfBetter(than: DamageMark)

    var mayReplace: Bool {
        switch self {
        case .notAsked, .keepsWhole: false
        case .replaces, .replacesIfBetter: true
        }
    }

    func outcome(for damage: Damage) -> DamageReport.Outcome {
        switch self {
        case .notAsked: .kept
        case .keepsWhole: .keptWhole
        case .replaces: .salvaged
        case .replacesIfBetter(let mark): mark.isKept(by: damage) ? .salvaged : .keptSalvaged
        }
    }
}

extension CopyFailure {
    /// Whether the disk has lost a part of what was read.
    var isDamage: Bool { error.isDamage }
}
