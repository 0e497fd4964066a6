// What this process is made ready for once, before its first run: its limit of descriptors, and its umask.

import LinuxIO

/// A process that is ready for passes, verifications and checks, one after the other.
package struct ProcessSetup: Sendable {
    /// Descriptors that this process may have.
    package let descriptorLimit: Int
    /// The umask of who started it, where it was cleared.
    package let mask: UInt32

    /// Raises the limit of descriptors as far as it goes, and for `writesTrees` clears the umask.
    ///
    /// Call it once, on the main thread. Refused where there are not enough descriptors for one worker. The
    /// corresponding calls are `setrlimit` and `umask`.
    package init(writesTrees: Bool) throws(Refusal) {
        do throws(SystemError) { descriptorLimit = try ProcessLimits.raiseDescriptorLimit() } catch
        {
            throw .cannotExamine(.source, error)
        }
        guard descriptorLimit >= DescriptorBudget.descriptorsMin else {
            throw .tooFewDescriptors(descriptorLimit)
        }
        mask = writesTrees ? ProcessLimits.clearMask() : 0
    }

    /// Finds out how many of the workers that are wanted there can be.
    func supply(_ wanted: Int) throws(Refusal) -> WorkerSupply {
        let most = DescriptorBudget.workersMax(descriptorLimit: descriptorLimit)
        let allowed = min(wanted, most, PassOptions.workersMax)
        let workers = try ThreadSupply(workers: allowed).workers
        return WorkerSupply(
            workers: workers,
            fewDescriptors: allowed < wanted ? allowed : nil,
            fewThreads: workers < allowed ? workers : nil,
            descriptorLimit: descriptorLimit
        )
    }
}

/// The workers of one run.
struct WorkerSupply: Sendable {
    let workers: Int
    /// The number that descriptors allow, where that is less than what was wanted.
    let fewDescriptors: Int?
    /// The number that threads allow, where that is less (S58).
    let fewThreads: Int?
    let descriptorLimit: Int

    func budget(batchFilesMax: Int, windowFilesMax: Int = 0) -> DescriptorBudget {
        DescriptorBudget(
            descriptorLimit: descriptorLimit,
            workers: workers,
            batchFilesMax: batchFilesMax,
            windowFilesMax: windowFilesMax
        )
    }
}
