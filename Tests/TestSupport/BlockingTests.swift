// Tests that wait: for processes, disks and clocks, in calls that block.
//
// Swift runs tests on threads of Dispatch, which has one for each processor. A test that sleeps in one keeps all others
// waiting: with two processors two tests ran at a time, and both processors were idle for a quarter of the suite.

import Glibc
package import Testing

/// Runs each job on a thread of its own, which may block.
///
/// How many tests there are at a time is the caller's business
/// (scripts/test).
private final class ThreadForEachJob: TaskExecutor {
    static let shared = ThreadForEachJob()

    private final class Body {
        let job: UnownedJob
        init(_ job: UnownedJob) { self.job = job }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let body = Unmanaged.passRetained(Body(UnownedJob(job)))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                let executor = ThreadForEachJob.shared.asUnownedTaskExecutor()
                body.job.runSynchronously(on: executor)
                return nil
            },
            body.toOpaque()
        )
        precondition(status == 0, "no thread for a test: \(status)")
        pthread_detach(thread)
    }
}

/// A condition, and that tests for which it holds may block the thread that they run on.
package struct BlockingTrait: SuiteTrait, TestTrait, TestScoping {
    let condition: ConditionTrait

    package var isRecursive: Bool { true }

    package func prepare(for test: Test) async throws { try await condition.prepare(for: test) }

    package func provideScope(
        for _: Test,
        testCase _: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(ThreadForEachJob.shared) { try await function() }
    }
}
