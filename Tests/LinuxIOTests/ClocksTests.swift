// The clocks, the boot that they belong to, and moments as one number; a file's birth.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Clocks") struct ClocksTests {
    @Test("the boot's identifier is the kernel's, and the same each time")
    func boot() throws {
        let shown = try readFile("/proc/sys/kernel/random/boot_id")
        #expect(try bootIdentifier() + "\n" == String(decoding: shown, as: UTF8.self))
        #expect(try bootIdentifier() == bootIdentifier())
    }

    @Test("the coarse clock is the time of day, a tick behind at most")
    func coarse() {
        let coarse = coarseTimeNanoseconds()
        let fine = timeOfDay()
        #expect(coarse <= fine)
        // Between the two readings other processes may have had their turn.
        #expect(fine - coarseTimeNanoseconds() < 5_000_000_000)
    }

    @Test("the clock of the boot counts what /proc/uptime shows, and never goes back")
    func bootClock() throws {
        let first = bootNanoseconds()
        let shown = String(decoding: try readFile("/proc/uptime"), as: UTF8.self)
        let uptime = try #require(Double(shown.prefix { $0 != " " }))
        let second = bootNanoseconds()
        // What is shown is cut to a hundredth of a second.
        #expect(Double(first) / 1e9 - 0.01 <= uptime && uptime <= Double(second) / 1e9)
        #expect(bootNanoseconds() >= first)
    }

    @Test(
        "moments become nanoseconds, and beyond 1677 and 2262 the nearest number: never another time",
        arguments: [
            (seconds: Int64(0), nanoseconds: UInt32(0), expected: Int64(0)),
            (1, 5, 1_000_000_005),
            (-1, 999_999_999, -1),
            (-1, 0, -1_000_000_000),
            (-2, 1, -1_999_999_999),
            (1_700_000_000, 123_456_789, 1_700_000_000_123_456_789),
            (9_223_372_036, 854_775_807, .max),
            (9_223_372_036, 854_775_806, .max - 1),
            (9_223_372_036, 854_775_808, .max),
            (9_223_372_037, 0, .max),
            (16_299_260_424, 0, .max),
            (.max, 999_999_999, .max),
            (-9_223_372_037, 145_224_192, .min),
            (-9_223_372_037, 145_224_193, .min + 1),
            (-9_223_372_037, 145_224_191, .min),
            (-9_223_372_036, 0, -9_223_372_036_000_000_000),
            (.min, 0, .min),
        ]
    )
    func nanoseconds(seconds: Int64, nanoseconds: UInt32, expected: Int64) {
        #expect(moment(seconds, nanoseconds).nanosecondsSince1970 == expected)
    }

    private func timeOfDay() -> Int64 {
        var time = timespec()
        // It cannot fail for a clock that Linux always has.
        _ = clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

@Suite("Births", .requiresVolumes) struct BirthTests {
    @Test("a birth stays, whatever changes later; where there is none, that is an answer")
    func birth() throws {
        let place = try Place(on: .xfs)
        let before = coarseTimeNanoseconds()
        try Files.write(place.of("f"), [])
        let birth = try #require(try place.status("f").birth)
        #expect(birth.nanosecondsSince1970 >= before)
        try Files.changeTime(place.of("f"), seconds: 1)
        try Files.rename(place.of("f"), to: place.of("g"))
        #expect(try place.status("g").birth == birth)

        let volume = try LoopVolume(.ext4(["-I", "128"]), megabytes: 16)
        defer { volume.destroy() }
        let root = try Descriptor.openRoot(Name(volume.mountPoint)).status()
        #expect(root.birth == nil)
    }
}
