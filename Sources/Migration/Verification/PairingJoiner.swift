// Hard links across the shards of a plan, compared by closing: each shard tells which inodes of the two sides its names
// have, of those of which it did not meet all names. Together they show what no shard could see: names that are one inode
// on one side only.

import LinuxIO

/// Joins what shards told.
struct PairingJoiner {
    private let log: VerificationFindings
    private let linkCountMax: UInt32

    init(_ log: VerificationFindings, linkCountMax: UInt32) {
        (self.log, self.linkCountMax) = (log, linkCountMax)
    }

    /// Tells each inode of SOURCE with too many on DESTINATION, and each of DESTINATION that is several of SOURCE's.
    func join(_ told: (groups: [OpenGroup], unread: [Int]), _ own: [OpenGroup]) {
        for shard in told.unread {
            log.record(
                Failure(
                    path: [],
                    side: .destination,
                    activity: .link,
                    detail:
                        "the links file of shard \(shard) cannot be read or is of another run; compare it again"
                )
            )
        }
        var bySource: [UInt64: Set<UInt64>] = [:]
        var byDestination: [UInt64: Set<UInt64>] = [:]
        var names: [UInt64: UInt32] = [:]
        var paths: [UInt64: [UInt8]] = [:]
        for group in told.groups + own {
            bySource[group.source, default: []].formUnion(group.destinations)
            names[group.source] = max(names[group.source] ?? 0, group.linkCount)
            if paths[group.source] == nil { paths[group.source] = group.paths.first }
            for inode in group.destinations {
                byDestination[inode, default: []].insert(group.source)
            }
        }
        for (source, inodes) in bySource.sorted(by: { $0.key < $1.key }) {
            let count = names[source] ?? 1
            let most = LinkPairing.partnersMax(names: count, linkCountMax: linkCountMax)
            let isTorn = inodes.count > Int(most)
            let shared = inodes.filter { byDestination[$0]?.count ?? 0 > 1 }
            guard isTorn || !shared.isEmpty, let inode = (shared.min() ?? inodes.min()) else {
                continue
            }
            log.tell(
                FoundDifference(
                    path: paths[source] ?? [],
                    kind: .regular,
                    aspect: .links(
                        LinkFacts(inode: source, names: count),
                        LinkFacts(inode: inode, names: UInt32(clamping: inodes.count))
                    )
                ),
                isChanged: false
            )
        }
    }
}
