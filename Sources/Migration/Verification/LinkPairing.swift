// Whether names that share an inode on SOURCE share one on DESTINATION, and no others do (S40, S42). Memory grows
// with inodes that have several names, and only until all their names were met.
//
// Inode numbers are enough: a verification stays on one filesystem on each side.

package import LinuxIO

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
        let partner: UInt64
        /// Further ones, of a group with more names than DESTINATION allows (S41).
        var further: [UInt64] = []
        var namesMet: UInt32 = 0
    }

    private struct State {
        var bySource: [UInt64: Group] = [:]
        var byDestination: [UInt64: Group] = [:]
    }

    private let state = Lock(State())
    private let linkCountMax: UInt32

    /// `linkCountMax`: names that one inode of DESTINATION can have.
    package init(linkCountMax: UInt32) { self.linkCountMax = max(linkCountMax, 1) }

    /// Takes note of one name, which is no directory's.
    package func meet(source: FileStatus, destination: FileStatus) -> Meeting {
        meet(
            source: LinkFacts(inode: source.inode, names: source.linkCount),
            destination: LinkFacts(inode: destination.inode, names: destination.linkCount)
        )
    }

    /// The same by numbers.
    package func meet(source: LinkFacts, destination: LinkFacts) -> Meeting {
        guard source.names > 1 || destination.names > 1 else { return .first }
        return state.withLock { state in
            // A group that DESTINATION cannot hold in one inode may be in several; twice as many as are needed,
            // for names come and go between passes.
            // A name that was just removed has none.
            let needed = (max(source.names, 1) - 1) / linkCountMax + 1
            let left = Self.meet(
                &state.bySource,
                source,
                destination.inode,
                partnersMax: needed == 1 ? 1 : 2 * needed
            )
            let right = Self.meet(
                &state.byDestination,
                destination,
                source.inode,
                partnersMax: 1
            )
            if left == .torn || right == .torn { return .torn }
            return left == .again ? .again : .first
        }
    }

    private static func meet(
        _ groups: inout [UInt64: Group],
        _ inode: LinkFacts,
        _ partner: UInt64,
        partnersMax: UInt32
    ) -> Meeting {
        guard inode.names > 1 else { return .first }
        var meeting = Meeting.first
        var group = groups[inode.inode] ?? Group(partner: partner)
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
        groups[inode.inode] = group.namesMet >= inode.names ? nil : group
        return meeting
    }
}
