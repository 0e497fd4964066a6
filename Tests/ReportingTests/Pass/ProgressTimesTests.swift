// When progress is told elsewhere than on a terminal.

import Reporting
import Testing

@Suite("Lines of progress in a log") struct ProgressTimesTests {
    @Test("every 10 s for two minutes, then every minute")
    func times() {
        let second: UInt64 = 1_000_000_000
        var due = Progress.lineInterval(after: 0)
        var times: [UInt64] = []
        while due <= 300 * second {
            times.append(due / second)
            due += Progress.lineInterval(after: due)
        }
        #expect(times == Array(stride(from: 10, through: 120, by: 10)) + [180, 240, 300])
    }
}
