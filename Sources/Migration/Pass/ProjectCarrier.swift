// Project ids of entries that differ from what their directory on DESTINATION gives (S57).
//
// A directory that passes its project id on (PROJINHERIT) takes no entry of another id: rename(2) and link(2) answer
// EXDEV, even within the directory. Such trees are common: `chattr +P` on a directory that has files already.
//
//   directory      gets id and inheritance before its contents, so that these are born right (Q17)
//   name           given while the directory lends: it passes nothing on for that one call (Q16)
//   symlink, FIFO  and others that cannot be opened keep the id of their birth: made while the directory lends (Q19)
//
// A pass that is killed meanwhile leaves the directory as it was lent. The next pass opens it, for the entry is still
// to be done, and the first thing that it compares are these settings.

import LinuxIO

/// Gives entries the project ids of SOURCE's where a directory of DESTINATION gives others.
///
/// Belongs to one worker.
final class ProjectCarrier {
    private let context: PassContext
    private let reports: PassReports
    private let changes: DirectoryChanges

    init(_ context: PassContext, _ reports: PassReports, _ changes: DirectoryChanges) {
        self.context = context
        self.reports = reports
        self.changes = changes
    }

    // MARK: Directories

    /// Compares what a directory gives to what is made in it, and makes it SOURCE's before anything is (Q17).
    func carry(of node: PassDirectory, _ open: OpenDirectory) {
        guard context.plan.isRoot, let source = open.source, let target = open.destination,
            !node.isRoot || context.plan.scope.branches.isEmpty
        else { return }
        let wanted: InodeSettings
        let current: InodeSettings
        var side = Failure.Side.source
        do throws(SystemError) {
            guard let found = try InodeSettings(of: source.descriptor) else { return }
            wanted = found
            if hasNothing(node, wanted) { return }
            side = .destination
            guard let found = try InodeSettings(of: target.descriptor) else { return }
            current = found
        } catch {
            reports.of(.directory(node)).fail(.readAttributes, side, error)
            return
        }
        let hasProjects =
            wanted.project != 0 || current.project != 0
            || wanted.flags.union(current.flags).contains(.projectInherit)
        let isOther = hasOtherProject(wanted, current)
        let isNew = node.state.facts.withLock { facts in
            facts.hasProjects = hasProjects
            if current.flags.contains(.projectInherit) { facts.inherited.insert(.project) }
            facts.hasOtherSettings =
                !facts.isNew && (isOther || wanted.hasOtherHiddenFlags(than: current))
            return facts.isNew
        }
        // Closing gives it to a directory that several shards share.
        guard isOther, context.log.mayWrite, node.state.spine?.isShared != true else { return }
        do throws(SystemError) {
            if !isNew { try changes.prepare(node, open) }
            try setProject(wanted, of: node, target.descriptor)
        } catch {
            reports.of(.directory(node)).failWrite(.setFlags, error)
        }
    }

    /// Whether neither side has a project id, nor passes one on: DESTINATION's was made just now, and got none.
    private func hasNothing(_ node: PassDirectory, _ wanted: InodeSettings) -> Bool {
        wanted.project == 0 && !wanted.flags.contains(.projectInherit)
            && node.state.facts.withLock { $0.isNew && !$0.inherited.contains(.project) }
    }

    private func setProject(
        _ wanted: InodeSettings,
        of node: PassDirectory,
        _ target: borrowing Descriptor
    ) throws(SystemError) {
        // Read anew: what freezes it was taken off.
        guard var settings = try InodeSettings(of: target) else { return }
        let inherits = wanted.flags.contains(.projectInherit)
        settings.setProject(wanted.project, inherits: inherits)
        do throws(SystemError) { try settings.apply(to: target) } catch {
            guard isRefusal(error) else { throw error }
            node.state.facts.withLock { $0.hasOtherSettings = false }
            return
        }
        node.state.facts.withLock { facts in
            if inherits {
                facts.inherited.insert(.project)
            } else {
                facts.inherited.remove(.project)
            }
        }
    }

    // MARK: Files

    /// Whether the project ids or the flags that statx(2) does not show differ of two regular files that are to stay.
    ///
    /// Nil when one of them is another by now.
    func haveOtherSettings(_ pair: EntryPair) throws(AttributeFailure) -> Bool? {
        guard let source = pair.open.source, let target = pair.open.destination,
            let destination = pair.destination
        else { return nil }
        var side = Failure.Side.source
        do throws(SystemError) {
            guard let left = try openForSettings(pair, source, pair.source) else { return nil }
            side = .destination
            // Somebody else writes to DESTINATION.
            guard let right = try openForSettings(pair, target, destination) else {
                throw SystemError(.open, .noEntry)
            }
            side = .source
            guard let wanted = try InodeSettings(of: left.descriptor) else { return false }
            side = .destination
            guard let current = try InodeSettings(of: right.descriptor) else { return false }
            return hasOtherProject(wanted, current) || wanted.hasOtherHiddenFlags(than: current)
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    private func openForSettings(
        _ pair: EntryPair,
        _ directory: SharedDescriptor,
        _ status: FileStatus
    ) throws(SystemError) -> SharedDescriptor? {
        let opened = try directory.descriptor.openRegularFile(pair.pointer, isDirect: false)
        guard let opened, opened.status.identity == status.identity else { return nil }
        return SharedDescriptor(opened.takeReader())
    }

    /// Whether an entry that cannot be opened and is to stay may have another project id than SOURCE's, which only a new
    /// inode can get (Q18, Q19).
    ///
    /// XFS tells DESTINATION's, ext4 nobody: there it counts as another if something of the entry has changed since it
    /// was made (`mayDiffer`). One with several names stays as it is: a pass need not come to all of them, and the group
    /// would be torn.
    func hasOtherBirth(_ pair: EntryPair, mayDiffer: Bool) throws(AttributeFailure) -> Bool {
        let hasProjects = pair.place.known.hasProjects
        guard context.plan.isRoot, context.volumes.projects.knowsUnopened,
            context.volumes.projects.areHeld,
            mayDiffer || hasProjects, pair.source.linkCount == 1,
            let destination = pair.destination, destination.linkCount == 1,
            let source = pair.open.source, let target = pair.open.destination
        else { return false }
        var side = Failure.Side.source
        do throws(SystemError) {
            let wanted = try source.descriptor.projectOfXFS(inode: pair.source.inode)
            guard let wanted else { return false }
            side = .destination
            if let current = try target.descriptor.projectOfXFS(inode: destination.inode) {
                return current != wanted
            }
            return mayDiffer && (hasProjects || wanted != 0)
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// Whether project ids differ that DESTINATION can hold; said once where it cannot.
    private func hasOtherProject(_ wanted: InodeSettings, _ current: InodeSettings) -> Bool {
        guard wanted.hasOtherProject(than: current) else { return false }
        if context.volumes.projects.areHeld { return true }
        if wanted.project != 0 { context.log.say(.projectsNotKept) }
        return false
    }

    /// Whether DESTINATION holds no project ids: ext4 without `-O project` refuses any.
    private func isRefusal(_ error: SystemError) -> Bool {
        guard error.code == .notSupported || error.code == .invalid else { return false }
        context.volumes.projects.noteRefusal()
        context.log.say(.projectsNotKept)
        return true
    }

    // MARK: Names

    /// Gives an inode a name in a directory of DESTINATION, whatever the project ids of the two are (Q16).
    ///
    /// Where that is refused (EXDEV) the directory passes nothing on for the call.
    func across(
        into node: PassDirectory,
        _ target: borrowing Descriptor,
        _ body: () throws(SystemError) -> Void
    ) throws(SystemError) {
        do throws(SystemError) { try body() } catch {
            guard error.code == .crossDevice else { throw error }
            try lend(
                of: node,
                target,
                { settings in settings.setProject(settings.project, inherits: false) },
                body
            )
        }
    }

    /// Makes what cannot be opened, with SOURCE's project id (Q19).
    ///
    /// Only its birth gives it one: ext4 has no call to set it later.
    func makeWithProject<Value>(
        _ pair: EntryPair,
        _ source: SharedDescriptor,
        _ target: borrowing Descriptor,
        _ body: () throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        guard context.plan.isRoot, context.volumes.projects.knowsUnopened,
            context.volumes.projects.areHeld,
            let wanted = try source.descriptor.projectOfXFS(inode: pair.source.inode)
        else { return try body() }
        return try lend(
            of: pair.directory,
            target,
            { settings in
                let given = settings.flags.contains(.projectInherit) ? settings.project : 0
                if given == wanted { return }
                settings.setProject(
                    wanted == 0 ? settings.project : wanted,
                    inherits: wanted != 0
                )
            },
            body
        )
    }

    /// Runs `body` while a directory has other settings.
    ///
    /// One worker at a time. What others make in the directory meanwhile may be born with these settings: files and
    /// directories are told that it passes something on, and get their own.
    private func lend<Value>(
        of node: PassDirectory,
        _ target: borrowing Descriptor,
        _ change: (inout InodeSettings) -> Void,
        _ body: () throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        try context.volumes.projects.withLock(of: node) { () throws(SystemError) in
            guard let own = try InodeSettings(of: target) else { return try body() }
            var lent = own
            change(&lent)
            // Another worker had lent it when it was refused, or it gives what is wanted.
            if lent == own { return try body() }
            node.state.facts.withLock { facts in facts.inherited.formUnion(.project) }
            do throws(SystemError) { try lent.apply(to: target) } catch {
                guard isRefusal(error) else { throw error }
                return try body()
            }
            defer { takeBack(own, of: node, target) }
            return try body()
        }
    }

    private func takeBack(
        _ own: InodeSettings,
        of node: PassDirectory,
        _ target: borrowing Descriptor
    ) {
        do throws(SystemError) { try own.apply(to: target) } catch {
            reports.of(.directory(node)).failWrite(.setFlags, error)
        }
    }
}

extension InodeSettings {
    fileprivate mutating func setProject(_ id: UInt32, inherits: Bool) {
        project = id
        if inherits { flags.insert(.projectInherit) } else { flags.remove(.projectInherit) }
    }
}
