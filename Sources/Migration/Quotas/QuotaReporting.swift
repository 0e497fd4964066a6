// Whom the carrier of quotas tells, and whom it asks whether it may write.

import LinuxIO

/// A pass, as the carrier of quotas sees it.
package protocol QuotaReporting {
    /// Whether quotas are still carried: not once the pass is interrupted or DESTINATION takes no more writes.
    var goesOn: Bool { get }
    var isDryRun: Bool { get }

    /// Something is about to be changed on DESTINATION.
    func noteChange()
    /// A change was made; in a dry run, would be.
    func tell(_ change: QuotaChange)
    func fail(_ step: FailedStep)
    func say(_ notice: Notice)
    func count(_ counter: QuotaCount)
}

/// What is counted of quotas, by owners.
package enum QuotaCount { case set, cleared, left, graceRestarted, overLimit }
