// Recorded passes made up for reports.

import History
import LinuxIO
import Reporting
import TestSupport

/// A moment of 2026-08-04, in UTC.
private let start: Int64 = 1_785_877_203_123_000_000

/// A pass of an hour, ten minutes and three seconds that went well.
func recordedPass(
    id: Int64 = 12,
    status: Int? = 0,
    method: String = "walk",
    reason: String? = nil,
    change: (inout PassRecord) -> Void = { _ in }
) -> PassRecord {
    var pass = PassRecord(
        startNanoseconds: start,
        bootIdentifier: "2a5611b8-bf76-4075-b951-e32f4edea4e0",
        startBootNanoseconds: 1_000,
        options: "preserved 1023",
        method: method,
        reason: reason,
        workers: 30,
        isPartial: false,
        cutoverVersion: "0.1.0"
    )
    pass.id = id
    if let status {
        pass.endNanoseconds = start + 4_203_000_000_000
        pass.endBootNanoseconds = 1_000 + 4_203_000_000_000
        pass.status = status
        pass.isComplete = true
        pass.watermarkNanoseconds = pass.endNanoseconds
        pass.counts[.entriesSeen] = 284_000
        pass.counts[.filesCopied] = 12_345
        pass.counts[.bytesCopied] = 788_341_253_734
        pass.counts[.extrasDeleted] = 17
    }
    change(&pass)
    return pass
}

func historyPair(_ passes: [HistoryPass], count: Int? = nil) -> HistoryPair {
    HistoryPair(
        source: bytes("/mnt/old"),
        destination: bytes("/mnt/new"),
        path: "/var/lib/cutover/a-1-b-2.sqlite",
        passes: passes,
        passCount: count ?? passes.count
    )
}

/// Times in UTC; now is 12 s after the machine started.
func historyStyle(isVerbose: Bool = false) -> HistoryStyle {
    var style = HistoryStyle(
        shown: ShownName(isForTerminal: true, isUTF8: true),
        sinceBoot: 12_000_001_000
    )
    style.isVerbose = isVerbose
    style.calendar = { CalendarTime(utc: $0) }
    return style
}
