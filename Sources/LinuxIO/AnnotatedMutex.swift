// What ThreadSanitizer needs to know of locks, in builds under it and in no other.
//
// `Synchronization.Mutex` waits on a futex inside the standard library, which is not instrumented: the
// sanitizer sees neither its locking nor its unlocking and takes every access under it for a race. Builds
// under the sanitizer (scripts/sanitize defines THREAD_SANITIZER) lock the same mutex and say so.

#if THREAD_SANITIZER

import CLinux
import Synchronization

/// A `Mutex` that tells ThreadSanitizer what it orders.
package struct AnnotatedMutex<Value: ~Copyable>: ~Copyable {
    private let base: Synchronization.Mutex<Value>
    /// Its address stands for this lock.
    private let token = Token()

    private final class Token: Sendable {}

    package init(_ value: consuming sending Value) { base = Synchronization.Mutex(value) }

    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        let address = Unmanaged.passUnretained(token).toOpaque()
        return try base.withLock { value throws(Failure) in
            cl_sanitizer_acquire(address)
            defer { cl_sanitizer_release(address) }
            return try body(&value)
        }
    }
}

extension AnnotatedMutex: @unchecked Sendable where Value: ~Copyable {
    // As `Mutex` itself is: the value is reached under the lock only.
}

typealias Mutex = AnnotatedMutex

#endif
