// Something that is done unless it was called off in time.

import Dispatch
import LinuxIO

/// Waits on a thread of its own.
final class Patience: Sendable {
    private let ended = DispatchSemaphore(value: 0)

    /// Calls `body` after so long, on another thread; where there is none, never.
    init(seconds: Int, _ body: @escaping @Sendable () -> Void) {
        do throws(SystemError) {
            try BlockingThread.start { [ended] in
                if ended.wait(timeout: .now() + .seconds(seconds)) == .timedOut { body() }
            }
        } catch {
            // The last thread was taken by others: it takes as long as it takes.
        }
    }

    /// Calls it off; `body` may be running just now.
    func end() { ended.signal() }
}
