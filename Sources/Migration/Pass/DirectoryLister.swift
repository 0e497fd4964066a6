// Listing a directory on both sides: what is looked at in it, and which of its names both sides have.
//
// In a scan pass only directories of its plan are entered; in those that are listed, entries that the record proves are
// passed over without a system call of their own.

import History
import LinuxIO

/// Lists directories for a pass, and hands on what is in them.
///
/// Belongs to one worker.
final class DirectoryLister {
    private let context: PassContext
    private let lane: PassLane
    private let book: EvidenceBook
    private let reports: PassReports
    private let projects: ProjectCarrier
    private let remover: ExtraRemover

    init(_ rooms: LaneRooms, _ remover: ExtraRemover) {
        context = rooms.context
        lane = rooms.lane
        book = rooms.book
        reports = rooms.reports
        projects = rooms.projects
        self.remover = remover
    }

    /// Lists and pairs both sides, removes extras that are no directories and hands on the others.
    func list(_ node: PassDirectory) {
        let open: OpenDirectory
        do throws(LostDirectory) {
            open = try lane.directories.use(node)
        } catch {
            reports.reportUnusable(error, node)
            reports.reportProtected(node)
            node.state.abandon()
            return
        }
        defer { lane.directories.release(node) }
        guard let sourceHandle = open.source else { return }
        projects.carry(of: node, open)
        let visit = node.state.facts.withLock { $0.visit }
        if let visit, !visit.node.isListed {
            enterOnly(node, visit)
            return
        }
        if let spine = node.state.spine, spine.isOnlyPassed {
            pass(node, spine, sourceHandle)
            return
        }
        context.log.counters.directoriesListed.count()
        // Before it is read: what then fails casts its doubt on this note.
        book.writeDown(node)
        var source = Listing()
        do throws(SystemError) {
            if try !lane.read(&source, of: node, sourceHandle.descriptor) {
                // It is going away; what DESTINATION has of it is the next pass's business.
                reports.reportVanished(.directory(node))
                node.state.facts.withLock { $0.isProtected = true }
            }
        } catch {
            reports.of(.directory(node)).fail(.list, .source, error)
            reports.reportProtected(node)
            node.state.facts.withLock { $0.isProtected = true }
        }
        select(&source, of: node, sourceHandle)
        reportVanished(of: node)
        if source.count > 1 { source.sortByInode() }
        if book.hasNamesAsLeft(node) {
            for index in 0..<source.count { source.markOnBothSides(index) }
            setContents(source, of: node)
            return
        }
        var destination = Listing()
        let isNew = node.state.facts.withLock { $0.isNew }
        if !isNew, let handle = open.destination {
            do throws(SystemError) {
                destination = try lane.names(in: handle.descriptor)
            } catch {
                // Which names it has is then unknown: each is asked for, none is deleted.
                reports.of(.directory(node)).fail(.list, .destination, error)
                for index in 0..<source.count { source.markOnBothSides(index) }
                setContents(source, of: node)
                return
            }
        }
        let pairs = NamePairs(source: source, destination: destination)
        var contents = pairs.source
        if let visit { keepUnproven(&contents, of: node, visit) }
        setContents(contents, of: node)
        remover.removeExtras(pairs.extras, of: destination, in: node, open)
    }

    /// Hands on the entries of a directory, for when its extras are gone.
    private func setContents(_ listing: Listing, of node: PassDirectory) {
        node.state.fixEvidence()
        node.setContents(listing)
    }

    /// Leaves out what this pass does not look at: reserved names at the root (S5, S62), other branches, and what
    /// a filter excludes.
    private func select(_ source: inout Listing, of node: PassDirectory, _ handle: SharedDescriptor)
    {
        let filter = context.plan.options.filter
        let spine = node.state.spine
        guard node.isRoot || !filter.isEmpty || spine != nil else { return }
        let listing = source
        let boundary = context.volumes.sourceBoundary
        source.retain { index in
            let name = listing.name(index)
            let isDirectory = { () throws(SystemError) in
                try boundary.isDirectory(index, of: listing, in: handle.descriptor)
            }
            do throws(SystemError) {
                if let spine, try !spine.holds(name, isDirectory: isDirectory()) { return false }
                if node.isRoot, try !context.plan.scope.holds(name, isDirectory: isDirectory) {
                    return false
                }
                guard !filter.isEmpty else { return true }
                return !filter.excludes(path: node.path(of: name), isDirectory: try isDirectory())
            } catch {
                // Whether it is left out is not known: it is neither copied nor, as an extra, deleted.
                reports.of(.name(name, node)).fail(.examine, .source, error)
                node.state.facts.withLock { $0.isProtected = true }
                return false
            }
        }
    }

    // MARK: Runs of plans

    /// Tells what the plan has in a directory of the spine for this run, and SOURCE has no more.
    ///
    /// A shard deletes nothing for it: closing does.
    private func reportVanished(of node: PassDirectory) {
        guard let spine = node.state.spine,
            !node.state.facts.withLock({ $0.isProtected })
        else { return }
        for name in spine.vanished { reports.reportVanished(.name(name, node)) }
    }

    /// Goes through a directory whose names are dealt out by hash, to those that the plan opened.
    private func pass(_ node: PassDirectory, _ spine: SpineDirectory, _ source: SharedDescriptor) {
        var listing = Listing()
        for (name, _) in spine.plan.openedChildren {
            do throws(SystemError) {
                let status = try name.withPointer { pointer throws(SystemError) in
                    try context.volumes.sourceBoundary.status(of: pointer, in: source.descriptor)
                }
                guard let status else { continue }
                try listing.append(onBothSides: name, inode: status.inode)
            } catch {
                reports.of(.name(name, node)).fail(.examine, .source, error)
            }
        }
        select(&listing, of: node, source)
        setContents(listing, of: node)
    }

    // MARK: Scan passes

    /// Goes through a directory in which nothing changed, to those below it in which something did.
    private func enterOnly(_ node: PassDirectory, _ visit: Visit) {
        var listing = Listing()
        do throws(SystemError) {
            for child in visit.node.children.values {
                try listing.append(onBothSides: child.name, inode: child.inode)
            }
        } catch {
            reports.of(.directory(node)).fail(.list, .source, error)
        }
        setContents(listing, of: node)
    }

    /// Drops the entries of a listed directory that are as the record has them and that DESTINATION has, too.
    ///
    /// Most directories are listed for a file that changed, and have not changed themselves since before they were
    /// opened: then the names in them are those of the record, so no lookup is needed.
    private func keepUnproven(_ contents: inout Listing, of node: PassDirectory, _ visit: Visit) {
        guard let source = node.state.facts.withLock({ $0.source }) else { return }
        let hasNamesAsRecorded = book.isRecorded(node, source)
        let listing = contents
        contents.retain { index in
            let entry = listing.records[index]
            guard entry.isOnBothSides, visit.node.children[entry.inode] == nil else { return true }
            let name = NameRecord(
                parent: source.inode,
                nameHash: InodeNote.hash(listing.nameBytes(index))
            )
            if !visit.marks.mayBeKept(name, of: entry.inode) { return true }
            if hasNamesAsRecorded { return false }
            // A record that cannot be read proves nothing.
            return (try? visit.marks.isRecorded(name, of: entry.inode)) != true
        }
    }
}
