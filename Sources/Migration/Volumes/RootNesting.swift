// Whether one root lies inside the other (S2, S65): judged by inodes on the way up to `/`, and for one filesystem mounted
// in two places by paths inside that filesystem.

import LinuxIO

/// Where DESTINATION may lie.
struct RootNesting {
    /// DESTINATION is to be made in the directory that is judged.
    let isNew: Bool
    let crossesMounts: Bool

    /// S2: not the same directory, neither inside the other; inside means inside the same filesystem (S65).
    func judge(
        _ source: borrowing Descriptor,
        _ sourceStatus: FileStatus,
        _ destination: borrowing Descriptor,
        _ destinationStatus: FileStatus
    ) throws(Refusal) {
        if sourceStatus.identity == destinationStatus.identity {
            throw isNew ? .nested(inner: .destination) : .sameDirectory
        }
        // S65: another filesystem that is mounted below SOURCE is not entered, so it may be DESTINATION. The other
        // way round stays refused: that is what roots given in the wrong order look like, and --delete would
        // empty the running system.
        let isApart = !crossesMounts && sourceStatus.device != destinationStatus.device
        if !isApart, try Self.hasAncestor(destination, sourceStatus.identity, .destination) {
            throw .nested(inner: .destination)
        }
        if !isNew, try Self.hasAncestor(source, destinationStatus.identity, .source) {
            throw .nested(inner: .source)
        }
        if sourceStatus.device == destinationStatus.device {
            try judgePaths(source, destination)
        }
    }

    /// The same for two mounts of one filesystem, by the paths inside it.
    private func judgePaths(
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor
    ) throws(Refusal) {
        let paths = (
            source: try Self.pathInFilesystem(of: source, .source),
            destination: try Self.pathInFilesystem(of: destination, .destination)
        )
        guard let source = paths.source, let destination = paths.destination else { return }
        if source == destination, !isNew { throw .sameDirectory }
        if destination == source || destination.starts(with: source + [0x2F]) {
            throw .nested(inner: .destination)
        }
        if !isNew, source.starts(with: destination + [0x2F]) { throw .nested(inner: .source) }
    }

    private static func pathInFilesystem(
        of root: borrowing Descriptor,
        _ side: Failure.Side
    ) throws(Refusal) -> [UInt8]? {
        do throws(SystemError) { return try MountTable.pathInFilesystem(of: root) } catch {
            throw .cannotExamine(side, error)
        }
    }

    /// Whether a directory is below the one of that identity.
    private static func hasAncestor(
        _ descriptor: borrowing Descriptor,
        _ identity: InodeIdentity,
        _ side: Failure.Side
    ) throws(Refusal) -> Bool {
        do throws(SystemError) {
            // Handles: a parent need not be readable for others than root.
            var current = try descriptor.openHandle(Name(".."))
            var last = try descriptor.status()
            while true {
                let status = try current.status()
                if status.identity == identity { return true }
                // The parent of `/` is `/` itself.
                if status.identity == last.identity, status.mount == last.mount { return false }
                last = status
                current = try current.openHandle(Name(".."))
            }
        } catch {
            throw .cannotExamine(side, error)
        }
    }

    /// Whether a path is a directory's, or lies below it, by the first directory on the way up that exists.
    static func lies(_ name: Name, below root: InodeIdentity) -> Bool {
        let isRelative = name.bytes.first != 0x2F
        var path = Array(isRelative ? [0x2E, 0x2F] + name.bytes : name.bytes)
        while !path.isEmpty {
            if let opened = try? Descriptor.openRoot(Name(path)) {
                // What cannot be found out is no reason to refuse: opening it tells what is wrong.
                return (try? opened.status().identity) == root
                    || (try? hasAncestor(opened, root, .destination)) == true
            }
            while path.last == 0x2F { path.removeLast() }
            while let last = path.last, last != 0x2F { path.removeLast() }
        }
        return false
    }
}
