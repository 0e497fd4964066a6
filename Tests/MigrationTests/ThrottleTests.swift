// `--bwlimit`: one rate for all workers together, and a stop is heard.
//
// Only the least times are asked: a machine with much to do may wait longer, but never less. The time limit is there
// for what hangs.

import Dispatch
import LinuxIO
import Migration
import Synchronization
import Testing

@Suite("Throttle", .timeLimit(.minutes(1))) struct ThrottleTests {
    @Test("ten workers together keep to the rate") func rate() {
        // 100 requests of 10,000 bytes at 2,000,000 a second: the last begins after 495 ms.
        let throttle = Throttle(bytesPerSecond: 2_000_000)
        let start = monotonicNanoseconds()
        let done = DispatchGroup()
        for lane in 0..<10 {
            DispatchQueue(label: "throttle \(lane)").async(group: done) {
                for _ in 0..<10 { throttle.wait(for: 10_000) { false } }
            }
        }
        done.wait()
        let milliseconds = (monotonicNanoseconds() - start) / 1_000_000
        #expect(milliseconds >= 490)
    }

    @Test("a pause earns no burst afterwards") func noBurst() {
        let throttle = Throttle(bytesPerSecond: 1_000_000)
        pauseThread(nanoseconds: 300_000_000)
        let start = monotonicNanoseconds()
        for _ in 0..<5 { throttle.wait(for: 50_000) { false } }
        #expect((monotonicNanoseconds() - start) / 1_000_000 >= 195)
    }

    @Test("a stopped pass waits no longer than to the next look") func stopped() {
        let throttle = Throttle(bytesPerSecond: 1)
        // The first begins at once; the second would begin in 17 minutes.
        throttle.wait(for: 1_000) { false }
        let looks = Atomic<Int>(0)
        throttle.wait(for: 1) { looks.wrappingAdd(1, ordering: .relaxed).newValue > 2 }
        #expect(looks.load(ordering: .relaxed) == 3)
    }
}
