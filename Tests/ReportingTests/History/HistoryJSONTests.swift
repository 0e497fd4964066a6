// Lines of `cutover history --json`, byte for byte: docs/OUTPUT.md promises these keys.

import History
import Migration
import Reporting
import TestSupport
import Testing

@Suite struct HistoryJSONTests {
    private func lines(_ pair: HistoryPair) -> [String] {
        HistoryJSON.lines(pair, sinceBoot: 12_000_001_000).map {
            String(decoding: $0.object, as: UTF8.self)
        }
    }

    @Test("golden lines of a pair, a pass, a failure and a branch")
    func golden() {
        let record = recordedPass(status: 23, reason: "not_xfs ext4") { $0.counts[.failures] = 1 }
        let pass = HistoryPass(
            record,
            failures: [
                FailureRecord(
                    path: bytes("a/b"),
                    side: "source",
                    activity: "read",
                    errorNumber: 5,
                    firstByte: 4096,
                    endByte: 8192
                )
            ],
            branches: [
                BranchRecord(name: [0xFF], workNanoseconds: 1_500_000_000, entries: 2, bytes: 3)
            ]
        )
        let roots = "\"source\":\"/mnt/old\",\"destination\":\"/mnt/new\""
        let lines = lines(historyPair([pass], count: 7))
        #expect(lines.count == 4)
        #expect(
            lines[0]
                == "{\"type\":\"pair\",\"format\":1,\(roots),"
                + "\"state_path\":\"/var/lib/cutover/a-1-b-2.sqlite\",\"passes\":7,"
                + "\"source_filesystem\":null,\"destination_filesystem\":null,\"outlook\":null}"
        )
        #expect(
            lines[1]
                == "{\"type\":\"pass\",\"pass\":12,\(roots),\"start\":\"2026-08-04T21:00:03.123Z\","
                + "\"end\":\"2026-08-04T22:10:06.123Z\",\"seconds\":4203.000,"
                + "\"foreseen_seconds\":null,\"foreseen_low_seconds\":null,"
                + "\"foreseen_high_seconds\":null,\"parts\":null,\"held_back\":false,"
                + "\"outcome\":\"some_failed\",\"status\":23,\"changes_by\":\"walk\","
                + "\"walk_reason\":\"not_xfs\","
                + "\"message\":\"SOURCE is ext4, and only XFS lists its inodes\","
                + "\"partial\":false,\"complete\":true,\"watermark\":\"2026-08-04T22:10:06.123Z\","
                + "\"workers\":30,\"entries_seen\":284000,\"files_copied\":12345,"
                + "\"bytes_copied\":788341253734,\"directories_made\":0,\"directories_moved\":0,"
                + "\"links_made\":0,\"attributes_repaired\":0,\"extras_deleted\":17,"
                + "\"deletions_refused\":0,"
                + "\"failures\":1,\"vanished\":0,\"quotas_set\":0,\"quotas_cleared\":0,"
                + "\"quota_failures\":0,\"over_limit\":0,\"options\":\"preserved 1023\","
                + "\"arguments\":null,\"source_type\":null,\"destination_type\":null,"
                + "\"source_features\":null,\"destination_features\":null,"
                + "\"source_mount_options\":null,\"destination_mount_options\":null,\"host\":null,"
                + "\"boot_id\":\"2a5611b8-bf76-4075-b951-e32f4edea4e0\",\"version\":\"0.1.0\"}"
        )
        #expect(
            lines[2].hasPrefix(
                "{\"type\":\"pass_failure\",\"pass\":12,\"path\":\"a/b\",\"side\":\"source\","
                    + "\"activity\":\"read\",\"errno\":5,\"errno_name\":\"EIO\","
                    + "\"first_byte\":4096,\"last_byte\":8191,\"detail\":null,\"message\":"
                    + "\"cannot read bytes 4096-8191 of SOURCE: Input/output error (EIO)\","
                    + "\"advice\":\""
            )
        )
        #expect(
            lines[3]
                == "{\"type\":\"pass_branch\",\"pass\":12,\"name\":\"\u{FFFD}\","
                + "\"name_bytes\":\"ff\",\"work_seconds\":1.500,\"entries\":2,\"bytes\":3}"
        )
    }

    @Test("golden line of numbers of workers") func tuning() {
        var pair = historyPair([])
        var outcome = tuneOutcome()
        outcome.rows.removeFirst(6)
        pair.tunings = [recordedTuning(outcome)]
        let expected: String =
            "{\"type\":\"tuning\",\"pass\":7,\"source\":\"/mnt/old\",\"destination\":\"/mnt/new\","
            + "\"end\":\"2026-08-06T04:20:00.000Z\",\"workers\":16,\"top_workers\":30,"
            + "\"limit\":\"source\",\"rate_unit\":\"entries\",\"numbers\":["
            + "{\"workers\":60,\"rate\":10920.000,\"share\":1.000,\"spread\":0.040,\"steps\":3},"
            + "{\"workers\":120,\"rate\":9940.000,\"share\":0.910,\"spread\":0.060,\"steps\":3}]}"
        #expect(lines(pair).last == expected)
    }

    @Test("a pass without an end has null for what it would have told then")
    func withoutEnd() {
        let record = recordedPass(status: nil, method: "scan")
        let dead = lines(historyPair([HistoryPass(record)]))[1]
        #expect(dead.contains("\"end\":null,\"seconds\":null,\"foreseen"))
        #expect(dead.contains("\"outcome\":\"unfinished\""))
        #expect(dead.contains("\"status\":null,\"changes_by\":\"scan\",\"partial\""))
        #expect(dead.contains("\"entries_seen\":null") && dead.contains("\"watermark\":null"))
        let running = lines(historyPair([HistoryPass(record, isRunning: true)]))[1]
        #expect(running.contains("\"end\":null,\"seconds\":12.000,\"foreseen"))
        #expect(running.contains("\"outcome\":\"running\""))
    }

    @Test("what another version recorded goes through as it is")
    func others() {
        let record = recordedPass(status: 77, method: "guess", reason: "the stars")
        let failure = FailureRecord(path: [], side: "both", activity: "fold", firstByte: 7)
        let lines = lines(historyPair([HistoryPass(record, failures: [failure])]))
        #expect(lines[1].contains("\"outcome\":\"unknown\",\"status\":77,\"changes_by\":\"guess\""))
        #expect(lines[1].contains("\"walk_reason\":\"the stars\",\"message\":\"the stars\""))
        #expect(lines[2].contains("\"side\":\"both\",\"activity\":\"fold\",\"errno\":null"))
        #expect(lines[2].contains("\"first_byte\":null") && lines[2].contains("\"advice\":null"))
    }
}
