// What all workers of one verification of two trees share.

import LinuxIO
import Synchronization

/// Shared state of a running verification.
///
/// Everything in it is either immutable or guards itself.
final class VerificationContext: Sendable {
    let options: VerificationOptions
    let log: VerificationFindings
    let comparison: Comparison
    let scope: Scope
    /// What is left out on both sides.
    let filter: Filter
    /// What users changed since the last whole pass; nil where no record tells.
    let pending: PendingEntries?
    let budget: DescriptorBudget
    let directories: OpenDirectories<VerifiedState>
    let links: LinkPairing
    let projects: ProjectPairing
    /// What users and groups of DESTINATION hold.
    let usage = UsageSums()
    /// An entry of another filesystem was compared, on DESTINATION: what lies below its mount point is accounted and unseen.
    let metOtherMount = Atomic<Bool>(false)
    /// Times that DESTINATION cannot hold.
    let clampedTimes = ClampedTimes()
    /// Where digests go; nil: none are made.
    let manifest: ManifestWriter?
    let isRoot: Bool
    /// Whether DESTINATION is known to hold project ids.
    let comparesProjects: Bool
    /// Where small files are collected to be read together, through io_uring; nil where that cannot be had.
    let windows: FileWindows?
    /// DESTINATION's block size, within 512 B and 64 KiB: what differs is counted in such blocks.
    let blockBytes: UInt64
    let beginning: VerificationClock
    /// Large files under way; each holds two descriptors.
    let largeFiles = LargeFileSlots()
    let roots: (source: FileStatus, destination: FileStatus)
    /// Where the two filesystems end (S4, S46).
    private let boundaries: (source: MountBoundary, destination: MountBoundary)

    init(  // One for each thing that all lanes share.
        options: VerificationOptions,
        log: VerificationFindings,
        comparison: Comparison,
        budget: DescriptorBudget,
        links: LinkPairing,
        manifest: ManifestWriter?,
        isRoot: Bool,
        windows: FileWindows?,
        blockBytes: UInt64,
        beginning: VerificationClock,
        holdsProjects: Bool?,
        filter: Filter,
        pending: PendingEntries?,
        spine: SpineDirectory?,
        roots: (source: FileStatus, destination: FileStatus),
        boundaries: (source: MountBoundary, destination: MountBoundary)
    ) {
        self.options = options
        self.log = log
        self.comparison = comparison
        scope = Scope(branches: options.branches, spine: spine)
        self.budget = budget
        directories = OpenDirectories(budget, crossesMounts: options.crossesMounts)
        self.links = links
        self.manifest = manifest
        self.isRoot = isRoot
        comparesProjects = holdsProjects == true
        self.windows = windows
        self.blockBytes = min(max(blockBytes, 512), 65_536)
        self.beginning = beginning
        // A part of a plan cannot conclude from what it did not meet: others may have met project ids.
        projects = ProjectPairing(
            log: log,
            holdsProjects: spine == nil ? holdsProjects : holdsProjects ?? true
        )
        self.filter = filter
        self.pending = pending
        self.roots = roots
        self.boundaries = boundaries
    }

    var counters: VerificationCounters { log.counters }
    var isInterrupted: Bool { log.isInterrupted }
    /// What is left when the walk is done.
    var lastTasks: [VerificationTask] {
        windows?.hasCollected == true ? [.window(isLast: true)] : []
    }
    var mayBegin: Bool { log.mayBegin }

    /// Where the filesystem of one side ends.
    func boundary(_ side: Failure.Side) -> MountBoundary {
        side == .source ? boundaries.source : boundaries.destination
    }

    /// Whether DESTINATION's filesystem accounts an entry of that tree: what is mounted below is another's, and noted.
    func isAccounted(_ status: FileStatus) -> Bool {
        let own = roots.destination
        if status.device == own.device, status.mount == own.mount { return true }
        metOtherMount.store(true, ordering: .relaxed)
        return false
    }

    /// Whether an entry changed after the verification had begun.
    func isRecent(_ status: FileStatus) -> Bool { beginning.showsChange(of: status) }

    /// When a directory of SOURCE changed; nil where it cannot be asked any more, and shows nothing.
    func directoryChange(_ directory: SharedDescriptor?) -> PendingJudge.DirectoryChange? {
        (try? directory?.descriptor.status()).map {
            PendingJudge.DirectoryChange(
                $0.changed.nanosecondsSince1970,
                isMeanwhile: isRecent($0)
            )
        }
    }

    /// Whether a pass made entries of this kind.
    func isCarried(_ kind: EntryKind) -> Bool {
        if kind.isDevice { return options.preserved.contains(.devices) }
        let isSpecial = kind == .fifo || kind == .socket
        return !isSpecial || options.preserved.contains(.specials)
    }

    /// Whether contents of the file with this inode on SOURCE are compared.
    func isSampled(inode: UInt64) -> Bool {
        options.sample?.contains(inode: inode) ?? true
    }
}
