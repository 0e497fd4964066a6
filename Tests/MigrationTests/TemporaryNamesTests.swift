// Temporary names (S13): one form, recognised exactly, never met twice.

import Dispatch
import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("TemporaryNames") struct TemporaryNamesTests {
    @Test("S13: a name is `.cutover.`, eight hex digits, a dot and a count, and short")
    func form() {
        let names = TemporaryNames()
        for count in 1...300 {
            let text = String(decoding: names.next().bytes, as: UTF8.self)
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            #expect(parts.count == 4 && parts[0].isEmpty && parts[1] == "cutover", "\(text)")
            #expect(parts[2].count == 8 && parts[2].allSatisfy { $0.isHexDigit }, "\(text)")
            #expect(parts[3] == String(count, radix: 16), "\(text)")
            // It stands beside a name of 255 bytes and depends on none.
            #expect(text.utf8.count <= 34)
            #expect(TemporaryNames.matches(bytes(text)))
        }
    }

    @Test("names of a shard tell its number, and others tell none")
    func shards() {
        for number in [0, 17, 99_999] {
            let shares = ["01234567", "0123ffff", "89abcdef"].map {
                ShardOfPlan(PlanShare(identifier: $0, shards: 100_000, part: .shard(number)))
            }
            let shard = shares[0]
            let name = shard.map { TemporaryNames(of: $0).next() } ?? Name("none")
            #expect(TemporaryNames.matches(name.bytes))
            #expect(TemporaryNames.shard(of: name.bytes) == shard)
            #expect(shares[1] == shard, "four digits of the plan are told")
            #expect(shares[2] != shard, "another plan's")
        }
        #expect(ShardOfPlan(PlanShare(identifier: "01234567", shards: 2, part: .closing)) == nil)
        #expect(TemporaryNames.shard(of: TemporaryNames().next().bytes) == nil)
        #expect(TemporaryNames.shard(of: bytes(".cutover.S17.notes")) == nil)
    }

    @Test("S13: two passes, and all workers of one, never make the same name")
    func collisions() {
        let passes = (0..<20).map { _ in TemporaryNames() }
        let seen = Lock<Set<Name>>([])
        DispatchQueue.concurrentPerform(iterations: 100) { index in
            var mine: [Name] = []
            for _ in 0..<200 { mine.append(passes[index % passes.count].next()) }
            seen.withLock { $0.formUnion(mine) }
        }
        #expect(seen.withLock(\.count) == 20_000)
    }

    @Test(
        "S13: exactly that form is a leftover; names of users are not",
        arguments: [
            (".cutover.00000000.1", true), (".cutover.deadbeef.ffffffffffffffff", true),
            (".cutover.0123abcd.0", true), (".cutover.notes", false), (".cutover", false),
            (".cutover.", false), (".cutover.00000000", false), (".cutover.00000000.", false),
            (".cutover.0000000.1", false), (".cutover.000000000.1", false),
            (".cutover.DEADBEEF.1", false), (".cutover.deadbeef.G", false),
            (".cutover.deadbeef.10000000000000000", false), (".cutover.deadbeef.1.2", false),
            (".cutover.deadbeef.1 ", false), ("cutover.deadbeef.1", false),
            ("..cutover.deadbeef.1", false), (".cutover.dead.eef.1", false),
            (".Cutover.deadbeef.1", false), ("", false), (".cutover.S0.deadbeef.1", true),
            (".cutover.S99999.deadbeef.ff", true), (".cutover.S017.deadbeef.1", false),
            (".cutover.S.deadbeef.1", false), (".cutover.Sx.deadbeef.1", false),
            (".cutover.S1234567.deadbeef.1", false), (".cutover.S17.deadbeef", false),
            (".cutover.s17.deadbeef.1", false),
        ]
    )
    func matching(name: String, isTemporary: Bool) {
        #expect(TemporaryNames.matches(bytes(name)) == isTemporary)
        // A slice whose indices do not start at 0 means the same.
        #expect(TemporaryNames.matches((bytes("xx") + bytes(name)).dropFirst(2)) == isTemporary)
    }
}
