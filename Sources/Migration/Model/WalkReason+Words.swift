// Reasons to walk as words: for programs, and for the record, from which `cutover history` reads them again.

import LinuxIO

extension WalkReason {
    /// A stable word for programs.
    package var word: String {
        switch self {
        case .asked: "asked"
        case .comparesAll: "compares_all"
        case .branchesOnly: "branches_only"
        case .crossesMounts: "crosses_mounts"
        case .notRoot: "not_root"
        case .capabilitiesMissing: "capabilities_missing"
        case .notXFS: "not_xfs"
        case .noBirthTimes: "no_birth_times"
        case .nothingRemembered: "nothing_remembered"
        case .noEarlierPass: "no_earlier_pass"
        case .lastPassUnfinished: "last_pass_unfinished"
        case .lastPassOfBranches: "last_pass_of_branches"
        case .optionsChanged: "options_changed"
        case .clockSteppedBack: "clock_stepped_back"
        case .destinationRootChanged: "destination_root_changed"
        case .destinationUnknown: "destination_unknown"
        case .destinationChanged: "destination_changed"
        case .destinationRolledBack: "destination_rolled_back"
        case .destinationWritten: "destination_written"
        case .tooManyChanges: "too_many_changes"
        case .scanFailed: "scan_failed"
        case .directoryNotFound: "directory_not_found"
        case .recordFailed: "record_failed"
        }
    }

    /// What the record keeps: the word, then a blank and what belongs to it, where something does.
    package var recorded: String {
        switch self {
        case .notXFS(let type): "\(word) \(type)"
        case .tooManyChanges(let count): "\(word) \(count)"
        case .scanFailed(let error): "\(word) \(error.operation.rawValue) \(error.code.rawValue)"
        case .recordFailed(let reason): "\(word) \(reason)"
        default: word
        }
    }

    /// Reads what `recorded` gave; nil: it is of another version of cutover, or damaged.
    package init?(recorded text: String) {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count == 2 ? String(parts[1]) : nil
        let reason = rest.map { Self.reasons(with: $0) } ?? Self.plain
        guard let found = reason.first(where: { $0.word == parts[0] }) else { return nil }
        self = found
    }

    private static let plain: [WalkReason] = [
        .asked, .comparesAll, .branchesOnly, .crossesMounts, .notRoot, .capabilitiesMissing,
        .noBirthTimes, .nothingRemembered, .noEarlierPass, .lastPassUnfinished,
        .lastPassOfBranches, .optionsChanged, .clockSteppedBack, .destinationRootChanged,
        .destinationUnknown, .destinationChanged,
        .destinationRolledBack, .destinationWritten, .directoryNotFound,
    ]

    private static func reasons(with rest: String) -> [WalkReason] {
        var reasons: [WalkReason] = [.notXFS(rest), .recordFailed(rest)]
        if let count = Int(rest) { reasons.append(.tooManyChanges(count)) }
        let words = rest.split(separator: " ")
        if words.count == 2, let operation = SystemError.Operation(rawValue: String(words[0])),
            let code = Int32(words[1])
        {
            reasons.append(.scanFailed(SystemError(operation, ErrorCode(rawValue: code))))
        }
        return reasons
    }
}
