// The one lock of this program: a POSIX mutex and the value that it guards.
//
// Not `Synchronization.Mutex`: on Linux that is a priority-inheriting futex (FUTEX_LOCK_PI), which hands
// a contended lock to the next waiter through the kernel at every unlocking. Thirty threads that take
// one lock 300,000 times together need 7.8 s with it and 0.06 s with this, on two cores, Swift 6.3.1
// (docs/design/workers.md, "Locks"). ThreadSanitizer knows POSIX mutexes, too.

import Glibc

/// A value that is reached under a lock only.
///
/// Not recursive; any thread may take it. A lock that is destroyed or used wrongly ends the process: the
/// statuses of pthread_mutex_lock(3) tell of nothing but such mistakes.
package struct Lock<Value: ~Copyable>: ~Copyable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    package init(_ value: consuming sending Value) {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
        let status = pthread_mutex_init(mutex, nil)
        precondition(status == 0, "pthread_mutex_init: \(status)")
    }

    deinit {
        let status = pthread_mutex_destroy(mutex)
        precondition(status == 0, "pthread_mutex_destroy: \(status)")
        mutex.deallocate()
        value.deinitialize(count: 1)
        value.deallocate()
    }

    /// Runs `body` with the value while no other thread has it; blocks until then.
    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        let locked = pthread_mutex_lock(mutex)
        precondition(locked == 0, "pthread_mutex_lock: \(locked)")
        defer {
            let unlocked = pthread_mutex_unlock(mutex)
            precondition(unlocked == 0, "pthread_mutex_unlock: \(unlocked)")
        }
        return try body(&value.pointee)
    }
}

extension Lock: @unchecked Sendable where Value: ~Copyable {
    // The value is reached under the mutex only, and `sending` keeps what goes in and out apart.
}
