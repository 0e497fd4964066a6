// What is fixed before a pass begins.

import LinuxIO

/// The rules and shares of one pass; none of it changes.
struct PassPlan: Sendable {
    let options: PassOptions
    let comparison: Comparison
    let scope: Scope
    let budget: DescriptorBudget
    /// Whether small files are read together, through io_uring.
    let readsTogether: Bool
    let isRoot: Bool

    init(
        _ options: PassOptions,
        _ comparison: Comparison,
        _ budget: DescriptorBudget,
        readsTogether: Bool,
        spine: SpineDirectory? = nil
    ) {
        self.options = options
        self.comparison = comparison
        self.budget = budget
        self.readsTogether = readsTogether
        scope = Scope(branches: options.branches, spine: spine)
        isRoot = comparison.isRoot
    }

    /// What carrying attributes needs to know.
    var carryRules: CarryRules {
        CarryRules(
            isRoot: isRoot,
            preserved: options.preserved,
            mask: options.mask,
            comparison: comparison
        )
    }
}
