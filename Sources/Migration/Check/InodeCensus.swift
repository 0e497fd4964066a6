// The census of a whole XFS by its list of inodes in use: no name is looked up, no access time moves. Names come
// in only where there is something to name (NameSearch).
//
// What is kept true: what InodeScan keeps true; an inode that cannot be read ends the census with an error.

import LinuxIO
import Synchronization

/// The census by XFS_IOC_BULKSTAT.
struct InodeCensus {
    /// Inodes whose attributes are read to be measured: some seconds on a disk.
    static let measuredMax = 100_000

    /// An inode whose attributes are outside of it.
    struct Attributed: Sendable {
        let inode: UInt64
        let generation: UInt32
        let kind: EntryKind
    }

    let volume: SharedDescriptor
    let limits: CensusLimits
    let workers: Int
    let control: RunControl
    /// Whether files are sampled for who times SOURCE's disk.
    let samples: Bool

    /// Counts; blocks, with as many lanes as there are allocation groups, 8 at most.
    func run() throws(SystemError) -> (
        census: Census, attributed: [Attributed], runs: [[SampledFile]]
    ) {
        let geometry = try XFSGeometry(of: volume.descriptor)
        let result = Lock(Part())
        let problem = Lock<SystemError?>(nil)
        let next = Atomic<Int>(0)
        inLanes(min(geometry.groupCount, workers, 8)) { _ in
            while problem.withLock({ $0 }) == nil, !control.isInterrupted {
                let group = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard group < geometry.groupCount else { return }
                do throws(SystemError) {
                    let part = try count(group, geometry)
                    result.withLock { $0.merge(part) }
                } catch {
                    problem.withLock { $0 = $0 ?? error }
                }
            }
        }
        if let problem = problem.withLock({ $0 }) { throw problem }
        let part = result.withLock { $0 }
        return (part.census, part.attributed, part.files.runs)
    }

    /// What one lane has counted.
    private struct Part: Sendable {
        var census = Census(method: .bulkstat)
        var attributed: [Attributed] = []
        var files = FileRuns()

        init() {
            census.attributed = 0
            census.projects = 0
            census.flagged = 0
            census.realtime = 0
            census.directAccess = 0
            census.extentSizes = 0
        }

        mutating func note(_ attributed: Attributed) {
            if self.attributed.count < InodeCensus.measuredMax {
                self.attributed.append(attributed)
            } else {
                census.unmeasured += 1
            }
        }

        mutating func merge(_ other: Part) {
            census.merge(other.census)
            files.merge(other.files)
            for inode in other.attributed { note(inode) }
        }
    }

    private func count(_ group: Int, _ geometry: XFSGeometry) throws(SystemError) -> Part {
        var scan = InodeScan(group: group, geometry: geometry)
        var part = Part()
        var seen = 0
        while let inode = try scan.nextDetails(volume.descriptor) {
            seen += 1
            if seen % 65_536 == 0, control.isInterrupted { break }
            // Without a name it is not copied.
            guard inode.identity.linkCount > 0 else { continue }
            let entry = CountedEntry(
                inode: inode.identity.inode,
                generation: inode.identity.generation,
                kind: inode.identity.kind,
                sizeBytes: inode.sizeBytes,
                heldBytes: inode.blocks &* geometry.blockBytes,
                linkCount: inode.identity.linkCount,
                modified: inode.modified,
                hasAttributeBlocks: inode.hasAttributeBlocks
            )
            part.census.count(inode, entry, limits)
            // Holes are read without a disk.
            if samples, entry.kind == .regular, entry.sizeBytes > 0,
                entry.heldBytes >= entry.sizeBytes
            {
                part.files.add(SampledFile(inode: entry.inode, generation: entry.generation))
            }
            if limits.measuresAttributes, inode.hasAttributeBlocks {
                part.note(
                    Attributed(
                        inode: entry.inode,
                        generation: entry.generation,
                        kind: entry.kind
                    )
                )
            }
        }
        part.files.endRun()
        return part
    }
}
