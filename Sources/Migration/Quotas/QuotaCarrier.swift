// Carries quotas from one filesystem to another: reads both, decides (`QuotaRules`), writes what differs.
//
// The order is one for all (Q8): grace times, then limits, then running grace, for limits that are set above a soft one
// begin a grace of the length that is set then. Kept true: nothing is written where both sides agree, for the same
// limits once more would begin a new grace (Q4); nothing is cleared unless SOURCE was read past that owner, and has a
// limit at all; and limits that are told as set were read back.

package import LinuxIO

/// Which limits of DESTINATION that SOURCE lacks are cleared (Q7).
package enum QuotaClearing: Sendable {
    case none
    /// Those of a kind of which SOURCE has any limit (`--delete`).
    case whereSourceHasLimits
    /// The last one, too (`--allow-empty-source`).
    case all
}

/// The carrier for some kinds.
///
/// Belongs to one thread; holds one record of each side.
package struct QuotaCarrier<
    Source: QuotaAccess,
    Destination: QuotaAccess,
    Report: QuotaReporting
> {
    private let source: Source
    private let destination: Destination
    private let report: Report
    private let clearing: QuotaClearing
    /// Kinds of which SOURCE enforces limits and DESTINATION does not.
    private let unenforced: Set<QuotaKind>

    package init(
        source: Source,
        destination: Destination,
        report: Report,
        clearing: QuotaClearing,
        unenforced: Set<QuotaKind>
    ) {
        self.source = source
        self.destination = destination
        self.report = report
        self.clearing = clearing
        self.unenforced = unenforced
    }

    /// What was met on the way.
    private struct Findings {
        var defaults: [QuotaDefault] = []
        var realtimeLimits: UInt64 = 0
        var unenforced: [QuotaKind] = []
        /// Kinds without a single limit on SOURCE, of which DESTINATION's limits were left for that.
        var unlimited: [QuotaKind] = []
        var excess: QuotaExcess?
    }

    /// Carries everything of these kinds, and says what is to be known of it.
    ///
    /// `nowSeconds`: since 1970.
    package func carry(_ kinds: [QuotaKind], nowSeconds: UInt64) {
        var findings = Findings()
        for kind in kinds where report.goesOn {
            guard let rules = rules(of: kind) else { continue }
            let grace = carryGrace(of: kind)
            guard carryLimits(of: kind, rules, &findings), report.goesOn else { continue }
            // What DESTINATION accounts before the pass has written says nothing.
            if report.isDryRun { continue }
            finish(kind, rules, grace, nowSeconds, &findings)
        }
        say(findings)
    }

    private func say(_ findings: Findings) {
        if !findings.defaults.isEmpty { report.say(.defaultLimitsNotKept(findings.defaults)) }
        if findings.realtimeLimits > 0 {
            report.say(.quotasNotKept(QuotaShortage(realtime: findings.realtimeLimits)))
        }
        if !findings.unenforced.isEmpty { report.say(.quotasNotEnforced(findings.unenforced)) }
        if !findings.unlimited.isEmpty { report.say(.noLimitsOnSource(findings.unlimited)) }
        if let excess = findings.excess { report.say(.overLimit(excess)) }
    }

    private func rules(of kind: QuotaKind) -> QuotaRules? {
        var side = Failure.Side.destination
        do throws(SystemError) {
            let storage = try destination.storage(of: kind)
            side = .source
            return QuotaRules(storage: storage, clearsExtras: try clearsExtras(of: kind))
        } catch {
            report.fail(FailedStep(.readQuota, side, error, detail: kind.rawValue))
            return nil
        }
    }

    /// Whether limits that SOURCE lacks are cleared: where it has not one, they may have been lost there
    /// (xfs_repair clears them), and DESTINATION's are the last.
    private func clearsExtras(of kind: QuotaKind) throws(SystemError) -> Bool {
        switch clearing {
        case .none: return false
        case .all: return true
        case .whereSourceHasLimits:
            var records = source.records(of: kind)
            var defaults = QuotaLimits.none
            while let record = try records.next() {
                // XFS writes the defaults, which come first, into the records of active owners.
                if record.id == 0 { defaults = record.limits }
                if !record.limits.isNone, record.limits != defaults { return true }
            }
            return false
        }
    }

    // MARK: Grace times

    /// Grace times of a kind; returns those that DESTINATION has then, nil where they cannot be read.
    private func carryGrace(of kind: QuotaKind) -> QuotaGrace? {
        var side = Failure.Side.source
        var before: QuotaGrace?
        do throws(SystemError) {
            let wanted = try source.grace(of: kind)
            side = .destination
            let present = try destination.grace(of: kind)
            before = present
            if wanted == present { return present }
            return set(wanted, of: kind, before: present)
        } catch {
            report.fail(
                FailedStep(.readQuota, side, error, detail: "\(kind.rawValue): grace times")
            )
            return before
        }
    }

    private func set(
        _ wanted: QuotaGrace,
        of kind: QuotaKind,
        before: QuotaGrace
    ) -> QuotaGrace {
        let isWritten = write("\(kind.rawValue): grace times") { () throws(SystemError) in
            // A format holds 32 bits, and the kernel cuts the others off (fs/quota/quota_v2.c).
            let secondsMax = UInt64(UInt32.max)
            guard max(wanted.blockSeconds, wanted.inodeSeconds) <= secondsMax else {
                throw SystemError(.quotactl, .outOfRange)
            }
            try destination.set(wanted, of: kind)
        }
        guard isWritten else { return before }
        report.tell(.grace(kind, before: before, after: wanted))
        return wanted
    }

    // MARK: Limits

    /// Limits of all owners of a kind; false where they could not be read to the end.
    private func carryLimits(
        of kind: QuotaKind,
        _ rules: QuotaRules,
        _ findings: inout Findings
    ) -> Bool {
        var merge = QuotaMerge(source.records(of: kind), destination.records(of: kind))
        do throws(QuotaReadFailure) {
            while report.goesOn, let pair = try merge.next() {
                note(pair, kind, &findings)
                act(on: pair, kind, rules, &findings)
            }
            return true
        } catch {
            report.fail(FailedStep(.readQuota, error.side, error.error, detail: kind.rawValue))
            return false
        }
    }

    private func note(_ pair: QuotaPair, _ kind: QuotaKind, _ findings: inout Findings) {
        guard let record = pair.source else { return }
        if record.hasRealtimeLimits { findings.realtimeLimits += 1 }
        guard !record.limits.isNone else { return }
        if record.id == 0 {
            findings.defaults.append(QuotaDefault(kind, record.limits))
        } else if unenforced.contains(kind), findings.unenforced.last != kind {
            findings.unenforced.append(kind)
        }
    }

    private func act(
        on pair: QuotaPair,
        _ kind: QuotaKind,
        _ rules: QuotaRules,
        _ findings: inout Findings
    ) {
        let owner = QuotaOwner(kind, pair.id)
        let before = pair.destinationLimits
        switch rules.decision(of: pair) {
        case .nothing: break
        case .leave:
            if clearing == .whereSourceHasLimits, findings.unlimited.last != kind {
                findings.unlimited.append(kind)
            }
            report.count(.left)
        case .refuse(let field): refuse(owner, field)
        case .set(let limits):
            if set(limits, of: owner, before: before) { report.count(.set) }
        case .clear:
            if set(.none, of: owner, before: before) { report.count(.cleared) }
        }
    }

    private func set(_ limits: QuotaLimits, of owner: QuotaOwner, before: QuotaLimits) -> Bool {
        let isWritten = write(owner.words) { () throws(SystemError) in
            try destination.set(limits, of: owner)
        }
        guard isWritten, report.isDryRun || isKept(limits, of: owner) else { return false }
        report.tell(.limits(owner, before: before, after: limits))
        return true
    }

    /// Whether DESTINATION has what was set: XFS passes over a soft limit above the hard one without an error
    /// (fs/xfs/xfs_qm_syscalls.c).
    private func isKept(_ limits: QuotaLimits, of owner: QuotaOwner) -> Bool {
        do throws(SystemError) {
            let found = try destination.limits(of: owner)
            if found == limits { return true }
            report.fail(
                FailedStep(.setQuota, .destination, nil, detail: "\(owner.words): \(limits.words)")
            )
        } catch {
            report.fail(FailedStep(.readQuota, .destination, error, detail: owner.words))
        }
        return false
    }

    /// Tells what the kernel would not: it takes 2^54 KiB for 0, which is no limit.
    private func refuse(_ owner: QuotaOwner, _ field: QuotaLimitField) {
        let unit = field.isOfInodes ? "" : " KiB"
        let divisor: UInt64 = field.isOfInodes ? 1 : 1024
        // Not below what is meant: 2^64 - 1 bytes are no whole KiB.
        let value = field.value / divisor + (field.value % divisor == 0 ? 0 : 1)
        let detail =
            "\(owner.words): \(field.words) of \(value)\(unit), "
            + "its format holds \(field.valueMax / divisor)"
        report.fail(
            FailedStep(
                .setQuota,
                .destination,
                SystemError(.quotactl, .outOfRange),
                detail: detail
            )
        )
    }

    /// Writes, or in a dry run does not; false where that failed, which is told with `detail`.
    private func write(_ detail: String, _ call: () throws(SystemError) -> Void) -> Bool {
        if report.isDryRun { return true }
        report.noteChange()
        do throws(SystemError) {
            try call()
            return true
        } catch {
            var step = FailedStep(.setQuota, .destination, error, detail: detail)
            step.isWrite = true
            report.fail(step)
            return false
        }
    }

    // MARK: Running grace, and who is above a limit

    /// Running grace of a kind, once its limits are there, and the owners that are above a hard limit.
    private func finish(
        _ kind: QuotaKind,
        _ rules: QuotaRules,
        _ grace: QuotaGrace?,
        _ nowSeconds: UInt64,
        _ findings: inout Findings
    ) {
        var merge = QuotaMerge(source.records(of: kind), destination.records(of: kind))
        do throws(QuotaReadFailure) {
            while report.goesOn, let pair = try merge.next() {
                if let grace {
                    restart(pair, kind, rules.graceEnds(of: pair, grace, nowSeconds: nowSeconds))
                }
                guard let record = pair.destination,
                    let excess = QuotaRules.excess(of: record, kind)
                else { continue }
                report.count(.overLimit)
                findings.excess.add(excess)
            }
        } catch {
            report.fail(FailedStep(.readQuota, error.side, error.error, detail: kind.rawValue))
        }
    }

    private func restart(_ pair: QuotaPair, _ kind: QuotaKind, _ ends: QuotaRules.GraceEnds) {
        guard !ends.isNone else { return }
        let owner = QuotaOwner(kind, pair.id)
        let isWritten = write("\(owner.words): running grace") { () throws(SystemError) in
            try destination.setGraceEnd(block: ends.block, inode: ends.inode, of: owner)
        }
        if isWritten { report.count(.graceRestarted) }
    }
}
