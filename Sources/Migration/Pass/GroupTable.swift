// What closing knows of hard links across shards (S40-S42), and how far it has come with them.

import LinuxIO

/// All that is known of the names of one inode of SOURCE.
struct JoinedGroup: Sendable {
    let source: UInt64
    let parts: [OpenGroup]

    /// The inodes of DESTINATION that its names have, the best to lead first.
    var candidates: [UInt64] {
        var seen: Set<UInt64> = []
        return parts.sorted { $0.changed > $1.changed }.flatMap(\.destinations).filter {
            seen.insert($0).inserted
        }
    }

    /// Those that a run left which met the inode last: what others left may be an older copy.
    var leaders: [UInt64] {
        let newest = parts.map(\.changed).max()
        return parts.filter { $0.changed == newest }.flatMap(\.destinations)
    }

    var names: Int { parts.reduce(0) { $0 + $1.paths.count } }
}

/// The groups that shards left open.
///
/// Thread-safe: what shards told is fixed, and what joining makes of it is under one lock, held for moments.
final class GroupTable: Sendable {
    /// How far one group has come.
    struct Progress {
        /// What its names are linked to; nil: not chosen yet.
        var leader: UInt64?
        /// Inodes that took all names that they can (S41).
        var full: Set<UInt64> = []
        var hasFailed = false
        /// Names that are still to be looked at.
        var jobs = 0
        /// How many names the leader had when the last of them was linked to it; nil: not asked.
        var linkCount: UInt32?
    }

    /// By their inodes on SOURCE.
    let groups: [JoinedGroup]
    private let progress: Lock<[Progress]>

    init(_ open: [OpenGroup]) {
        groups = Dictionary(grouping: open, by: \.source).sorted { $0.key < $1.key }.map {
            JoinedGroup(source: $0.key, parts: $0.value)
        }
        progress = Lock(Array(repeating: Progress(), count: groups.count))
    }

    /// As it is now.
    func progress(of index: Int) -> Progress { progress.withLock { $0[index] } }

    func lead(_ index: Int, by leader: UInt64?) { progress.withLock { $0[index].leader = leader } }

    func addJobs(_ count: Int, of index: Int) { progress.withLock { $0[index].jobs += count } }

    /// One name was looked at, whatever came of it; whether it was the last one.
    func finishJob(of index: Int) -> Bool {
        progress.withLock { all in
            all[index].jobs -= 1
            return all[index].jobs == 0
        }
    }

    func note(linkCount: UInt32, of index: Int) {
        progress.withLock { $0[index].linkCount = linkCount }
    }

    func noteFailure(of index: Int) { progress.withLock { $0[index].hasFailed = true } }

    /// S41: `leader` takes no more names; the inode that takes further ones from now on: `next`, where no other worker has
    /// found the same before.
    func leaderIsFull(_ leader: UInt64, of index: Int, next: UInt64) -> UInt64? {
        progress.withLock { all in
            all[index].full.insert(leader)
            if all[index].leader == leader { all[index].leader = next }
            return all[index].leader
        }
    }
}
