// Progress: totals, rates, the remaining time, and a line that fits, by a clock made up.

import Migration
import Reporting
import TestSupport
import Testing

@Suite struct ProgressTests {
    private static let second: UInt64 = 1_000_000_000

    /// A pass of `seconds`, sampled ten times a second, whose counts grow evenly.
    private func progress(
        _ start: PassStart = passStart(),
        seconds: UInt64,
        entries: UInt64,
        bytes: UInt64,
        copied: UInt64 = 0,
        failures: UInt64 = 0
    ) -> Progress {
        var progress = Progress(start)
        for tenth in 0...seconds * 10 {
            var sample = ProgressSample(nanoseconds: tenth * Self.second / 10)
            sample.entriesSeen = entries * tenth / 10
            sample.bytesSeen = bytes * tenth / 10
            sample.bytesCopied = copied * tenth / 10
            sample.failures = failures
            progress.take(sample)
        }
        return progress
    }

    @Test("a first line before anything is known says no rate and no remaining time")
    func firstLine() {
        let progress = Progress(passStart())
        #expect(
            progress.line(columns: nil)
                == "0 of 284,000 entries (0%)  0 B of 700.0 GiB (0%)  copied 0 B  0 B/s  0 entries/s  30 workers"
        )
        #expect(progress.remainingNanoseconds == nil)
    }

    @Test("an even pass: rates and the remaining time are exact")
    func evenPass() {
        let progress = progress(seconds: 100, entries: 1000, bytes: 1 << 30, copied: 3 << 20)
        #expect(progress.entriesPerSecond == 1000)
        #expect(progress.bytesPerSecond == 3 << 20)
        // By entries 184 s remain, by bytes 600: the longer one.
        #expect(progress.remainingNanoseconds == 600 * Self.second)
        #expect(
            progress.line(columns: nil)
                == "100,000 of 284,000 entries (35%)  100.0 GiB of 700.0 GiB (14%)  copied 300.0 MiB  "
                + "3.0 MiB/s  1,000 entries/s  10:00 left  30 workers"
        )
        #expect(
            progress.line(columns: 80)
                == "35% of 284.0k entries  14% of 700.0 GiB  3.0 MiB/s  10:00 left"
        )
    }

    @Test("with a time limit that comes first: what will be done by then, at the present rate")
    func limitedPass() {
        // By bytes 14.3 % are done, and 600 s remain.
        var progress = progress(seconds: 100, entries: 1000, bytes: 1 << 30)
        progress.limit = Progress.Limit(nanoseconds: 400 * Self.second, moment: "05:45")
        #expect(progress.line(columns: nil).contains("  10:00 left, 57% by 05:45  "))
        #expect(progress.line(columns: 80).hasSuffix("  57% by 05:45"))
        progress.limit = Progress.Limit(nanoseconds: 701 * Self.second, moment: "05:45")
        #expect(progress.line(columns: nil).contains("  10:00 left  "))
    }

    @Test("totals that are not exact are said to be upper limits")
    func upperLimits() {
        let progress = progress(
            passStart(isExact: false),
            seconds: 1,
            entries: 1000,
            bytes: 1 << 30
        )
        #expect(progress.line(columns: nil).contains("1,000 of at most 284,000 entries (0%)"))
        #expect(progress.line(columns: nil).contains("1.0 GiB of at most 700.0 GiB (0%)"))
    }

    @Test("a filesystem that does not count its inodes: entries without a total, time by bytes")
    func noInodeTotal() {
        let progress = progress(passStart(entries: nil), seconds: 10, entries: 10, bytes: 1 << 30)
        #expect(progress.line(columns: nil).hasPrefix("100 entries  10.0 GiB of 700.0 GiB (1%)"))
        #expect(progress.remainingNanoseconds == 690 * Self.second)
    }

    @Test("after a change of speed the rate is that of the last 10 s")
    func movingAverage() {
        var progress = progress(seconds: 60, entries: 1000, bytes: 0, copied: 1 << 20)
        for tenth in 1...UInt64(100) {
            var sample = ProgressSample(nanoseconds: (600 + tenth) * Self.second / 10)
            sample.entriesSeen = 60_000 + tenth
            sample.bytesCopied = 60 << 20
            progress.take(sample)
        }
        #expect(progress.entriesPerSecond == 10)
        #expect(progress.bytesPerSecond == 0)
    }

    @Test(
        "a pass that hangs, has more entries than its total, or a clock that repeats: no nonsense"
    )
    func oddities() {
        var progress = progress(seconds: 30, entries: 0, bytes: 0)
        #expect(progress.remainingNanoseconds == nil)
        #expect(progress.line(columns: nil).contains("0 entries/s"))
        var sample = progress.latest
        sample.entriesSeen = 300_000
        sample.bytesSeen = 800 << 30
        progress.take(sample)
        progress.take(sample)
        #expect(progress.line(columns: nil).contains("300,000 of 284,000 entries (100%)"))
        #expect(progress.remainingNanoseconds == 0)
    }

    @Test("counts of a running pass may step back by a little: no overflow")
    func stepBack() {
        var progress = progress(seconds: 20, entries: 100, bytes: 100)
        var sample = progress.latest
        sample.nanoseconds += Self.second
        sample.entriesSeen = 1
        sample.bytesSeen = 1
        progress.take(sample)
        #expect(progress.entriesPerSecond == 0)
    }

    @Test("80 columns are never exceeded, nor any other width, whatever the numbers")
    func fits() {
        var random = SeededRandom(seed: 80)
        for _ in 0..<3000 {
            func huge() -> UInt64 { random.next() >> UInt64(random.below(64)) }
            var progress = Progress(
                passStart(
                    entries: random.chance(20) ? nil : huge(),
                    bytes: huge(),
                    isExact: random.chance(50)
                )
            )
            progress.workers = random.below(251)
            var sample = ProgressSample(nanoseconds: 0)
            for _ in 0..<3 {
                sample.nanoseconds += huge() >> 2
                sample.entriesSeen = max(sample.entriesSeen, huge())
                sample.bytesSeen = max(sample.bytesSeen, huge())
                sample.bytesCopied = max(sample.bytesCopied, huge())
                sample.failures = max(sample.failures, huge())
                progress.take(sample)
            }
            for columns in [0, 1, 2, 10, 40, 79, 80, 81, 132, 400] {
                let line = progress.line(columns: columns)
                #expect(line.utf8.count == line.count, "seed 80: not ASCII")
                #expect(line.count <= max(columns - 2, 0), "seed 80: \(columns) columns: \(line)")
            }
            #expect(!progress.line(columns: nil).contains("-"))
        }
    }

    @Test("in a narrow line failures and bytes stay, workers and rates go first")
    func importance() {
        let progress = progress(
            seconds: 100,
            entries: 1000,
            bytes: 1 << 30,
            copied: 3 << 20,
            failures: 3
        )
        #expect(progress.line(columns: 80).hasSuffix("3 failed"))
        #expect(progress.line(columns: 40) == "14% of 700.0 GiB  10:00 left  3 failed")
        #expect(progress.line(columns: 10) == "3 failed")
    }
}
