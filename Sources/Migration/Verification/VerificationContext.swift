// What all workers of one verification of two trees share.

import LinuxIO
import Synchronization

/// Shared state of a running verification.
///
/// Everything in it is either immutable or guards itself.
final class VerificationContext: Sendable {
    let options: VerificationOptions
    let log: VerificationLog
    let comparison: Comparison
    let budget: DescriptorBudget
    let links: LinkPairing
    let projects: ProjectPairing
    /// Times that DESTINATION cannot hold.
    let clampedTimes = ClampedTimes()
    /// Where digests go; nil: none are made.
    let manifest: ManifestWriter?
    let isRoot: Bool
    /// Whether DESTINATION is known to hold project ids.
    let comparesProjects: Bool
    /// Whether small files are read together, through io_uring.
    let readsTogether: Bool
    /// DESTINATION's block size, within 512 B and 64 KiB: what differs is counted in such blocks.
    let blockBytes: UInt64
    let beginning: Beginning
    /// Large files under way; each holds two descriptors, which `DescriptorBudget.perWorker` has room for.
    let largeFiles = Atomic<Int>(0)
    /// Device and mount of both roots: an entry with others is a mount point (S4, S46).
    let roots: (source: FileStatus, destination: FileStatus)

    init(
        options: VerificationOptions,
        log: VerificationLog,
        comparison: Comparison,
        budget: DescriptorBudget,
        links: LinkPairing,
        manifest: ManifestWriter?,
        isRoot: Bool,
        readsTogether: Bool,
        blockBytes: UInt64,
        beginning: Beginning,
        holdsProjects: Bool?,
        roots: (source: FileStatus, destination: FileStatus)
    ) {
        self.options = options
        self.log = log
        self.comparison = comparison
        self.budget = budget
        self.links = links
        self.manifest = manifest
        self.isRoot = isRoot
        comparesProjects = holdsProjects == true
        self.readsTogether = readsTogether
        self.blockBytes = min(max(blockBytes, 512), 65_536)
        self.beginning = beginning
        projects = ProjectPairing(log: log, holdsProjects: holdsProjects)
        self.roots = roots
    }

    var counters: VerificationCounters { log.counters }
    var isInterrupted: Bool { log.isInterrupted }

    /// Whether another filesystem, or another part of one, is mounted at an entry.
    func isForeign(_ status: FileStatus, _ side: Failure.Side) -> Bool {
        let root = side == .source ? roots.source : roots.destination
        return status.device != root.device || status.mount != root.mount
    }

    /// Whether an entry changed after the verification had begun.
    func isRecent(_ status: FileStatus) -> Bool { beginning.isBeforeChange(of: status) }

    /// Whether contents of the file with this inode on SOURCE are compared.
    func isSampled(inode: UInt64) -> Bool {
        options.sample?.contains(inode: inode) ?? true
    }
}
