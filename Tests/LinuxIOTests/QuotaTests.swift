// Quotas at the kernel boundary: how raw records are read, what formats hold, and what an errno means. None of it needs
// a volume with quotas; scripts/quota-trial asks real ones.

import Glibc
import LinuxIO
import TestSupport
import Testing

/// struct fs_disk_quota as linux/dqblk_xfs.h lays it out, byte by byte.
private struct RawRecord {
    private var bytes = [UInt8](repeating: 0, count: 112)

    mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
        withUnsafeBytes(of: value.littleEndian) {
            bytes.replaceSubrange(offset..<offset + $0.count, with: $0)
        }
    }

    func record() throws -> QuotaRecord { try #require(QuotaRecord(bytes: bytes)) }
}

@Suite("Quotas, as the kernel tells them") struct QuotaTests {
    @Test("a record's blocks are of 512 bytes, its times of 32 bits with a sign")
    func record() throws {
        var raw = RawRecord()
        raw.put(UInt32(4_294_967_294), at: 4)
        raw.put(UInt64(20_480), at: 8)
        raw.put(UInt64(3), at: 16)
        raw.put(UInt64(6), at: 24)
        raw.put(UInt64(5), at: 32)
        raw.put(UInt64(7), at: 40)
        raw.put(UInt64(8), at: 48)
        raw.put(Int32(-1), at: 56)
        raw.put(Int32(1_800_000_000), at: 60)
        // Without FS_DQ_BIGTIME these bits mean nothing.
        raw.put(UInt8(3), at: 69)
        let record = try raw.record()
        #expect(record.id == 4_294_967_294)
        #expect(
            record.limits
                == QuotaLimits(
                    blockSoftBytes: 1536,
                    blockHardBytes: 10_485_760,
                    inodesSoft: 5,
                    inodesHard: 6
                )
        )
        #expect(record.usedBytes == 3584 && record.usedInodes == 8)
        #expect(record.blockGraceEnd == 1_800_000_000 && record.inodeGraceEnd == -1)
        #expect(!record.hasRealtimeLimits)
        #expect(QuotaRecord(bytes: [UInt8](repeating: 0, count: 111)) == nil)
    }

    @Test("times after 2038 have 40 bits, where the record says so")
    func bigTimes() throws {
        var raw = RawRecord()
        raw.put(UInt16(1 << 15), at: 2)
        // 2^31, which is negative as 32 bits, and 2^32 + 5.
        raw.put(Int32.min, at: 56)
        raw.put(Int32(5), at: 60)
        raw.put(UInt8(1), at: 69)
        let record = try raw.record()
        #expect(record.inodeGraceEnd == 2_147_483_648)
        #expect(record.blockGraceEnd == 4_294_967_301)
    }

    @Test("Q10: limits of the realtime device are seen, be it one of the two", arguments: [72, 80])
    func realtime(offset: Int) throws {
        var raw = RawRecord()
        raw.put(UInt64(1), at: offset)
        #expect(try raw.record().hasRealtimeLimits)
    }

    @Test("Q5: a limit that does not fit into 64 bits of bytes is the largest, never a small one")
    func overflow() throws {
        var raw = RawRecord()
        // 2^55 blocks are 2^64 bytes: 0, if it wrapped.
        raw.put(UInt64(1) << 55, at: 8)
        raw.put(UInt64.max, at: 16)
        let limits = try raw.record().limits
        #expect(limits.blockHardBytes == .max && limits.blockSoftBytes == .max)
        #expect(limits.rounded(toMultiplesOf: 1024).blockHardBytes == .max)
    }

    @Test("Q5: space is rounded up to whole units, inodes are not touched")
    func rounding() {
        let odd = QuotaLimits(
            blockSoftBytes: 1,
            blockHardBytes: 1536,
            inodesSoft: 3,
            inodesHard: 5
        )
        let rounded = odd.rounded(toMultiplesOf: 1024)
        #expect(rounded.blockSoftBytes == 1024 && rounded.blockHardBytes == 2048)
        #expect(rounded.inodesSoft == 3 && rounded.inodesHard == 5)
        #expect(rounded.rounded(toMultiplesOf: 1024) == rounded)
        #expect(QuotaLimits.none.rounded(toMultiplesOf: 4096).isNone)
    }

    @Test("Q5: what each format holds; never as much as makes the kernel's shift wrap")
    func formats() {
        let wraps: UInt64 = 1 << 54
        let vfsv0 = QuotaStorage(format: 2, blockBytes: 4096)
        #expect(vfsv0.blockBytesMax == 4_294_967_295 * 1024 && vfsv0.inodesMax == 4_294_967_295)
        #expect(QuotaStorage(format: 1, blockBytes: 4096) == vfsv0)
        let vfsv1 = QuotaStorage(format: 4, blockBytes: 4096)
        // 2^63 - 1 bytes, in whole KiB.
        #expect(vfsv1.blockBytesMax / 1024 == 9_007_199_254_740_991)
        #expect(vfsv1.inodesMax == 9_223_372_036_854_775_807 && vfsv1.unitBytes == 1024)
        #expect(QuotaStorage(format: 99, blockBytes: 4096) == vfsv1)
        let xfs = QuotaStorage(format: nil, blockBytes: 4096)
        #expect(xfs.unitBytes == 4096 && xfs.blockBytesMax / 1024 == wraps - 1)
        #expect(QuotaStorage(format: nil, blockBytes: 512).unitBytes == 1024)
    }

    @Test("Q2: each kind's accounting and enforcement are bits of their own")
    func state() {
        #expect(QuotaState(flags: 0) == QuotaState())
        #expect(QuotaState(flags: 0b11_1111).enforced == [.user, .group, .project])
        #expect(QuotaState(flags: 0b1) == QuotaState(accounted: [.user]))
        #expect(QuotaState(flags: 0b1100) == QuotaState(accounted: [.group], enforced: [.group]))
        #expect(
            QuotaState(flags: 0b11_0001)
                == QuotaState(accounted: [.user, .project], enforced: [.project])
        )
        // Q10: a file without an account hides limits.
        #expect(QuotaState(flags: 0b1, files: 0b111).hidden == [.group, .project])
        #expect(QuotaState(flags: 0b1, files: 0b1).hidden.isEmpty)
    }

    /// Ids as fs/quota/quota_tree.c of Linux looks for them, of which some go away while they are listed.
    private final class QuotaTree {
        var ids: Set<UInt32>
        /// Gone after it was told, with its branch if that is empty.
        var vanishing: Set<UInt32>
        private(set) var questions = 0

        init(_ ids: Set<UInt32>, vanishing: Set<UInt32>) {
            self.ids = ids
            self.vanishing = vanishing
        }

        func next(from id: UInt32) -> QuotaRecord? {
            questions += 1
            var id = UInt64(id)
            guard find(&id, shift: 24, prefix: 0) else { return nil }
            let found = UInt32(id)
            if vanishing.contains(found) { ids.remove(found) }
            return QuotaRecord(id: found)
        }

        /// As find_next_id: adds a whole branch to `id` where one is missing, and leaves its lower bits alone.
        private func find(_ id: inout UInt64, shift: UInt64, prefix: UInt64) -> Bool {
            for index in Int(id >> shift & 255)..<256 {
                let branch = prefix | UInt64(index) << shift
                let isThere = ids.contains { UInt64($0) >> shift == branch >> shift }
                if !isThere {
                    id += 1 << shift
                } else if shift == 0 || find(&id, shift: shift - 8, prefix: branch) {
                    return true
                }
            }
            return false
        }
    }

    @Test("no owner is passed over where records go away, and branches with them")
    func vanishingRecords() throws {
        var random = SystemRandomNumberGenerator()
        for turn in 0..<200 {
            var ids: Set<UInt32> = [4_294_967_294]
            for _ in 0..<40 {
                let bits = [4, 8, 10, 16, 18, 24, 32].randomElement(using: &random) ?? 8
                ids.insert(UInt32.random(in: 0..<UInt32.max, using: &random) >> UInt32(32 - bits))
            }
            let vanishing = ids.filter { _ in Bool.random(using: &random) }
            let tree = QuotaTree(ids, vanishing: vanishing)
            var cursor = QuotaCursor { tree.next(from: $0) }
            var found: [UInt32] = []
            while let record = try cursor.next() { found.append(record.id) }
            // Those that stay are all told, in order; others may be.
            #expect(found == found.sorted() && Set(found).count == found.count)
            #expect(ids.subtracting(vanishing).isSubset(of: found), "\(turn): \(ids.sorted())")
        }
        // What it guards against: 1001 goes, and 1024 is passed over by the kernel alone.
        let tree = QuotaTree([1001, 1024], vanishing: [1001])
        #expect(tree.next(from: 0)?.id == 1001 && tree.next(from: 1002) == nil)
        let again = QuotaTree([1001, 1024], vanishing: [1001])
        var cursor = QuotaCursor { again.next(from: $0) }
        #expect(try cursor.next()?.id == 1001)
        #expect(try cursor.next()?.id == 1024)
        #expect(try cursor.next() == nil)
    }

    @Test("the last number is nobody's: it is not asked for")
    func lastNumber() throws {
        let quotas = try Quotas(of: SharedDescriptor(Descriptor.openRoot(Name("/"))))
        #expect(try quotas.record(of: .user, from: .max) == nil)
    }

    @Test("a volume without quotas accounts nothing, and its records are an error, not an end")
    func none() throws {
        let root = SharedDescriptor(try Descriptor.openRoot(Name(Scratch.directory())))
        let quotas: Quotas
        do throws(SystemError) { quotas = try Quotas(of: root) } catch {
            // No quotactl_fd, and no device either.
            #expect(error == SystemError(.quotactl, .notImplemented))
            return
        }
        guard try quotas.state() == QuotaState() else { return }
        #expect(throws: SystemError.self) {
            // An end would make all limits of the other side extras.
            _ = try quotas.record(of: .user, from: 0)
        }
    }
}

#if DEBUG || CUTOVER_FAULTS

@Suite("Quotas and errors", .requiresVolumes) struct QuotaFaultTests {
    private static let operations = [
        "quota_state", "quota_next", "quota_grace", "quota_format", "set_quota_grace",
        "set_quota_limits", "set_quota_times",
    ]

    /// What one call says that goes by a fault's name.
    fileprivate static func call(_ operation: String, _ path: [UInt8]) -> String {
        Wrapper.result {
            let quotas = try Quotas(of: SharedDescriptor(Descriptor.openRoot(Name(path))))
            let owner = QuotaOwner(.user, 1)
            switch operation {
            case "quota_state": return try quotas.state() == QuotaState() ? "none" : "some"
            case "quota_next":
                return try quotas.record(of: .user, from: 0) == nil ? "end" : "record"
            case "quota_grace": return "\(try quotas.grace(of: .user).blockSeconds)"
            case "quota_format": return "\(try quotas.storage(of: .user).unitBytes)"
            case "set_quota_grace":
                try quotas.set(QuotaGrace(blockSeconds: 1, inodeSeconds: 1), of: .user)
            case "set_quota_limits": try quotas.set(.none, of: owner)
            default: try quotas.setGraceEnd(block: 1, inode: nil, of: owner)
            }
            return "done"
        }
    }

    @Test("every error comes out, by the name of the call; EINTR never does", arguments: operations)
    func failing(operation: String) async throws {
        let path = try Wrapper.status.makePlace()
        await #expect(processExitsWith: .success) {
            [operation = operation as String, path = path as [UInt8]] in
            // The second fault counts the calls that the first one lets through.
            setenv("CUTOVER_FAULTS", "\(operation):1:EINTR:3,\(operation):1:EIO", 1)
            #expect(QuotaFaultTests.call(operation, path) == "quotactl: EIO")
        }
    }

    @Test(
        "what is an ordinary answer: no quotas at all, no format",
        arguments: [
            ("quota_state", "ENOSYS", "none"), ("quota_state", "ESRCH", "none"),
            ("quota_next", "ENOENT", "end"), ("quota_next", "ESRCH", "quotactl: ESRCH"),
            ("quota_next", "ENOSYS", "quotactl: ENOSYS"), ("quota_format", "ESRCH", "4096"),
            ("quota_format", "ENOSYS", "quotactl: ENOSYS"),
            ("quota_grace", "ESRCH", "quotactl: ESRCH"),
        ]
    )
    func ordinary(operation: String, error: String, answer: String) async throws {
        let path = try Wrapper.readGeometry.makePlace()
        await #expect(processExitsWith: .success) {
            [
                operation = operation as String, error = error as String,
                answer = answer as String, path = path as [UInt8]
            ] in
            setenv("CUTOVER_FAULTS", "\(operation):1:\(error)", 1)
            #expect(QuotaFaultTests.call(operation, path) == answer)
        }
    }

    @Test("Q3: without quotactl_fd the device's node is taken; without a node there are no quotas")
    func olderCall() async throws {
        let path = try Wrapper.readGeometry.makePlace()
        await #expect(processExitsWith: .success) {
            [path = path as [UInt8]] in
            setenv("CUTOVER_FAULTS", "quotactl_fd:1:ENOSYS:*,quotactl:1:EUCLEAN", 1)
            // That this call is made says that the node was found.
            #expect(QuotaFaultTests.call("quota_next", path) == "quotactl: EUCLEAN")
            let proc = Wrapper.result {
                let quotas = try Quotas(of: SharedDescriptor(Descriptor.openRoot(Name("/proc"))))
                return "\(try quotas.state())"
            }
            #expect(proc == "quotactl: ENOSYS")
        }
    }
}

#endif
