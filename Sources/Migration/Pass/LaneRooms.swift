// What the parts of one worker of a pass share: each has its own state, and is handed what it needs when it is made.

import LinuxIO

/// The parts that others rest on; made once a lane, in the order in which they need each other.
///
/// Belongs to one worker.
final class LaneRooms {
    let context: PassContext
    let lane: PassLane
    let book: EvidenceBook
    let reports: PassReports
    let changes: DirectoryChanges
    let projects: ProjectCarrier
    let carrier: AttributeCarrier
    let publisher: Publisher
    let copier: ContentCopier
    let salvager: Salvager
    let inspector: ContentInspector

    init(_ context: PassContext, _ lane: PassLane) {
        self.context = context
        self.lane = lane
        let settings = SettingsCarrier(
            log: context,
            isRoot: context.plan.isRoot,
            frozenInodes: context.frozenInodes
        )
        let comparer = AttributeComparer(
            AttributeScope(
                isRoot: context.plan.isRoot,
                preserved: context.plan.options.preserved,
                selection: context.plan.options.attributes
            )
        )
        book = EvidenceBook(context)
        reports = PassReports(context, book)
        changes = DirectoryChanges(context, settings)
        projects = ProjectCarrier(context, reports, changes)
        carrier = AttributeCarrier(
            context.plan.carryRules,
            comparer: comparer,
            settings: settings,
            log: context
        )
        publisher = Publisher(reports, settings, projects)
        copier = ContentCopier(context.contentRules)
        salvager = Salvager(context, reports, copier)
        inspector = ContentInspector(
            reports,
            ContentEquality(context.contentRules, sharing: copier),
            salvager
        )
    }
}
