// A clock that calls a closure again and again on a queue, until it is stopped; after `stop` no call
// runs and none comes.

import Dispatch
import LinuxIO

/// A repeating timer.
///
/// Started and stopped once, by one thread.
final class Ticker: Sendable {
    private let queue: DispatchQueue
    private let milliseconds: Int
    private let timer = Lock<(any DispatchSourceTimer)?>(nil)

    /// - Parameters:
    ///   - queue: a serial queue that the closure runs on.
    ///   - milliseconds: the time between two calls.
    init(queue: DispatchQueue, milliseconds: Int) {
        self.queue = queue
        self.milliseconds = milliseconds
    }

    deinit { timer.withLock { $0?.cancel() } }

    func start(_ tick: @escaping @Sendable () -> Void) {
        timer.withLock { timer in
            let source = DispatchSource.makeTimerSource(queue: queue)
            source.schedule(
                deadline: .now() + .milliseconds(milliseconds),
                repeating: .milliseconds(milliseconds),
                leeway: .milliseconds(milliseconds / 10)
            )
            source.setEventHandler(handler: tick)
            source.resume()
            timer = source
        }
    }

    func stop() {
        timer.withLock { timer in
            timer?.cancel()
            timer = nil
        }
        // Whatever call was running has returned when this has had its turn on the serial queue.
        queue.sync {}
    }
}
