// Which names share inodes on both sides, by numbers: every order in which workers may meet them.

import Migration
import TestSupport
import Testing

@Suite("LinkPairing, S40 to S42") struct LinkPairingTests {
    private func meet(
        _ pairing: LinkPairing,
        _ source: (UInt64, UInt32),
        _ destination: (UInt64, UInt32)
    )
        -> LinkPairing.Meeting
    {
        pairing.meet(
            source: LinkFacts(inode: source.0, names: source.1),
            destination: LinkFacts(inode: destination.0, names: destination.1)
        )
    }

    @Test("Groups that correspond are compared once, and alone names always")
    func equal() {
        let pairing = LinkPairing(linkCountMax: 65_000)
        #expect(meet(pairing, (1, 3), (11, 3)) == .first)
        #expect(meet(pairing, (2, 1), (12, 1)) == .first)
        #expect(meet(pairing, (1, 3), (11, 3)) == .again)
        #expect(meet(pairing, (1, 3), (11, 3)) == .again)
        // All names were met and the group is forgotten: its numbers may come again as others'.
        #expect(meet(pairing, (1, 2), (21, 2)) == .first)
        // Names outside of the tree count on one side only.
        #expect(meet(pairing, (5, 9), (15, 1)) == .first)
    }

    @Test("A torn group is told whichever name comes first, and in every order")
    func torn() {
        // Three names of one inode; on DESTINATION two of them and one alone.
        let names: [(UInt64, UInt32)] = [(11, 2), (11, 2), (12, 1)]
        for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1]] {
            let pairing = LinkPairing(linkCountMax: 65_000)
            let meetings = order.map { meet(pairing, (1, 3), names[$0]) }
            #expect(meetings.contains(.torn), "\(order): \(meetings)")
            #expect(meetings.first == .first)
        }
        // Two inodes of SOURCE that share one of DESTINATION.
        let pairing = LinkPairing(linkCountMax: 65_000)
        #expect(meet(pairing, (1, 1), (11, 2)) == .first)
        #expect(meet(pairing, (2, 1), (11, 2)) == .torn)
    }

    @Test("S41: a group that one inode of DESTINATION cannot hold may be in two, and not in many")
    func beyondTheLimit() {
        let pairing = LinkPairing(linkCountMax: 4)
        #expect(meet(pairing, (1, 6), (11, 4)) == .first)
        #expect(meet(pairing, (1, 6), (12, 2)) == .first)
        #expect(meet(pairing, (1, 6), (11, 4)) == .again)
        #expect(meet(pairing, (1, 6), (12, 2)) == .again)
        let scattered = LinkPairing(linkCountMax: 4)
        let meetings = (0..<6).map { meet(scattered, (1, 6), (UInt64(20 + $0), 1)) }
        #expect(meetings.contains(.torn))
    }

    @Test(
        "A sample is as large as was asked, and another seed's is another",
        arguments: [0.1, 1, 25, 99, 100]
    )
    func sample(percent: Double) {
        let sample = FileSample(percent: percent, seed: 3)
        let other = FileSample(percent: percent, seed: 4)
        let chosen = (0..<200_000 as Range<UInt64>).filter { sample.contains(inode: $0) }
        let expected = 2000 * percent
        #expect(
            Double(chosen.count) > expected * 0.8 - 1 && Double(chosen.count) < expected * 1.2 + 1
        )
        if percent < 99 {
            let both = chosen.filter { other.contains(inode: $0) }
            #expect(Double(both.count) < Double(chosen.count) * (percent / 100 * 1.3 + 0.1) + 5)
        }
    }
}
