// What all records of the state folder say of two roots before a pass touches them: whether these are the volumes
// that earlier passes had by these names, in this direction (S61).
//
// Pure but for `init(folder:)`: what the records say comes in, a conflict comes out. A record is an aid: one that
// cannot be read knows nothing, and nothing is refused for it.

package import History
import LinuxIO

/// A root as it is now.
package struct PresentRoot: Equatable, Sendable {
    /// As `RootIdentity.filesystem`; nil: it has no name that lasts.
    package var filesystem: [UInt8]?
    /// Nil: as before, or it is to be made.
    package var identity: RootIdentity?
    /// As the kernel shows it.
    package var path: [UInt8]

    package init(filesystem: [UInt8]?, identity: RootIdentity?, path: [UInt8]) {
        self.filesystem = filesystem
        self.identity = identity
        self.path = path
    }

    /// Whether this is surely not the filesystem of that root.
    ///
    /// An id of 8 bytes (f_fsid) may be another one after the next mount: two of them tell nothing.
    fileprivate func isOther(than root: RootIdentity) -> Bool {
        guard let filesystem else { return root.filesystem.count == Self.lasting }
        if filesystem == root.filesystem { return false }
        return filesystem.count == Self.lasting || root.filesystem.count == Self.lasting
    }

    /// Bytes of a UUID.
    private static let lasting = 16
}

/// All pairs of a state folder that have whole passes.
package struct KnownPairs: Sendable {
    private let pairs: [KnownPair]

    package init(_ pairs: [KnownPair]) {
        self.pairs = pairs.filter { $0.passes > 0 }
    }

    /// Reads what the records of a folder can say of these roots; none where there is no folder, or it cannot be read,
    /// which the pass tells.
    ///
    /// Where the two have passes of their own, only those of the other direction count besides, and no other record is
    /// opened. Else all are, one after the other: each takes 2 ms and some 400 KiB, and a host can have hundreds.
    init(folder: Name, _ source: PresentRoot, _ destination: PresentRoot) {
        do throws(HistoryProblem) {
            guard let archive = try Archive(folder: Array(folder.bytes)) else {
                self.init([])
                return
            }
            if let left = source.identity, let right = destination.identity,
                let own = try archive.record(of: PairIdentity(source: left, destination: right))
                    .flatMap(Self.pair), own.passes > 0
            {
                let reversed = PairIdentity(source: right, destination: left)
                self.init(
                    [own] + (try archive.record(of: reversed).flatMap(Self.pair).map { [$0] } ?? [])
                )
            } else {
                self.init(try archive.map(Self.pair))
            }
        } catch {
            self.init([])
        }
    }

    private static func pair(_ record: ArchivedRecord) -> KnownPair? {
        guard case .success(let contents) = record.contents,
            // A record that cannot be read any further knows nothing.
            let found = try? contents.history.completePasses(), let last = found.last
        else { return nil }
        return KnownPair(
            pair: contents.pair,
            passes: found.count,
            lastEndNanoseconds: last.endNanoseconds ?? last.startNanoseconds,
            isDeclared: record.isDeclared
        )
    }

    /// Whether these very roots have whole passes, in this direction.
    package func know(_ source: PresentRoot, _ destination: PresentRoot) -> Bool {
        own(source, destination) != nil
    }

    /// What speaks against these roots, the newest first; nil: nothing.
    package func conflict(_ source: PresentRoot, _ destination: PresentRoot) -> PairConflict? {
        let own = own(source, destination)
        let conflicts = pairs.compactMap { recorded -> PairConflict? in
            let pair = recorded.pair
            // Who went this way since then has decided so.
            if pair.source == destination.identity, pair.destination == source.identity,
                own.map({ $0.lastEndNanoseconds < recorded.lastEndNanoseconds }) ?? true
            {
                return PairConflict(kind: .reversed, recorded: recorded)
            }
            guard own == nil else { return nil }
            return Self.kind(pair, source, destination).map {
                PairConflict(kind: $0, recorded: recorded)
            }
        }
        return conflicts.max { $0.recorded.lastEndNanoseconds < $1.recorded.lastEndNanoseconds }
    }

    private func own(_ source: PresentRoot, _ destination: PresentRoot) -> KnownPair? {
        pairs.first {
            $0.pair.source == source.identity && $0.pair.destination == destination.identity
        }
    }

    /// What is another filesystem by the name that it had in that pair.
    ///
    /// One name alone says nothing: one volume may be copied to several, and several to one, each in its turn at the
    /// same mount point.
    private static func kind(
        _ pair: PairIdentity,
        _ source: PresentRoot,
        _ destination: PresentRoot
    ) -> PairConflict.Kind? {
        guard pair.destination.path == destination.path else { return nil }
        let isSourceOther = source.isOther(than: pair.source)
        let hasSourceName = pair.source.path == source.path
        if destination.isOther(than: pair.destination), hasSourceName || !isSourceOther {
            return .otherDestination
        }
        return hasSourceName && isSourceOther ? .otherSource : nil
    }
}
