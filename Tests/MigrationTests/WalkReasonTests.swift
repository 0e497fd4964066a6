// Reasons to walk, through the record and back: `cutover history` reads what a pass wrote.

import LinuxIO
import Migration
import Testing

@Suite("Reasons to walk as words") struct WalkReasonTests {
    /// What may stand behind a word in the record, if anything may.
    private static let details = [
        "", " ext4", " 500001", " XFS_IOC_BULKSTAT 117", " disk I/O error: Input/output error", " ",
    ]

    /// Each word as the record may have it, with all that is understood behind it.
    private static let recorded = WalkReason.Word.allCases.map { word in
        details.map { word.rawValue + $0 }.filter { WalkReason(recorded: $0) != nil }
    }

    @Test("Of each reason what is recorded gives the same reason again", arguments: recorded)
    func again(texts: [String]) {
        #expect(!texts.isEmpty)
        for text in texts {
            let reason = WalkReason(recorded: text)
            #expect(reason?.recorded == text)
            #expect(reason?.word.rawValue == text.split(separator: " ").first.map(String.init))
        }
    }

    @Test("What a pass gives as a reason is what the record understands")
    func made() {
        let made: [WalkReason] = [
            .notXFS("ext4"), .tooManyChanges(500_001),
            .scanFailed(SystemError(.bulkStatus, .corrupted)),
            .recordFailed("disk I/O error: Input/output error"), .recordFailed(""),
        ]
        for reason in made { #expect(WalkReason(recorded: reason.recorded) == reason) }
        // Those words say nothing by themselves, and all others do.
        let alone = WalkReason.Word.allCases.filter { WalkReason(recorded: $0.rawValue) != nil }
        for word in alone { #expect(WalkReason(recorded: word.rawValue) == WalkReason(word)) }
        #expect(
            Set(alone).union(made.map(\.word)) == Set(WalkReason.Word.allCases)
                && Set(alone).isDisjoint(with: made.map(\.word))
        )
    }

    @Test("Words are lower case")
    func words() {
        for word in WalkReason.Word.allCases {
            #expect(word.rawValue.wholeMatch(of: /[a-z_]+/) != nil)
        }
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
