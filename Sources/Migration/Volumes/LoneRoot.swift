// DESTINATION alone, where a manifest stands for SOURCE: opened as a pass opens it, through a view that takes no
// write.

import LinuxIO

/// One root, open.
struct LoneRoot: Sendable {
    let root: SharedDescriptor
    let status: FileStatus
    let volume: VolumeStatus
    /// Where its filesystem ends.
    let boundary: MountBoundary
    /// As the kernel shows it, for people.
    let path: [UInt8]
    /// What keeps the view there.
    private let views: [SharedDescriptor]

    init(_ name: Name) throws(Refusal) {
        let opened = try OpenRoot(.destination, name)
        guard ProcessLimits.hasDescriptorPaths(opened.descriptor) else { throw .noDescriptorPaths }
        volume = try opened.volume()
        path = opened.path ?? Array(name.bytes)
        var views: [SharedDescriptor] = [opened.handle]
        let view = try opened.view(isReadOnly: true, keeping: &views)
        root = view.handle
        status = try view.status()
        boundary = MountBoundary(root: status, volume: volume)
        self.views = views
    }

    /// Where it is.
    var places: [RootPlace] {
        // Without a path its calls are told by what the kernel shows.
        guard let path = try? root.descriptor.path() else { return [] }
        return [RootPlace(side: .destination, mount: status.mount, path: path)]
    }
}
