// The deque of a lane against an array: nothing is lost, doubled or put out of order.

import Migration
import TestSupport
import Testing

@Suite("WorkDeque") struct WorkDequeTests {
    @Test("agrees with an array under random use", arguments: 1...6 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var deque = WorkDeque<Int>()
        var array: [Int] = []
        var next = 0
        for step in 0..<20_000 {
            // Phases of growing, shrinking and balance, so that it empties and compacts often.
            let growth = [70, 30, 50][step / 500 % 3]
            if random.chance(growth) {
                deque.append(next)
                array.append(next)
                next += 1
            } else if random.chance(50) {
                #expect(deque.popNewest() == array.popLast(), "seed \(seed), step \(step)")
            } else {
                let expected = array.isEmpty ? nil : array.removeFirst()
                #expect(deque.popOldest() == expected, "seed \(seed), step \(step)")
            }
            #expect(deque.isEmpty == array.isEmpty)
        }
        while let expected = array.popLast() { #expect(deque.popNewest() == expected) }
        #expect(deque.popNewest() == nil && deque.popOldest() == nil && deque.isEmpty)
    }

    @Test("what was taken is released at once, from either end") func releases() {
        final class Token {}
        var deque = WorkDeque<Token>()
        weak var oldest: Token?
        weak var newest: Token?
        do {
            let tokens = (0..<200).map { _ in Token() }
            oldest = tokens.first
            newest = tokens.last
            for token in tokens { deque.append(token) }
        }
        #expect(oldest != nil && newest != nil)
        #expect(deque.popOldest() != nil)
        #expect(deque.popNewest() != nil)
        #expect(oldest == nil && newest == nil)
        #expect(!deque.isEmpty)
    }
}
