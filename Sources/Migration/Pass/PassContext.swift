// What all workers of one pass share.

import LinuxIO
import Synchronization

/// A running pass: what was fixed before it began, what it tells, what it remembers, the volumes, and what its workers
/// hand each other.
///
/// Everything in it is either immutable or guards itself.
final class PassContext: DestinationLog {
    let plan: PassPlan
    let log: PassLog
    let memory: PassMemory
    let volumes: PassVolumes
    /// How contents are read and written.
    let contentRules: ContentRules
    let directories: OpenDirectories<PassDirectoryState>
    let links: LinkRegistry
    let temporaryNames: TemporaryNames
    let frozenInodes = FrozenInodes()
    /// Large files under way; each holds three descriptors.
    let largeFiles = LargeFileSlots()
    /// Damaged files with several names.
    let knownDamage = KnownDamage()
    /// Times that DESTINATION cannot hold.
    let clampedTimes = ClampedTimes()

    init(
        _ plan: PassPlan,
        _ log: PassLog,
        _ memory: PassMemory,
        _ volumes: PassVolumes,
        _ links: LinkRegistry
    ) {
        self.plan = plan
        self.log = log
        self.memory = memory
        self.volumes = volumes
        self.links = links
        temporaryNames =
            plan.options.share.flatMap(ShardOfPlan.init).map(TemporaryNames.init(of:))
            ?? TemporaryNames()
        directories = OpenDirectories(plan.budget, crossesMounts: plan.options.crossesMounts)
        let counters = log.counters
        contentRules = ContentRules(
            makesHoles: plan.options.preserved.contains(.sparse),
            blockBytes: volumes.blockBytes,
            throttle: plan.options.bytesPerSecondMax.map(Throttle.init(bytesPerSecond:)),
            control: log.control,
            countCopied: { counters.bytesCopied.count($0) }
        )
    }

    func noteChangeOfDestination() { volumes.noteChangeOfDestination() }

    func say(_ notice: Notice) { log.say(notice) }
}
