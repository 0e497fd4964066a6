// The summary for people: what it says at each end of a pass, and that it keeps to 80 columns.

import History
import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite struct SummaryTextTests {
    private let shown = ShownName(isForTerminal: true, isUTF8: true)

    private func text(
        _ summary: PassSummary,
        asides: PassAsides = PassAsides(),
        failuresFile: String? = nil
    ) -> String {
        SummaryText(summary, asides: asides, shown: shown, failuresFile: failuresFile).lines
            .joined(separator: "\n")
    }

    private func counters() -> Counters {
        let counters = Counters()
        counters.entriesSeen.count(1_234_567)
        counters.filesCopied.count(12_345)
        counters.bytesCopied.count(788_341_253_734)
        counters.directoriesMade.count(12)
        counters.attributesRepaired.count(17)
        counters.extrasDeleted.count(1)
        return counters
    }

    @Test("the whole text of a pass that went well")
    func golden() {
        let branches = [
            PassSummary.BranchTime(
                name: bytes("alice"),
                workNanoseconds: 3_723_000_000_000,
                entries: 123_456,
                bytes: 1 << 34
            ),
            PassSummary.BranchTime(
                name: bytes("\u{6F22}\u{1B}"),
                workNanoseconds: 59_000_000_000,
                entries: 1,
                bytes: 512
            ),
        ]
        #expect(
            text(passSummary(.done, counters(), branches: branches))
                == """
                cutover: done in 26:03:11 (4.2 s of it in syncfs)
                  entries seen          1,234,567  13/s
                  files copied             12,345  734.2 GiB, 8.0 MiB/s
                  directories made             12
                  attributes repaired          17
                  extras deleted                1
                  failures                      0
                  vanished                      0
                  workers busy                 30  at most at a time
                  slowest branches (time of all workers together)
                    alice    1:02:03  123,456 entries  16.0 GiB
                    \u{6F22}\\#033   59.0 s          1 entry     512 B
                """
        )
    }

    @Test("S49: a dry run says so, in its headline and its words")
    func dryRun() {
        let text = text(passSummary(.done, counters(), isDryRun: true))
        #expect(text.hasPrefix("cutover: dry run, nothing was written: done in 26:03:11"))
        #expect(text.contains("files to copy") && text.contains("directories to make"))
        #expect(!text.contains("files copied"))
    }

    @Test("S48: interrupted says that the next pass resumes")
    func interrupted() {
        let text = text(passSummary(.interrupted, counters()))
        #expect(text.hasPrefix("cutover: interrupted after 26:03:11"))
        #expect(text.contains("the next pass resumes"))
    }

    @Test("S18: a stop says what is missing, what there is, what more is needed, what to do")
    func stopped() {
        let counters = counters()
        counters.entriesMissing.count(200_000)
        counters.bytesMissing.count(100 << 30)
        let failed = failure("home/big", .destination, .write, .write, "ENOSPC", bytes: 0..<4096)
        func stop(_ reason: DestinationStop, _ bytes: UInt64, _ inodes: UInt64) -> String {
            text(
                passSummary(
                    .destinationStopped,
                    counters,
                    failures: [failed],
                    stop: PassSummary.Stop(
                        reason: reason,
                        failure: failed,
                        availableBytes: bytes,
                        freeInodes: inodes
                    )
                )
            )
        }
        let full = stop(.full, 1 << 30, 1 << 20)
        #expect(
            full.contains(
                """
                Stopped: DESTINATION is full; what was good there is untouched.
                  home/big: cannot write bytes 0-4095 to DESTINATION: No space left on device
                    (ENOSPC)
                  missing there         200,000 entries, 100.0 GiB
                  available there       1.0 GiB, 1,048,576 inodes
                  needed beside that    99.0 GiB
                  Make DESTINATION larger (lvextend, resize2fs)
                """
            )
        )
        let noInodes = stop(.full, 1 << 40, 0)
        #expect(noInodes.contains("no inodes left") && noInodes.contains("200,000 inodes"))
        #expect(noInodes.contains("-N COUNT"))
        let reserved = stop(.full, 1 << 40, 1 << 30)
        #expect(
            reserved.contains("needed beside that    nothing") && reserved.contains("large_dir")
        )
        #expect(
            stop(.readOnly, 0, 0).contains("read-only") && !stop(.readOnly, 0, 0).contains("needed")
        )
        #expect(stop(.broken, 0, 0).contains("smartctl"))
    }

    @Test("S4, S44, S31: what was left alone is said once, and of many names the first")
    func leftAlone() throws {
        let counters = counters()
        counters.mountsSkipped.count(12)
        counters.directoriesProtected.count(1)
        counters.specialsSkipped.count(1)
        var asides = PassAsides()
        for index in 0..<12 { asides.mounts.add(bytes("mount\(index)")) }
        asides.directoriesProtected = [bytes("damaged\n")]
        let text = text(passSummary(.done, counters), asides: asides)
        #expect(text.contains("    mount9\n    and 2 more"))
        #expect(text.contains("    damaged\\#012"))
        #expect(text.contains("Skipped 1 device, FIFO or socket:"))
    }

    @Test("the first failures, and how to see all of them")
    func failures() {
        let counters = counters()
        counters.failures.count(25)
        let first = (0..<10).map { failure("file\($0)", bytes: 0..<512) }
        let summary = passSummary(.someFailed, counters, failures: first)
        #expect(
            text(summary).contains("The first 10 of 25 failures:\n  file0: cannot read bytes 0-511")
        )
        #expect(text(summary).hasSuffix("To see all of them, run the pass with --failures FILE."))
        #expect(text(summary, failuresFile: "/tmp/f").hasSuffix("All failures are in /tmp/f."))
        let one = Counters()
        one.failures.count(1)
        let text = text(passSummary(.someFailed, one, failures: [failure()]))
        #expect(text.contains("The failure:") && !text.contains("--failures"))
    }

    @Test("-q: nothing, or one line when something went wrong")
    func quiet() {
        func quiet(_ summary: PassSummary) -> [String] {
            SummaryText(summary, asides: PassAsides(), shown: shown).quietLines
        }
        #expect(quiet(passSummary(.done, counters())) == [])
        let counters = counters()
        counters.failures.count(3)
        #expect(
            quiet(passSummary(.someFailed, counters)) == [
                "cutover: 3 failures, status 23; --failures FILE lists them"
            ]
        )
        let recorded = SummaryText(
            passSummary(.someFailed, counters),
            asides: PassAsides(),
            shown: shown,
            historyCommand: "cutover history --pass 7"
        )
        #expect(
            recorded.quietLines == [
                "cutover: 3 failures, status 23; 'cutover history --pass 7' lists them"
            ]
        )
        counters.entriesMissing.count(12)
        counters.bytesMissing.count(3 << 30)
        let stop = PassSummary.Stop(
            reason: .full,
            failure: failure(),
            availableBytes: 1 << 30,
            freeInodes: 100
        )
        #expect(
            quiet(passSummary(.destinationStopped, counters, stop: stop)) == [
                "cutover: stopped: DESTINATION is full; what was good there is untouched. Missing there: "
                    + "12 entries, 3.0 GiB; needed beside what is free: 2.0 GiB; status 11"
            ]
        )
    }

    @Test("a pass of less than 10 s: what found the changes, and neither rates nor branches")
    func short() {
        let counters = Counters()
        counters.entriesSeen.count(33_133)
        counters.directoriesListed.count(14)
        counters.filesCopied.count(2)
        counters.bytesCopied.count(4096)
        counters.failures.count(2)
        let branch = PassSummary.BranchTime(
            name: bytes("a"),
            workNanoseconds: 1,
            entries: 2,
            bytes: 3
        )
        var summary = passSummary(.someFailed, counters, branches: [branch])
        summary.durationNanoseconds = 500_000_000
        summary.times.synchronize = 99_999_999
        summary.method = .scan
        #expect(
            text(summary)
                == """
                cutover: done in 0.5 s, 2 failures, status 23
                  entries seen          33,133  by a scan; 14 directories looked at
                  files copied               2  4.0 KiB
                  attributes repaired        0
                  extras deleted             0
                  failures                   2
                  vanished                   0
                  workers busy              30  at most at a time
                """
        )
        summary.method = .walk(WalkReason(.asked))
        #expect(text(summary).contains("33,133  by a walk; 14 directories listed\n"))
        summary.durationNanoseconds = 10_000_000_000
        let long = text(summary)
        #expect(long.contains("3,313/s") && long.contains("slowest branches"))
    }

    @Test("80 columns are never exceeded but by paths, with wide names and huge numbers")
    func fits() {
        let counters = Counters()
        for count in [UInt64.max, 1] {
            counters.entriesSeen.count(count)
            counters.bytesCopied.count(count)
        }
        for counter in [1, UInt64.max - 1] { counters.filesCopied.count(counter) }
        counters.linksMade.count(.max)
        counters.failures.count(.max)
        counters.specialsSkipped.count(.max)
        counters.deletionsRefused.count(.max)
        counters.leftoversRemoved.count(.max)
        counters.mountsSkipped.count(.max)
        counters.directoriesProtected.count(.max)
        counters.entriesMissing.count(.max)
        counters.bytesMissing.count(.max)
        var asides = PassAsides()
        asides.mounts.add(bytes("m"))
        asides.directoriesProtected = [bytes("p")]
        let branches = [
            bytes(String(repeating: "\u{6F22}", count: 85)), [0xFF], bytes("\u{1F600}"),
        ].map {
            PassSummary.BranchTime(name: $0, workNanoseconds: .max, entries: .max, bytes: .max)
        }
        let failed = FailureTextTests.rows.map {
            failure(
                "p",
                $0.side,
                $0.activity,
                $0.call,
                $0.code,
                bytes: 0..<UInt64.max,
                detail: "d d d d"
            )
        }
        for status in [
            Migration.ExitStatus.done, .interrupted, .destinationStopped, .someVanished,
            .deletionLimit,
        ] {
            for reason in [DestinationStop.full, .readOnly, .broken] {
                let stop = PassSummary.Stop(
                    reason: reason,
                    failure: failed[0],
                    availableBytes: .max,
                    freeInodes: 0
                )
                let summary = passSummary(
                    status,
                    counters,
                    isDryRun: true,
                    branches: branches,
                    failures: failed,
                    stop: stop
                )
                for line in SummaryText(summary, asides: asides, shown: shown).lines {
                    #expect(TextLayout.columns(line) <= 80, "\(line)")
                }
            }
        }
        // A path that is longer stays whole on its line.
        let long = String(repeating: "very long name ", count: 20) + "end"
        let one = Counters()
        one.failures.count(1)
        let text = text(passSummary(.someFailed, one, failures: [failure(long)]))
        #expect(text.contains(long + ":"))
    }
}
