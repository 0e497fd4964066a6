// Hard links across shards (S40-S42), joined by closing. Each shard has made the names that it met of one inode of SOURCE
// one inode of DESTINATION; here they become one. One of these inodes leads, and the names of the others are linked over
// (GroupLinker).
//
// Nothing is guessed: a name is changed only if SOURCE still has the inode under it that was met, and DESTINATION one
// that a shard left there. The leader is of the run that met the inode last, by its time of change on SOURCE.
//
// An inode of DESTINATION that shards took for two inodes of SOURCE, which neither could see, leads none of them as long
// as another can; where none can, and where one has names at the end that nobody told of, that is a failure.

import LinuxIO
import Synchronization

/// Joins the groups that shards left open.
///
/// Called by one thread, when no worker of the walk runs; the work is done in lanes of its own.
final class GroupJoiner {
    /// So many neighbours a lane takes at once: they have most of their path in common.
    private static let runLength = 16

    private let context: PassContext
    private let roots: Roots
    private let destination: SharedDescriptor
    private let table: GroupTable
    /// Lanes at most.
    private let workers: Int
    private let mayHaveLeftovers: Bool
    /// Which inodes of SOURCE have an inode of DESTINATION.
    private var claims: [UInt64: Set<UInt64>] = [:]

    /// `mayHaveLeftovers`: an earlier closing was killed.
    init(
        _ context: PassContext,
        _ roots: Roots,
        _ destination: SharedDescriptor,
        _ open: [OpenGroup],
        mayHaveLeftovers: Bool
    ) {
        self.context = context
        self.roots = roots
        self.destination = destination
        self.mayHaveLeftovers = mayHaveLeftovers
        workers = context.plan.options.workers.number()
        table = GroupTable(open)
        for group in table.groups {
            for inode in group.candidates { claims[inode, default: []].insert(group.source) }
        }
    }

    /// Joins all of them; what cannot be joined is told.
    func run() {
        var waiting = Array(table.groups.indices)
        while !waiting.isEmpty, context.log.mayWrite {
            let ready = waiting.filter { index in
                let group = table.groups[index]
                let free = group.leaders.first { claims[$0] == [group.source] }
                table.lead(index, by: free)
                return free != nil
            }
            // Each of the rest shares all its inodes.
            if ready.isEmpty { break }
            join(ready)
            for index in ready { releaseClaims(of: index) }
            waiting.removeAll { table.progress(of: $0).leader != nil }
        }
        guard context.log.mayWrite else { return }
        for index in waiting { tellShared(table.groups[index]) }
        checkNames()
    }

    /// Links the names of these groups, each directory by one worker.
    private func join(_ ready: [Int]) {
        var jobs: [LinkJob] = []
        for index in ready {
            let leader = table.progress(of: index).leader
            for part in table.groups[index].parts where part.destinations != leader.map({ [$0] }) {
                jobs += part.paths.map { LinkJob(index, $0) }
                table.addJobs(part.paths.count, of: index)
            }
        }
        jobs.sort { one, other in
            if one.directory.elementsEqual(other.directory) { return one.group < other.group }
            return one.directory.lexicographicallyPrecedes(other.directory)
        }
        let starts = jobs.indices.filter { index in
            index == 0 || !jobs[index].directory.elementsEqual(jobs[index - 1].directory)
        }
        let sorted = jobs
        share(starts.count) { [context, roots, destination, table, mayHaveLeftovers] take in
            let linker = GroupLinker(
                context,
                roots,
                destination,
                table,
                mayHaveLeftovers: mayHaveLeftovers
            )
            while let run = take() {
                for index in run {
                    let end = index + 1 < starts.count ? starts[index + 1] : sorted.count
                    linker.link(sorted[starts[index]..<end])
                }
            }
        }
    }

    /// Shares out `count` pieces among lanes; each takes neighbours until none are left, or the pass ends.
    private func share(
        _ count: Int,
        _ work: @escaping @Sendable (_ take: () -> Range<Int>?) -> Void
    ) {
        let next = Atomic<Int>(0)
        let length = Self.runLength
        inLanes(min((count + length - 1) / length, workers)) { [context] _ in
            work {
                guard context.log.mayWrite else { return nil }
                let start = next.wrappingAdd(length, ordering: .relaxed).oldValue
                return start < count ? start..<min(start + length, count) : nil
            }
        }
    }

    // MARK: What cannot be joined

    private func releaseClaims(of index: Int) {
        let group = table.groups[index]
        let progress = table.progress(of: index)
        // A name that stays where it was keeps its claim.
        if progress.hasFailed { return }
        for inode in group.candidates
        where inode != progress.leader && !progress.full.contains(inode) {
            claims[inode]?.remove(group.source)
        }
    }

    /// All inodes that its names have on DESTINATION are others' as well.
    private func tellShared(_ group: JoinedGroup) {
        fail(
            group,
            "it shares its inode at DESTINATION with another file, of another shard; "
                + "a pass without --plan separates them"
        )
    }

    private func fail(_ group: JoinedGroup, _ detail: String) {
        guard let path = group.parts.first?.paths.first else { return }
        context.log.record(
            Failure(path: path, side: .destination, activity: .link, detail: detail)
        )
    }

    /// Whether an inode has more names at the end than were told of: then it is another file's, too, which no shard saw.
    ///
    /// Only where extras go and no filter keeps any, and all was done. Most counts are known: whoever linked the last name
    /// of a group asked (GroupLinker).
    private func checkNames() {
        let options = context.plan.options
        guard options.deletesExtras, options.filter.isEmpty,
            context.log.counters.deletionsRefused.value() == 0
        else { return }
        var unasked: [Int] = []
        var found: [(index: Int, problem: SystemError?)] = []
        for index in table.groups.indices {
            let progress = table.progress(of: index)
            guard progress.leader != nil, !progress.hasFailed, progress.full.isEmpty else {
                continue
            }
            if let count = progress.linkCount {
                if count > table.groups[index].names { found.append((index, nil)) }
            } else {
                unasked.append(index)
            }
        }
        found += countNames(of: unasked)
        for (index, problem) in found.sorted(by: { $0.index < $1.index }) {
            let group = table.groups[index]
            if let problem {
                fail(group, "how many names it has cannot be told: \(problem.code.sentence)")
            } else {
                tellShared(group)
            }
        }
    }

    /// Which of these groups have more names than were told of, or cannot be asked.
    private func countNames(of unasked: [Int]) -> [(index: Int, problem: SystemError?)] {
        let found = Lock<[(index: Int, problem: SystemError?)]>([])
        share(unasked.count) { [context, destination, table] take in
            var leaders = GroupLeaders(context, table, destination)
            while let run = take() {
                for index in unasked[run] {
                    guard let leader = table.progress(of: index).leader else { continue }
                    do throws(SystemError) {
                        guard let handle = try leaders.handle(on: leader, of: index) else {
                            continue
                        }
                        let status = try handle.descriptor.status()
                        if status.linkCount > table.groups[index].names {
                            found.withLock { $0.append((index, nil)) }
                        }
                    } catch {
                        found.withLock { $0.append((index, error)) }
                    }
                }
            }
        }
        return found.withLock { $0 }
    }
}
