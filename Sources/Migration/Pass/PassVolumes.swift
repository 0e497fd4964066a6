// The two filesystems as workers ask them: where they end, what DESTINATION can hold, and the stamp on its root.

import LinuxIO
import Synchronization

/// What workers know of both volumes.
///
/// Everything in it is either immutable or guards itself.
final class PassVolumes: Sendable {
    /// Where the two filesystems end (S4, S46).
    let sourceBoundary: MountBoundary
    private let destinationBoundary: MountBoundary?
    private let crossesMounts: Bool
    let destinationRoot: FileStatus?
    /// DESTINATION is an overlay filesystem: what is written to becomes another inode.
    let destinationCopiesUp: Bool
    /// DESTINATION's block size, within 512 B and 64 KiB: runs of zeros that cover one become holes (S21).
    let blockBytes: UInt64
    /// Whether files of SOURCE can be closed together, see `VolumeStatus.closesAtOnce`.
    let closesTogether: Bool
    /// Whether a file that is made on DESTINATION has the mode that was asked for, and not one that a server thinks of.
    let makesModes: Bool
    /// What is known of project ids.
    let projects: Projects
    private let destination: SharedDescriptor?
    private let isDryRun: Bool
    private let isStamped = Atomic<Bool>(false)
    private let hasTakenDirectWrites = Atomic<Bool>(false)
    private let stamp: @Sendable () -> Void

    init(_ roots: Roots, _ options: PassOptions, isRoot: Bool) {
        sourceBoundary = roots.sourceBoundary
        destinationBoundary = roots.destinationBoundary
        crossesMounts = options.crossesMounts
        destinationRoot = roots.destinationStatus
        destinationCopiesUp = roots.destinationVolume.isOverlay
        blockBytes = min(max(roots.destinationVolume.blockBytes, 512), 65_536)
        // What is mounted below may be of another type.
        closesTogether = roots.sourceVolume.closesAtOnce && !options.crossesMounts
        makesModes = roots.destinationVolume.keepsAttributesItself && !options.crossesMounts
        projects = Projects(
            areHeld: isRoot ? roots.holdsProjects : nil,
            sourceType: roots.sourceVolume.typeName
        )
        destination = roots.destination
        isDryRun = options.isDryRun
        stamp = { roots.stampDestination() }
    }

    // MARK: Boundaries

    /// What begins at an entry of DESTINATION (S46); nil where it belongs to DESTINATION's filesystem.
    func crossingOfDestination(_ status: FileStatus) -> MountBoundary.Crossing? {
        destinationBoundary?.crossing(at: status)
    }

    func isForeignDestination(_ status: FileStatus) -> Bool {
        crossingOfDestination(status) != nil
    }

    /// The status of an entry of DESTINATION; what is mounted there is asked only with `--cross-mounts`.
    func destinationStatus(
        of name: NamePointer,
        in directory: borrowing Descriptor
    ) throws(SystemError) -> FileStatus? {
        guard let destinationBoundary else { return try directory.status(of: name) }
        let status = try destinationBoundary.status(of: name, in: directory)
        guard crossesMounts, let status, isForeignDestination(status) else { return status }
        return try directory.status(of: name)
    }

    // MARK: Direct writes

    /// Whether files can be made to be written to past the page cache at once: known from the first that was.
    ///
    /// What is mounted below may be of another type.
    var takesDirectWrites: Bool {
        !crossesMounts && hasTakenDirectWrites.load(ordering: .relaxed)
    }

    /// A file of DESTINATION could be written to so.
    func noteDirectWrites() {
        if !hasTakenDirectWrites.load(ordering: .relaxed) {
            hasTakenDirectWrites.store(true, ordering: .relaxed)
        }
    }

    // MARK: Changes

    /// Something is about to be changed on DESTINATION, be it an attribute: before the first time its root is stamped.
    func noteChangeOfDestination() {
        if isStamped.load(ordering: .relaxed) || isDryRun { return }
        if isStamped.exchange(true, ordering: .relaxed) { return }
        stamp()
    }

    /// All was changed that this pass changes, and is on the disk: the stamp moves once more, or an image of the
    /// middle of the pass would look like one of its end.
    ///
    /// False: nothing was changed.
    func noteChangesDone() -> Bool {
        guard isStamped.load(ordering: .relaxed) else { return false }
        stamp()
        return true
    }

    /// Whether DESTINATION has room though it says ENOSPC.
    ///
    /// Its root is asked: another directory of an XFS may answer with its project's limits. If the root itself is in
    /// a project that it passes on, that project's limit is DESTINATION's.
    func hasRoom() -> Bool {
        // What cannot be asked is taken at its word.
        guard let destination, let volume = try? VolumeStatus(of: destination.descriptor) else {
            return false
        }
        return DestinationStop.hasRoom(volume)
    }
}
