// What back-off reads: files of SOURCE, and pressure of cgroups.

import Dispatch
import Glibc
import LinuxIO
import Migration
import Synchronization
import TestSupport
import Testing

@Suite("MetFiles") struct MetFilesTests {
    @Test(
        "a sample of a large tree is fair, holds its number of files, and takes others for those that went"
    )
    func fair() {
        let sample = MetFiles()
        var random = SeededRandom(seed: 11)
        for number in 0..<50_000 {
            sample.add(bytes("\(number)"), sizeBytes: 4_096, number: random.next())
        }
        #expect(sample.count == MetFiles.filesMax)
        var sum = 0
        var seen: Set<[UInt8]> = []
        for _ in 0..<MetFiles.filesMax {
            guard let file = sample.any() else { break }
            guard let number = Int(String(decoding: file.path, as: UTF8.self)) else { continue }
            sum += number
            seen.insert(file.path)
        }
        let mean = sum / MetFiles.filesMax
        // Of a fair one 25,000, give or take 600: this is four times as far.
        #expect((22_500...27_500).contains(mean), "\(mean)")
        #expect(seen.count > 500)
        while sample.count > 100, let file = sample.any() { sample.drop(file) }
        #expect(sample.count == 100)
        for number in 0..<50 { sample.add(bytes("new \(number)"), sizeBytes: 8_192, number: .max) }
        #expect(sample.count == 150)
        sample.clear()
        #expect(sample.any() == nil && sample.count == 0)
    }

    @Test("a few blocks are no sample: a disk would answer from its memory")
    func tooFew() {
        let sample = MetFiles()
        for number in 0..<63 as Range<UInt64> {
            sample.add([UInt8(number + 1)], sizeBytes: 4_096, number: number)
        }
        #expect(sample.any() == nil)
        sample.add(bytes("one more"), sizeBytes: 5_000, number: 99)
        #expect(sample.any() != nil)
        sample.clear()
        sample.add(bytes("large"), sizeBytes: 1 << 20, number: 1)
        #expect(sample.any()?.path == bytes("large"))
        sample.add(bytes("tiny"), sizeBytes: 4_095, number: 2)
        #expect(sample.count == 1)
    }
}

@Suite(
    "Reads of SOURCE",
    .serialized,
    .enabled(if: LoopVolume.isAvailable),
    .timeLimit(.minutes(2))
)
struct SourceReadsTests {
    private func sample(_ path: String, _ sizeBytes: UInt64 = 1 << 20) -> MetFiles {
        let sample = MetFiles()
        sample.add(bytes(path), sizeBytes: sizeBytes, number: 1)
        return sample
    }

    private func isTime(_ outcome: ReadOutcome) -> Bool {
        if case .took(let nanoseconds) = outcome { nanoseconds > 0 } else { false }
    }

    /// What others have read and written during `work`, in the first round in which this process read just
    /// `expected` bytes: its other tests, and the kernel that pages it in, read from other disks meanwhile.
    private func undisturbed(
        _ reads: inout SourceReads,
        ofOurs expected: UInt64,
        _ work: (inout SourceReads) throws -> Void
    ) throws -> Int64 {
        for _ in 0..<50 {
            let ours = try #require(DeviceTraffic.bytesReadByUs())
            let before = try #require(reads.othersBytes())
            try work(&reads)
            let after = try #require(reads.othersBytes())
            if try #require(DeviceTraffic.bytesReadByUs()) - ours == expected {
                return after - before
            }
        }
        throw Disturbed()
    }

    private struct Disturbed: Error {}

    @Test(
        "what others read and write on SOURCE's device is counted, what this process reads is not"
    )
    func othersTraffic() throws {
        let volume = try LoopVolume(.xfs())
        defer { volume.destroy() }
        let file = joined(volume.mountPoint, "data")
        try Files.write(file, [UInt8](repeating: 5, count: 4 << 20))
        try Shell.run("sync -f -- \"$1\"", file)
        var reads = SourceReads(Name(volume.mountPoint), sample("data", 4 << 20))
        #expect(reads.othersBytes() == nil, "nothing was opened yet")
        #expect(reads.read(isPass: true) == .nothing)
        let direct = try undisturbed(&reads, ofOurs: 200 * 4096) { reads in
            for _ in 0..<200 { #expect(isTime(reads.read(isPass: true))) }
        }
        // 800 KiB were ours. A journal may have written a little.
        #expect((0..<100_000).contains(direct), "\(direct)")
        var round = 0
        let read = try undisturbed(&reads, ofOurs: 0) { _ in
            round += 1
            let done = joined(volume.mountPoint, "done \(round)")
            // Not our child: what a child has read is ours as soon as we have waited for it.
            try Shell.run(
                """
                (dd if="$1" of=/dev/null bs=4096 count=100 iflag=direct; : > "$2") > /dev/null 2>&1 &
                """,
                file,
                done
            )
            waitUntil { Files.exists(done) }
        }
        #expect((409_600..<600_000).contains(read), "\(read)")
    }

    @Test(
        "files are read, holes are not; SOURCE can be unmounted between, and another volume is left alone"
    )
    func reads() throws {
        let volume = try LoopVolume(.xfs())
        defer { volume.destroy() }
        let root = volume.mountPoint
        try Files.makeDirectory(joined(root, "d"))
        let data = [UInt8](repeating: 5, count: 1 << 20)
        try Files.write(joined(root, "d/data"), data)
        // One block of data far behind.
        try Files.write(joined(root, "sparse"), [1])
        try Files.truncate(joined(root, "sparse"), to: 1 << 30)
        try Files.write(joined(root, "hole"), [])
        try Files.truncate(joined(root, "hole"), to: 1 << 20)
        try Files.link(symbolic: joined(root, "link"), to: bytes("d"))
        try volume.remount()
        let atime = try Files.status(joined(root, "d/data")).st_atim

        let known = sample("d/data")
        var reads = SourceReads(Name(root), known)
        #expect(reads.read(isPass: false) == .nothing, "no pass has judged it yet")
        #expect(reads.read(isPass: true) == .nothing)
        for _ in 0..<20 { #expect(isTime(reads.read(isPass: false))) }
        let after = try Files.status(joined(root, "d/data")).st_atim
        #expect(after.tv_sec == atime.tv_sec && after.tv_nsec == atime.tv_nsec)

        for (path, isRead) in [
            ("sparse", true), ("hole", false), ("link/data", false), ("gone", false),
        ] {
            let others = sample(path)
            var reads = SourceReads(Name(root), others)
            #expect(reads.read(isPass: true) == .nothing)
            #expect(isTime(reads.read(isPass: true)) == isRead, "\(path)")
            // What cannot be read is not tried again.
            #expect(others.count == (isRead ? 1 : 0), "\(path)")
        }

        try Shell.run("umount -- \"$1\"", root)
        #expect(reads.read(isPass: false) == .nothing)
        #expect(known.count == 1, "nothing is there: no file's fault")
        let other = try LoopVolume(.ext4(), megabytes: 16)
        defer { other.destroy() }
        try Files.makeDirectory(joined(other.mountPoint, "d"))
        try Files.write(joined(other.mountPoint, "d/data"), data)
        try Shell.run("mount --bind -- \"$1\" \"$2\"", other.mountPoint, root)
        // Where it stays `destroy` tells.
        defer { _ = try? Shell.run("umount -- \"$1\"", root) }
        #expect(reads.read(isPass: false) == .nothing && known.count == 1)
        // A pass has judged it: files of the other one are forgotten.
        #expect(reads.read(isPass: true) == .nothing && known.count == 0)
    }

    @Test(
        "one file that cannot be read past the page cache is left out; eight, and the signal is missing"
    )
    func odd() throws {
        let root = joined(try Scratch.directory(), Scratch.uniqueName("ramfs"))
        // Its files know no O_DIRECT.
        try Shell.run("mkdir -- \"$1\"; mount -t ramfs ramfs \"$1\"", root)
        // Where it stays the scratch directory tells.
        defer { _ = try? Shell.run("umount -- \"$1\"; rmdir -- \"$1\"", root) }
        let known = MetFiles()
        for number in 0..<9 as Range<UInt64> {
            let name = bytes("\(number)")
            try Files.write(joined(root, "\(number)"), [UInt8](repeating: 5, count: 8_192))
            known.add(name, sizeBytes: 1 << 20, number: number)
        }
        var reads = SourceReads(Name(root), known)
        #expect(reads.read(isPass: true) == .nothing, "it learns what is there")
        for turn in 1...7 {
            #expect(reads.read(isPass: true) == .nothing && known.count == 9 - turn)
        }
        #expect(reads.read(isPass: true) == .noDirectReads)
    }

    /// Where the block controller of cgroup v1 can slow down a loop device.
    private static let throttles = "/sys/fs/cgroup/blkio"
    static let canThrottle = Files.exists(bytes(throttles + "/blkio.throttle.read_iops_device"))

    @Test(
        "a disk that others slow down, by a real throttle: down to one worker, and up again",
        .enabled(if: canThrottle)
    )
    func throttled() throws {
        let volume = try LoopVolume(.xfs())
        defer { volume.destroy() }
        try Files.write(joined(volume.mountPoint, "data"), [UInt8](repeating: 5, count: 32 << 20))
        try volume.remount()
        let group = "\(Self.throttles)/\(Scratch.uniqueName("cutover"))"
        let text = try Shell.run(
            "mkdir -- \"$1\"; cat /sys/class/block/${2#/dev/}/dev",
            bytes(group),
            bytes(volume.device)
        )
        let device = try #require(text.lines.last)
        // A group without members harms nobody.
        defer { _ = try? Shell.run("rmdir -- \"$1\"", bytes(group)) }
        func limit(_ reads: Int) throws {
            try Shell.run(
                "echo \"$1 $2\" > \"$3\"",
                bytes(device),
                bytes("\(reads)"),
                bytes(group + "/blkio.throttle.read_iops_device")
            )
        }

        let known = sample("data", 32 << 20)
        let hasMoved = Atomic<Bool>(false)
        let count = Atomic<Int>(0)
        let reads = Lock(SourceReadsBox(Name(volume.mountPoint), known))
        var settings = BackOffSettings(source: Name(volume.mountPoint))
        settings.clock = BackOffClock(scale: 10)
        let backOff = try BackOff(
            settings,
            metFiles: known,
            reads: { _ in
                // The thread that reads moves into the group, as if others' requests were before its own.
                if !hasMoved.exchange(true, ordering: .relaxed) {
                    // A 0 means the thread that writes it.
                    try? Files.overwrite(bytes(group + "/tasks"), bytes("0"), at: 0)
                }
                count.wrappingAdd(1, ordering: .relaxed)
                return reads.withLock { $0.reads.read(isPass: true) }
            },
            tell: { _ in }
        )
        backOff.waitBegins()
        waitUntil { count.load(ordering: .relaxed) > 30 }
        let run = SeenRun()
        backOff.passBegins(run)
        // Of 40 that are asked for.
        try limit(16)
        waitUntil { run.least == 0 }
        try limit(0)
        waitUntil { run.isFree }
        #expect(backOff.passEnds().why?.cause == .readLatency)
        backOff.stop()
        // The thread leaves the group when it ends.
        waitUntil { (try? Files.read(bytes(group + "/tasks")))?.isEmpty ?? true }
    }
}

/// A run that remembers the least it was allowed.
private final class SeenRun: HeldRun {
    let workersWanted = 3
    private let limits = Lock<[Int?]>([])
    func limitWorkers(to most: Int?, isMeasuring: Bool) { limits.withLock { $0.append(most) } }
    var least: Int? { limits.withLock { $0 }.compactMap { $0 }.min() }
    var isFree: Bool { limits.withLock { $0 }.last == .some(nil) }
}

/// Made on one thread and used on another, under a lock.
private struct SourceReadsBox: @unchecked Sendable {
    var reads: SourceReads
    init(_ source: Name, _ sample: MetFiles) { reads = SourceReads(source, sample) }
}

@Suite("Pressure of others' groups") struct GroupPressureTests {
    private let folder: [UInt8]
    private var root: String { String(decoding: folder, as: UTF8.self) }

    init() throws {
        folder = joined(try Scratch.directory(), Scratch.uniqueName("groups"))
        try Files.makeDirectory(folder)
    }

    private func make(_ group: String, total: Int, members: [Int32] = []) throws {
        let path = joined(folder, group)
        if !Files.exists(path) { try Files.makeDirectory(path) }
        let line = "avg10=0.00 avg60=0.00 avg300=0.00 total="
        try Files.write(joined(path, "io.pressure"), bytes("some \(line)\(total)\nfull \(line)1\n"))
        try Files.write(joined(path, "cgroup.procs"), bytes(members.map { "\($0)\n" }.joined()))
    }

    private func lack(own: String) throws -> BackOffLack? {
        if case .failure(let fault) = try find(own: own) { fault.lack } else { nil }
    }

    private func find(own: String) throws -> Result<GroupPressure, BackOffFault> {
        try Files.write(joined(folder, "table"), bytes("1:name=systemd:/\n0::/\(own)\n"))
        return GroupPressure.find(roots: ["/no/such", root], table: "\(root)/table")
    }

    @Test("all groups are looked at but our own and those that hold it")
    func others() throws {
        #expect(try lack(own: "") == .noGroups)
        try Files.write(joined(folder, "cgroup.controllers"), [])
        for (group, total) in [
            ("system.slice", 1), ("system.slice/ours.service", 2), ("system.slice/db.service", 3),
            ("user.slice", 4), ("user.slice/user-1.slice", 5), ("init.scope", 6),
            ("user.slice/user-1.slice/deep", 7),
        ] { try make(group, total: total, members: [getpid()]) }
        let found = try find(own: "system.slice/ours.service").get()
        let expected: [String: UInt64] = [
            "system.slice/db.service": 3, "user.slice": 4, "user.slice/user-1.slice": 5,
            "init.scope": 6,
        ]
        #expect(found.totals() == expected)
        #expect(try find(own: "").get().totals().count == 6)
    }

    @Test("a group that others are in, and a kernel without pressure, are told apart")
    func lacks() throws {
        try Files.write(joined(folder, "cgroup.controllers"), [])
        try make("system.slice", total: 1)
        try make("system.slice/shared.scope", total: 1, members: [1, getpid()])
        #expect(try lack(own: "system.slice/shared.scope") == .sharedGroup)
        // In a container its own group is all that there is.
        try make("system.slice/shared.scope", total: 1, members: [getpid()])
        #expect(try lack(own: "system.slice/shared.scope") == .noOtherGroups)
        try Files.unlink(joined(folder, "system.slice/io.pressure"))
        try Files.unlink(joined(folder, "system.slice/shared.scope/io.pressure"))
        #expect(try lack(own: "") == .noPressure)
    }
}
