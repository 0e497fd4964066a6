// Reasons to walk, through the record and back: `cutover history` reads what a pass wrote.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Reasons to walk as words") struct WalkReasonTests {
    private static let all: [WalkReason] = [
        .asked, .comparesAll, .branchesOnly, .crossesMounts, .notRoot, .capabilitiesMissing,
        .notXFS("ext4"),
        .noBirthTimes, .nothingRemembered, .noEarlierPass, .lastPassUnfinished,
        .lastPassOfBranches, .optionsChanged, .clockSteppedBack, .destinationRootChanged,
        .destinationUnknown, .destinationChanged,
        .destinationRolledBack, .destinationWritten, .directoryNotFound, .tooManyChanges(500_001),
        .scanFailed(SystemError(.bulkStatus, .corrupted)),
        .recordFailed("disk I/O error: Input/output error"), .recordFailed(""),
    ]

    @Test("What is recorded of a reason gives the same reason again", arguments: all)
    func again(reason: WalkReason) {
        #expect(WalkReason(recorded: reason.recorded) == reason)
        #expect(reason.recorded.split(separator: " ").first.map(String.init) == reason.word)
        #expect(reason.word.wholeMatch(of: /[a-z_]+/) != nil)
    }

    @Test("All reasons are tried") func completeness() throws {
        try expectEveryCase(of: "WalkReason", in: Self.all)
    }

    @Test("No two reasons share a word")
    func words() {
        // recordFailed stands in the list twice.
        #expect(Set(Self.all.map(\.word)).count == Self.all.count - 1)
    }

    @Test(
        "What another version wrote, or nobody, is not misread",
        arguments: [
            "", " ", "no record", "walks", "asked for", "not_xfs", "too_many_changes",
            "too_many_changes many", "scan_failed", "scan_failed XFS_IOC_BULKSTAT",
            "scan_failed nothing 5", "scan_failed XFS_IOC_BULKSTAT five",
        ]
    )
    func others(text: String) {
        #expect(WalkReason(recorded: text) == nil)
    }
}
