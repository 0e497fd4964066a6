// Lines of JSON, byte for byte: docs/OUTPUT.md promises these keys.

import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite struct JSONTests {
    private static let time: UInt64 = 1_754_300_000_123_456_789
    private static let head = "\"time\":1754300000.123"

    private func text(_ event: PassEvent) -> String {
        String(decoding: EventJSON.line(event, time: Self.time).object, as: UTF8.self)
    }

    @Test("golden lines of events")
    func goldenEvents() {
        let time = Self.head
        #expect(
            text(.started(passStart()))
                == "{\"type\":\"start\",\(time),\"format\":1,\"source\":\"/mnt/old\",\"destination\":\"/mnt/new\","
                + "\"source_type\":\"xfs\",\"destination_type\":\"ext4\",\"entries_total\":284000,"
                + "\"bytes_total\":751619276800,\"totals_are_exact\":true,\"workers\":30,\"workers_tuned_at\":null,\"dry_run\":false,\"pass\":null}"
        )
        #expect(
            text(.vanished(path: bytes("a"))) == "{\"type\":\"vanished\",\(time),\"path\":\"a\"}"
        )
        #expect(
            text(.mountSkipped(path: bytes("m")))
                == "{\"type\":\"mount_skipped\",\(time),\"path\":\"m\",\"side\":\"source\","
                + "\"boundary\":\"mount\"}"
        )
        #expect(
            text(.directoryProtected(path: bytes("d")))
                == "{\"type\":\"directory_protected\",\(time),\"path\":\"d\"}"
        )
        #expect(text(.workersChanged(31)) == "{\"type\":\"workers\",\(time),\"workers\":31}")
        #expect(text(.synchronizing(isWhole: true)) == "{\"type\":\"synchronizing\",\(time)}")
        #expect(
            text(.notice(.coarseTimes(stepNanoseconds: 1_000_000_000))).hasPrefix(
                "{\"type\":\"notice\",\(time),\"notice\":\"coarse_times\",\"step_nanoseconds\":1000000000,\"message\":\""
            )
        )
        #expect(
            text(
                .changed(
                    Itemization(
                        action: .changed,
                        kind: .symlink,
                        isNew: true,
                        path: bytes("l"),
                        target: bytes("t")
                    )
                )
            )
                == "{\"type\":\"change\",\(time),\"itemized\":\"cL+++++++++\",\"path\":\"l\",\"kind\":\"symlink\",\"target\":\"t\"}"
        )
        #expect(
            text(.changed(Itemization(action: .deleted, kind: .regular, path: bytes("x"))))
                == "{\"type\":\"change\",\(time),\"itemized\":\"*deleting\",\"path\":\"x\",\"kind\":\"file\"}"
        )
    }

    @Test("a walk where a scan was possible is a notice with its reason, in words that stay")
    func walkReasons() {
        #expect(
            text(.notice(.walks(.scanFailed(SystemError(.bulkStatus, .corrupted))))).hasPrefix(
                "{\"type\":\"notice\",\(Self.head),\"notice\":\"walks\",\"reason\":\"scan_failed\",\"message\":\""
            )
        )
        var summary = passSummary()
        summary.method = .walk(WalkReason(.optionsChanged))
        let walk = EventJSON.summary(summary, status: .done, time: Self.time).object
        let words = "\"changes_by\":\"walk\",\"walk_reason\":\"options_changed\",\"seconds\":"
        #expect(String(decoding: walk, as: UTF8.self).contains(words))
        summary.method = .scan
        let scan = EventJSON.summary(summary, status: .done, time: Self.time).object
        #expect(
            String(decoding: scan, as: UTF8.self).contains("\"changes_by\":\"scan\",\"seconds\":")
        )
    }

    @Test("S16: a failure's line holds path, call, errno and byte range")
    func goldenFailure() {
        let failure = failure(bytes: 4096..<8192)
        let fields =
            "\"path\":\"a/b\",\"side\":\"source\",\"activity\":\"read\",\"call\":\"read\",\"errno\":5,"
            + "\"errno_name\":\"EIO\",\"first_byte\":4096,\"last_byte\":8191,\"detail\":null,"
            + "\"message\":\"cannot read bytes 4096-8191 of SOURCE: Input/output error (EIO)\",\"advice\":\""
        #expect(text(.failed(failure)).hasPrefix("{\"type\":\"failure\",\(Self.head),\(fields)"))
        #expect(
            text(.stopped(.full, failure)).hasPrefix(
                "{\"type\":\"stopped\",\(Self.head),\"reason\":\"full\",\(fields)"
            )
        )
        let typeChange = Failure(
            path: [],
            side: .destination,
            activity: .replaceType,
            detail: "directory by file"
        )
        #expect(
            text(.failed(typeChange)).contains(
                "\"path\":\"\",\"side\":\"destination\",\"activity\":\"replace by another type\",\"call\":null,"
                    + "\"errno\":null,\"errno_name\":null,\"first_byte\":null,\"last_byte\":null,"
                    + "\"detail\":\"directory by file\""
            )
        )
        let damage = DamageReport(Damage([0..<512, 4096..<8192], isExact: false), .salvaged)
        #expect(
            text(.failed(ReportingTests.failure(damage: damage))).contains(
                "\"detail\":null,\"unreadable_bytes\":4608,\"unreadable_ranges\":[[0,511],[4096,8191]],"
                    + "\"ranges_are_exact\":false,\"salvaged\":true,\"message\":\"cannot read all of bytes "
                    + "0-511, 4096-8191 of SOURCE: Input/output error (EIO)\""
            )
        )
        let emptyRange = Failure(path: [], side: .source, activity: .read, bytes: 0..<0)
        #expect(text(.failed(emptyRange)).contains("\"first_byte\":null,\"last_byte\":null"))
    }

    @Test("S50: names survive: valid UTF-8 as text, any other also in hexadecimal")
    func names() {
        func path(_ name: [UInt8]) -> String {
            let line = text(.vanished(path: name))
            return String(line.dropFirst("{\"type\":\"vanished\",\(Self.head),".count).dropLast())
        }
        #expect(path(bytes("\u{E9}\u{1F600}")) == "\"path\":\"\u{E9}\u{1F600}\"")
        #expect(path([0x61, 0xFF, 0x62]) == "\"path\":\"a\u{FFFD}b\",\"path_bytes\":\"61ff62\"")
        // Overlong and surrogate forms are not UTF-8 either.
        #expect(path([0xC0, 0xAF]) == "\"path\":\"\u{FFFD}\u{FFFD}\",\"path_bytes\":\"c0af\"")
        #expect(
            path([0xED, 0xA0, 0x80])
                == "\"path\":\"\u{FFFD}\u{FFFD}\u{FFFD}\",\"path_bytes\":\"eda080\""
        )
        #expect(
            path(bytes("\"\\/\n\t\r\u{1B}\u{7F}\u{85}\u{2028}"))
                == "\"path\":\"\\\"\\\\/\\n\\t\\u000d\\u001b\\u007f\\u0085\\u2028\""
        )
    }

    @Test("S50: any name comes back through a parser")
    func roundTrip() throws {
        var random = SeededRandom(seed: 8259)
        var names = ShownNameTests.names + (1...255).map { [UInt8($0)] }
        for _ in 0..<500 { names.append(random.bytes(1 + random.below(255)).filter { $0 != 0 }) }
        for name in names {
            let line = EventJSON.line(.vanished(path: name), time: 0).line
            #expect(line.starts(with: bytes("{\"type\":")) && line.last == 0x0A)
            #expect(try JSON(parsing: line).path == name, "seed 8259: \(shown(line))")
        }
    }

    @Test("golden line of progress: what is unknown is null")
    func goldenProgress() {
        let line = EventJSON.progress(Progress(passStart(entries: nil)), time: Self.time)
        #expect(
            String(decoding: line.line, as: UTF8.self)
                == "{\"type\":\"progress\",\(Self.head),\"seconds\":0.000,\"entries_seen\":0,\"entries_total\":null,"
                + "\"bytes_seen\":0,\"bytes_total\":751619276800,\"totals_are_exact\":true,\"files_copied\":0,"
                + "\"bytes_copied\":0,\"entries_per_second\":0,\"bytes_per_second\":0,"
                + "\"remaining_seconds\":null,\"failures\":0,\"workers\":30}\n"
        )
    }

    @Test("golden line of the summary: every counter by its name, S18's figures")
    func goldenSummary() {
        let counters = Counters()
        counters.bytesCopied.count(.max)
        counters.entriesMissing.count(10)
        counters.bytesMissing.count(1 << 20)
        let stop = PassSummary.Stop(
            reason: .full,
            failure: failure("x", .destination, .write, .write, "ENOSPC"),
            availableBytes: 4096,
            freeInodes: 3
        )
        let branch = PassSummary.BranchTime(
            name: [0xFF],
            workNanoseconds: 1_500_000_000,
            entries: 2,
            bytes: 3
        )
        let summary = passSummary(.destinationStopped, counters, branches: [branch], stop: stop)
        let line = EventJSON.summary(summary, status: summary.status, time: Self.time)
        let expected =
            "{\"type\":\"summary\",\(Self.head),\"status\":11,\"status_name\":\"destination_stopped\","
            + "\"dry_run\":false,\"time_limit_reached\":false,\"changes_by\":\"walk\",\"seconds\":93791.000,"
            + "\"synchronize_seconds\":4.200,\"entries_seen\":0,\"bytes_seen\":0,"
            + "\"directories_listed\":0,\"files_copied\":0,"
            + "\"bytes_copied\":18446744073709551615,\"directories_made\":0,"
            + "\"directories_moved\":0,\"symlinks_made\":0,"
            + "\"specials_made\":0,\"links_made\":0,\"attributes_repaired\":0,\"extras_deleted\":0,"
            + "\"deletions_refused\":0,\"failures\":0,\"files_damaged\":0,\"bytes_unreadable\":0,"
            + "\"files_salvaged\":0,\"vanished\":0,\"mounts_skipped\":0,"
            + "\"specials_skipped\":0,\"leftovers_removed\":0,\"directories_protected\":0,"
            + "\"quotas_set\":0,\"quotas_cleared\":0,\"quotas_left\":0,\"grace_restarted\":0,"
            + "\"quota_failures\":0,\"over_limit\":0,"
            + "\"entries_missing\":10,\"bytes_missing\":1048576,\"workers_busy_max\":30,"
            + "\"slowest_branches\":[{\"name\":\"\u{FFFD}\",\"name_bytes\":\"ff\",\"work_seconds\":1.500,"
            + "\"entries\":2,\"bytes\":3}],\"waiting\":[],"
            + "\"stop\":{\"reason\":\"full\",\"available_bytes\":4096,"
            + "\"free_inodes\":3,\"needed_bytes\":1044480,\"needed_inodes\":7,\"advice\":\""
        #expect(String(decoding: line.object, as: UTF8.self).hasPrefix(expected))
    }
}
