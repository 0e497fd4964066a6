// What is decided of one owner, and the walk that brings both sides' records together: pure, every case.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Quotas of one owner") struct QuotaRulesTests {
    private static let vfsv1 = QuotaStorage(format: 4, blockBytes: 4096)
    private static let some = kibibytes(10, 20, inodes: (3, 4))
    private static let other = kibibytes(10, 21, inodes: (3, 4))

    private func decision(
        _ source: QuotaLimits?,
        _ destination: QuotaLimits?,
        id: UInt32 = 7,
        deletes: Bool = true,
        storage: QuotaStorage = vfsv1
    ) -> QuotaDecision {
        QuotaRules(storage: storage, clearsExtras: deletes).decision(
            of: QuotaPair(
                source: source.map { QuotaRecord(id: id, limits: $0, usedBytes: 5) },
                destination: destination.map { QuotaRecord(id: id, limits: $0, usedInodes: 6) }
            )
        )
    }

    @Test(
        "Q4, Q7: every pair of no record, no limits, limits, other limits",
        arguments: [true, false]
    )
    func everyPair(deletes: Bool) {
        let extra: QuotaDecision = deletes ? .clear : .leave
        let states: [QuotaLimits?] = [nil, QuotaLimits.none, Self.some, Self.other]
        let expected: [[QuotaDecision]] = [
            // Rows: SOURCE; columns: DESTINATION.
            [.nothing, .nothing, extra, extra],
            [.nothing, .nothing, extra, extra],
            [.set(Self.some), .set(Self.some), .nothing, .set(Self.some)],
            [.set(Self.other), .set(Self.other), .set(Self.other), .nothing],
        ]
        for (row, source) in states.enumerated() {
            for (column, destination) in states.enumerated() {
                let found = decision(source, destination, deletes: deletes)
                #expect(found == expected[row][column], "\(row) \(column)")
            }
        }
    }

    @Test("each of the four limits alone is a difference")
    func eachLimit() {
        let fields: [WritableKeyPath<QuotaLimits, UInt64>] = [
            \.blockSoftBytes, \.blockHardBytes, \.inodesSoft, \.inodesHard,
        ]
        for field in fields {
            var limits = Self.some
            limits[keyPath: field] += 1024
            #expect(decision(limits, Self.some) == .set(limits))
            #expect(decision(limits, limits) == .nothing)
            var alone = QuotaLimits.none
            alone[keyPath: field] = 1024
            #expect(decision(alone, nil) == .set(alone))
            #expect(decision(nil, alone) == .clear)
        }
    }

    @Test("Q6: limits of owner 0 are neither set nor cleared")
    func ownerZero() {
        #expect(decision(Self.some, nil, id: 0) == .nothing)
        #expect(decision(Self.some, Self.other, id: 0) == .nothing)
        #expect(decision(nil, Self.some, id: 0) == .nothing)
    }

    @Test("Q5: odd half KiB are rounded up, and are no difference afterwards")
    func rounding() {
        let odd = QuotaLimits(blockSoftBytes: 512, blockHardBytes: 1536)
        #expect(decision(odd, nil) == .set(kibibytes(1, 2)))
        #expect(decision(odd, kibibytes(1, 2)) == .nothing)
        let xfs = QuotaStorage(format: nil, blockBytes: 4096)
        #expect(decision(kibibytes(1, 5), nil, storage: xfs) == .set(kibibytes(4, 8)))
    }

    @Test("Q5: the largest that a format holds is set, one more is refused, whichever limit it is")
    func limitBeyondFormat() {
        let formats: [UInt32: (bytes: UInt64, inodes: UInt64)] = [
            2: (4_294_967_295 * 1024, 4_294_967_295),
            4: (9_007_199_254_740_991 * 1024, 9_223_372_036_854_775_807),
        ]
        for (format, most) in formats {
            let storage = QuotaStorage(format: format, blockBytes: 4096)
            let largest = QuotaLimits(
                blockSoftBytes: most.bytes,
                blockHardBytes: most.bytes,
                inodesSoft: most.inodes,
                inodesHard: most.inodes
            )
            #expect(decision(largest, nil, storage: storage) == .set(largest))
            let fields: [(WritableKeyPath<QuotaLimits, UInt64>, String)] = [
                (\.blockSoftBytes, "soft limit of blocks"),
                (\.blockHardBytes, "hard limit of blocks"),
                (\.inodesSoft, "soft limit of inodes"), (\.inodesHard, "hard limit of inodes"),
            ]
            for (field, words) in fields {
                var limits = Self.some
                limits[keyPath: field] = largest[keyPath: field] + 1
                guard case .refuse(let refused) = decision(limits, Self.some, storage: storage)
                else {
                    Issue.record("\(format) \(words) is not refused")
                    continue
                }
                #expect(refused.words == words && refused.value > refused.valueMax)
            }
        }
        // 2^54 KiB and what lies above: the kernel would set 0.
        for bytes in [UInt64.max, UInt64.max - 1023, UInt64(1) << 63] {
            guard case .refuse = decision(QuotaLimits(blockHardBytes: bytes), nil) else {
                Issue.record("\(bytes) bytes are not refused")
                continue
            }
        }
    }

    // MARK: Grace

    private static let grace = QuotaGrace(blockSeconds: 100, inodeSeconds: 200)

    private func ends(
        _ source: QuotaRecord?,
        _ destination: QuotaRecord?
    ) -> QuotaRules.GraceEnds {
        QuotaRules(storage: Self.vfsv1, clearsExtras: true).graceEnds(
            of: QuotaPair(source: source, destination: destination),
            Self.grace,
            nowSeconds: 1000
        )
    }

    private func owner(
        _ limits: QuotaLimits = some,
        kibibytes used: UInt64 = 0,
        inodes: UInt64 = 0,
        ends: (Int64, Int64) = (0, 0),
        id: UInt32 = 7
    ) -> QuotaRecord {
        QuotaRecord(
            id: id,
            limits: limits,
            usedBytes: used * 1024,
            usedInodes: inodes,
            blockGraceEnd: ends.0,
            inodeGraceEnd: ends.1
        )
    }

    @Test("Q9: at or below the soft limit nothing is set, whatever SOURCE's grace says")
    func below() {
        #expect(ends(owner(ends: (5, 5)), owner(kibibytes: 10, inodes: 3)).isNone)
        #expect(
            ends(
                owner(QuotaLimits(blockHardBytes: 1024)),
                owner(QuotaLimits(blockHardBytes: 1024), kibibytes: 9)
            ).isNone
        )
        // Linux before 5.4 begins one at the limit itself: it would end weeks before the switch.
        let begun = ends(owner(), owner(kibibytes: 10, inodes: 3, ends: (5, 0)))
        #expect(begun.block == 1100 && begun.inode == nil)
    }

    @Test("Q9: above it SOURCE's grace, of space and of inodes each; the same once more is not set")
    func runningGraceIsSources() {
        let above = owner(kibibytes: 11, inodes: 4, ends: (1, 2))
        let found = ends(owner(ends: (55, 66)), above)
        #expect(found.block == 55 && found.inode == 66)
        let again = ends(owner(ends: (55, 66)), owner(kibibytes: 11, inodes: 4, ends: (55, 66)))
        #expect(again.isNone)
        let one = ends(owner(ends: (55, 66)), owner(kibibytes: 11, inodes: 3))
        #expect(one.block == 55 && one.inode == nil)
    }

    @Test("Q9: where SOURCE runs none, a whole new grace, in each pass")
    func graceIsFreshWhereSourceHasNone() {
        let found = ends(owner(), owner(kibibytes: 11, inodes: 4, ends: (3, 4)))
        #expect(found.block == 1100 && found.inode == 1200)
    }

    @Test(
        "Q9: nothing for owner 0, for limits that were not carried, for one that only one side has"
    )
    func notCarried() {
        let above = owner(kibibytes: 11)
        #expect(ends(owner(id: 0), owner(kibibytes: 11, id: 0)).isNone)
        #expect(ends(owner(Self.other), above).isNone)
        #expect(ends(nil, above).isNone && ends(owner(), nil).isNone)
    }

    @Test("Q13: above a hard limit is more than it, of space or of inodes")
    func excess() {
        func found(_ record: QuotaRecord) -> QuotaExcess? { QuotaRules.excess(of: record, .group) }
        #expect(found(owner(kibibytes: 20, inodes: 4)) == nil)
        let used: UInt64? = found(owner(kibibytes: 21))?.used
        #expect(used == 21_504 as UInt64)
        #expect(found(owner(inodes: 5))?.isOfInodes == true)
        #expect(found(owner(kibibytes: 21, id: 0)) == nil)
        #expect(found(owner(.none, kibibytes: 21, inodes: 9)) == nil)
    }
}

@Suite("Both sides' quotas, owner by owner") struct QuotaMergeTests {
    private func merged(_ source: [UInt32], _ destination: [UInt32]) throws -> [String] {
        var merge = QuotaMerge(
            FakeRecords(source.map { QuotaRecord(id: $0) }),
            FakeRecords(destination.map { QuotaRecord(id: $0) })
        )
        var found: [String] = []
        while let pair = try merge.next() {
            found.append(
                "\(pair.id)\(pair.source == nil ? "" : "s")\(pair.destination == nil ? "" : "d")"
            )
        }
        return found
    }

    @Test("Q3: each owner is told once, in ascending order")
    func order() throws {
        #expect(try merged([], []) == [])
        #expect(try merged([1, 2], []) == ["1s", "2s"])
        #expect(try merged([], [0, 4_294_967_294]) == ["0d", "4294967294d"])
        #expect(try merged([0, 5, 9], [0, 3, 9, 10]) == ["0sd", "3d", "5s", "9sd", "10d"])
    }

    @Test("random lists, against sets of their ids")
    func random() throws {
        var random = SeededRandom(seed: 15)
        for _ in 0..<500 {
            func ids() -> [UInt32] {
                let count = Int.random(in: 0...12, using: &random)
                return Set((0..<count).map { _ in UInt32.random(in: 0...20, using: &random) })
                    .sorted()
            }
            let (left, right) = (ids(), ids())
            let expected = Set(left + right).sorted().map {
                "\($0)\(left.contains($0) ? "s" : "")\(right.contains($0) ? "d" : "")"
            }
            #expect(try merged(left, right) == expected)
        }
    }

    @Test(
        "Q7: an owner that only DESTINATION has is told when SOURCE has gone past it, never after an error"
    )
    func errors() {
        let error = SystemError(.quotactl, .inputOutput)
        for position in 0...2 {
            var merge = QuotaMerge(
                FakeRecords([1, 3].map { QuotaRecord(id: $0) }, failing: (position, error)),
                FakeRecords([2, 4, 5].map { QuotaRecord(id: $0) })
            )
            var told: [UInt32] = []
            #expect(throws: QuotaReadFailure(side: .source, error: error)) {
                while let pair = try merge.next() { told.append(pair.id) }
            }
            // Behind the last owner that SOURCE told nothing is known.
            #expect(told.allSatisfy { $0 < [1, 3, 4][position] }, "\(told)")
        }
    }
}
