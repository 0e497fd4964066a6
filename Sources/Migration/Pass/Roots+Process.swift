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
}
