// Hard links across the shards of a plan, compared by closing (S40 to S42): each shard tells which inodes of the two sides
// its names have, of those of which it did not meet all names. Together they show what no shard could see: names that are
// one inode on one side only.
//
// What was told is old by now, and inodes are given to other files: so both names are looked at once more, and only what
// is so still is told.

import LinuxIO

/// Joins what shards told.
///
/// Called by one thread, when no worker runs.
struct PairingJoiner {
    private let context: VerificationContext
    private let roots: Roots
    private var log: VerificationFindings { context.log }

    init(_ context: VerificationContext, _ roots: Roots) {
        (self.context, self.roots) = (context, roots)
    }

    /// Tells each name that is linked on one side only to a name which another part met, once.
    ///
    /// What one part told already it does not tell again.
    func join(_ told: (pairs: [MetPair], unread: [Int]), own: [MetPair]) {
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
        var bySource: [UInt64: [MetPair]] = [:]
        var byDestination: [UInt64: MetPair] = [:]
        for pair in told.pairs + own {
            guard log.mayBegin else { return }
            var other: MetPair?
            let known = bySource[pair.source.inode, default: []]
            if !known.contains(where: { $0.destination.inode == pair.destination.inode }) {
                let most = LinkPairing.partnersMax(
                    names: pair.source.names,
                    linkCountMax: context.links.linkCountMax
                )
                if known.count >= Int(most) { other = known.first }
                if other == nil, !pair.isTold { bySource[pair.source.inode] = known + [pair] }
            }
            if let owner = byDestination[pair.destination.inode] {
                if owner.source.inode != pair.source.inode { other = owner }
            } else {
                byDestination[pair.destination.inode] = pair
            }
            if let other, !pair.isTold { tell(pair, other) }
        }
    }

    /// Tells that a name is linked to another on one side only, if both are as they were.
    private func tell(_ pair: MetPair, _ other: MetPair) {
        guard isStill(other) != nil, let now = isStill(pair) else { return }
        let hasMoved =
            MetInode(now.source) != pair.source || MetInode(now.destination) != pair.destination
        let isChanged =
            hasMoved || context.isRecent(now.source) || context.isRecent(now.destination)
        log.tell(
            FoundDifference(
                path: pair.path,
                kind: now.source.kind,
                aspect: .links(LinkFacts(now.source), LinkFacts(now.destination))
            ),
            isChanged: isChanged
        )
    }

    /// Both sides of a name, where they are the inodes that were met; nil: they are not, or that failed, which was
    /// recorded.
    private func isStill(_ pair: MetPair) -> (source: FileStatus, destination: FileStatus)? {
        do throws(NotEntered) {
            if let source = try status(pair.path, .source, in: roots.source),
                source.inode == pair.source.inode, let root = roots.destination,
                let destination = try status(pair.path, .destination, in: root),
                destination.inode == pair.destination.inode
            {
                return (source, destination)
            }
        } catch {
            if case .failed(let cause) = error, !Self.isGone(cause) {
                log.record(
                    Failure(path: pair.path, side: .destination, activity: .examine, error: cause)
                )
                return nil
            }
        }
        log.reportVanished(pair.path)
        return nil
    }

    private static func isGone(_ error: SystemError) -> Bool {
        [.noEntry, .stale, .notDirectory, .symlinkLoop].contains(error.code)
    }

    /// What has a path below a root; nil: nothing.
    private func status(
        _ path: [UInt8],
        _ side: Failure.Side,
        in root: SharedDescriptor
    ) throws(NotEntered) -> FileStatus? {
        let boundary = context.boundary(side)
        let names = path.split(separator: 0x2F).map { Name($0) }
        guard let last = names.last else { return nil }
        var directory = root
        for name in names.dropLast() {
            directory = try boundary.enter(name, in: directory.descriptor).handle
        }
        do throws(SystemError) {
            return try last.withPointer { pointer throws(SystemError) in
                try boundary.status(of: pointer, in: directory.descriptor)
            }
        } catch {
            throw .failed(error)
        }
    }
}
