// Project ids in a pass: what DESTINATION can hold of them, and who may change what a directory of DESTINATION gives
// to what is made in it.

import LinuxIO
import Synchronization

/// What all workers of a pass share about project ids.
///
/// Thread-safe.
final class Projects: Sendable {
    /// Whether DESTINATION may hold project ids: unknown counts as yes, until it refuses one.
    private let mayBeHeld: Atomic<Bool>
    /// Whether SOURCE tells those of entries that cannot be opened.
    let knowsUnopened: Bool
    private let turns: [Turn]

    /// What a worker holds that lends a directory other settings.
    private final class Turn: Sendable {
        let lock = Lock(())
    }

    /// Of what is known of the volumes.
    ///
    /// `areHeld`: whether DESTINATION holds them; nil: not known. `sourceType`: the type of SOURCE's filesystem.
    init(areHeld: Bool?, sourceType: String) {
        mayBeHeld = Atomic(areHeld ?? true)
        knowsUnopened = sourceType == "xfs"
        turns = (0..<Self.turnCount).map { _ in Turn() }
    }

    var areHeld: Bool { mayBeHeld.load(ordering: .relaxed) }

    /// DESTINATION has refused one.
    func noteRefusal() { mayBeHeld.store(false, ordering: .relaxed) }

    /// Runs `body` while no other worker has lent the directory other settings, see `ProjectCarrier.lend`.
    func withLock<Value>(
        of node: PassDirectory,
        _ body: () throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        // Two directories may share one: that costs time and nothing else.
        let index = Int(UInt(bitPattern: ObjectIdentifier(node).hashValue) % UInt(turns.count))
        return try turns[index].lock.withLock { _ throws(SystemError) in try body() }
    }

    /// More than twice as many workers as usual, so that they rarely wait for another directory's.
    private static let turnCount = 64
}

extension InodeSettings {
    /// Whether project ids differ, or whether they are inherited.
    func hasOtherProject(than other: InodeSettings) -> Bool {
        project != other.project
            || flags.contains(.projectInherit) != other.flags.contains(.projectInherit)
    }

    /// Whether carried flags differ that statx(2) does not show.
    func hasOtherHiddenFlags(than other: InodeSettings) -> Bool {
        let hidden = InodeFlags.carried.subtracting(.visible)
        return flags.intersection(hidden) != other.flags.intersection(hidden)
    }
}

extension Roots {
    /// Whether DESTINATION can hold project ids; nil where that cannot be known without trying.
    var holdsProjects: Bool? {
        switch destinationVolume.typeName {
        case "xfs": true
        // Of the root itself: the mount table does not know views.
        case "ext4":
            destinationItself.flatMap { Ext4Superblock.read(below: $0.descriptor)?.hasProjects }
        default: nil
        }
    }

    /// Whether DESTINATION is an XFS that stores times after 2038; nil: no XFS, or it does not tell.
    var holdsBigTimes: Bool? {
        guard destinationVolume.typeName == "xfs", let destination else { return nil }
        return (try? XFSGeometry(of: destination.descriptor))?.hasBigTimes
    }
}
