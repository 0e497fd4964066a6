// The table of recorded passes: what it says of each, and that it keeps to 80 columns.

import History
import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite struct HistoryTextTests {
    private func text(_ pair: HistoryPair, isVerbose: Bool = false) -> String {
        HistoryText(pair, style: historyStyle(isVerbose: isVerbose)).lines.joined(separator: "\n")
    }

    private func text(_ record: PassRecord, isRunning: Bool = false) -> String {
        text(historyPair([HistoryPass(record, isRunning: isRunning)]))
    }

    @Test("the whole text of six passes, one for each way to end that needs words")
    func golden() {
        let passes = [
            HistoryPass(recordedPass(id: 1, reason: "no_earlier_pass")),
            HistoryPass(
                recordedPass(id: 2, status: 23, reason: "clock_stepped_back") {
                    $0.counts[.failures] = 12
                    $0.counts[.vanished] = 1
                }
            ),
            HistoryPass(
                recordedPass(id: 3, status: 20, method: "scan") {
                    $0.isComplete = false
                    $0.counts[.failures] = 1
                    $0.endBootNanoseconds = 1_000 + 900_000_000
                }
            ),
            HistoryPass(
                recordedPass(id: 4, reason: "branches_only") {
                    $0.isPartial = true
                    $0.isComplete = false
                    $0.counts[.entriesSeen] = 9_999
                    $0.counts[.filesCopied] = 0
                    $0.counts[.bytesCopied] = 0
                    $0.counts[.extrasDeleted] = 0
                }
            ),
            HistoryPass(recordedPass(id: 5, status: nil, reason: "last_pass_of_branches")),
            HistoryPass(recordedPass(id: 6, status: nil, method: "scan"), isRunning: true),
        ]
        #expect(
            text(historyPair(passes, count: 345))
                == """
                /mnt/old to /mnt/new
                The newest 6 of 345 passes (--limit shows more); times are UTC.

                id start                  took by   seen copied   bytes deleted outcome
                 1 2026-08-04 21:00:03 1:10:03 walk 284k    12k 734 GiB      17 done
                 2 2026-08-04 21:00:03 1:10:03 walk 284k    12k 734 GiB      17 failed 12
                   walked: the clock has been set back since the last pass
                   1 entry vanished meanwhile
                 3 2026-08-04 21:00:03   0.9 s scan 284k    12k 734 GiB      17 interrupted
                   1 failure
                 4 2026-08-04 21:00:03 1:10:03 walk 9999      0     0 B       0 done
                   of some branches only (--branch)
                 5 2026-08-04 21:00:03       - walk    -      -       -       - unfinished
                   walked: the last pass covered some branches only
                 6 2026-08-04 21:00:03  12.0 s scan    -      -       -       - running
                """
        )
    }

    @Test(
        "each way to end has its word",
        arguments: [
            (0, "done"), (24, "done"), (23, "failed 0"), (20, "interrupted"), (11, "stopped"),
            (25, "limit"), (7, "status 7"), (1 << 40, "status 1099511627776"),
        ] as [(Int, String)]
    )
    func outcomes(status: Int, word: String) {
        #expect(text(recordedPass(status: status)).contains(" \(word)"))
    }

    @Test("a pass that runs or was killed has no counts; only the first has a time")
    func withoutEnd() {
        let running = text(recordedPass(status: nil), isRunning: true)
        #expect(running.contains("12.0 s  walk     -       -      -        -  running"))
        let dead = text(recordedPass(status: nil))
        #expect(dead.contains("     -  walk     -       -      -        -  unfinished"))
    }

    @Test("a pass that runs and tells how far it is has figures, and a line of them")
    func told() {
        var running = RunningPass()
        running.process = 4_711
        running.writtenBootNanoseconds = 11_000_001_000
        running.entriesSeen = 142_000
        running.entriesTotal = 284_000
        running.bytesCopied = 1 << 30
        running.bytesTotal = 4 << 30
        running.bytesSeen = 1 << 30
        running.remainingNanoseconds = 600_000_000_000
        running.workers = 30
        func lines(_ running: RunningPass) -> [String] {
            let pass = HistoryPass(recordedPass(status: nil), isRunning: true, running: running)
            return Array(HistoryText(historyPair([pass]), style: historyStyle()).lines.dropFirst(4))
        }
        #expect(
            lines(running) == [
                "12  2026-08-04 21:00:03  12.0 s  walk  142k       0  1.0 GiB        0  running",
                "    50% of at most 284,000 entries, 25% of at most 4.0 GiB, 10:00 left, 30",
                "      workers, process 4711",
            ]
        )
        running.foreseenNanoseconds = 210_000_000_000
        running.backOff = .paused
        running.heldBackNanoseconds = 65_000_000_000
        running.workers = 0
        #expect(
            lines(running).dropFirst() == [
                "    50% of at most 284,000 entries, 25% of at most 4.0 GiB, 10:00 left,",
                "      foreseen: 3m30s, 0 workers, paused for others' sake, 1m05s in all, process",
                "      4711",
            ]
        )
        (running.foreseenNanoseconds, running.backOff, running.workers) = (nil, nil, 30)
        running.writtenBootNanoseconds = 1_000
        running.phase = .synchronizing
        running.failures = 2
        #expect(
            lines(running).dropFirst() == [
                "    waiting for DESTINATION's disk, 2 failures, 30 workers, process 4711, as of",
                "      12.0 s ago",
            ]
        )
    }

    @Test("why a pass walked is said where nobody expects it, with -v always")
    func reasons() {
        func note(_ reason: String, isVerbose: Bool = false) -> Bool {
            let pass = HistoryPass(recordedPass(reason: reason))
            return text(historyPair([pass]), isVerbose: isVerbose).contains("walked: ")
        }
        #expect(!note("no_earlier_pass") && note("no_earlier_pass", isVerbose: true))
        #expect(note("last_pass_unfinished"))
        #expect(text(recordedPass(reason: "of a later\u{1B}")).contains("walked: of a later\\#033"))
    }

    @Test("a pass that nothing was remembered of says so, but not one that was cut short")
    func forgotten() {
        func isTold(_ status: Int, isPartial: Bool = false) -> Bool {
            text(
                recordedPass(status: status) {
                    $0.isComplete = false
                    $0.isPartial = isPartial
                }
            ).contains("nothing of it was remembered")
        }
        #expect(isTold(0) && isTold(23) && isTold(24) && isTold(25))
        #expect(!isTold(20) && !isTold(11) && !isTold(0, isPartial: true))
    }

    @Test("with -v the first ten failures stand below their pass, and how to see the others")
    func failures() {
        let failures = (0..<12).map { index in
            FailureRecord(
                path: bytes("a/\(index)"),
                side: "source",
                activity: "read",
                errorNumber: 5,
                firstByte: 4096,
                endByte: 8192
            )
        }
        let record = recordedPass(status: 23) { $0.counts[.failures] = 12 }
        let pair = historyPair([HistoryPass(record, failures: failures)])
        let table = text(pair, isVerbose: true)
        #expect(
            table.contains(
                "   a/9: cannot read bytes 4096-8191 of SOURCE: Input/output error (EIO).\n"
            )
        )
        #expect(!table.contains("a/10:") && table.contains("2 failures more: --pass 12 shows them"))
        #expect(table.contains("Recorded in /var/lib/cutover/a-1-b-2.sqlite"))
        let whole = HistoryPassText(pair.passes[0], of: pair, style: historyStyle()).lines
        #expect(whole.contains { $0.contains("a/11: cannot read bytes") })
        #expect(!whole.contains { $0.contains("more") })
    }

    @Test("failures that are kept no more, or are of another version, are not passed over")
    func failuresLost() {
        let record = recordedPass(status: 23) { $0.counts[.failures] = 30_000 }
        #expect(
            text(historyPair([HistoryPass(record)]), isVerbose: true)
                .contains("30,000 failures kept no more")
        )
        let later = FailureRecord(
            path: bytes("p\n"),
            side: "both",
            activity: "fold",
            errorNumber: 5
        )
        #expect(
            text(historyPair([HistoryPass(record, failures: [later])]), isVerbose: true)
                .contains("p\\#012: fold (both)")
        )
    }

    @Test("times are those of the zone, which is named once, two where clocks were set")
    func zones() {
        var style = historyStyle()
        style.calendar = {
            var time = CalendarTime(utc: $0)
            time.zone = $0 < 1_790_000_000_000_000_000 ? "CEST" : "CET"
            return time
        }
        let later = recordedPass(id: 13) { $0.startNanoseconds = 1_795_000_000_000_000_000 }
        let pair = historyPair([HistoryPass(recordedPass()), HistoryPass(later)])
        #expect(HistoryText(pair, style: style).lines[1] == "2 passes; times are CEST and CET.")
        #expect(text(historyPair([])) == "/mnt/old to /mnt/new\nNo pass is recorded.")
    }

    @Test("the whole text of one pass")
    func onePass() {
        let record = recordedPass(status: 24, reason: "clock_stepped_back") {
            $0.counts[.vanished] = 2
        }
        let pass = HistoryPass(
            record,
            branches: [
                BranchRecord(name: [0xFF], workNanoseconds: 59_000_000_000, entries: 1, bytes: 512)
            ]
        )
        let lines = HistoryPassText(pass, of: historyPair([pass]), style: historyStyle()).lines
        #expect(
            lines.joined(separator: "\n")
                == """
                Pass 12 of /mnt/old to /mnt/new
                  start                 2026-08-04 21:00:03 UTC
                  end                   2026-08-04 22:10:06 UTC
                  took                  1:10:03
                  outcome               done; some entries vanished meanwhile (24)
                  found changes by      walk: the clock has been set back since the last pass
                  looked at             all of SOURCE
                  remembered            yes: the next pass can rest on it
                  on the disk up to     2026-08-04 22:10:06 UTC
                  options               not kept
                  workers               30
                  cutover               0.1.0
                  entries seen          284,000
                  files copied           12,345  734.2 GiB
                  directories made            0
                  directories moved           0
                  hard links made             0
                  attributes repaired         0
                  extras deleted             17
                  failures                    0
                  vanished                    2
                  slowest branches (time of all workers together)
                    \\#377  59.0 s  1 entry  512 B
                """
        )
    }

    @Test("80 columns are never exceeded but by names, with huge numbers and wide names")
    func fits() {
        for (status, id) in [(0, 1), (23, 999_999), (20, 9_999), (11, 123), (7, 5), (nil, 12)] {
            let record = recordedPass(id: Int64(id), status: status, reason: "clock_stepped_back") {
                $0.endBootNanoseconds = status == nil ? nil : .max
                $0.counts[.entriesSeen] = 99_999
                $0.counts[.filesCopied] = .max
                $0.counts[.bytesCopied] = 1023 << 30
                $0.counts[.extrasDeleted] = 99_999
                $0.counts[.failures] = 99_999
                $0.counts[.vanished] = .max
                $0.counts[.directoriesMade] = .max
                $0.counts[.directoriesMoved] = .max
                $0.counts[.linksMade] = .max
                $0.counts[.attributesRepaired] = .max
                $0.isComplete = false
            }
            let branch = BranchRecord(
                name: bytes(String(repeating: "\u{6F22}", count: 85)),
                workNanoseconds: .max,
                entries: .max,
                bytes: .max
            )
            let failed = FailureRecord(
                path: bytes("p"),
                side: "destination",
                activity: "set attribute",
                errorNumber: 28,
                firstByte: 0,
                endByte: .max,
                detail: "d d d d"
            )
            let pass = HistoryPass(record, failures: [failed], branches: [branch])
            let pair = historyPair([pass, HistoryPass(recordedPass(id: 1))], count: .max)
            let style = historyStyle(isVerbose: true)
            for line in HistoryText(pair, style: style).lines
                + HistoryPassText(pass, of: pair, style: style).lines
            {
                #expect(TextLayout.columns(line) <= 80, "\(line)")
            }
        }
    }

    @Test("names of volumes are harmless on a terminal, and whole")
    func names() {
        var pair = historyPair([HistoryPass(recordedPass())])
        pair.source = bytes("/mnt/\u{1B}[31m") + [0xFF]
        pair.destination = bytes("/" + String(repeating: "long ", count: 30))
        let first = HistoryText(pair, style: historyStyle()).lines[0]
        #expect(first.hasPrefix("/mnt/\\#033[31m\\#377 to /long long"))
        #expect(first.hasSuffix("long "))
    }
}
