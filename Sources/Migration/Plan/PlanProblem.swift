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

extension PlanProblem {
    /// What is wrong, as the end of a sentence.
    package var sentence: String {
        switch self {
        case .unreadable(let error) where error.code == .noEntry: "there is none; 'cutover plan' makes it"
        case .unreadable(let error) where error.code == .exists: "it is not a regular file"
        case .unreadable(let error): "it cannot be read: \(error.code.sentence)"
        case .foreign: "it is no such file of cutover's"
        case .otherVersion(let version): "it is of version \(version) of the format, which this cutover does not know"
        case .damaged: "it is damaged, or was cut off"
        }
    }
}
