// The estimate and the rows of a loop in words.

import Migration
import TestSupport
import Testing

@testable import Reporting

/// An estimate of 210 s.
func madeUpEstimate(
    interval: Bool = true,
    isUpperLimit: Bool = false,
    entries: UInt64 = 260,
    files: UInt64 = 213,
    isCounted: Bool = true,
    comparison: ComparisonTime = .took(seconds: 48)
) -> SwitchEstimate {
    var parts = SwitchEstimate.Parts()
    parts.open = 0.4
    parts.changes = 12.1
    parts.work = 170.6
    parts.synchronize = 24.2
    parts.commit = 2.7
    return SwitchEstimate(
        parts: parts,
        interval: interval ? .init(low: 170, high: 300, coverage: 0.8) : nil,
        method: "scan",
        basisPasses: 11,
        isUpperLimit: isUpperLimit,
        pending: PendingWork(
            entries: entries,
            files: files,
            bytes: 84_934_656,
            isCounted: isCounted
        ),
        comparison: comparison
    )
}

@Suite("The estimate in words") struct EstimateTextTests {
    @Test("how long, between what, and what is pending")
    func sentences() {
        #expect(
            EstimateText(madeUpEstimate()).sentence
                == "the next pass would now take 3m30s (2m50s-5m; pending: 213 files, 81.0 MiB)"
        )
        #expect(
            EstimateText(madeUpEstimate(interval: false, isUpperLimit: true)).sentence
                == "the next pass would now take at most 3m30s (pending: 213 files, 81.0 MiB)"
        )
        var beyond = madeUpEstimate(interval: false)
        beyond.isLowerLimit = true
        #expect(EstimateText(beyond).span == "at least 3m30s")
        #expect(FollowText.ready(beyond, isReady: false).hasSuffix("did nearly as much"))
        #expect(EstimateText(madeUpEstimate()).cases == "in 8 of 10 cases 2m50s to 5m")
        #expect(EstimateText(madeUpEstimate(interval: false)).cases == nil)
        #expect(EstimateText(madeUpEstimate(entries: 0, files: 0)).pending == "nothing")
        #expect(EstimateText(madeUpEstimate(entries: 1, files: 0)).pending == "1 entry")
        #expect(
            EstimateText(madeUpEstimate(isCounted: false)).pending == "about 213 files, 81.0 MiB"
        )
    }

    @Test("what a comparison of attributes takes stands beside the pass, or why nobody knows")
    func comparison() {
        func line(_ comparison: ComparisonTime) -> String {
            let line = EstimateText.line(madeUpEstimate(comparison: comparison), pass: 1, time: 0)
            return String(decoding: line.object, as: UTF8.self)
        }
        let known = line(.took(seconds: 48))
        #expect(
            known.contains(#""verify_metadata_seconds":48.000,"verify_metadata_unknown":null"#)
        )
        // It comes after the pass, and is no part of it.
        #expect(known.contains(#""seconds":210.000"#))
        for reason in ComparisonTime.Reason.allCases {
            let text =
                #""verify_metadata_seconds":null,"verify_metadata_unknown":"\#(reason.rawValue)""#
            #expect(line(.unknown(reason)).contains(text))
        }
    }

    /// What is said below a row when the hours are over, of a pass that has copied a quarter.
    private func hoursOver(
        foreseen: SwitchEstimate?,
        walks: Bool = false,
        isExact: Bool = true
    ) throws -> String {
        let error = try Capture()
        let configuration = ReporterConfiguration(
            standardOutput: try Capture().file,
            standardError: error.file,
            isUTF8: true
        )
        let counters = Counters()
        let loop = FollowReporter(
            ReportStreams(configuration, run: "the loop"),
            isIdle: false,
            givesWay: false,
            hasHours: true,
            readyBelowSeconds: nil
        )
        let reporter = loop.reporter(counters, foreseen: foreseen)
        reporter.receive(.started(passStart(entries: 1_000, bytes: 1_000, isExact: isExact)))
        if walks { reporter.receive(.notice(.walks(WalkReason(.noEarlierPass)))) }
        counters.filesCopied.count(foreseen.map { $0.pending.entries / 4 } ?? 0)
        counters.bytesCopied.count(foreseen.map { $0.pending.bytes / 2 } ?? 0)
        counters.entriesSeen.count(700)
        counters.bytesSeen.count(605)
        loop.tellHoursOver()
        return error.lines.last ?? ""
    }

    @Test("hours that end before the pass: how much of it is done, and what would help")
    func hours() throws {
        let begin = "        paused: the hours of work are over"
        let rest = "the next pass goes on from there"
        #expect(
            try hoursOver(foreseen: madeUpEstimate())
                == "\(begin), 25 % of its work is done; \(rest); longer --hours would help"
        )
        // A pass that walks is measured by what SOURCE holds.
        #expect(
            try hoursOver(foreseen: madeUpEstimate(), walks: true)
                == "\(begin), 60 % of its work is done; \(rest)"
        )
        #expect(
            try hoursOver(foreseen: nil, walks: true, isExact: false)
                == "\(begin), at least 60 % of its work is done; \(rest)"
        )
        // By a scan, and nobody counted what there was to do.
        for estimate in [nil, madeUpEstimate(isCounted: false)] {
            #expect(try hoursOver(foreseen: estimate) == "\(begin); \(rest)")
        }
        // Users made more work than was counted: it has not come to its end all the same.
        #expect(FollowText.share(WorkDone(share: 1.4, isAtLeast: false)) == "99 % of its work")
    }

    @Test("NOT READY for want of an interval says so: the time alone may be below --ready-below")
    func ready() {
        let known = madeUpEstimate()
        let times = "the switch would take 3m30s, in 8 of 10 cases 2m50s to 5m"
        #expect(FollowText.ready(known, isReady: true) == "READY: \(times)")
        #expect(FollowText.ready(known, isReady: false) == "NOT READY: \(times)")
        #expect(
            FollowText.ready(madeUpEstimate(interval: false), isReady: false)
                == "NOT READY: the switch would take 3m30s, but too few passes like the next one are "
                + "known to rely on that"
        )
    }

    @Test("lengths of time as options take them")
    func spans() {
        for (seconds, text) in [
            (0, "0s"), (0.04, "0s"), (0.06, "0.1s"), (1, "1s"), (9.94, "9.9s"), (9.96, "10s"),
            (59.4, "59s"), (59.6, "1m"), (210, "3m30s"), (3_599.6, "1h"), (3_660, "1h01m"),
            (86_399, "1d"), (90_000, "1d01h"), (-1, "unknown"), (.nan, "unknown"),
            (.infinity, "unknown"),
        ] as [(Double, String)] {
            #expect(Quantity.span(seconds) == text, "\(seconds)")
        }
    }

    @Test("a row keeps within 80 columns, whatever its numbers are")
    func rows() {
        var counters = Counters()
        for counts in [[0, 0, 0, 0], [4_512, 2_040_109_466, 31, 2], [.max, .max, .max, .max]]
            as [[UInt64]]
        {
            counters = Counters()
            counters.filesCopied.count(counts[0])
            counters.bytesCopied.count(counts[1])
            counters.extrasDeleted.count(counts[2])
            counters.failures.count(counts[3])
            var summary = passSummary(.done, counters)
            summary.durationNanoseconds = 730_000_000_000
            summary.recordedPass = 1_000
            summary.next = madeUpEstimate()
            let row = FollowRow(summary, began: 0)
            #expect(row.columns.count <= 80, "\(row.columns)")
            #expect(row.columns.contains("12m10s  walk"), "\(row.columns)")
            #expect(row.columns.hasSuffix("3m30s"), "\(row.columns)")
            #expect(row.sentence.contains("pass 1000: 12m10s by walk, copied "), "\(row.sentence)")
        }
        #expect(FollowRow.header.count <= 80)
    }

    @Test("what environment variables have: three decimals, empty where nothing is known")
    func variables() {
        #expect(
            EstimateText.variables(madeUpEstimate()).map(\.1) == ["210.000", "170.000", "300.000"]
        )
        #expect(EstimateText.variables(nil).map(\.1) == ["", "", ""])
        #expect(Quantity.decimal(nanoseconds: 1_005_000_000) == "1.005")
    }
}
