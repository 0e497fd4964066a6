// The two roots: resolved once, judged before anything is touched (S1, S2), held open to the end. The map of this folder:
//
//   OpenRoot         one root, open: what is asked of it, and its lock
//   RootNesting      neither inside the other
//   Roots+Guards     the volumes that are meant (KnownPairs: what the records say of them)
//   Roots+Process    what this process must have
//   FitForecast      whether SOURCE fits, by counts alone
//   ReservedNames    names of a root that are neither copied nor deleted
//   TimeStorage      what DESTINATION stores of a time
//   LoneRoot         DESTINATION alone, for a manifest
//   NamedRoot        a root by a name that may not be there any more
//   ReportPlace      whether a file would lie on one of the volumes

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
        let source = try OpenRoot(.source, names.source)
        let status = try source.status()
        try Self.judgeProcess(source.descriptor, options)
        let existing = try OpenRoot.destinationIfThere(names.destination)
        // What is about to be made is nested as its parent is.
        let judged: OpenRoot
        if let existing { judged = existing } else { judged = try .parent(of: names.destination) }
        let judgedStatus = try judged.status()
        let nesting = RootNesting(isNew: existing == nil, crossesMounts: options.crossesMounts)
        try nesting.judge(source.descriptor, status, judged.descriptor, judgedStatus)
        let beforehand = RootsBeforehand(
            source,
            status,
            judged,
            judgedStatus,
            existing == nil ? names.destination : nil
        )
        try Self.judgeMeant(beforehand, options)
        try Self.judgeContents(of: source, existing, options)
        if options.checksFirst {
            try FitForecast.judge(source, judged, isThere: existing != nil, options)
        }
        // Q10: what is to be made is no volume, and a pass that is refused makes nothing.
        if existing == nil, options.quotas == .on {
            throw .quotasNotCarried(.notWholeVolume(.destination))
        }
        var destination = existing
        if existing == nil, !options.isDryRun {
            destination = try OpenRoot.made(names.destination)
        }
        if !options.isDryRun { try destination?.lock(for: options) }
        isDestinationNew = existing == nil
        sourceVolume = try source.volume()
        destinationVolume = try (destination ?? judged).volume()
        sourcePath = source.path ?? Array(names.source.bytes)
        destinationPath = destination?.path ?? Array(names.destination.bytes)
        isSourceWholeVolume = status.isMountRoot
        try source.checkNames()
        try destination?.checkNames()
        // The roots themselves stay open too: a view does not keep its volume from being unmounted.
        var views: [SharedDescriptor] = [source.handle]
        if let destination { views.append(destination.handle) }
        let sourceView = try source.view(isReadOnly: true, keeping: &views)
        let destinationView: OpenRoot?
        if let destination {
            destinationView = try destination.view(isReadOnly: options.isDryRun, keeping: &views)
        } else {
            destinationView = nil
        }
        self.source = sourceView.handle
        sourceStatus = try sourceView.status()
        self.destination = destinationView?.handle
        destinationStatus = try destinationView?.status()
        sourceBoundary = MountBoundary(
            root: sourceStatus,
            volume: sourceVolume,
            isCrossed: options.crossesMounts
        )
        let volume = destinationVolume
        destinationBoundary = destinationStatus.map { MountBoundary(root: $0, volume: volume) }
        pair = try Self.pair(source, sourcePath, destination, destinationPath)
        sourceItself = source.handle
        destinationItself = destination?.handle
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
        _ source: OpenRoot,
        _ sourcePath: [UInt8],
        _ destination: OpenRoot?,
        _ destinationPath: [UInt8]
    ) throws(Refusal) -> PairIdentity? {
        guard let destination, let left = try source.identity(sourcePath),
            let right = try destination.identity(destinationPath)
        else { return nil }
        return PairIdentity(source: left, destination: right)
    }

    /// Whether a path is DESTINATION's, or lies in it.
    func isInDestination(_ path: Name) -> Bool {
        // One that does not even tell its inode now was asked when it was opened, and refused.
        guard let root = try? destinationItself?.descriptor.status().identity else { return false }
        return RootNesting.lies(path, below: root)
    }

    /// Time of change of DESTINATION's root; nil where it cannot be read, or is to be made.
    var destinationChangedNanoseconds: Int64? {
        (try? destinationItself?.descriptor.status())?.changed.nanosecondsSince1970
    }

    /// Whether both filesystems stamp times with this machine's clock, and not with a server's or another host's.
    var stampWithThisClock: Bool {
        sourceVolume.keepsAttributesItself && destinationVolume.keepsAttributesItself
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

    /// Lets other passes have DESTINATION, though descriptors of it are open still.
    func unlockDestination() {
        // Where that fails the lock goes with the last descriptor.
        try? destinationItself?.descriptor.unlock()
    }
}
