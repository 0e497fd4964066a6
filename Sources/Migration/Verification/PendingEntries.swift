// What users changed since the last whole pass, beside the judgement itself (`PendingJudge`): whose places passes failed
// at, and whether the record has the name of an extra.
//
// The record is ordered by inodes, and an extra has none on SOURCE any more. So extras that may be pending are held until
// all was compared; then the record is read once, from its begin to its end, for all of them.

import History
import LinuxIO

/// The pending entries of one verification.
///
/// Any thread may ask it.
final class PendingEntries: Sendable {
    /// So many extras wait for the record, each with some 200 bytes; further ones are differences.
    static let heldMax = 100_000

    private struct HeldExtra: Sendable {
        let difference: FoundDifference
        let name: NameRecord
        /// Time of change of the directory that lost it.
        let changed: Int64
    }

    let judge: PendingJudge
    private let passes: LastPasses
    private let failed: FailedPlaces
    /// What the last whole pass left out; nil: the same is left out here, so nothing of it comes.
    private let leftOut: Filter?
    private let held = Lock<[HeldExtra]>([])

    init(  // Six: one for each thing that it rests on.
        _ passes: LastPasses,
        at now: ClockReading,
        verificationBegan: Int64,
        times: TimeStorage,
        roots: Roots,
        filter: Filter
    ) throws(RecordTrouble) {
        self.passes = passes
        let moments = try passes.moments(at: now)
        guard let carried = CarriedParts(signature: passes.whole.options) else {
            throw .unknownOptions(passes.whole.id)
        }
        failed = try passes.failedPlaces(below: roots.source)
        let passFilter = try passes.filter()
        leftOut = passFilter.rulesText == filter.rulesText ? nil : passFilter
        judge = PendingJudge(
            wholeBegan: moments.began,
            wholeEnded: moments.ended,
            rootMark: passes.whole.destinationChangedNanoseconds,
            verificationBegan: verificationBegan,
            destinationStep: times.stepNanoseconds,
            carried: carried
        )
    }

    /// Whether the next pass may leave an entry as it is: passes failed at it or at what holds it, or leave it out.
    ///
    /// `status`: of the side that has the entry. A failure is kept by one name, so of entries with several none is
    /// known not to have failed.
    func mayStay(_ path: [UInt8], _ status: FileStatus) -> Bool {
        if !failed.isEmpty {
            let hasNames = status.kind != .directory && status.linkCount > 1
            if hasNames || failed.hold(path) { return true }
        }
        guard let leftOut, !leftOut.isEmpty else { return false }
        for index in path.indices
        where path[index] == 0x2F
            && leftOut.excludes(path: Array(path[..<index]), isDirectory: true)
        {
            return true
        }
        return leftOut.excludes(path: path, isDirectory: status.kind == .directory)
    }

    /// Takes an extra that is pending if the record knows its name; false: it is told now.
    func hold(_ difference: FoundDifference, name: Name, parent: FileStatus) -> Bool {
        let extra = HeldExtra(
            difference: difference,
            name: NameRecord(parent: parent.inode, nameHash: InodeNote.hash(name.bytes)),
            changed: parent.changed.nanosecondsSince1970
        )
        return held.withLock { held in
            guard held.count < Self.heldMax else { return false }
            held.append(extra)
            return true
        }
    }

    /// All was compared: tells what was held.
    func finish(_ log: VerificationFindings) {
        let held = held.withLock { held in
            defer { held = [] }
            return held
        }
        if held.isEmpty { return }
        let known: Set<NameRecord>
        do throws(HistoryProblem) { known = try recorded(Set(held.map(\.name)), log) } catch {
            // It proves nothing then.
            known = []
            log.say(.recordNotUsed(.unreadable(path: passes.history.path, reason: error.sentence)))
        }
        // Stopped meanwhile: what was not asked for is not judged, as what was not compared.
        if log.isInterrupted { return }
        for extra in held {
            if known.contains(extra.name) {
                log.counters.pending.count()
                log.tell(extra.difference, .pending(changed: extra.changed))
            } else {
                log.tell(extra.difference, .found)
            }
        }
    }

    /// Which of these names the record has; in time that grows with the record, and not with the number of names.
    ///
    /// None where a pass has begun meanwhile: then it may be of that one.
    private func recorded(
        _ names: Set<NameRecord>,
        _ log: VerificationFindings
    ) throws(HistoryProblem) -> Set<NameRecord> {
        let history = passes.history
        var known: Set<NameRecord> = []
        let reader = try history.inodeReader(0..<UInt64.max)
        while !log.isInterrupted, let record = try reader.next() {
            guard record.hasPlace else { continue }
            let name = NameRecord(parent: record.parent, nameHash: record.nameHash)
            if names.contains(name) { known.insert(name) }
        }
        // With several names one of them stands with the inode, and all in a table of their own.
        let unknown = Dictionary(grouping: names.subtracting(known), by: \.parent)
        for (parent, names) in unknown where !log.isInterrupted {
            let hashes = try history.hashesOfSeveralNames(in: parent)
            known.formUnion(names.filter { hashes.contains($0.nameHash) })
        }
        return try history.lastPass()?.id == passes.last.id ? known : []
    }
}
