// Which directories are open. A tree can be deeper, and more directories can be under way, than there are
// descriptors: so nodes lend theirs out while a worker uses them, and beyond the budget the node that
// was opened longest ago and that nobody uses is closed: that is the one nearest to the root, which is
// needed again last. Reopening walks down from the nearest open ancestor, name by name, and checks by
// inode that each directory is the one it was; on the way it leaves the ancestors open, so that coming
// back up a deep tree costs one opening per directory, not one per directory and level.
//
//   directories = (limit - reserved - workers * (perWorker + batchFiles)) / 4, each of them two descriptors: the other
//   half is for workers that SIGUSR1 adds; at most 4,096, for more saves no opening
//
// reserved (32): standard streams, roots, reports, what looks at threads, and some to spare.
// perWorker (12): a file's handle, its reading end, its temporary, a link's handle (4), the parent and the
// directory in hand on both sides (4), a large file's three (3), 1 to spare.

package import LinuxIO

/// The two descriptors of a directory and how many workers use them now.
///
/// Guarded by its node's lock.
struct Handles: ~Copyable, Sendable {
    var source: SharedDescriptor?
    var destination: SharedDescriptor?
    var users = 0
    var isOpen = false
    /// Inodes as first opened: reopening must find the same.
    var sourceIdentity: InodeIdentity?
    var destinationIdentity: InodeIdentity?
}

/// What a worker holds while it uses a directory: both ends, either nil where there is none.
package struct OpenDirectory {
    package let source: SharedDescriptor?
    package let destination: SharedDescriptor?

    package init(source: SharedDescriptor?, destination: SharedDescriptor?) {
        self.source = source
        self.destination = destination
    }
}

/// Lends out the descriptors of directories and keeps their number within a limit.
package final class DescriptorBudget: Sendable {
    static let reserved = 32
    static let perWorker = 12
    /// With fewer directories the tree would be reopened all the time.
    static let directoriesMin = 8

    static let directoriesLimit = 4096

    /// Files that one worker may have open to read them together: as many as half of the descriptors allow
    /// for, 0 when that is not worth it.
    private static func batchFiles(descriptorLimit: Int, workers: Int, most: Int) -> Int {
        let each = (descriptorLimit / 2 - reserved) / max(workers, 1) - perWorker
        return each < batchFilesMin ? 0 : min(each, most)
    }
    private static let batchFilesMin = 4

    /// Open directories at most; only those in use may exceed it.
    package let directoriesMax: Int
    /// Files that a worker may have open at once to read them together; 0: none.
    package let batchFiles: Int
    /// Workers that there are descriptors for.
    let workersMax: Int

    private struct State: Sendable {
        /// In the order of opening.
        ///
        /// Those that were closed since are skipped when met, and swept out when they are most of
        /// it.
        var order = WorkDeque<ObjectIdentifier>()
        /// Open nodes, and no others: a finished one must not be kept from going away.
        var open: [ObjectIdentifier: Directory] = [:]
    }
    private let state = Lock(State())
    /// `--cross-mounts`: a directory that is opened again may have been a mount point before.
    private let crossesMounts: Bool

    /// `batchFilesMax`: files that one worker wants to have open to read them together.
    package init(
        descriptorLimit: Int,
        workers: Int,
        batchFilesMax: Int = FileBatch.filesMax,
        crossesMounts: Bool = false
    ) {
        self.crossesMounts = crossesMounts
        batchFiles = Self.batchFiles(
            descriptorLimit: descriptorLimit,
            workers: workers,
            most: batchFilesMax
        )
        let each = Self.perWorker + batchFiles
        let descriptors = descriptorLimit - Self.reserved - workers * each
        directoriesMax = max(Self.directoriesMin, min(Self.directoriesLimit, descriptors / 4))
        let forWorkers = descriptorLimit - Self.reserved - 2 * directoriesMax
        workersMax = max(workers, forWorkers / each)
    }

    /// How many workers a limit of descriptors allows.
    package static func workersMax(descriptorLimit: Int) -> Int {
        max(1, (descriptorLimit - reserved - 2 * directoriesMin) / perWorker)
    }

    /// Puts a node's first descriptors in place, in use by the caller.
    package func install(
        _ open: OpenDirectory,
        identities: (InodeIdentity?, InodeIdentity?),
        in node: Directory
    ) {
        node.handles.withLock { handles in
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
    package func use(_ node: Directory) throws(SystemError) -> OpenDirectory {
        if let open = tryUse(node) { return open }
        // Iterative: a tree can be deeper than a stack.
        var closed: [Directory] = [node]
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
            let result = Result { () throws(SystemError) in try reopen(child, in: open) }
            release(ancestor)
            open = try result.get()
            ancestor = child
        }
        return open
    }

    /// Ends a use.
    package func release(_ node: Directory) {
        node.handles.withLock { handles in
            handles.users -= 1
            assert(handles.users >= 0)
        }
    }

    /// Closes a node for good; in use by nobody.
    package func close(_ node: Directory) {
        let wasOpen = node.handles.withLock { Self.closeIfUnused(&$0) }
        if wasOpen { forget(node) }
    }

    /// Opens the parent of an open node again if it was closed, through `..` and checked by inode as every
    /// reopening: on the way up a deep tree this saves the way down from the nearest open ancestor.
    func openParent(of node: Directory) {
        guard let parent = node.parent, !parent.handles.withLock({ $0.isOpen }),
            let open = tryUse(node)
        else { return }
        defer { release(node) }
        let expected = parent.handles.withLock { ($0.sourceIdentity, $0.destinationIdentity) }
        // Not to be had this way: whoever needs the parent opens it the other way, or records why not.
        guard let source = try? self.open(Name(".."), in: open.source, expected: expected.0),
            let destination = try? self.open(Name(".."), in: open.destination, expected: expected.1)
        else { return }
        let isMine = parent.handles.withLock { handles in
            guard !handles.isOpen else { return false }
            handles.source = source
            handles.destination = destination
            handles.isOpen = true
            return true
        }
        if isMine { noteOpened(parent) }
    }

    private func forget(_ node: Directory) {
        state.withLock { state in
            state.open[ObjectIdentifier(node)] = nil
            if state.order.count > 2 * state.open.count + 1024 {
                let open = state.open
                state.order.keep { open[$0] != nil }
            }
        }
    }

    private func tryUse(_ node: Directory) -> OpenDirectory? {
        node.handles.withLock { handles in
            guard handles.isOpen else { return nil }
            handles.users += 1
            return OpenDirectory(source: handles.source, destination: handles.destination)
        }
    }

    private func reopen(_ node: Directory, in parent: OpenDirectory) throws(SystemError)
        -> OpenDirectory
    {
        let expected = node.handles.withLock { ($0.sourceIdentity, $0.destinationIdentity) }
        let source = try open(node.name, in: parent.source, expected: expected.0)
        let destination = try open(node.name, in: parent.destination, expected: expected.1)
        let (open, isMine) = node.handles.withLock { handles in
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
        in parent: SharedDescriptor?,
        expected: InodeIdentity?
    ) throws(SystemError) -> SharedDescriptor? {
        guard let parent, let expected else { return nil }
        let descriptor =
            crossesMounts
            ? try parent.descriptor.openDirectoryAcrossMounts(name)
            : try parent.descriptor.openDirectory(name)
        // Another has the name: the one that was meant is there no more.
        guard try descriptor.status().identity == expected else {
            throw SystemError(.open, .noEntry)
        }
        return SharedDescriptor(descriptor)
    }

    private func noteOpened(_ node: Directory) {
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
            let (node, isEnd) = state.withLock { state -> (Directory?, Bool) in
                guard let oldest = state.order.popOldest() else { return (nil, true) }
                return (state.open[oldest], false)
            }
            if isEnd { return }
            guard let node, !node.isRoot else { continue }
            if node.handles.withLock({ Self.closeIfUnused(&$0) }) {
                forget(node)
                left -= 1
            } else {
                state.withLock { $0.order.append(ObjectIdentifier(node)) }
            }
        }
    }

    /// True when it was open and now is not.
    private static func closeIfUnused(_ handles: inout Handles) -> Bool {
        guard handles.isOpen, handles.users == 0 else { return false }
        handles.source = nil
        handles.destination = nil
        handles.isOpen = false
        return true
    }
}
