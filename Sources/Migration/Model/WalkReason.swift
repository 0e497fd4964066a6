// Why a pass walks both trees though it could have asked the filesystem what changed. A reason is a word, one case
// below; with four of them goes what the words need. For people each has one clause (WalkReasonText in Reporting).

package import LinuxIO

/// Why a pass walks.
package struct WalkReason: Error, Sendable, Hashable {
    /// The reasons, as programs and the record have them: a word that was written once stays.
    package enum Word: String, CaseIterable, Sendable {
        /// `--changes walk`.
        case asked
        /// Every file is to be read or copied (`--checksum`, `--ignore-times`).
        case comparesAll = "compares_all"
        /// Only some branches (`--branch`).
        case branchesOnly = "branches_only"
        /// One part of a plan (`--plan`): a scan tells of all of SOURCE.
        case planned
        /// Other filesystems below SOURCE belong to it (`--cross-mounts`).
        case crossesMounts = "crosses_mounts"
        /// Bulkstat is for root.
        case notRoot = "not_root"
        /// And of root for CAP_SYS_ADMIN, and CAP_DAC_READ_SEARCH.
        case capabilitiesMissing = "capabilities_missing"
        /// SOURCE's filesystem does not tell of all inodes.
        case notXFS = "not_xfs"
        /// An XFS of version 4 stores no times of birth, by which inode numbers that are used again are told apart.
        case noBirthTimes = "no_birth_times"
        /// There is no state folder, or it cannot be used.
        case nothingRemembered = "nothing_remembered"
        case noEarlierPass = "no_earlier_pass"
        case lastPassUnfinished = "last_pass_unfinished"
        case lastPassOfBranches = "last_pass_of_branches"
        case optionsChanged = "options_changed"
        case clockSteppedBack = "clock_stepped_back"
        /// DESTINATION's root has another time of change than the last pass left: an entry was made or removed in it,
        /// or somebody else's pass marked it.
        case destinationRootChanged = "destination_root_changed"
        /// What was written to DESTINATION since cannot be told: its `syncfs` failed.
        case destinationUnknown = "destination_unknown"
        /// DESTINATION has another number of inodes in use than at the end of the last pass.
        case destinationChanged = "destination_changed"
        /// DESTINATION's root is older than the last pass left it: an earlier image or snapshot was put back.
        case destinationRolledBack = "destination_rolled_back"
        /// DESTINATION's device was written to since the last pass.
        case destinationWritten = "destination_written"
        /// More inodes have changed than a scan is made for.
        case tooManyChanges = "too_many_changes"
        /// A call of the scan failed.
        case scanFailed = "scan_failed"
        /// The record has directories without a place, for they were renamed while the last pass ran, and they were
        /// not found where they should be.
        case directoryNotFound = "directory_not_found"
        /// The record could not be read.
        case recordFailed = "record_failed"
    }

    /// What belongs to a word.
    package enum Detail: Sendable, Hashable {
        case nothing
        case text(String)
        case count(Int)
        case error(SystemError)

        /// As the record has it, behind the word.
        fileprivate var recorded: String? {
            switch self {
            case .nothing: nil
            case .text(let text): text
            case .count(let count): "\(count)"
            case .error(let error): "\(error.operation.rawValue) \(error.code.rawValue)"
            }
        }
    }

    package let word: Word
    package let detail: Detail

    private init(_ word: Word, with detail: Detail) {
        (self.word, self.detail) = (word, detail)
        assert(Self.read(word, detail.recorded) == detail, "no reader would understand \(recorded)")
    }

    /// A reason that its word says all of.
    package init(_ word: Word) { self.init(word, with: .nothing) }

    package static func notXFS(_ type: String) -> Self { Self(.notXFS, with: .text(type)) }
    /// `count`: the changes that were found before the scan gave up.
    package static func tooManyChanges(_ count: Int) -> Self {
        Self(.tooManyChanges, with: .count(count))
    }
    package static func scanFailed(_ error: SystemError) -> Self {
        Self(.scanFailed, with: .error(error))
    }
    package static func recordFailed(_ reason: String) -> Self {
        Self(.recordFailed, with: .text(reason))
    }

    // MARK: The record, from which `cutover history` reads it again

    /// The word, then a blank and what belongs to it, where something does.
    package var recorded: String {
        detail.recorded.map { "\(word.rawValue) \($0)" } ?? word.rawValue
    }

    /// Reads what `recorded` gave; nil: it is of another version of cutover, or damaged.
    package init?(recorded text: String) {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let word = Word(rawValue: String(parts[0])),
            let detail = Self.read(word, parts.count == 2 ? String(parts[1]) : nil)
        else { return nil }
        self.init(word, with: detail)
    }

    /// What stands behind a word; nil: it is not what belongs there.
    private static func read(_ word: Word, _ rest: String?) -> Detail? {
        switch word {
        case .notXFS, .recordFailed: return rest.map { .text($0) }
        case .tooManyChanges: return rest.flatMap { Int($0) }.map { .count($0) }
        case .scanFailed:
            let words = rest?.split(separator: " ") ?? []
            guard words.count == 2,
                let operation = SystemError.Operation(rawValue: String(words[0])),
                let code = Int32(words[1])
            else { return nil }
            return .error(SystemError(operation, ErrorCode(rawValue: code)))
        default: return rest == nil ? .nothing : nil
        }
    }
}

/// How a pass finds out what changed.
package enum ChangeMethod: Sendable, Equatable {
    /// Asking XFS which inodes changed, then looking at their directories.
    case scan
    /// Comparing both trees entry by entry.
    case walk(WalkReason?)

    package var name: String {
        switch self {
        case .scan: "scan"
        case .walk: "walk"
        }
    }

    /// Why it walks.
    var reason: WalkReason? {
        if case .walk(let reason) = self { reason } else { nil }
    }
}
