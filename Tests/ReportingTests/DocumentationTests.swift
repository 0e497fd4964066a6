// docs/OUTPUT.md against what is written: every type, key and word of the JSON lines stands there.

import History
import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite struct DocumentationTests {
    @Test("every type and key of the JSON lines is documented, and every exit status")
    func keys() throws {
        let path = joined(SourceText.root, "docs/OUTPUT.md")
        let document = String(decoding: try Files.read(path), as: UTF8.self)
        let stop = PassSummary.Stop(
            reason: .full,
            failure: failure(),
            availableBytes: 1,
            freeInodes: 1
        )
        let branch = PassSummary.BranchTime(
            name: bytes("b"),
            workNanoseconds: 1,
            entries: 1,
            bytes: 1
        )
        var lines = passEvents.map { EventJSON.line($0, time: 0) }
        lines.append(EventJSON.progress(Progress(passStart()), time: 0))
        lines.append(
            EventJSON.summary(
                passSummary(.done, branches: [branch], stop: stop),
                status: .done,
                time: 0
            )
        )
        lines.append(EventJSON.refused("r", path: [], status: .refused, time: 0))
        lines += HistoryJSON.lines(recordedPair())
        lines += CheckJSON.lines(checkOutcome(), time: 0)
        lines += CheckJSON.lines(checkOutcome([Finding(.ok, .inodes(nil))]), time: 0)
        lines += verificationLines()
        var words: Set<Substring> = []
        for line in lines {
            let text = String(decoding: line.object, as: UTF8.self)
            words.formUnion(text.matches(of: /"([a-z_]+)":/).map(\.output.1))
            words.formUnion(
                text.matches(of: /"(?:type|notice|reason|finding|what)":"([a-z_]+)"/)
                    .map(\.output.1)
            )
        }
        #expect(words.count > 100, "the search finds keys: \(words.count)")
        for word in words where word != "message" && word != "r" {
            let isThere =
                document.contains("`\(word)`") || document.contains("\"\(word)\":")
                || document.contains("\":\"\(word)\"")
            #expect(isThere, "\(word)")
        }
        for status in [0, 1, 3, 11, 20, 23, 24, 25, 64] {
            #expect(
                document.contains("\n| \(status) | ") && PassStatus(rawValue: Int32(status)) != nil
            )
        }
    }

    @Test("what these tests look for in the documents is all that the program can tell")
    func everythingIsLookedFor() throws {
        try expectEveryCase(of: "PassEvent", in: passEvents)
        try expectEveryCase(of: "Notice", in: passNotices)
        try expectEveryCase(of: "WalkReason", in: walkReasons)
        try expectEveryCase(of: "VerificationEvent", in: verificationEvents)
        try expectEveryCase(of: "VerificationNotice", in: verificationNotices)
        try expectEveryCase(of: "Aspect", in: everyAspect.map(\.0))
        try expectEveryCase(of: "Matter", in: everyFinding().map(\.matter))
    }

    /// All that a pass tells while it runs.
    private var passEvents: [PassEvent] {
        [
            .started(passStart()), .failed(failure()),
            .failed(failure(damage: DamageReport(Damage([0..<512]), .salvaged))),
            .vanished(path: []), .mountSkipped(path: []),
            .directoryProtected(path: []),
            .changed(Itemization(action: .linked, kind: .regular, path: [], target: [])),
            .workersChanged(1), .waiting(waitingCall()), .stopped(.full, failure()),
            .synchronizing(isWhole: true),
        ] + passNotices.map { .notice($0) }
    }

    private var passNotices: [Notice] {
        [
            .notRoot, .capabilitiesMissing(.makeDevices),
            .reaches([], isRoot: true, viewsSource: true, viewsDestination: false),
            .idleIgnored(device: "sda1", scheduler: "none"),
            .workersLimited(1, descriptors: 2), .threadsLimited(1),
            .coarseTimes(stepNanoseconds: 1), .clampedTimes(entries: 1, first: []),
            .projectsNotKept, .flagsNotKept, .linkLimitReached(1), .protectedByFilter,
            .readsTogether(1), .readsAlone(SystemError(.read, .noEntry)),
            .nothingRemembered(path: "", reason: ""), .stateSetAside(.otherPair),
            .comparesAfterPowerCut, .comparesAfterRollback, .trustsSizeAndTime,
            .comparesWithoutState, .leftOut(LeftOut(lostAndFound: 1, quotaFiles: [])),
        ] + walkReasons.map { .walks($0) }
    }

    private var walkReasons: [WalkReason] {
        [
            .asked, .comparesAll, .branchesOnly, .crossesMounts, .notRoot, .capabilitiesMissing,
            .notXFS("ext4"), .noBirthTimes, .nothingRemembered, .noEarlierPass,
            .lastPassUnfinished, .lastPassOfBranches, .optionsChanged, .clockSteppedBack,
            .destinationRootChanged, .destinationUnknown, .destinationChanged,
            .destinationRolledBack, .destinationWritten, .tooManyChanges(1),
            .scanFailed(SystemError(.bulkStatus, .corrupted)), .directoryNotFound,
            .recordFailed(""),
        ]
    }

    private var verificationStart: VerificationStart {
        VerificationStart(
            source: ([], "xfs"),
            destinationPath: [],
            destinationType: "ext4",
            entriesTotal: 1,
            bytesTotal: 1,
            totalsAreExact: true,
            workers: 1,
            comparesContents: true,
            sample: FileSample(percent: 1, seed: 1)
        )
    }

    private var verificationEvents: [VerificationEvent] {
        let differences = everyAspect.map { aspect, _ in
            FoundDifference(path: [], kind: .regular, aspect: aspect)
        }
        return [
            .started(verificationStart), .failed(failure()), .vanished(path: []),
            .mountSkipped(path: []), .workersChanged(1), .waiting(waitingCall()),
        ] + verificationNotices.map { .notice($0) } + differences.map { .found($0) }
            + differences.map { .changed($0) }
    }

    private var verificationNotices: [VerificationNotice] {
        [
            .notRoot, .closedEntriesFail, .emptySource, .workersLimited(1, descriptors: 2),
            .projectsNotKept, .clampedTimes(entries: 1, first: []), .threadsLimited(1),
            .leftOut(LeftOut(lostAndFound: 1, quotaFiles: [])),
        ]
    }

    /// All that a verification tells.
    private func verificationLines() -> [JSONLine] {
        let summary = VerificationSummary(
            status: .done,
            isByManifest: false,
            comparesContents: true,
            sample: verificationStart.sample,
            counters: VerificationCounters(),
            durationNanoseconds: 1,
            firstFailures: [],
            manifest: .success(1),
            workersBusyMax: 1
        )
        return verificationEvents.map { VerificationJSON.line($0, time: 0) } + [
            VerificationJSON.progress(Progress(verificationStart), time: 0),
            VerificationJSON.summary(summary, status: .done, time: 0),
        ]
    }

    /// A recorded pass with all that can be told of one.
    private func recordedPair() -> HistoryPair {
        historyPair([
            HistoryPass(
                recordedPass(reason: "asked"),
                failures: [FailureRecord(path: [], side: "source", activity: "read")],
                branches: [BranchRecord(name: [], workNanoseconds: 1, entries: 1, bytes: 1)]
            )
        ])
    }
}
