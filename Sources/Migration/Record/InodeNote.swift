// What a pass learns of one inode of SOURCE, and how the notes on one inode become one row of the record.

package import History
import LinuxIO

/// One name of an inode as a pass examined it, or a doubt about the inode.
///
/// 40 bytes; a pass makes one per entry that it examines.
package struct InodeNote: Sendable {
    /// The time of change of an inode that must be looked at again, whatever its own says: earlier than any.
    package static let mustRecheck = InodeRecord.mustRecheck

    /// What a note says beside its numbers.
    package struct Kind: OptionSet, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) { self.rawValue = rawValue }

        static let directory = Kind(rawValue: 1 << 0)
        static let severalNames = Kind(rawValue: 1 << 1)
        /// It is gone from SOURCE; any note that it was met afterwards counts more.
        static let removed = Kind(rawValue: 1 << 2)
        /// Something of it failed or was left undone: it has to be looked at again.
        package static let doubt = Kind(rawValue: 1 << 3)
        /// A name as the record has it: this pass did not meet the inode under it.
        static let recorded = Kind(rawValue: 1 << 4)
    }

    package let inode: UInt64
    /// The directory that has the name; 0 for the root of SOURCE.
    package let parent: UInt64
    /// Its ctime in nanoseconds since 1970, or `mustRecheck`.
    let changed: Int64
    let birth: UInt32
    package let nameHash: UInt32
    let kind: Kind

    /// A name that was examined.
    init(_ status: FileStatus, parent: UInt64, nameHash: UInt32, changed: Int64) {
        inode = status.inode
        self.parent = parent
        self.changed = changed
        birth = InodeNote.birth(status.birth?.nanosecondsSince1970 ?? 0)
        self.nameHash = nameHash
        var kind: Kind = []
        if status.kind == .directory {
            kind.insert(.directory)
        } else if status.linkCount > 1 {
            kind.insert(.severalNames)
        }
        self.kind = kind
    }

    /// An inode that is gone, or is to be looked at again.
    package init(inode: UInt64, _ kind: Kind) {
        self.inode = inode
        self.kind = kind
        parent = 0
        changed = Self.mustRecheck
        birth = 0
        nameHash = 0
    }

    /// What the record says of an inode, as a note.
    package init(_ record: InodeRecord) {
        self.init(
            record,
            NameRecord(parent: record.parent, nameHash: record.nameHash),
            changed: record.changedNanoseconds
        )
    }

    /// A name as the record has it, of an inode that must be looked at again.
    package init(mustRecheck record: InodeRecord, _ name: NameRecord) {
        self.init(record, name, changed: Self.mustRecheck, .recorded)
    }

    /// A recorded name under which the inode was met.
    package init(_ record: InodeRecord, _ name: NameRecord, changed: Int64) {
        self.init(record, name, changed: changed, [])
    }

    private init(_ record: InodeRecord, _ name: NameRecord, changed: Int64, _ known: Kind) {
        inode = record.inode
        parent = name.parent
        self.changed = changed
        birth = record.birth
        nameHash = name.nameHash
        var kind = known
        if record.isDirectory { kind.insert(.directory) }
        if record.hasSeveralNames { kind.insert(.severalNames) }
        self.kind = kind
    }

    /// Whether the record has just this of the inode, and no other name.
    func says(_ record: InodeRecord) -> Bool {
        changed == record.changedNanoseconds && birth == record.birth && parent == record.parent
            && nameHash == record.nameHash && isDirectory == record.isDirectory
            && kind.contains(.severalNames) == record.hasSeveralNames && inode == record.inode
    }

    package var isDirectory: Bool { kind.contains(.directory) }

    /// Whether it tells of a name that was examined.
    var isName: Bool { kind.isDisjoint(with: [.removed, .doubt, .recorded]) }

    /// 32 bits of the time of birth, which nobody can set: an inode number that is used again has another one.
    static func birth(_ nanoseconds: Int64) -> UInt32 {
        let bits = UInt64(bitPattern: nanoseconds)
        return UInt32(truncatingIfNeeded: bits) ^ UInt32(truncatingIfNeeded: bits >> 32)
    }

    /// 32 bits of a name: FNV-1a (Fowler, Noll, Vo).
    ///
    /// It only has to tell two names of one directory apart that were exchanged for each other.
    static func hash(_ name: UnsafeRawBufferPointer) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for byte in name { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return hash
    }

    package static func hash(_ name: some Collection<UInt8>) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for byte in name { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return hash
    }
}
