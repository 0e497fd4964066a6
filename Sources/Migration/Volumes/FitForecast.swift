// The cheap part of a check, which every pass makes before it touches anything: does DESTINATION take writes, and
// can it hold what SOURCE has in use? Two calls, no file is made, nothing is listed but both roots. Before it refuses,
// SOURCE is written out and asked again.
//
// It refuses what cannot work and lets everything else pass. So each number is taken at its most favourable: of
// SOURCE the least that its files can hold, of DESTINATION all that it has, with whatever is there already counted
// as a part of the copy unless its root is empty. Where SOURCE is a part of a filesystem, or a pass copies a
// part of SOURCE, nothing is known and nothing is refused.
//
// One thing remains: data that is nothing but zeros, and space that was allocated and never written, take no room
// on DESTINATION. Only reading tells; the refusal says so, and `--no-check` overrides it.

import LinuxIO

/// Counts of two volumes that a pass is about to use.
package struct FitForecast: Sendable, Equatable {
    package var sourceUsedBytes: UInt64
    /// Of these, what the filesystem may hold for itself.
    package var sourceOverheadBytes: UInt64
    package var sourceInodes: UInt64
    /// Free if nothing is there yet, else all that there is.
    package var roomBytes: UInt64
    package var roomInodes: UInt64?
    package var isEmpty: Bool

    package init(  // One for each field.
        sourceUsedBytes: UInt64,
        sourceOverheadBytes: UInt64,
        sourceInodes: UInt64,
        roomBytes: UInt64,
        roomInodes: UInt64?,
        isEmpty: Bool
    ) {
        self.sourceUsedBytes = sourceUsedBytes
        self.sourceOverheadBytes = sourceOverheadBytes
        self.sourceInodes = sourceInodes
        self.roomBytes = roomBytes
        self.roomInodes = roomInodes
        self.isEmpty = isEmpty
    }

    /// The least that files hold.
    package var leastBytes: UInt64 { sourceUsedBytes - min(sourceOverheadBytes, sourceUsedBytes) }
    /// Inodes less those that a filesystem has for itself, or that have no name any more.
    package var leastInodes: UInt64 { sourceInodes - min(Self.ownInodes, sourceInodes) }

    private static let ownInodes: UInt64 = 64

    /// Why it cannot work; nil: it can, for all that is known.
    package var refusal: Refusal? {
        if let roomInodes, leastInodes > roomInodes {
            return .tooFewInodes(needed: leastInodes, room: roomInodes, isEmpty: isEmpty)
        }
        if leastBytes > roomBytes {
            return .tooLittleSpace(needed: leastBytes, room: roomBytes, isEmpty: isEmpty)
        }
        return nil
    }
}

extension FitForecast {
    /// What the two roots say; nil where nothing can be said.
    ///
    /// `source` is SOURCE itself, not through a view: the mount table does not know views. `destination` is
    /// DESTINATION, or where it is about to be made; `isEmpty` tells whether it holds nothing yet.
    init?(
        source: borrowing Descriptor,
        destination: borrowing Descriptor,
        isEmpty: Bool,
        _ options: PassOptions
    ) {
        let known = ["xfs", "ext4"]
        guard options.branches.isEmpty,
            options.filter.isEmpty,
            let from = try? VolumeStatus(of: source), let to = try? VolumeStatus(of: destination),
            // Others compress, share with other trees, or count as their server does.
            known.contains(from.typeName), known.contains(to.typeName),
            let path = try? MountTable.pathInFilesystem(of: source), path.isEmpty
        else { return nil }
        let copiesAllKinds = options.preserved.isSuperset(of: [.devices, .specials])
        // ext4 makes inodes with the filesystem, XFS as they are needed.
        let countsInodes = copiesAllKinds && to.typeName == "ext4" && to.countsInodes
        self.init(
            sourceUsedBytes: from.usedBytes,
            sourceOverheadBytes: Self.overhead(of: from),
            sourceInodes: from.usedInodes,
            roomBytes: isEmpty ? to.freeBytes : to.totalBytes,
            roomInodes: countsInodes ? (isEmpty ? to.freeInodes : to.totalInodes) : nil,
            isEmpty: isEmpty
        )
    }

    /// Refuses what cannot work for want of room or because nothing may be written, before anything is touched.
    ///
    /// `judged`: DESTINATION, or the directory that it is to be made in.
    static func judge(
        _ source: OpenRoot,
        _ judged: OpenRoot,
        isThere: Bool,
        _ options: PassOptions
    ) throws(Refusal) {
        guard !options.isDryRun else { return }
        if try judged.volume().isReadOnly { throw .destinationReadOnly }
        // Others leave out what they may not read: what they need is not known.
        guard ProcessLimits.isRoot else { return }
        let names = isThere ? try judged.names() : []
        let isEmpty = ReservedNames.hold(all: names)
        func refusal() -> Refusal? {
            FitForecast(
                source: source.descriptor,
                destination: judged.descriptor,
                isEmpty: isEmpty,
                options
            )?
            .refusal
        }
        guard let first = refusal() else { return }
        do throws(SystemError) { try source.descriptor.synchronizeFilesystem() } catch {
            // SOURCE cannot write back, so it is not known to hold less.
            throw first
        }
        // XFS counts as used what it sets aside for data that has no place yet: for each piece several blocks more
        // than it takes in the end (`xfs_bmap_worst_indlen`).
        if let refusal = refusal() { throw refusal }
    }

    /// What a filesystem counts as used and no file holds, generously: the space that XFS keeps for its own trees
    /// (about a fiftieth with reverse mapping), inodes of 512 bytes in chunks, ext4's directories.
    static func overhead(of volume: VolumeStatus) -> UInt64 {
        let fixed: UInt64 = 64 << 20
        return volume.totalBytes / 32 + volume.usedInodes &* 1024 + fixed
    }
}
