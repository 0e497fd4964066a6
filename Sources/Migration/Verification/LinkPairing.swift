// Whether names that share an inode on SOURCE share one on DESTINATION, and no others do (S40, S42). Memory grows
// with inodes that have several names, and only until all their names were met.
//
// An inode is known by device and number: on an overlay filesystem two layers may give the same number.

import LinuxIO

/// The inodes with several names that were met, and which inode of the other side their names have.
///
/// Thread-safe.
package final class LinkPairing: Sendable {
    /// What is known of two inodes that a name has.
    package enum Meeting: Sendable, Equatable {
        /// They were not met together before: they are to be compared.
        case first
        /// Other names have the same two: they are compared already.
        case again
        /// One of the two was met with another: names are linked on one side only.
        case torn
    }

    /// One inode with several names, by what its names have on the other side.
    private struct Group {
        /// The inode that the first name had.
        let partner: InodeIdentity
        /// Further ones, of a group with more names than DESTINATION allows (S41).
        var further: [InodeIdentity] = []
        var namesMet: UInt32 = 0
        /// How many it has.
        let names: UInt32
    }

    /// Two inodes that a name has.
    private struct Pair: Hashable {
        let source: InodeIdentity
        let destination: InodeIdentity
    }

    private struct State {
        var bySource: [InodeIdentity: Group] = [:]
        var byDestination: [InodeIdentity: Group] = [:]
        /// Of a part of a plan: the first name of each pair of which not all names were met.
        var pairs: [Pair: MetPair] = [:]
        /// The same of inodes whose number does not say which one it is: the name alone.
        var strange: [Pair: [UInt8]] = [:]

        func isOpen(_ pair: Pair) -> Bool {
            bySource[pair.source] != nil || byDestination[pair.destination] != nil
        }
    }

    private let state = Lock(State())
    let linkCountMax: UInt32
    private let devices: RootDevices?

    /// - Parameters:
    ///   - linkCountMax: names that one inode of DESTINATION can have.
    ///   - devices: this is a part of a plan: `openPairs` is asked for.
    package init(linkCountMax: UInt32, devices: RootDevices? = nil) {
        self.linkCountMax = max(linkCountMax, 1)
        self.devices = devices
    }

    /// The names that one inode of SOURCE may have in so many inodes of DESTINATION: one, or twice as many as are needed
    /// of a group that is too large for one (S41).
    static func partnersMax(names: UInt32, linkCountMax: UInt32) -> UInt32 {
        // A name that was just removed has none.
        let needed = (max(names, 1) - 1) / linkCountMax + 1
        return needed == 1 ? 1 : 2 * needed
    }

    /// What names of which this part has not met all have on the two sides, each pair of inodes once, in the order of paths.
    func openPairs() -> [MetPair] {
        state.withLock { state in
            state.pairs.filter { state.isOpen($0.key) }.values
                .sorted { $0.path.lexicographicallyPrecedes($1.path) }
        }
    }

    /// A name of each pair that closing would have to compare and cannot, in the order of paths.
    func strangers() -> [[UInt8]] {
        state.withLock { state in
            state.strange.filter { state.isOpen($0.key) }.values
                .sorted { $0.lexicographicallyPrecedes($1) }
        }
    }

    /// Takes note of one name, which is no directory's.
    ///
    /// `path`: where it is; asked where that is to be kept.
    func meet(
        source: FileStatus,
        destination: FileStatus,
        path: () -> [UInt8]
    ) -> Meeting {
        guard source.linkCount > 1 || destination.linkCount > 1 else { return .first }
        let meeting = meet(source: LinkFacts(source), destination: LinkFacts(destination))
        if let devices { note(source, destination, meeting, path, devices) }
        return meeting
    }

    /// Keeps a pair for closing, until all names of both inodes were met here.
    private func note(
        _ source: FileStatus,
        _ destination: FileStatus,
        _ meeting: Meeting,
        _ path: () -> [UInt8],
        _ devices: RootDevices
    ) {
        let pair = Pair(
            source: LinkFacts(source).identity,
            destination: LinkFacts(destination).identity
        )
        state.withLock { state in
            if !state.isOpen(pair) {
                state.pairs[pair] = nil
                state.strange[pair] = nil
            } else if !devices.hold(pair.source, pair.destination) {
                if state.strange[pair] == nil { state.strange[pair] = path() }
            } else if state.pairs[pair] == nil {
                state.pairs[pair] = MetPair(
                    path: path(),
                    source: MetInode(source),
                    destination: MetInode(destination),
                    isTold: meeting == .torn
                )
            }
        }
    }

    /// The same by numbers.
    package func meet(source: LinkFacts, destination: LinkFacts) -> Meeting {
        guard source.names > 1 || destination.names > 1 else { return .first }
        return state.withLock { state in
            // A group that DESTINATION cannot hold in one inode may be in several; twice as many as are needed,
            // for names come and go between passes.
            let most = Self.partnersMax(names: source.names, linkCountMax: linkCountMax)
            let left = Self.meet(
                &state.bySource,
                source,
                destination.identity,
                partnersMax: most
            )
            let right = Self.meet(
                &state.byDestination,
                destination,
                source.identity,
                partnersMax: 1
            )
            if left == .torn || right == .torn { return .torn }
            return left == .again ? .again : .first
        }
    }

    private static func meet(
        _ groups: inout [InodeIdentity: Group],
        _ inode: LinkFacts,
        _ partner: InodeIdentity,
        partnersMax: UInt32
    ) -> Meeting {
        guard inode.names > 1 else { return .first }
        var meeting = Meeting.first
        var group = groups[inode.identity] ?? Group(partner: partner, names: inode.names)
        if group.namesMet > 0 {
            if group.partner == partner || group.further.contains(partner) {
                meeting = .again
            } else if group.further.count + 1 < partnersMax {
                group.further.append(partner)
            } else {
                meeting = .torn
            }
        }
        group.namesMet += 1
        groups[inode.identity] = group.namesMet >= inode.names ? nil : group
        return meeting
    }
}
