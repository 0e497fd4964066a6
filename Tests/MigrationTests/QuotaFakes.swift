// Quotas in memory: what ext4 and XFS do with them, as far as a carrier can tell, and a report that only collects.

import LinuxIO
import Migration
import TestSupport

/// Records in memory.
struct FakeRecords: QuotaRecords {
    var rest: ArraySlice<QuotaRecord>
    /// Thrown in the place of the record with this position.
    var failure: (position: Int, error: SystemError)?
    private var position = 0

    init(_ records: [QuotaRecord], failing failure: (position: Int, error: SystemError)? = nil) {
        rest = records[...]
        self.failure = failure
    }

    mutating func next() throws(SystemError) -> QuotaRecord? {
        if let failure, failure.position == position { throw failure.error }
        position += 1
        return rest.popFirst()
    }
}

/// A filesystem's quotas: accounts of some kinds, in memory.
final class FakeQuotas: QuotaAccess {
    var present: QuotaState
    var graceTimes: [QuotaKind: QuotaGrace]
    var accounts: [QuotaKind: [UInt32: QuotaRecord]] = [:]
    var kept = QuotaStorage(format: 4, blockBytes: 4096)
    /// What listing a kind throws, and at which record.
    var listing: (position: Int, error: SystemError)?
    /// What the calls of a kind of name throw.
    var failures: [String: ErrorCode] = [:]
    /// Limits that are neither set nor refused.
    var passesOver: (QuotaLimits) -> Bool = { _ in false }
    /// Every call that writes, in order.
    private(set) var calls: [String] = []
    /// DESTINATION's clock: a grace that begins by itself begins now.
    var nowSeconds: UInt64 = 1_000_000

    static let week: UInt64 = 604_800

    init(_ kinds: Set<QuotaKind> = [.user], enforced: Set<QuotaKind>? = nil) {
        present = QuotaState(accounted: kinds, enforced: enforced ?? kinds)
        graceTimes = Dictionary(
            uniqueKeysWithValues: QuotaKind.allCases.map {
                ($0, QuotaGrace(blockSeconds: Self.week, inodeSeconds: Self.week))
            }
        )
    }

    func add(_ kind: QuotaKind, _ records: QuotaRecord...) {
        for record in records { accounts[kind, default: [:]][record.id] = record }
    }

    func limits(_ kind: QuotaKind, _ id: UInt32) -> QuotaLimits? { accounts[kind]?[id]?.limits }

    private func fail(_ call: String) throws(SystemError) {
        if let code = failures[call] { throw SystemError(.quotactl, code) }
    }

    func state() throws(SystemError) -> QuotaState {
        try fail("state")
        return present
    }

    func grace(of kind: QuotaKind) throws(SystemError) -> QuotaGrace {
        try fail("grace")
        return graceTimes[kind] ?? QuotaGrace(blockSeconds: 0, inodeSeconds: 0)
    }

    func storage(of kind: QuotaKind) throws(SystemError) -> QuotaStorage {
        try fail("storage")
        return kept
    }

    func records(of kind: QuotaKind) -> FakeRecords {
        FakeRecords((accounts[kind] ?? [:]).values.sorted { $0.id < $1.id }, failing: listing)
    }

    func limits(of owner: QuotaOwner) throws(SystemError) -> QuotaLimits {
        try fail("limits")
        return limits(owner.kind, owner.id) ?? .none
    }

    func set(_ grace: QuotaGrace, of kind: QuotaKind) throws(SystemError) {
        calls.append("grace \(kind.rawValue)")
        try fail("set grace")
        graceTimes[kind] = grace
    }

    func set(_ limits: QuotaLimits, of owner: QuotaOwner) throws(SystemError) {
        calls.append("limits \(owner.words)")
        try fail("set limits")
        if passesOver(limits) { return }
        var record = accounts[owner.kind]?[owner.id] ?? QuotaRecord(id: owner.id)
        record.limits = limits
        // As the kernel does: above a soft limit a new grace begins, of the length that is set now.
        let grace = graceTimes[owner.kind]
        let isAbove = limits.blockSoftBytes > 0 && record.usedBytes > limits.blockSoftBytes
        record.blockGraceEnd = isAbove ? Int64(nowSeconds + (grace?.blockSeconds ?? 0)) : 0
        accounts[owner.kind, default: [:]][owner.id] = record
    }

    func setGraceEnd(block: UInt64?, inode: UInt64?, of owner: QuotaOwner) throws(SystemError) {
        calls.append("running \(owner.words)")
        try fail("set running")
        if let block { accounts[owner.kind]?[owner.id]?.blockGraceEnd = Int64(block) }
        if let inode { accounts[owner.kind]?[owner.id]?.inodeGraceEnd = Int64(inode) }
    }
}

/// Collects what a carrier tells.
final class FakeReport: QuotaReporting {
    var isDryRun = false
    /// So many questions are answered with yes.
    var goesOnFor = Int.max
    private(set) var changes: [QuotaChange] = []
    private(set) var failures: [FailedStep] = []
    private(set) var notices: [Notice] = []
    private(set) var counts: [QuotaCount: Int] = [:]
    private(set) var announced = 0

    var goesOn: Bool {
        goesOnFor -= 1
        return goesOnFor >= 0
    }

    var lines: [String] { changes.map { String(decoding: $0.line, as: UTF8.self) } }
    var details: [String] { failures.map { $0.detail ?? "" } }

    func noteChange() { announced += 1 }
    func tell(_ change: QuotaChange) { changes.append(change) }
    func fail(_ step: FailedStep) { failures.append(step) }
    func say(_ notice: Notice) { notices.append(notice) }
    func count(_ counter: QuotaCount) { counts[counter, default: 0] += 1 }
}

/// Limits of space in KiB, soft and hard.
func kibibytes(_ soft: UInt64, _ hard: UInt64, inodes: (UInt64, UInt64) = (0, 0)) -> QuotaLimits {
    QuotaLimits(
        blockSoftBytes: soft * 1024,
        blockHardBytes: hard * 1024,
        inodesSoft: inodes.0,
        inodesHard: inodes.1
    )
}

/// Carries quotas as a pass does.
func carry(
    _ source: FakeQuotas,
    _ destination: FakeQuotas,
    _ report: FakeReport = FakeReport(),
    clearing: QuotaClearing = .all
) -> FakeReport {
    let survey = QuotaSurvey(
        source,
        destination,
        wanted: Set(QuotaKind.allCases),
        isSourceOff: { false }
    )
    let carrier = QuotaCarrier(
        source: source,
        destination: destination,
        report: report,
        clearing: clearing,
        unenforced: survey.unenforced
    )
    carrier.carry(survey.kinds, nowSeconds: destination.nowSeconds)
    return report
}
