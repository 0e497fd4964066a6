// What can be wrong with a file of a plan's folder.

package import LinuxIO

/// Why a file of a plan cannot be used; each is one sentence for people elsewhere.
package enum PlanProblem: Error, Equatable, Sendable {
    /// It cannot be read.
    case unreadable(SystemError)
    /// It is something else.
    case foreign
    /// It is one of another version of the format.
    case otherVersion(UInt64)
    /// It is cut off, or what stands in it is not what was written.
    case damaged
}
