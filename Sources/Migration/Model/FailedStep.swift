// A step that failed, told where it is not known of which entry: what carries attributes or contents says what went
// wrong, and who called it says of what.

package import LinuxIO

/// A call that failed, and what it was for.
package struct FailedStep: Sendable {
    package var activity: Failure.Activity
    package var side: Failure.Side
    /// Nil when no call failed: what was asked for did not come about.
    package var error: SystemError?
    /// Whether it wrote to DESTINATION: some errors of such calls end all writing (S18).
    package var isWrite = false
    package var bytes: Range<UInt64>?
    package var detail: String?

    package init(
        _ activity: Failure.Activity,
        _ side: Failure.Side,
        _ error: SystemError?,
        detail: String? = nil
    ) {
        self.activity = activity
        self.side = side
        self.error = error
        self.detail = detail
    }
}

extension Failure {
    /// A step that failed of the entry at `path`.
    init(_ step: FailedStep, path: [UInt8]) {
        self.init(
            path: path,
            side: step.side,
            activity: step.activity,
            error: step.error,
            bytes: step.bytes,
            detail: step.detail
        )
    }
}

/// An attribute call that failed, and on which side.
struct AttributeFailure: Error {
    let activity: Failure.Activity
    let side: Failure.Side
    let error: SystemError

    init(_ activity: Failure.Activity, _ side: Failure.Side, _ error: SystemError) {
        self.activity = activity
        self.side = side
        self.error = error
    }
}

/// Where the failed steps of one entry are told.
package protocol StepReporting {
    func fail(_ step: FailedStep)
}

extension StepReporting {
    /// A call failed that wrote nothing.
    func fail(
        _ activity: Failure.Activity,
        _ side: Failure.Side,
        _ error: SystemError?,
        detail: String? = nil
    ) {
        fail(FailedStep(activity, side, error, detail: detail))
    }

    /// A call failed that writes to DESTINATION.
    func failWrite(_ activity: Failure.Activity, _ error: SystemError?, detail: String? = nil) {
        var step = FailedStep(activity, .destination, error, detail: detail)
        step.isWrite = true
        fail(step)
    }

    /// Attributes could not be read or set.
    func fail(_ failure: AttributeFailure, isWrite: Bool = false) {
        var step = FailedStep(failure.activity, failure.side, failure.error)
        step.isWrite = isWrite
        fail(step)
    }
}
