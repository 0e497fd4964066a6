// What this process must have for a run, whatever the two roots are: /proc, libattr's rules, and sight of all that is
// to be carried (S33, S54).

import LinuxIO

extension Roots {
    /// Refuses a run that this process could not do right.
    static func judgeProcess(
        _ source: borrowing Descriptor,
        _ options: PassOptions
    ) throws(Refusal) {
        guard ProcessLimits.hasDescriptorPaths(source) else { throw .noDescriptorPaths }
        if options.preserved.contains(.attributes), !AttributeRules.areInstalled {
            throw .noAttributeRules
        }
        let hidden = Privileges.current.hidden(options.preserved, options.attributes)
        if options.checksFirst, !hidden.isEmpty { throw .cannotSee(hidden) }
    }

    /// What this process may do, and how it reaches both roots.
    var reach: Notice {
        .reaches(
            Privileges.current.capabilities.intersection(.allNeeded),
            isRoot: ProcessLimits.isRoot,
            viewsSource: source !== sourceItself,
            viewsDestination: destination !== destinationItself
        )
    }

    /// The first disk of either side whose scheduler takes no notice of `--idle`.
    var idleIgnored: Notice? {
        for status in [sourceStatus, destinationStatus].compactMap(\.self) {
            let disks = BlockDevice.scheduled(number: status.device)
            if let disk = disks.first(where: { !$0.honoursIdle }) {
                return .idleIgnored(device: disk.device, scheduler: disk.scheduler)
            }
        }
        return nil
    }
}
