// isAllZero decides what becomes a hole (S21): one wrong answer loses data.

import LinuxIO
import TestSupport
import Testing

@Suite("All zero") struct ZeroTests {
    private func naive(_ bytes: some Sequence<UInt8>) -> Bool { !bytes.contains { $0 != 0 } }

    @Test("S21: one byte that is not zero is seen at every place, length and alignment")
    func everyPlace() {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 64)
        defer { memory.deallocate() }
        for start in 0..<9 {
            for length in 0...150 {
                memory.initializeMemory(as: UInt8.self, repeating: 0xFF)
                let part = UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + length])
                part.initializeMemory(as: UInt8.self, repeating: 0)
                // What lies around it is not zero and must not be looked at.
                #expect(isAllZero(UnsafeRawBufferPointer(part)))
                for place in 0..<length {
                    part[place] = place % 2 == 0 ? 1 : 0x80
                    if isAllZero(UnsafeRawBufferPointer(part)) {
                        Issue.record("missed: start \(start), length \(length), place \(place)")
                    }
                    part[place] = 0
                }
            }
        }
    }

    @Test(
        "S21: agrees with a loop over bytes on random buffers",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func random(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 70_000, alignment: 64)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        for _ in 0..<400 {
            let start = random.below(64)
            let length = random.chance(20) ? random.below(69_000) : random.below(300)
            let count = random.below(3)
            var places: [Int] = []
            for _ in 0..<count { places.append(random.below(70_000)) }
            if length > 0, random.chance(50) { places.append(start + random.below(length)) }
            for place in places { memory[place] = UInt8(1 + random.below(255)) }
            let part = UnsafeRawBufferPointer(rebasing: memory[start..<start + length])
            #expect(isAllZero(part) == naive(part), "seed \(seed), \(start)+\(length): \(places)")
            for place in places { memory[place] = 0 }
        }
    }

    @Test("no bytes are all zero") func empty() {
        #expect(isAllZero(UnsafeRawBufferPointer(start: nil, count: 0)))
    }
}
