// The last pass as it is told: what it was asked for, who can write to SOURCE, the verdict.

import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

/// A last pass with which all is well.
func finalOutcome(_ change: (inout FinalOutcome) -> Void = { _ in }) -> FinalOutcome {
    var outcome = FinalOutcome(
        pass: .init(
            status: .done,
            files: 1702,
            bytes: 627_900_000,
            nanoseconds: 202_000_000_000
        ),
        wasReadOnly: true
    )
    outcome.secondLook = .init(status: .done, entries: 0, first: [])
    outcome.comparison = .init(
        status: .done,
        entries: 2_841_007,
        differences: 0,
        nanoseconds: 48_000_000_000
    )
    outcome.tookNanoseconds = 250_000_000_000
    outcome.standing = .last
    change(&outcome)
    return outcome
}

/// 3m30s, of which nothing is known to be pending.
func switchEstimate() -> SwitchEstimate {
    var parts = SwitchEstimate.Parts()
    parts.work = 210
    return SwitchEstimate(
        parts: parts,
        interval: .init(low: 170, high: 300, coverage: 0.8),
        method: "scan",
        basisPasses: 5,
        isUpperLimit: false,
        pending: PendingWork(entries: 0, files: 0, bytes: 0, isCounted: true),
        comparison: .unknown(.neverRan)
    )
}

func switchAdvice() -> SwitchAdvice {
    .lines(
        [
            .init(
                old: bytes("UUID=8507 /mnt/old xfs inode64 0 0"),
                new: bytes("UUID=a19f /mnt/old ext4 defaults 0 2"),
                dropped: ["inode64", "logdev=/dev/l"]
            )
        ],
        obsolete: [bytes("/dev/vg/new /mnt/new ext4 noauto 0 0")]
    )
}

/// One that two mounts and twelve processes can write to.
func writableSource() -> SourceUse {
    var use = SourceUse(path: bytes("/mnt/old"), isReadOnly: false)
    use.mounts = [
        .init(path: bytes("/mnt/old"), process: nil), .init(path: bytes("/srv"), process: 812),
    ]
    use.writers = (1...12).map {
        .init(process: Int32($0), name: bytes("db"), path: bytes("/mnt/old/\($0)"))
    }
    use.unseen = 1
    use.mayHideProcesses = true
    return use
}

@Suite("The last pass as it is told") struct FinalTextTests {
    private let shown = ShownName(isForTerminal: true, isUTF8: true)

    private func text(_ outcome: FinalOutcome, _ advice: SwitchAdvice? = nil) -> [String] {
        FinalText(outcome, outcome.status, advice, shown: shown).lines
    }

    @Test("all is well: the verdict, and what fstab is to say")
    func done() {
        let outcome = finalOutcome { $0.foreseen = switchEstimate() }
        #expect(
            text(outcome, switchAdvice()) == [
                "",
                "cutover: the last pass: 1,702 files, 598.8 MiB in 3:22, foreseen: 3m30s (2m50s-5m)",
                "cutover: a second look found nothing left",
                "cutover: verify: equal in attributes of 2,841,007 entries, 48.0 s",
                "The switch: umount both, then in /etc/fstab",
                "  UUID=a19f /mnt/old ext4 defaults 0 2", "instead of",
                "  UUID=8507 /mnt/old xfs inode64 0 0",
                "without inode64, which the new filesystem does not know",
                "without logdev=/dev/l, which is SOURCE's own; a device of that kind of "
                    + "DESTINATION's is yours to name", "and without",
                "  /dev/vg/new /mnt/new ext4 noauto 0 0",
                "4:10 since the command; keep SOURCE read-only until a backup was read back.",
            ]
        )
        #expect(FinalText(outcome, outcome.status, nil, shown: shown).quietLines.isEmpty)
    }

    @Test("equal says of what it is not, to people and to programs")
    func leftAside() throws {
        var options = VerificationOptions()
        options.preserved.subtract([.owner, .mode, .accessControl, .sparse])
        var filter = Filter()
        try filter.exclude(pattern: bytes("/a"))
        let outcome = finalOutcome { $0.comparison?.aside = LeftAside(options, filter) }
        #expect(
            text(outcome)[3]
                == "cutover: verify: equal in attributes of 2,841,007 entries, 48.0 s, without what "
                + "1 rule of --exclude left out; ACLs, owners and permissions were not compared "
                + "(--no-acls --no-owner --no-perms)"
        )
        let line = FinalJSON.line(outcome, .done, nil, time: 0).object
        #expect(
            String(decoding: line, as: UTF8.self).contains(
                "\"excluded_rules\":1,\"not_compared\":[\"--no-acls\",\"--no-owner\",\"--no-perms\"]"
            )
        )
        #expect(LeftAside(VerificationOptions(), Filter()).isEmpty)
    }

    @Test("thousands of rules are counted, not printed")
    func manyRules() throws {
        var options = PassOptions()
        options.deletesExtras = true
        for rule in 1...1000 { try options.filter.exclude(pattern: bytes("/r\(rule)")) }
        let line = FinalText.origin(.recorded(pass: 2), RecordedOptions(options), shown)
        #expect(
            line == "options of pass 2: --delete --exclude /r1 --exclude /r2 --exclude /r3 "
                + "--exclude /r4 --exclude /r5 and 995 more rules (cutover history --pass 2)"
        )
    }

    @Test("nothing is called ready that is not", arguments: 0..<7)
    func notReady(index: Int) {
        let outcome = finalOutcome {
            switch index {
            case 0: $0.secondLook = .init(status: .done, entries: 1, first: [[0x1B]])
            case 1: $0.comparison?.status = .different
            case 2: $0.wasReadOnly = false
            case 3: $0.isReadOnly = false
            case 4: $0.standing = .followed
            case 5: $0.standing = .unknown
            default:
                $0.pass.status = .destinationStopped
                ($0.secondLook, $0.comparison) = (nil, nil)
            }
        }
        let lines = text(outcome).joined(separator: "\n")
        #expect(!lines.contains("The switch") && !lines.contains("\u{1B}"), "\(lines)")
        #expect(lines.contains("No switch yet") || lines.contains("Not final"), "\(lines)")
        #expect(!FinalText(outcome, outcome.status, nil, shown: shown).quietLines.isEmpty)
    }

    @Test(
        "SOURCE became writable: who can write to it is told, also with -q, and that nobody can tell"
    )
    func becameWritable() {
        var outcome = finalOutcome { ($0.isReadOnly, $0.sourceAtEnd) = (false, writableSource()) }
        for lines in [
            text(outcome), FinalText(outcome, outcome.status, nil, shown: shown).quietLines,
        ] {
            let told = lines.joined(separator: "\n")
            #expect(told.contains("SOURCE was made writable meanwhile, so this is not final: its "))
            #expect(told.contains("mounted read-write at /mnt/old, /srv"), "\(told)")
        }
        outcome.sourceAtEnd = nil
        #expect(
            text(outcome).contains(
                "cutover: SOURCE cannot be asked any more who can write to it, so this is not final"
            )
        )
    }

    @Test("a pass that was cut is never final, and its status is its own")
    func cut() {
        for status in [ExitStatus.interrupted, .destinationStopped, .deletionLimit, .timeLimit] {
            var outcome = FinalOutcome(
                pass: .init(status: status, files: 0, bytes: 0, nanoseconds: 0),
                wasReadOnly: true
            )
            outcome.tookNanoseconds = 0
            #expect(!outcome.isFinal && outcome.status == status)
            let line = FinalJSON.line(outcome, outcome.status, nil, time: 0).object
            #expect(String(decoding: line, as: UTF8.self).contains("\"final\":false"))
            #expect(!text(outcome).joined().contains("the record does not tell"))
        }
    }

    @Test("golden line of JSON")
    func json() {
        let line = FinalJSON.line(
            finalOutcome(),
            .done,
            switchAdvice(),
            time: 1_754_300_001_000_000_000
        )
        #expect(
            String(decoding: line.object, as: UTF8.self)
                == "{\"type\":\"final\",\"time\":1754300001.000,\"status\":0,"
                + "\"status_name\":\"done\",\"final\":true,\"foreseen_seconds\":null,\"foreseen_low_seconds\":null,"
                + "\"foreseen_high_seconds\":null,\"took_seconds\":250.000,\"pass_status\":0,"
                + "\"pass_seconds\":202.000,\"second_look_status\":0,\"second_look_entries\":0,"
                + "\"verify_status\":0,\"excluded_rules\":0,\"not_compared\":[],\"fstab\":[{\"old\":\"UUID=8507 /mnt/old xfs inode64 0 0\","
                + "\"new\":\"UUID=a19f /mnt/old ext4 defaults 0 2\"}]}"
        )
    }

    @Test("a lost report is one status for exit, text and JSON, and no advice to switch")
    func lostReport() throws {
        let (error, output) = (try Capture(), try Capture())
        var configuration = ReporterConfiguration(
            standardOutput: output.file,
            standardError: error.file,
            isUTF8: true
        )
        configuration.json = output.file
        configuration.failures = try OutputFile(report: Name("/dev/full"))
        let streams = ReportStreams(configuration, run: "the last pass")
        SecondLookReporter(streams).receive(.failed(failure()))
        let status = FinalReporter(streams).finish(finalOutcome()) {
            Issue.record("the switch was advised")
            return switchAdvice()
        }
        #expect(status == .someFailed)
        let line = output.lines.last ?? ""
        #expect(line.contains("\"status\":23,\"status_name\":\"some_failed\""), "\(line)")
        #expect(line.contains("\"pass_status\":0") && line.hasSuffix("\"fstab\":[]}"), "\(line)")
        let text = error.lines.joined(separator: "\n")
        #expect(text.contains("No switch yet (status 23)") && !text.contains("The switch:"))
    }

    @Test("ten writers are named, the others counted, and what was not seen is said")
    func writers() {
        let sentence = FinalRefusalText.sentence(writableSource())
        #expect(
            sentence.contains(
                "mounted read-write at /mnt/old, /srv (in the mount namespace of process 812); "
                    + "12 processes have it open for writing: db (process 1, /mnt/old/1), "
            )
        )
        #expect(sentence.contains("db (process 10, /mnt/old/10) and 2 more; 1 process could not"))
        #expect(sentence.contains("others may be hidden from here"))
        #expect(sentence.contains("mount -o remount,ro /mnt/old"))
        #expect(!sentence.contains("process 11,"))
    }

    @Test("of a SOURCE that is read-only here alone it is never said that nobody can write")
    func doubts() {
        var use = SourceUse(path: bytes("/mnt/old"), isReadOnly: true)
        #expect(FinalText.source(use) == "SOURCE is read-only, and nobody can write to it")
        use.doubt = .elsewhere(type: "nfs4")
        #expect(
            FinalText.source(use).hasPrefix(
                "this is not final: SOURCE is read-only here, but of type nfs4"
            )
        )
        #expect(
            FinalRefusalText.sentence(use).hasSuffix(
                "(--allow-writers goes on, and the result is not final)"
            )
        )
        use.doubt = .writersLeft
        use.writers = [.init(process: 7, name: bytes("db"), path: bytes("/mnt/old/a"))]
        #expect(
            FinalText.source(use).contains(
                "but 1 process has it open for writing: db (process 7, /mnt/old/a). Nobody has when"
            )
        )
        use.doubt = .below
        #expect(FinalText.source(use).contains("cannot be asked"))
        use.mounts = [.init(path: bytes("/mnt/old/a"), process: nil)]
        #expect(
            FinalRefusalText.sentence(use).contains("knows: /mnt/old/a. Remount them read-only")
        )
    }
}
