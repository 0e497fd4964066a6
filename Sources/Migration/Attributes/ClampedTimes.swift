// Times of SOURCE that DESTINATION cannot hold and moves into its range of years: counted, to be told once (S64).

import LinuxIO
import Synchronization

/// How many entries have such a time, and one of them.
///
/// Thread-safe.
final class ClampedTimes: Sendable {
    private let count = Atomic<UInt64>(0)
    private let first = Lock<[UInt8]?>(nil)

    func note(_ path: @autoclosure () -> [UInt8]) {
        guard count.wrappingAdd(1, ordering: .relaxed).oldValue == 0 else { return }
        let path = path()
        first.withLock { $0 = path }
    }

    /// To be asked when all is done; nil: there was none.
    var found: (entries: UInt64, first: [UInt8])? {
        guard let path = first.withLock({ $0 }) else { return nil }
        return (count.load(ordering: .relaxed), path)
    }
}
