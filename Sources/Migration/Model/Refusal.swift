// Why a pass, a verification or a check does not start: all reasons of all commands, in one list.

package import LinuxIO

/// Why a pass does not start.
///
/// Nothing was touched.
package enum Refusal: Error, Equatable, Sendable {
    case cannotOpen(Failure.Side, path: [UInt8], SystemError)
    case notDirectory(Failure.Side, path: [UInt8])
    case cannotCreate(path: [UInt8], SystemError)
    case sameDirectory
    case nested(inner: Failure.Side)
    case emptySource(isDeleting: Bool)
    /// Something says that other volumes are meant (S61); `isDeclared`: `--new-pair` said so for them already.
    case wrongRoots(WrongRoots, isDeclared: Bool)
    case noSuchBranch([UInt8])
    case noDescriptorPaths
    case noAttributeRules
    /// Some of what is to be carried is invisible to this process, and no call would fail for it (S54).
    case cannotSee(HiddenParts)
    case cannotExamine(Failure.Side, SystemError)
    case tooFewDescriptors(Int)
    /// No thread can be had for one worker and what goes with it (S58).
    case tooFewThreads
    /// Another pass writes to DESTINATION: the two would take each other's temporary files for leftovers.
    case destinationBusy(BusyPass?)
    /// The state folder would be an extra on DESTINATION, and be deleted.
    case stateOnDestination(path: [UInt8])
    /// Another pass uses the state of these two volumes.
    case stateBusy(BusyPass?)
    /// Nothing can be remembered, and the run is for nothing without that.
    case stateUnusable(path: [UInt8], reason: String)
    /// `check` makes no DESTINATION.
    case destinationMissing(path: [UInt8])
    /// DESTINATION takes no write.
    case destinationReadOnly
    /// SOURCE's files hold more than DESTINATION can, in bytes; `isEmpty`: nothing is there yet.
    case tooLittleSpace(needed: UInt64, room: UInt64, isEmpty: Bool)
    /// The same, in inodes.
    case tooFewInodes(needed: UInt64, room: UInt64, isEmpty: Bool)
    /// `--manifest` names something that is no manifest, or one that leads out of DESTINATION.
    case badManifest(path: [UInt8], ManifestRefusal)
    /// Another run writes the report that an option names.
    case reportInUse(option: String, path: [UInt8])
    /// `--quotas on`, and not all quotas can be carried (Q10).
    case quotasNotCarried(QuotaObstacle)
    /// The last pass (`--final`) takes the options of the one before, and they are not known.
    case optionsUnknown(OptionsUnknown)
    /// It would pass over changed contents: it, or the last whole pass before it, compares files by size alone
    /// (`--size-only`); nil: it was asked for here.
    case sizesAlone(pass: Int64?)
    /// The folder of a plan for several runs, or the plan in it.
    case badPlan(path: [UInt8], PlanProblem)
    /// It asks that nobody can write to SOURCE.
    case sourceWritable(SourceUse)
    /// PLAN, or a file of it, cannot be used.
    case planUnusable(path: [UInt8], reason: String)
    /// The plan was made for another root, which was called so.
    case planOfOtherRoot(Failure.Side, path: [UInt8])
    /// The plan has no shard of this number.
    case noSuchShard(Int, shards: Int)
    /// Another run of the plan excludes this one.
    case planBusy(PlanHolder)
    /// Closing joins shards that are done, and these are not.
    case shardsNotDone([ShardTrouble])
}

/// Why it is not known what the last pass is to do.
package enum OptionsUnknown: Equatable, Sendable {
    /// No whole pass of these two roots is recorded.
    case noWholePass
    /// The record cannot be read.
    case unreadable
    /// It has no options of this pass.
    case notKept(pass: Int64)
}

/// Why a manifest is not checked.
package enum ManifestRefusal: Error, Equatable, Sendable {
    case cannotOpen(SystemError)
    /// A directory, a pipe: it is read twice.
    case notAFile
    case cannotRead(SystemError)
    case empty
    case badLine(number: UInt64, ManifestProblem)
    case lineTooLong(number: UInt64)
    /// It does not end with a newline, or not with the line that cutover ends its own with.
    case cutOff
}

/// What is wrong with a line of a manifest.
package enum ManifestProblem: Error, Equatable, Sendable {
    case notALine
    case badEscape
    case emptyName
    case absolute
    case leavesRoot
    case holdsNUL
    case nameTooLong
    case notAFile
}
