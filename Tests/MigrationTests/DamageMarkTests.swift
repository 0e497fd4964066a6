// The mark of salvaged files: what it says, that it is never too long, and that nothing wrong is believed.

import Migration
import TestSupport
import Testing

@Suite("The mark of a salvaged file") struct DamageMarkTests {
    private func read(_ text: String) -> DamageMark? { DamageMark(bytes(text)) }

    @Test("ranges with both ends, and how many bytes they have")
    func text() {
        #expect(
            DamageMark.text(Damage([4096..<8192, 65_536..<69_632]))
                == "8192 bytes: 4096-8191,65536-69631"
        )
        #expect(
            DamageMark.text(Damage([0..<262_144], isExact: false))
                == "at most 262144 bytes: 0-262143"
        )
    }

    @Test("what was written is read back, for any damage", arguments: 1...30 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var ranges: [Range<UInt64>] = []
        var position: UInt64 = 0
        for _ in 0..<1 + random.below(120) {
            let start = position + UInt64(1 + random.below(1 << 40))
            position = start + UInt64(1 + random.below(1 << 20))
            ranges.append(start..<position)
        }
        let damage = Damage(ranges, isExact: random.below(2) == 0)
        let text = DamageMark.text(damage)
        #expect(text.utf8.count <= DamageMark.bytesMax)
        guard let mark = read(text) else {
            Issue.record("seed \(seed): \(text)")
            return
        }
        #expect(mark.byteCount == damage.byteCount)
        #expect(mark.damage.isExact == damage.isExact)
        #expect(mark.isComplete == !text.hasSuffix(",..."))
        if mark.isComplete {
            #expect(mark.damage == damage, "seed \(seed)")
        } else {
            #expect(mark.damage.ranges == Array(ranges.prefix(mark.damage.ranges.count)))
            #expect(text.utf8.count > DamageMark.bytesMax - 40, "as many as there is room for")
        }
    }

    @Test("a value of another form says nothing")
    func malformed() {
        let wrong = [
            "", "8192 bytes: ", "bytes: 0-1", "-1 bytes: 0-1", "2 bytes 0-1", "2 bytes: 0-1,",
            "2 bytes: 1-0", "2 bytes: 0-1,1-5", "2 bytes: 5-6,0-1", "2 bytes: 0_1",
            "2 bytes: 0-1-2",
            "2 bytes: 0-18446744073709551615", "2 bytes: 0-99999999999999999999", "2 bytes: ,...",
            "2 bytes: 0-1 ", "AT MOST 2 bytes: 0-1", "2 bytes: \u{FF10}-1",
            "2 bytes: 0-1" + String(repeating: " ", count: 2_000),
        ]
        for text in wrong { #expect(read(text) == nil, "\(text.prefix(60))") }
        #expect(DamageMark([0xFF, 0xFE]) == nil)
        #expect(read("2 bytes: 0-1") != nil)
    }

    @Test("a later salvage may not lack what an earlier one has")
    func comparing() {
        let mark = read("8192 bytes: 4096-8191,65536-69631")
        #expect(mark?.isKept(by: Damage([4096..<8192])) == true)
        #expect(mark?.isKept(by: Damage([4096..<8192, 65_536..<69_632])) == true)
        #expect(mark?.isKept(by: Damage([0..<512])) == false)
        #expect(mark?.isKept(by: Damage([4096..<8193])) == false)
        // Where not all ranges are listed their number of bytes decides.
        let long = read("8192 bytes: 4096-8191,...")
        #expect(long?.isKept(by: Damage([0..<8192])) == true)
        #expect(long?.isKept(by: Damage([0..<8704])) == false)
    }

    @Test("what the record of passes keeps of a damaged file is read back")
    func report() {
        let damage = Damage([4096..<8192, 65_536..<69_632])
        for outcome: DamageReport.Outcome in [.kept, .keptWhole, .keptSalvaged, .salvaged] {
            let report = DamageReport(damage, outcome)
            #expect(DamageReport(text: report.text, bounds: 4096..<69_632) == report)
        }
        let many = Damage((0..<500).map { UInt64($0) * 8192..<UInt64($0) * 8192 + 512 })
        let cut = DamageReport(text: DamageReport(many, .kept).text, bounds: 0..<4_088_320)
        #expect(cut == DamageReport(Damage([0..<4_088_320], isExact: false), .kept))
        for text in ["", "kept", "lost; 1 bytes: 0-0", "kept; 1 bytes", "user.x, 12 bytes"] {
            #expect(DamageReport(text: text, bounds: 0..<1) == nil, "\(text)")
        }
    }
}
