// Which directories are open. A tree can be deeper, and more directories can be under way, than there are
// descriptors: so nodes lend theirs out while a worker uses them, and beyond the budget the node that
// was opened longest ago and that nobody uses is closed: that is the one nearest to the root, which is
// needed again last. Reopening walks down from the nearest open ancestor, name by name, and checks by
// inode that each directory is the one it was; on the way it leaves the ancestors open, so that coming
// back up a deep tree costs one opening per directory, not one per directory and level.

package import LinuxIO

/// What a worker holds while it uses a directory: both ends, either nil where there is none.
package struct OpenDirectory: Sendable {
    package let source: SharedDescriptor?
    package let destination: SharedDescriptor?

    package init(source: SharedDescriptor?, destination: SharedDescriptor?) {
        self.source = source
        self.destination = destination
    }
}

/// A directory that was in hand cannot be opened again.
///
/// ENOENT: another has its name, or none.
package struct LostDirectory: Error {
    package let side: Failure.Side
    package let error: SystemError
}

/// Lends out the descriptors of directories and keeps their number within a limit.
package final class OpenDirectories<State: Sendable>: Sendable {
    /// Only those in use may exceed it.
    private let directoriesMax: Int
    /// `--cross-mounts`: a directory that is opened again may have been a mount point before.
    private let crossesMounts: Bool

    private struct Order: Sendable {
        /// In the order of opening.
        ///
        /// Those that were closed since are skipped when met, and swept out when they are most of
        /// it.
        var order = WorkDeque<ObjectIdentifier>()
        /// Open nodes, and no others: a finished one must not be kept from going away.
        var open: [ObjectIdentifier: DirectoryNode<State>] = [:]
    }
    private let state = Lock(Order())

    package init(_ budget: DescriptorBudget, crossesMounts: Bool = false) {
        directoriesMax = budget.directoriesMax
        self.crossesMounts = crossesMounts
    }

    /// Puts a node's first descriptors in place, in use by the caller.
    package func install(
        _ open: OpenDirectory,
        identities: (InodeIdentity?, InodeIdentity?),
        in node: DirectoryNode<State>
    ) {
        node.held.withLock { handles in
            handles.source = open.source
            handles.destination = open.destination
            handles.sourceIdentity = identities.0
            handles.destinationIdentity = identities.1
            handles.isOpen = true
            handles.users = 1
        }
        noteOpened(node)
    }

    /// Lends out a node's descriptors until `release`.
    ///
    /// Opens what is closed: ENOENT, ENOTDIR and ELOOP tell that a directory went away or was replaced meanwhile.
    package func use(_ node: DirectoryNode<State>) throws(LostDirectory) -> OpenDirectory {
        if let open = tryUse(node) { return open }
        // Iterative: a tree can be deeper than a stack.
        var closed: [DirectoryNode<State>] = [node]
        var ancestor = node
        var base: OpenDirectory?
        while base == nil {
            guard let parent = ancestor.parent else { preconditionFailure("roots stay open") }
            base = tryUse(parent)
            if base == nil { closed.append(parent) }
            ancestor = parent
        }
        guard var open = base else { preconditionFailure("the loop ends with an open ancestor") }
        for child in closed.reversed() {
            let result = Result { () throws(LostDirectory) in try reopen(child, in: open) }
            release(ancestor)
            open = try result.get()
            ancestor = child
        }
        return open
    }

    /// DESTINATION's side of a node alone, for who needs nothing of SOURCE: nil where there is none.
    ///
    /// Opened for this use where the node is not open; nothing is to be released. ENOENT: another has its name.
    func destination(of node: DirectoryNode<State>) throws(LostDirectory) -> SharedDescriptor? {
        var closed: [DirectoryNode<State>] = []
        var ancestor = node
        while true {
            if let open = tryUse(ancestor) {
                release(ancestor)
                var directory = open.destination
                for child in closed.reversed() {
                    let expected = child.held.withLock { $0.destinationIdentity }
                    directory = try self.open(
                        child.name,
                        .destination,
                        in: directory,
                        expected: expected
                    )
                }
                return directory
            }
            closed.append(ancestor)
            guard let parent = ancestor.parent else { preconditionFailure("roots stay open") }
            ancestor = parent
        }
    }

    /// Ends a use.
    package func release(_ node: DirectoryNode<State>) {
        node.held.withLock { handles in
            handles.users -= 1
            assert(handles.users >= 0)
        }
    }

    /// Closes a node for good; in use by nobody.
    package func close(_ node: DirectoryNode<State>) {
        let wasOpen = node.held.withLock { Self.closeIfUnused(&$0) }
        if wasOpen { forget(node) }
    }

    /// Opens the parent of an open node again if it was closed, through `..` and checked by inode as every
    /// reopening: on the way up a deep tree this saves the way down from the nearest open ancestor.
    func openParent(of node: DirectoryNode<State>) {
        guard let parent = node.parent, !parent.held.withLock({ $0.isOpen }),
            let open = tryUse(node)
        else { return }
        defer { release(node) }
        let expected = parent.held.withLock { ($0.sourceIdentity, $0.destinationIdentity) }
        // Not to be had this way: whoever needs the parent opens it the other way, or records why not.
        let up = Name("..")
        guard let source = try? self.open(up, .source, in: open.source, expected: expected.0),
            let destination = try? self.open(
                up,
                .destination,
                in: open.destination,
                expected: expected.1
            )
        else { return }
        let isMine = parent.held.withLock { handles in
            guard !handles.isOpen else { return false }
            handles.source = source
            handles.destination = destination
            handles.isOpen = true
            return true
        }
        if isMine { noteOpened(parent) }
    }

    private func forget(_ node: DirectoryNode<State>) {
        state.withLock { state in
            state.open[ObjectIdentifier(node)] = nil
            if state.order.count > 2 * state.open.count + 1024 {
                let open = state.open
                state.order.keep { open[$0] != nil }
            }
        }
    }

    private func tryUse(_ node: DirectoryNode<State>) -> OpenDirectory? {
        node.held.withLock { handles in
            guard handles.isOpen else { return nil }
            handles.users += 1
            return OpenDirectory(source: handles.source, destination: handles.destination)
        }
    }

    private func reopen(
        _ node: DirectoryNode<State>,
        in parent: OpenDirectory
    ) throws(LostDirectory) -> OpenDirectory {
        let expected = node.held.withLock { ($0.sourceIdentity, $0.destinationIdentity) }
        let source = try open(node.name, .source, in: parent.source, expected: expected.0)
        let destination = try open(
            node.name,
            .destination,
            in: parent.destination,
            expected: expected.1
        )
        let (open, isMine) = node.held.withLock { handles in
            let isMine = !handles.isOpen
            if isMine {
                handles.source = source
                handles.destination = destination
                handles.isOpen = true
            }
            handles.users += 1
            return (OpenDirectory(source: handles.source, destination: handles.destination), isMine)
        }
        if isMine { noteOpened(node) }
        return open
    }

    private func open(
        _ name: Name,
        _ side: Failure.Side,
        in parent: SharedDescriptor?,
        expected: InodeIdentity?
    ) throws(LostDirectory) -> SharedDescriptor? {
        guard let parent, let expected else { return nil }
        do throws(SystemError) {
            let descriptor =
                crossesMounts
                ? try parent.descriptor.openDirectoryAcrossMounts(name)
                : try parent.descriptor.openDirectory(name)
            // Another has the name: the one that was meant is there no more.
            guard try descriptor.status().identity == expected else {
                throw SystemError(.open, .noEntry)
            }
            return SharedDescriptor(descriptor)
        } catch {
            throw LostDirectory(side: side, error: error)
        }
    }

    private func noteOpened(_ node: DirectoryNode<State>) {
        let excess = state.withLock { state in
            state.open[ObjectIdentifier(node)] = node
            state.order.append(ObjectIdentifier(node))
            return state.open.count - directoriesMax
        }
        if excess > 0 { closeOldest(excess) }
    }

    /// Closes up to `wanted` nodes, oldest first, passing over those in use and the roots.
    private func closeOldest(_ wanted: Int) {
        var left = wanted
        var looks = 2 * directoriesMax
        while left > 0, looks > 0 {
            looks -= 1
            let (node, isEnd) = state.withLock { state -> (DirectoryNode<State>?, Bool) in
                guard let oldest = state.order.popOldest() else { return (nil, true) }
                return (state.open[oldest], false)
            }
            if isEnd { return }
            guard let node, !node.isRoot else { continue }
            if node.held.withLock({ Self.closeIfUnused(&$0) }) {
                forget(node)
                left -= 1
            } else {
                state.withLock { $0.order.append(ObjectIdentifier(node)) }
            }
        }
    }

    /// True when it was open and now is not.
    private static func closeIfUnused(_ handles: inout HeldDirectory) -> Bool {
        guard handles.isOpen, handles.users == 0 else { return false }
        handles.source = nil
        handles.destination = nil
        handles.isOpen = false
        return true
    }
}
