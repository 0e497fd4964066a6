// DESTINATION as it was before: an image, a snapshot or a backup of the block device was put back, and what passes
// wrote since is gone. Nothing of it shows but the root's time of change, which only goes on: now it is older than a
// pass recorded it.
//
// What may be missing is what passes wrote after that moment: found by size, time and attributes, but for contents
// whose time was put back. So contents are compared
//
//   of what changed on SOURCE since the last pass that is in the image as a whole began, and of all that is below a
//   directory that changed (RENAME_EXCHANGE leaves the times of what it exchanges alone); and
//   of what was written to DESTINATION since that pass ended, for the image may be of a filesystem in use.
//
// It stays so until a whole pass is complete, for passes in between move the root's time on: each records it.

import History

/// What a DESTINATION that was put back may lack.
struct RolledBack: Equatable {
    /// The time of change that its root had when that was found.
    let moment: Int64
    /// Entries of SOURCE that changed from here on may be missing or old.
    let changedFrom: Int64
    /// Entries of DESTINATION that changed from here on may lack their data.
    let writtenFrom: Int64

    /// Nil where DESTINATION was not put back, as far as its root shows: `changed` is its time of change now.
    ///
    /// `passes`: all that are known, the newest first; `options`: the signature of this one.
    init?(_ passes: [PassRecord], changed: Int64?, options: String, isClockSane: Bool) {
        var moments: [Int64] = []
        let marks = passes.lazy.compactMap(\.destinationChangedNanoseconds)
        if let changed, let last = marks.first, changed < last { moments.append(changed) }
        for pass in passes {
            if Self.isWhole(pass, options) { break }
            if let earlier = pass.rolledBackToNanoseconds { moments.append(earlier) }
        }
        guard let moment = moments.min() else { return nil }
        self.moment = moment
        guard isClockSane else {
            (changedFrom, writtenFrom) = (.min, .min)
            return
        }
        let start = passes.firstIndex { Self.isContained($0, in: moment, options) }
        // One that compared contents may have put right what no time tells of.
        let since = passes[..<(start ?? passes.endIndex)]
        let comparedAll = since.contains { $0.reason == WalkReason(.comparesAll).recorded }
        let first = (start.map { passes[$0] } ?? passes.last)
        let begin = first?.startNanoseconds ?? .min
        changedFrom =
            comparedAll || begin == .min ? .min : begin - StateKeeper.racyMarginNanoseconds
        writtenFrom = start.flatMap { passes[$0].safeUntilNanoseconds } ?? begin
    }

    private static func isWhole(_ pass: PassRecord, _ options: String) -> Bool {
        pass.isComplete && !pass.isPartial && pass.options == options
    }

    /// Whether all that a pass did is in an image of that moment, and it did all that it should.
    ///
    /// Older versions marked the root only before the first change of a pass; they recorded no instance.
    private static func isContained(
        _ pass: PassRecord,
        in moment: Int64,
        _ options: String
    ) -> Bool {
        guard isWhole(pass, options), pass.counts[.failures] == 0, pass.destinationInstance != nil,
            let mark = pass.destinationChangedNanoseconds
        else { return false }
        return mark <= moment
    }
}
