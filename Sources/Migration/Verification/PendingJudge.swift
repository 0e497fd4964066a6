// Whether a difference is one that users made since the last whole pass, and the next pass takes: pending. Pure: moments
// in, an answer out; it knows no file, no clock and no record (LastPasses reads that).
//
// It keeps true: where doubt remains the answer is no, and the difference is told. It rests on times of change alone,
// which nobody can set:
//
//   begin of the last whole pass ──┬─ SOURCE's may lie from here ─▶ to the begin of this verification
//   DESTINATION's up to here ──────┴─ end of that pass
//
// The margin of a tick stands on the side of doubt at the first moment: what changed within it was read by the pass,
// which had only begun. `StateKeeper.racyMarginNanoseconds` does not count here: what changed in the 2 s before the
// begin is compared again by the next pass, but it was there when the last one read it.
//
// It does not promise that a pending entry was well after that pass: of a file that users wrote to since, nobody can
// tell the copy of before from one that its disk has spoilt.

package import LinuxIO

/// The judgement by what is recorded of the last passes.
package struct PendingJudge: Sendable {
    /// The kernel's longest tick (100 Hz): recorded moments are as fine as that, times of change may be finer (6.13).
    package static let tickNanoseconds: Int64 = 10_000_000

    /// When the last whole pass began.
    private let wholeBegan: Int64
    /// When it ended.
    ///
    /// What later passes wrote, of some branches or stopped, is not told from what somebody did by hand
    /// before them, and is a difference until the next whole pass.
    private let wholeEnded: Int64
    /// What it recorded as the time of change of DESTINATION's root, which it marks at its end.
    private let rootMark: Int64?
    /// When this verification began.
    private let verificationBegan: Int64
    /// DESTINATION may hold the moments of a change cut to such steps.
    private let destinationStep: Int64
    private let carried: CarriedParts

    /// Moments are in nanoseconds since 1970, `destinationStep` in nanoseconds.
    package init(  // Six: one for each thing that it rests on.
        wholeBegan: Int64,
        wholeEnded: Int64,
        rootMark: Int64?,
        verificationBegan: Int64,
        destinationStep: UInt32,
        carried: CarriedParts
    ) {
        self.wholeBegan = wholeBegan
        self.wholeEnded = wholeEnded
        self.rootMark = rootMark
        self.verificationBegan = verificationBegan
        self.destinationStep = Int64(destinationStep)
        self.carried = carried
    }

    /// When a directory of SOURCE changed.
    package struct DirectoryChange: Sendable {
        let moment: Int64
        /// After this verification had begun: then its time says no more whether it changed before, too.
        let isMeanwhile: Bool

        package init(_ moment: Int64, isMeanwhile: Bool = false) {
            self.moment = moment
            self.isMeanwhile = isMeanwhile
        }
    }

    /// Times of change of the two entries of a name.
    package struct Sides: Sendable {
        let source: Int64
        let destination: Int64
        /// They are the roots.
        let isRoot: Bool
        /// Time of change of the directory that holds the name, on SOURCE; nil: not known.
        let sourceDirectory: DirectoryChange?
        /// The two files have one size and one time of modification.
        let agree: Bool
        /// DESTINATION's is a directory, and somebody changed something below it.
        package var isTouchedBelow = false

        package init(
            source: Int64,
            destination: Int64,
            isRoot: Bool = false,
            sourceDirectory: DirectoryChange? = nil,
            agree: Bool = false
        ) {
            self.source = source
            self.destination = destination
            self.isRoot = isRoot
            self.sourceDirectory = sourceDirectory
            self.agree = agree
        }
    }

    // MARK: Judging

    /// What a difference between two entries says that both are there.
    package func standing(
        _ aspect: FoundDifference.Aspect,
        _ sides: Sides
    ) -> DifferenceStanding {
        guard hasChanged(source: sides.source),
            isUntouched(destination: sides.destination, isRoot: sides.isRoot), takes(aspect)
        else { return .found }
        switch aspect {
        // It would be removed with all that is in it.
        case .type where sides.isTouchedBelow: return .found
        // A name stands for another inode: then its directory has changed, too.
        case .type, .target, .device:
            return standing(named: sides.source, in: sides.sourceDirectory)
        // Whoever writes to a file moves its time: where size and time agree and contents do not, a disk has lost them.
        case .contents where sides.agree: return .found
        default: return .pending(changed: sides.source)
        }
    }

    /// What a name says that only SOURCE has: pending if it was made since, in a directory that changed since.
    ///
    /// `destinationDirectory`: of the directory that lacks it. Somebody may have removed it there.
    package func standing(
        ofMissing kind: EntryKind,
        source: Int64,
        sourceDirectory: DirectoryChange?,
        destinationDirectory: Int64,
        isInRoot: Bool
    ) -> DifferenceStanding {
        guard carried.makes(kind), hasChanged(source: source),
            isUntouched(destination: destinationDirectory, isRoot: isInRoot)
        else { return .found }
        return standing(named: source, in: sourceDirectory)
    }

    /// What follows from the directory of a name that was made since, by all that is known of the name itself; nil: the
    /// directory cannot be asked any more, and shows nothing.
    ///
    /// A directory bears the time of its last change alone: one of after the begin hides whether there was one before. So
    /// nothing is proven of the name, neither that it is pending nor that it is wrong.
    private func standing(
        named moment: Int64,
        in directory: DirectoryChange?
    ) -> DifferenceStanding {
        guard let directory else { return .found }
        if directory.isMeanwhile { return .changed }
        return hasChanged(source: directory.moment) ? .pending(changed: moment) : .found
    }

    /// Whether a name that only DESTINATION has may be: its directory on SOURCE changed since, and what bears the name has
    /// not been touched.
    ///
    /// That the record knows the name is still to be shown (`PendingEntries`), and of a directory that nothing below it was
    /// touched.
    package func mayExtraBePending(destination: Int64, sourceDirectory: Int64) -> Bool {
        carried.deletesExtras && hasChanged(source: sourceDirectory)
            && isUntouched(destination: destination, isRoot: false)
    }

    /// Whether an entry of SOURCE changed after the last whole pass had begun; one that changed after this verification
    /// began is told as changed meanwhile, and a time still to come tells nothing.
    private func hasChanged(source: Int64) -> Bool {
        source > wholeBegan + Self.tickNanoseconds && source <= verificationBegan
    }

    /// Whether nobody has changed an entry of DESTINATION, which is not the root, since the last whole pass ended; by its
    /// time of change, in nanoseconds since 1970.
    package func isUntouched(_ changed: Int64) -> Bool {
        isUntouched(destination: changed, isRoot: false)
    }

    /// Whether nobody has changed an entry of DESTINATION since the last whole pass ended.
    ///
    /// It covers size and time of modification: they cannot change without this time, nor can they be given back.
    private func isUntouched(destination: Int64, isRoot: Bool) -> Bool {
        if isRoot, let rootMark, destination == rootMark { return true }
        // The step on this side: a time of change may be as late as a number holds.
        return destination <= wholeEnded + Self.tickNanoseconds - (destinationStep - 1)
    }

    /// Whether the next pass takes such a difference, where it has the options of the last whole one.
    private func takes(_ aspect: FoundDifference.Aspect) -> Bool {
        switch aspect {
        // Judged by names, which is for `standing(ofMissing:)` and `PendingEntries`.
        case .missing, .extra: false
        // Of the whole volume, of the hardware, of a manifest: users do not make these.
        case .quota, .unsteady, .digest: false
        case .type(let kind, let was):
            carried.makes(kind) && (was != .directory || carried.deletesExtras)
        case .target: true
        case .device: carried.makes(.blockDevice)
        case .size: true
        case .contents: !carried.comparesSizesAlone
        case .modified: carried.preserved.contains(.times) && !carried.comparesSizesAlone
        case .owner: carried.carries(.owner)
        case .group: carried.carries(.group)
        case .mode: carried.preserved.contains(.mode)
        case .attribute: carried.carriesAllAttributes && carried.preserved.contains(.attributes)
        case .accessControl: carried.preserved.contains(.accessControl)
        case .links: carried.preserved.contains(.hardLinks)
        case .project: carried.isRoot
        // DESTINATION may be unable to hold them, for ever.
        case .flags: false
        }
    }
}
