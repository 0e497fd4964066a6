// The judgement whether users made a difference since the last pass, or something is wrong: moments are given, so no
// clock has to be set.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Pending, judged by moments") struct PendingJudgeTests {
    private static let second: Int64 = 1_000_000_000
    private static let began = 1_000 * second
    private static let ended = 1_100 * second
    private static let verified = 2_000 * second
    /// After the last pass, and before the verification.
    private static let since = 1_500 * second
    /// Before the last pass.
    private static let before = 900 * second

    private func judge(
        _ signature: String = PendingJudgeTests.signature(),
        step: UInt32 = 1,
        rootMark: Int64? = nil
    ) throws -> PendingJudge {
        PendingJudge(
            wholeBegan: Self.began,
            wholeEnded: Self.ended,
            rootMark: rootMark,
            verificationBegan: Self.verified,
            destinationStep: step,
            carried: try #require(CarriedParts(signature: signature))
        )
    }

    private static func signature(
        _ change: (inout PassOptions) -> Void = { $0.deletesExtras = true }
    )
        -> String
    {
        var options = PassOptions()
        change(&options)
        return options.signature
    }

    private func sides(
        _ source: Int64 = PendingJudgeTests.since,
        _ destination: Int64 = PendingJudgeTests.before,
        directory: Int64? = PendingJudgeTests.since,
        isRoot: Bool = false,
        agree: Bool = false
    ) -> PendingJudge.Sides {
        PendingJudge.Sides(
            source: source,
            destination: destination,
            isRoot: isRoot,
            sourceDirectory: directory.map { .init($0, isMeanwhile: $0 > Self.verified) },
            agree: agree
        )
    }

    private func isPending(
        _ judge: PendingJudge,
        _ aspect: FoundDifference.Aspect,
        _ sides: PendingJudge.Sides
    ) -> Bool {
        if case .pending = judge.standing(aspect, sides) { true } else { false }
    }

    private let contents = FoundDifference.Aspect.contents(
        ContentDifference(firstByte: 0, blocksDiffering: 1, blocks: 1, blockBytes: 4096)
    )

    @Test(
        "SOURCE's change counts from the begin of the last whole pass to that of the verification"
    )
    func moments() throws {
        let judge = try judge()
        let tick = PendingJudge.tickNanoseconds
        let size = FoundDifference.Aspect.size(1, 2)
        for (source, expected) in [
            (Self.since, true), (Self.verified, true), (Self.began + tick + 1, true),
            // Read by the pass, or nobody can say.
            (Self.began + tick, false), (Self.began, false), (Self.before, false), (.min, false),
            // Of a clock that was set back since: a time still to come.
            (Self.verified + 1, false), (.max, false),
        ] as [(Int64, Bool)] {
            #expect(isPending(judge, size, sides(source)) == expected, "\(source)")
        }
    }

    @Test(
        "What somebody touched on DESTINATION since the last pass is different, whatever SOURCE did"
    )
    func touchedDestination() throws {
        let size = FoundDifference.Aspect.size(1, 2)
        let tick = PendingJudge.tickNanoseconds
        let exact = try judge()
        for (destination, expected) in [
            (Self.before, true), (Self.ended, true), (Self.ended + tick, true),
            (Self.ended + tick + 1, false), (Self.since, false), (.max, false),
        ] as [(Int64, Bool)] {
            let found = isPending(exact, size, sides(Self.since, destination))
            #expect(found == expected, "\(destination)")
        }
        // A time that is kept in whole seconds may be of any moment in it.
        let coarse = try judge(step: 1_000_000_000)
        #expect(!isPending(coarse, size, sides(Self.since, Self.ended)))
        #expect(isPending(coarse, size, sides(Self.since, Self.ended - Self.second)))
    }

    @Test("DESTINATION's root may bear the mark of the last pass, no other entry")
    func rootMark() throws {
        let mark = Self.ended + Self.second
        let judge = try judge(rootMark: mark)
        let mode = FoundDifference.Aspect.mode(0o700, 0o755)
        #expect(isPending(judge, mode, sides(Self.since, mark, isRoot: true)))
        #expect(!isPending(judge, mode, sides(Self.since, mark)))
        #expect(!isPending(judge, mode, sides(Self.since, mark + 1, isRoot: true)))
    }

    @Test("Contents that differ where size and time agree are a disk's doing, not a user's")
    func contentsBySizeAndTime() throws {
        let judge = try judge()
        #expect(isPending(judge, contents, sides()))
        #expect(!isPending(judge, contents, sides(agree: true)))
    }

    @Test("A directory in the place of something else is not pending where somebody was in it")
    func touchedBelow() throws {
        let judge = try judge()
        for isTouched in [false, true] {
            var sides = sides()
            sides.isTouchedBelow = isTouched
            #expect(isPending(judge, .type(.regular, .directory), sides) != isTouched)
        }
        #expect(judge.isUntouched(Self.before) && !judge.isUntouched(Self.since))
    }

    @Test("A name that only one side has is pending by its directories, too")
    func names() throws {
        let judge = try judge()
        func missing(_ source: Int64, _ directory: Int64, _ destination: Int64) -> Bool {
            standing(judge, source, directory, destination) == .pending(changed: source)
        }
        #expect(missing(Self.since, Self.since, Self.before))
        // It was there before: it is lost on DESTINATION.
        #expect(!missing(Self.before, Self.since, Self.before))
        #expect(!missing(Self.since, Self.before, Self.before))
        // Somebody removed it there.
        #expect(!missing(Self.since, Self.since, Self.since))
        #expect(judge.mayExtraBePending(destination: Self.before, sourceDirectory: Self.since))
        #expect(!judge.mayExtraBePending(destination: Self.since, sourceDirectory: Self.since))
        #expect(!judge.mayExtraBePending(destination: Self.before, sourceDirectory: Self.before))
    }

    private func standing(
        _ judge: PendingJudge,
        _ source: Int64,
        _ directory: Int64,
        _ destination: Int64
    ) -> DifferenceStanding {
        judge.standing(
            ofMissing: .regular,
            source: source,
            sourceDirectory: .init(directory, isMeanwhile: directory > Self.verified),
            destinationDirectory: destination,
            isInRoot: false
        )
    }

    @Test(
        "In a directory that changes while it is verified a new name is neither pending nor wrong"
    )
    func busyDirectory() throws {
        let judge = try judge()
        let after = Self.verified + Self.second
        #expect(standing(judge, Self.since, after, Self.before) == .changed)
        for aspect in [
            FoundDifference.Aspect.type(.regular, .symlink), .target([1], [2]),
            .device(DeviceNumber(major: 1, minor: 3), DeviceNumber(major: 1, minor: 5)),
        ] {
            #expect(judge.standing(aspect, sides(directory: after)) == .changed, "\(aspect)")
            // What is wrong by the entry itself stays wrong.
            let old = sides(Self.before, directory: after)
            #expect(judge.standing(aspect, old) == .found, "\(aspect)")
        }
        #expect(standing(judge, Self.before, after, Self.before) == .found)
        #expect(standing(judge, Self.since, after, Self.since) == .found)
    }

    @Test("A name that stands for another inode is pending only in a directory that changed")
    func replaced() throws {
        let judge = try judge()
        for aspect in [
            FoundDifference.Aspect.type(.regular, .symlink), .target([1], [2]),
            .device(DeviceNumber(major: 1, minor: 3), DeviceNumber(major: 1, minor: 5)),
        ] {
            #expect(isPending(judge, aspect, sides()), "\(aspect)")
            #expect(!isPending(judge, aspect, sides(directory: Self.before)), "\(aspect)")
            #expect(!isPending(judge, aspect, sides(directory: nil)), "\(aspect)")
        }
    }

    @Test("What no pass with the same options takes is never pending")
    func whatPassesTake() throws {
        let all = try judge()
        let flags = FoundDifference.Aspect.flags([.noDump], [])
        #expect(!isPending(all, flags, sides()))
        #expect(!isPending(all, .unsteady, sides()))
        #expect(!isPending(all, .quota(.notAccounted(.user, limits: 1)), sides()))
        let attribute = FoundDifference.Aspect.attribute(name: [1], nil, [2])
        let directory = FoundDifference.Aspect.type(.regular, .directory)
        let time = Timestamp(seconds: 1, nanoseconds: 0)
        let cases: [(FoundDifference.Aspect, (inout PassOptions) -> Void)] = [
            (.mode(1, 2), { $0.preserved.remove(.mode) }),
            (.owner(1, 2), { $0.preserved.remove(.owner) }),
            (.group(1, 2), { $0.preserved.remove(.group) }),
            (
                .modified(time, Timestamp(seconds: 2, nanoseconds: 0)),
                { $0.preserved.remove(.times) }
            ),
            (.accessControl(.access, nil, ""), { $0.preserved.remove(.accessControl) }),
            (attribute, { $0.preserved.remove(.attributes) }),
            (attribute, { $0.attributes.namespaces.remove(.trusted) }),
            (
                .links(LinkFacts(inode: 1, names: 2), LinkFacts(inode: 1, names: 1)),
                { $0.preserved.remove(.hardLinks) }
            ),
            (.type(.characterDevice, .regular), { $0.preserved.remove(.devices) }),
            (.type(.fifo, .regular), { $0.preserved.remove(.specials) }),
            (contents, { $0.changeTest = .sizeOnly }), (directory, { $0.deletesExtras = false }),
        ]
        for (aspect, leaveOut) in cases {
            #expect(isPending(all, aspect, sides()), "\(aspect)")
            let less = try judge(
                Self.signature {
                    $0.deletesExtras = true
                    leaveOut(&$0)
                }
            )
            #expect(!isPending(less, aspect, sides()), "\(aspect)")
        }
        let keeps = try judge(Self.signature { $0.deletesExtras = false })
        #expect(!keeps.mayExtraBePending(destination: Self.before, sourceDirectory: Self.since))
    }

    @Test("The text that the record keeps of options is read back, and a foreign one is not")
    func signatures() throws {
        let plain = try #require(CarriedParts(signature: Self.signature { _ in }))
        #expect(plain.preserved == .all && !plain.deletesExtras && !plain.comparesSizesAlone)
        #expect(plain.carriesAllAttributes && plain.mapsAllOwners && !plain.hasFilter)
        let filtered = try #require(
            CarriedParts(signature: try Self.filtered().signature + ", owners unmapped")
        )
        #expect(filtered.hasFilter && !filtered.mapsAllOwners && filtered.carriesAllAttributes)
        #expect(CarriedParts(signature: "") == nil)
        #expect(CarriedParts(signature: "preserved 1023, sizes alone maybe") == nil)
    }

    private static func filtered() throws -> PassOptions {
        var options = PassOptions()
        try options.filter.exclude(pattern: bytes("*.tmp"))
        return options
    }
}
