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
        let document = try self.document()
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
        let refusal = Refusal.sourceWritable(writableSource())
        lines.append(EventJSON.refused("r", path: [], status: .refused, refusal, time: 0))
        lines.append(FinalJSON.line(finalOutcome(), .done, switchAdvice(), time: 0))
        lines += HistoryJSON.lines(recordedPair())
        lines += CheckJSON.lines(checkOutcome(timing: copyTiming()), time: 0)
        lines += CheckJSON.lines(checkOutcome([Finding(.ok, .inodes(nil))]), time: 0)
        lines += verificationLines()
        lines.append(EstimateText.line(madeUpEstimate(), pass: 1, time: 0))
        lines.append(TuneText(tuneOutcome(), TunePlan(seed: 1)).line(time: 0))
        lines.append(
            PlanText(madePlan(), folder: [], shown: ShownName(isForTerminal: false)).line(time: 0)
        )
        lines += backOffEvents.map { BackOffText.json($0, time: 0) }
        var words: Set<Substring> = []
        for line in lines {
            let text = String(decoding: line.object, as: UTF8.self)
            words.formUnion(text.matches(of: /"([a-z_]+)":/).map(\.output.1))
            words.formUnion(
                text.matches(of: /"(?:type|notice|finding|what)":"([a-z_]+)"/).map(\.output.1)
            )
        }
        #expect(words.count > 70, "the search finds keys: \(words.count)")
        for word in words where word != "message" && word != "r" {
            let isThere =
                document.contains("`\(word)`") || document.contains("\"\(word)\":")
                || document.contains("\":\"\(word)\"")
            #expect(isThere, "\(word)")
        }
        for status in [0, 1, 3, 11, 20, 23, 24, 25, 64] {
            #expect(
                document.contains("\n| \(status) | ")
                    && Migration.ExitStatus(rawValue: Int32(status)) != nil
            )
        }
    }

    private var backOffEvents: [BackOffEvent] {
        let why = BackOffObservation(
            .pressure,
            value: 1,
            limit: 0.2,
            since: 0,
            group: "/system.slice"
        )
        return [
            .changed(BackOffAnswer(.held, most: 1, why: why), workers: 1), .lacks(.noGroups),
            .heldNearlyAllDay(HeldBack()),
        ]
    }

    @Test("each reason of a pause, and of the end of a loop, is documented")
    func loops() throws {
        let document = try document()
        for reason in FollowReporter.WaitReason.allCases {
            #expect(document.contains("`\(reason.rawValue)`"), "\(reason)")
        }
        for reason in FollowEnd.allCases {
            #expect(document.contains("`\(reason.rawValue)`"), "\(reason)")
        }
        for cause in BackOffCause.allCases {
            #expect(document.contains("`\(cause.rawValue)`"), "\(cause)")
        }
        for state in BackOffAnswer.State.allCases {
            #expect(document.contains("`\(state.rawValue)`"), "\(state)")
        }
    }

    @Test("each limit that tune tells is documented") func limits() throws {
        let document = try document()
        for limit in TuneLimit.allCases {
            #expect(document.contains("`\(limit.rawValue)`"), "\(limit)")
        }
    }

    private func document() throws -> String {
        let path = joined(SourceText.root, "docs/OUTPUT.md")
        return String(decoding: try Files.read(path), as: UTF8.self)
    }

    @Test("every notice, counter and reason to walk is documented, each where it belongs")
    func words() throws {
        let document = try document()
        func section(_ title: String, _ end: String) throws -> Substring {
            let begin = try #require(document.firstRange(of: "\n\(title)\n"))
            let rest = document[begin.upperBound...]
            return rest[..<(try #require(rest.firstRange(of: "\n\(end)"))).lowerBound]
        }
        let notices = try section("### notice", "####")
        for word in Notice.Word.allCases {
            #expect(notices.contains("`\(word.rawValue)`"), "\(word)")
        }
        let reasons = try section("#### Reasons to walk", "###")
        for word in WalkReason.Word.allCases {
            #expect(reasons.contains("`\(word.rawValue)`"), "\(word)")
        }
        let verification = try section("### verify", "###")
        for word in VerificationNotice.Word.allCases {
            #expect(verification.contains("`\(word.rawValue)`"), "\(word)")
        }
        for word in RecordTrouble.Word.allCases {
            #expect(verification.contains("`\(word.rawValue)`"), "\(word)")
        }
        for counter in VerificationCounter.allCases {
            if let key = counter.key { #expect(verification.contains("`\(key)`"), "\(key)") }
        }
        let summary = try section("### summary", "###")
        for counter in PassCounter.allCases {
            #expect(summary.contains("`\(counter.row.key)`"), "\(counter)")
        }
    }

    @Test("the events, aspects and findings that these tests tell are all that there are")
    func everythingIsLookedFor() throws {
        try expectEveryCase(of: "PassEvent", in: passEvents)
        try expectEveryCase(of: "Aspect", in: everyAspect.map(\.0))
        try expectEveryCase(of: "Matter", in: everyFinding().map(\.matter))
    }

    @Test("the notices that these tests tell are all that there are")
    func notices() {
        let ofPasses = passEvents.compactMap { event -> Notice.Word? in
            if case .notice(let notice) = event { notice.word } else { nil }
        }
        #expect(Set(ofPasses) == Set(Notice.Word.allCases))
        let ofVerifications = verificationNotices.map(\.word)
        #expect(Set(ofVerifications) == Set(VerificationNotice.Word.allCases))
    }

    /// All that a pass tells while it runs.
    private var passEvents: [PassEvent] {
        [
            .started(passStart()), .failed(failure()),
            .failed(failure(damage: DamageReport(Damage([0..<512]), .salvaged))),
            .vanished(path: []), .mountSkipped(path: []),
            .directoryProtected(path: []),
            .changed(Itemization(action: .linked, kind: .regular, path: [], target: [])),
            .notice(.notRoot), .notice(.capabilitiesMissing(.makeDevices)),
            .notice(.reaches([], isRoot: true, viewsSource: true, viewsDestination: false)),
            .notice(.idleIgnored(device: "sda1", scheduler: "none")),
            .notice(.workersLimited(1, descriptors: 2)),
            .notice(.coarseTimes(stepNanoseconds: 1)),
            .notice(.clampedTimes(entries: 1, first: [])), .notice(.projectsNotKept),
            .notice(.flagsNotKept), .notice(.linkLimitReached(1)),
            .notice(.protectedByFilter),
            .notice(.walks(WalkReason(.asked))), .notice(.nothingRemembered(path: "", reason: "")),
            .notice(.stateSetAside(.otherPair)), .notice(.comparesAfterPowerCut),
            .notice(.comparesAfterRollback), .notice(.trustsSizeAndTime),
            .notice(.comparesWithoutState),
            .notice(.leftOut(LeftOut(lostAndFound: 1, quotaFiles: []))),
            .quota(.limits(QuotaOwner(.user, 1), before: .none, after: .none)),
            .quota(
                .grace(
                    .user,
                    before: QuotaGrace(blockSeconds: 1, inodeSeconds: 1),
                    after: QuotaGrace(blockSeconds: 1, inodeSeconds: 1)
                )
            ),
            .notice(.quotasNotKept(QuotaShortage(limits: [.user: 1]))),
            .notice(.sourceQuotasOff([.user])),
            .notice(.noLimitsOnSource([.user])), .notice(.quotasSuspended(.source)),
            .notice(.quotasNotCarried(.source)),
            .notice(.quotasUnread(.source, SystemError(.quotactl, .notPermitted))),
            .notice(.defaultLimitsNotKept([QuotaDefault(.user, .none)])),
            .notice(.quotasNotEnforced([.user])),
            .notice(
                .overLimit(
                    QuotaExcess(
                        owners: 1,
                        first: QuotaOwner(.user, 1),
                        used: 2,
                        hard: 1,
                        isOfInodes: false
                    )
                )
            ),
            .notice(.threadsLimited(1)), .notice(.readsTogether(1)),
            .notice(.readsAlone(SystemError(.read, .corrupted))), .waiting(waitingCall()),
            .workersChanged(1), .tuneStep(tuneStep()), .stopped(.full, failure()),
            .synchronizing(isWhole: true),
        ]
    }

    private var verificationNotices: [VerificationNotice] {
        [
            .notRoot, .closedEntriesFail, .emptySource, .nothingCompared,
            .workersLimited(1, descriptors: 2), .projectsNotKept,
            .clampedTimes(entries: 1, first: []), .threadsLimited(1),
            .leftOut(LeftOut(lostAndFound: 1, quotaFiles: [])),
            .quotasUnread(.source, SystemError(.quotactl, .notPermitted)),
            .sourceQuotasOff([.user]), .quotasNotEnforced([.user]), .quotasSuspended(.source),
            .recordNotUsed(.interrupted), .filtersUnknown,
            .nothingRecorded(path: "/state", reason: "r"),
        ]
    }

    /// All that a verification tells.
    private func verificationLines() -> [JSONLine] {
        var start = VerificationStart(
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
        start.filter = FilterUse(rules: 1, pass: 1)
        var events: [VerificationEvent] = [
            .started(start), .failed(failure()), .vanished(path: []), .mountSkipped(path: []),
            .workersChanged(1), .waiting(waitingCall()),
        ]
        events += verificationNotices.map { .notice($0) }
        for (aspect, _) in everyAspect {
            let found = FoundDifference(path: [], kind: .regular, aspect: aspect)
            events += [.found(found), .changed(found), .pending(found, changed: 1)]
        }
        let summary = VerificationSummary(
            status: .done,
            isByManifest: false,
            comparesContents: true,
            sample: start.sample,
            counters: VerificationCounters(),
            durationNanoseconds: 1,
            firstFailures: [],
            manifest: .success(1),
            workersBusyMax: 1
        )
        return events.map { VerificationJSON.line($0, time: 0) } + [
            VerificationJSON.progress(Progress(start), time: 0),
            VerificationJSON.summary(summary, status: .done, time: 0),
        ]
    }

    /// A recorded pass with all that can be told of one.
    private func recordedPair() -> HistoryPair {
        var pair = pagePair(
            [
                HistoryPass(
                    recordedPass(reason: "asked"),
                    failures: [FailureRecord(path: [], side: "source", activity: "read")],
                    branches: [BranchRecord(name: [], workNanoseconds: 1, entries: 1, bytes: 1)]
                )
            ],
            verifications: [recordedVerification()]
        )
        pair.tunings = [recordedTuning()]
        return pair
    }
}
