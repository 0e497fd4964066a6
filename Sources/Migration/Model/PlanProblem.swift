// What can be wrong with the folder of a plan, and with plan.json in it.

package import LinuxIO

/// Why a plan cannot be kept where it was asked for, or cannot be used.
package enum PlanProblem: Error, Equatable, Sendable {
    /// The folder lies, or would lie, on a volume that the plan is about.
    case onVolume(Failure.Side)
    /// There is a plan already.
    case exists
    /// The folder has something else in it, or is no folder.
    case notEmpty
    /// It cannot be made, or written to.
    case unwritable(SystemError)
    /// There is no plan.
    case missing
    /// plan.json cannot be read.
    case unreadable(SystemError)
    /// plan.json is something else.
    case foreign
    /// plan.json is one of another version of the format.
    case otherVersion(UInt64)
    /// plan.json is cut off, or what stands in it is not what was written.
    case damaged

    /// A stable word, as reports have it.
    package var word: String {
        switch self {
        case .onVolume: "plan_on_volume"
        case .exists: "plan_exists"
        case .notEmpty: "plan_not_empty"
        case .unwritable: "plan_unwritable"
        case .missing: "plan_missing"
        case .unreadable: "plan_unreadable"
        case .foreign: "plan_foreign"
        case .otherVersion: "plan_other_version"
        case .damaged: "plan_damaged"
        }
    }
}
