// How the last pass (`--final`) came out: the pass, the second look after it, the comparison, and whether anybody could
// have written to SOURCE meanwhile.

/// What the last pass and its two checks found.
package struct FinalOutcome: Sendable {
    /// The pass.
    package struct Pass: Sendable {
        /// Its own, whatever became of its reports.
        package var status: ExitStatus
        package var files: UInt64
        package var bytes: UInt64
        package var nanoseconds: UInt64

        package init(status: ExitStatus, files: UInt64, bytes: UInt64, nanoseconds: UInt64) {
            self.status = status
            self.files = files
            self.bytes = bytes
            self.nanoseconds = nanoseconds
        }
    }

    /// What the record says at the end of the pass's being the last one.
    package enum Standing: Sendable, Equatable {
        /// Nobody asked, for the pass is no last one whatever the record says.
        case notAsked
        case last
        /// Another one began after it.
        case followed
        /// The record cannot be read any more, or does not have the pass.
        case unknown
    }

    /// The dry pass after it, which is to find nothing.
    package struct SecondLook: Sendable {
        package var status: ExitStatus
        /// Changes that it would make; several of one entry count each.
        package var entries: UInt64
        /// The first of them, `firstMax` at most.
        package var first: [[UInt8]]
        package static let firstMax = 10

        package init(status: ExitStatus, entries: UInt64, first: [[UInt8]]) {
            self.status = status
            self.entries = entries
            self.first = first
        }
    }

    /// `verify --metadata` of both.
    package struct Comparison: Sendable {
        package var status: ExitStatus
        package var entries: UInt64
        package var differences: UInt64
        package var nanoseconds: UInt64
        /// What was not compared, as the passes do not carry it.
        package var aside = LeftAside()

        package init(
            status: ExitStatus,
            entries: UInt64,
            differences: UInt64,
            nanoseconds: UInt64
        ) {
            self.status = status
            self.entries = entries
            self.differences = differences
            self.nanoseconds = nanoseconds
        }
    }

    package var pass: Pass
    /// Nil: left out, for the pass was not whole, or failed in part: then what failed would be found again.
    package var secondLook: SecondLook?
    /// Nil: left out.
    package var comparison: Comparison?
    /// One of the two was refused, which was told.
    package var isStepRefused = false
    /// SOURCE, all that the pass reads, was still (`SourceUse.isStill`) before the pass, and after all else.
    package var wasReadOnly: Bool
    package var isReadOnly: Bool
    /// Who can write to SOURCE after all else; nil: that was not asked, or nobody can be asked any more.
    package var sourceAtEnd: SourceUse?
    /// Asked when all else is done.
    package var standing = Standing.notAsked
    /// What the pass was expected to take; nil: nothing was foreseen.
    package var foreseen: SwitchEstimate?
    /// From the command to the end.
    package var tookNanoseconds: UInt64

    package init(pass: Pass, wasReadOnly: Bool) {
        self.pass = pass
        self.wasReadOnly = wasReadOnly
        isReadOnly = wasReadOnly
        tookNanoseconds = pass.nanoseconds
    }

    /// Nobody can have written to SOURCE since the pass began.
    package var isSourceStill: Bool { wasReadOnly && isReadOnly }

    /// That, and nothing that another pass did has changed DESTINATION since.
    package var isFinal: Bool { isSourceStill && standing == .last }

    /// Whether a second look after a pass with this status says anything.
    package static func looksTwice(after status: ExitStatus) -> Bool {
        status == .done || status == .someVanished
    }

    /// Whether a comparison does: also after failures, for it tells which of them left a difference.
    package static func compares(after status: ExitStatus) -> Bool {
        looksTwice(after: status) || status == .someFailed
    }

    /// The worst of all steps, in the order of S48; a difference stands below what makes an answer incomplete, as in
    /// `verify`.
    package var status: ExitStatus {
        var found = [pass.status, secondLookStatus, comparison?.status ?? .done]
        if isStepRefused { found.append(.someFailed) }
        // Who could write, or made it writable again, may have written: nothing here proves the contrary of contents.
        let mayHaveChanged = !isSourceStill || standing == .followed || standing == .unknown
        if mayHaveChanged { found.append(.someVanished) }
        return ExitStatus.worst(of: found)
    }

    /// All is well but that SOURCE could be written to from the begin (`--allow-writers`).
    package var lacksOnlyReadOnly: Bool {
        !wasReadOnly && !isStepRefused
            && [pass.status, secondLookStatus, comparison?.status ?? .done]
                .allSatisfy { $0 == .done }
    }

    /// With something left SOURCE changed (24), or, where it cannot have, DESTINATION is not as the pass left it (23).
    private var secondLookStatus: ExitStatus {
        guard let look = secondLook else { return .done }
        // Too many deletions (25) are changes that it found, too.
        let isWhole: [ExitStatus] = [.done, .someVanished, .deletionLimit]
        guard look.entries > 0, isWhole.contains(look.status) else { return look.status }
        return isFinal ? .someFailed : .someVanished
    }
}
