// A clock that calls a closure again and again on a thread of its own, until it is stopped; after `stop` no call
// runs and none comes.

import Dispatch
import LinuxIO
import Synchronization

/// A repeating timer.
///
/// Started and stopped once, by one thread.
package final class Ticker: Sendable {
    private let milliseconds: Int
    private let stopped = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let isRunning = Atomic<Bool>(false)

    /// `milliseconds`: the time between two calls.
    package init(milliseconds: Int) { self.milliseconds = milliseconds }

    deinit { stopped.signal() }

    /// Begins; where no thread can be had, nothing is called.
    package func start(_ tick: @escaping @Sendable () -> Void) {
        do throws(SystemError) {
            // Not a timer of Dispatch's: each of its calls may need a thread that cannot be had then (S58).
            try BlockingThread.start { [milliseconds, stopped, ended] in
                while stopped.wait(timeout: .now() + .milliseconds(milliseconds)) == .timedOut {
                    tick()
                }
                ended.signal()
            }
            isRunning.store(true, ordering: .relaxed)
        } catch {
            // The last thread was taken by others since they were counted: nothing is called.
        }
    }

    /// Ends it: no call runs any more, and none comes.
    package func stop() {
        guard isRunning.exchange(false, ordering: .relaxed) else { return }
        stopped.signal()
        ended.wait()
    }
}
