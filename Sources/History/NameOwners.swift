// Names that a pass gave to inodes, and who else the record has them for.
//
// Users rename while a scan pass runs, and it lists few directories: it can meet an inode under a name that the
// record still has for another, which went where the pass did not look. DESTINATION then has the one's
// contents under that name. If the other came back, by RENAME_EXCHANGE, which leaves the times of both
// alone, the old record would vouch for what is no longer there. So it is taken out, and the directory of the
// name is to be listed again.
//
// It keeps true: after a pass no two inodes are recorded with one name. Names are compared by their hashes: of two
// in one directory that share one, the older is looked at again for nothing.

/// The names that one pass gave to inodes which were not recorded with them.
struct NameOwners {
    /// Zero: given to two, of which neither may be believed.
    ///
    /// No inode has this number.
    private var owners: [NameRecord: UInt64] = [:]
    /// Bits for the low bits of all hashes: most records are passed over without a look into the table.
    private var filter = [UInt64](repeating: 0, count: 1 << 10)

    var isEmpty: Bool { owners.isEmpty }

    mutating func add(_ name: NameRecord, to inode: UInt64) {
        if let owner = owners.updateValue(inode, forKey: name), owner != inode {
            owners[name] = 0
        }
        let (word, bit) = Self.place(name)
        filter[word] |= bit
    }

    /// Whether `inode` must not be recorded with this name.
    func denies(_ name: NameRecord, to inode: UInt64) -> Bool {
        let (word, bit) = Self.place(name)
        guard filter[word] & bit != 0, let owner = owners[name] else { return false }
        return owner != inode
    }

    private static func place(_ name: NameRecord) -> (word: Int, bit: UInt64) {
        (Int(name.nameHash & 0xffff) >> 6, 1 << UInt64(name.nameHash & 63))
    }
}
