// The two roots: resolved once, judged before anything is touched (S1, S2), held open to the end.

package import History
package import LinuxIO

/// Both roots as they were given.
package struct RootNames: Sendable {
    package let source: Name
    package let destination: Name

    package init(source: Name, destination: Name) {
        self.source = source
        self.destination = destination
    }
}

/// Both roots, open.
///
/// As root they are opened through views of this process's own: SOURCE's takes no write at all, a dry run's
/// DESTINATION neither, and on both no access time moves (S10, S49) and no symlink is followed, whatever
/// name is used; see `Descriptor.privateView`. Where such a view cannot be had, O_NOATIME and O_NOFOLLOW do the
/// same but for access times of symlinks, which readlink(2) moves.
package struct Roots: Sendable {
    package let source: SharedDescriptor
    /// Nil in a dry run whose DESTINATION is missing.
    package let destination: SharedDescriptor?
    package let sourceStatus: FileStatus
    package let destinationStatus: FileStatus?
    /// Where SOURCE's filesystem ends; with `--cross-mounts` nowhere.
    let sourceBoundary: MountBoundary
    /// Where DESTINATION's ends; nil as `destination`.
    let destinationBoundary: MountBoundary?
    package let sourceVolume: VolumeStatus
    package let destinationVolume: VolumeStatus
    /// As the kernel shows them, for people.
    package let sourcePath: [UInt8]
    package let destinationPath: [UInt8]
    /// SOURCE is the root of its mount, so its volume's counts are its own.
    package let isSourceWholeVolume: Bool
    /// DESTINATION was made now.
    package let isDestinationNew: Bool
    /// Which pair of volumes this is; nil where one of them cannot be told from others, or is not there yet.
    package let pair: PairIdentity?
    /// DESTINATION is the root of its mount.
    private let isDestinationWholeVolume: Bool
    /// SOURCE itself, not through a view: what the mount table says is of its own mount.
    let sourceItself: SharedDescriptor
    /// DESTINATION itself, likewise: so are traces of writes, and a dry run's view takes none.
    let destinationItself: SharedDescriptor?
    /// What keeps the views there.
    private let views: [SharedDescriptor]

    /// Opens and judges both roots; makes DESTINATION, one level, when it is missing and this is no dry
    /// run.
    package init(_ names: RootNames, _ options: PassOptions) throws(Refusal) {
        let (sourceName, destinationName) = (names.source, names.destination)
        let source = try Self.open(.source, sourceName)
        let status = try Self.status(of: source, .source)
        try Self.judgeProcess(source.descriptor, options)
        let existing = try Self.openIfThere(destinationName)
        // What is about to be made is nested as its parent is.
        let judged: SharedDescriptor
        if let existing { judged = existing } else { judged = try Self.openParent(destinationName) }
        let judgedStatus = try Self.status(of: judged, .destination)
        try Self.judge(
            source.descriptor,
            status,
            judged.descriptor,
            judgedStatus,
            isNew: existing == nil,
            crossesMounts: options.crossesMounts
        )
        let missing = existing == nil ? destinationName : nil
        let beforehand = RootsBeforehand(source, status, judged, judgedStatus, missing)
        try Self.judgeMeant(beforehand, options)
        try Self.judgeContents(of: source, existing, options)
        if options.checksFirst { try Self.judgeFit(source, judged, existing, options) }
        var destination = existing
        if existing == nil, !options.isDryRun { destination = try Self.make(destinationName) }
        if !options.isDryRun, let destination { try Self.lock(destination, options) }
        isDestinationNew = existing == nil
        sourceVolume = try Self.volume(of: source, .source)
        destinationVolume = try Self.volume(of: destination ?? judged, .destination)
        sourcePath = (try? source.descriptor.path()) ?? Array(sourceName.bytes)
        destinationPath =
            (try? destination?.descriptor.path()) ?? Array(destinationName.bytes)
        isSourceWholeVolume = status.isMountRoot
        try Self.checkNames(in: source, destination)
        // The roots themselves stay open too: a view does not keep its volume from being unmounted.
        var views: [SharedDescriptor] = [source]
        if let destination { views.append(destination) }
        self.source = try Self.view(of: source, .source, isReadOnly: true, &views)
        if let opened = destination {
            let view = try Self.view(
                of: opened,
                .destination,
                isReadOnly: options.isDryRun,
                &views
            )
            self.destination = view
            destinationStatus = try Self.status(of: view, .destination)
        } else {
            self.destination = nil
            destinationStatus = nil
        }
        sourceStatus = try Self.status(of: self.source, .source)
        sourceBoundary = MountBoundary(
            root: sourceStatus,
            volume: sourceVolume,
            isCrossed: options.crossesMounts
        )
        destinationBoundary = Self.boundary(destinationStatus, destinationVolume)
        pair = try Self.pair(source, sourcePath, destination, destinationPath)
        sourceItself = source
        destinationItself = destination
        isDestinationWholeVolume = existing != nil && judgedStatus.isMountRoot
        self.views = views
    }

    /// Where both roots are, by the descriptors that a pass uses.
    var places: [RootPlace] {
        let roots: [(Failure.Side, SharedDescriptor?, FileStatus?)] = [
            (.source, source, sourceStatus), (.destination, destination, destinationStatus),
        ]
        return roots.compactMap { side, root, status in
            // Without a path its calls are told by what the kernel shows.
            guard let root, let status, let path = try? root.descriptor.path() else { return nil }
            return RootPlace(side: side, mount: status.mount, path: path)
        }
    }

    private static func pair(
        _ source: SharedDescriptor,
        _ sourcePath: [UInt8],
        _ destination: SharedDescriptor?,
        _ destinationPath: [UInt8]
    ) throws(Refusal) -> PairIdentity? {
        guard let destination, let left = try identity(of: source, .source, sourcePath),
            let right = try identity(of: destination, .destination, destinationPath)
        else { return nil }
        return PairIdentity(source: left, destination: right)
    }

    /// The same of one side.
    ///
    /// Refused for an error: a pass that takes itself for the first one does not know what earlier ones could
    /// not finish (S52).
    private static func identity(
        of root: SharedDescriptor,
        _ side: Failure.Side,
        _ path: [UInt8]
    ) throws(Refusal) -> RootIdentity? {
        do throws(SystemError) {
            return try identity(of: root, path)
        } catch {
            throw .cannotExamine(side, error)
        }
    }

    /// What tells this root from all others; nil where its filesystem has no name that lasts.
    static func identity(
        of root: SharedDescriptor,
        _ path: [UInt8]
    ) throws(SystemError) -> RootIdentity? {
        let status = try root.descriptor.status()
        let filesystem: [UInt8]
        do throws(SystemError) {
            filesystem = try root.descriptor.filesystemIdentifier()
        } catch {
            if error.code == .notSupported { return nil }
            throw error
        }
        return RootIdentity(
            filesystem: filesystem,
            inode: status.inode,
            birthNanoseconds: status.birth?.nanosecondsSince1970 ?? 0,
            path: path
        )
    }

    /// Whether a path is DESTINATION's, or lies in it.
    func isInDestination(_ path: Name) -> Bool {
        guard let root = try? destinationItself?.descriptor.status().identity else { return false }
        return Self.lies(path, below: root)
    }

    /// The same by the first directory on the way up that exists.
    private static func lies(_ name: Name, below root: InodeIdentity) -> Bool {
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

    /// Time of change of DESTINATION's root; nil where it cannot be read, or is to be made.
    var destinationChangedNanoseconds: Int64? {
        (try? destinationItself?.descriptor.status())?.changed.nanosecondsSince1970
    }

    /// Moves the time of change of DESTINATION's root, and nothing else of it.
    ///
    /// So a later pass knows of this one even if nothing can be written down of it, and knows an image of an earlier
    /// state. By changing neither owner nor group: chown(2) allows that to everybody, and of a directory it
    /// clears no bit, as chmod(2) may clear setgid.
    func stampDestination() {
        // What does not take it, a root that is immutable or a volume that takes no write, is told where it counts.
        try? destinationItself?.descriptor.setOwner(.max, group: .max)
    }

    /// What DESTINATION shows of writes by anybody; nil where it cannot tell.
    ///
    /// `afterSynchronizing`: what is dirty is written back first, or it would show later.
    func destinationTraces(afterSynchronizing: Bool) -> WriteTraces? {
        guard let root = destinationItself else { return nil }
        // An error of it is met again, and told, by the `syncfs` that ends the pass.
        if afterSynchronizing, (try? root.descriptor.synchronizeFilesystem()) == nil {
            return nil
        }
        return WriteTraces(of: root.descriptor, isWholeVolume: isDestinationWholeVolume)
    }

    /// Keeps other passes from DESTINATION until this process is done.
    private static func lock(
        _ destination: SharedDescriptor,
        _ options: PassOptions
    ) throws(Refusal) {
        let isMine: Bool
        do throws(SystemError) { isMine = try destination.descriptor.lock(.exclusive) } catch {
            throw .cannotExamine(.destination, error)
        }
        if isMine { return }
        let holder = LockHolder(of: destination.descriptor)
        throw .destinationBusy(BusyPass(holder, stateFolder: options.stateFolder))
    }

    /// Lets other passes have DESTINATION, though descriptors of it are open still.
    func unlockDestination() {
        // Where that fails the lock goes with the last descriptor.
        try? destinationItself?.descriptor.unlock()
    }

    /// The root as this pass uses it: through a view if one can be had, else itself.
    static func view(
        of root: SharedDescriptor,
        _ side: Failure.Side,
        isReadOnly: Bool,
        _ views: inout [SharedDescriptor]
    ) throws(Refusal) -> SharedDescriptor {
        do throws(SystemError) {
            guard ProcessLimits.isRoot,
                let view = try root.descriptor.privateView(isReadOnly: isReadOnly)
            else { return root }
            let opened = SharedDescriptor(try view.openDirectory(Name(".")))
            views.append(SharedDescriptor(view))
            return opened
        } catch {
            throw .cannotExamine(side, error)
        }
    }

    static func open(_ side: Failure.Side, _ path: Name) throws(Refusal) -> SharedDescriptor {
        do throws(SystemError) {
            return SharedDescriptor(try Descriptor.openRoot(path))
        } catch {
            if error.code == .notDirectory { throw .notDirectory(side, path: Array(path.bytes)) }
            throw .cannotOpen(side, path: Array(path.bytes), error)
        }
    }

    private static func openIfThere(_ path: Name) throws(Refusal) -> SharedDescriptor? {
        do throws(Refusal) {
            return try open(.destination, path)
        } catch {
            if case .cannotOpen(_, _, let cause) = error, cause.code == .noEntry, path.count > 0 {
                return nil
            }
            throw error
        }
    }

    private static func openParent(_ path: Name) throws(Refusal) -> SharedDescriptor {
        var bytes = Array(path.bytes)
        while bytes.last == 0x2F { bytes.removeLast() }
        let parent: [UInt8]
        if let slash = bytes.lastIndex(of: 0x2F) {
            parent = slash == 0 ? [0x2F] : Array(bytes[..<slash])
        } else {
            parent = [0x2E]
        }
        return try open(.destination, Name(parent))
    }

    private static func make(_ path: Name) throws(Refusal) -> SharedDescriptor {
        do throws(SystemError) {
            return SharedDescriptor(try Descriptor.makeRoot(path))
        } catch {
            throw .cannotCreate(path: Array(path.bytes), error)
        }
    }

    static func status(
        of root: SharedDescriptor,
        _ side: Failure.Side
    ) throws(Refusal) -> FileStatus {
        do throws(SystemError) { return try root.descriptor.status() } catch {
            throw .cannotExamine(side, error)
        }
    }

    static func volume(
        of root: SharedDescriptor,
        _ side: Failure.Side
    ) throws(Refusal) -> VolumeStatus {
        do throws(SystemError) { return try VolumeStatus(of: root.descriptor) } catch {
            throw .cannotExamine(side, error)
        }
    }

    // MARK: Judging

    /// S2: not the same directory, neither inside the other; inside means inside the same filesystem (S65).
    ///
    /// Judged by inodes on the way up to `/`, and for one filesystem mounted in two places by paths
    /// inside that filesystem.
    private static func judge(
        _ source: borrowing Descriptor,
        _ sourceStatus: FileStatus,
        _ destination: borrowing Descriptor,
        _ destinationStatus: FileStatus,
        isNew: Bool,
        crossesMounts: Bool
    ) throws(Refusal) {
        if sourceStatus.identity == destinationStatus.identity {
            throw isNew ? .nested(inner: .destination) : .sameDirectory
        }
        // S65: another filesystem that is mounted below SOURCE is not entered, so it may be DESTINATION. The other
        // way round stays refused: that is what roots given in the wrong order look like, and --delete would
        // empty the running system.
        let isApart = !crossesMounts && sourceStatus.device != destinationStatus.device
        if !isApart, try hasAncestor(destination, sourceStatus.identity, .destination) {
            throw .nested(inner: .destination)
        }
        if !isNew, try hasAncestor(source, destinationStatus.identity, .source) {
            throw .nested(inner: .source)
        }
        if sourceStatus.device == destinationStatus.device {
            try judgePaths(source, destination, isNew: isNew)
        }
    }

    /// The same for two mounts of one filesystem, by the paths inside it.
    private static func judgePaths(
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor,
        isNew: Bool
    ) throws(Refusal) {
        let paths: (source: [UInt8]?, destination: [UInt8]?)
        do throws(SystemError) {
            let path = try MountTable.pathInFilesystem(of: source)
            paths = (path, try MountTable.pathInFilesystem(of: destination))
        } catch {
            throw .cannotExamine(.source, error)
        }
        guard let inner = paths.source, let outer = paths.destination else { return }
        if inner == outer, !isNew { throw .sameDirectory }
        if outer == inner || outer.starts(with: inner + [0x2F]) {
            throw .nested(inner: .destination)
        }
        if !isNew, inner.starts(with: outer + [0x2F]) { throw .nested(inner: .source) }
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

    /// Refuses what cannot work for want of room or because nothing may be written, before anything is touched.
    private static func judgeFit(
        _ source: SharedDescriptor,
        _ judged: SharedDescriptor,
        _ destination: SharedDescriptor?,
        _ options: PassOptions
    ) throws(Refusal) {
        guard !options.isDryRun else { return }
        if try volume(of: judged, .destination).isReadOnly { throw .destinationReadOnly }
        // Others leave out what they may not read: what they need is not known.
        guard ProcessLimits.isRoot else { return }
        let names = try destination.map { root throws(Refusal) in
            try Self.names(in: root, .destination)
        }
        let forecast = FitForecast(
            source: source.descriptor,
            destination: judged.descriptor,
            isEmpty: ReservedNames.hold(all: names ?? []),
            options
        )
        if let refusal = forecast?.refusal { throw refusal }
    }

    /// The names in a root, through a descriptor of its own: a listing moves the position of the one it reads.
    static func names(in root: SharedDescriptor, _ side: Failure.Side) throws(Refusal) -> [Name] {
        var listing = Listing()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        do throws(SystemError) {
            let directory = try root.descriptor.openDirectory(Name("."))
            try listing.read(directory, buffer: buffer)
        } catch {
            throw .cannotExamine(side, error)
        }
        return (0..<listing.count).map { listing.name($0) }
    }
}
