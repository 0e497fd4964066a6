// What walks of SOURCE alone have in common: the census of a check, and the listing of a plan.

import LinuxIO

extension OpenDirectories {
    /// Puts SOURCE's root in place, open to the end of the walk.
    func installSource(of roots: Roots, in root: DirectoryNode<State>) throws(SystemError) {
        // A descriptor of its own: others read through the root's too.
        let own = try roots.source.descriptor.openDirectory(Name("."))
        // Installed in use and never released: the root stays open.
        install(
            OpenDirectory(source: SharedDescriptor(own), destination: nil),
            identities: (roots.sourceStatus.identity, nil),
            in: root
        )
    }
}

extension WalkLane {
    /// Opens a directory below the root; false where there is nothing to list: it is gone, or something is mounted on it.
    func openSource(
        _ node: DirectoryNode<State>,
        _ boundary: MountBoundary
    ) throws(SystemError) -> Bool {
        guard let parent = node.parent else { return true }
        let parentOpen = try use(parent)
        defer { directories.release(parent) }
        guard let source = parentOpen.source else { return false }
        do throws(NotEntered) {
            install(try boundary.enter(node.name, in: source.descriptor), nil, in: node)
            return true
        } catch {
            if case .failed(let cause) = error, cause.code != .noEntry { throw cause }
            return false
        }
    }
}
