// Which two roots a record belongs to, and the name of its file.
//
// Two pairs never share a record: the file's name tells filesystems and root directories apart, and
// what stands inside is compared in full, births included, for inode numbers are used again.

/// One root: a directory of a filesystem.
package struct RootIdentity: Hashable, Sendable {
    /// UUID or another lasting id of the filesystem, 1...32 bytes.
    package var filesystem: [UInt8]
    package var inode: UInt64
    /// When the root directory was made, nanoseconds since 1970; 0 where that is not stored.
    package var birthNanoseconds: Int64
    /// As shown to people.
    ///
    /// Not part of the identity: a volume may be mounted elsewhere next time.
    package var path: [UInt8]

    package init(filesystem: [UInt8], inode: UInt64, birthNanoseconds: Int64, path: [UInt8]) {
        self.filesystem = filesystem
        self.inode = inode
        self.birthNanoseconds = birthNanoseconds
        self.path = path
    }

    package static func == (one: RootIdentity, other: RootIdentity) -> Bool {
        one.filesystem == other.filesystem && one.inode == other.inode
            && one.birthNanoseconds == other.birthNanoseconds
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(filesystem)
        hasher.combine(inode)
        hasher.combine(birthNanoseconds)
    }
}

/// SOURCE and DESTINATION.
package struct PairIdentity: Hashable, Sendable {
    package var source: RootIdentity
    package var destination: RootIdentity

    package init(source: RootIdentity, destination: RootIdentity) {
        self.source = source
        self.destination = destination
    }
}

/// The names of one pair's files in the state folder.
///
/// The longest is of 209 bytes: two ids of 32 bytes and two inodes in hexadecimal, and
/// `.sqlite.set-aside-20380119T031407Z-999-journal`.
struct FileNames: Sendable {
    let base: String

    init(_ pair: PairIdentity) {
        base = [pair.source, pair.destination]
            .map { Self.hexadecimal($0.filesystem) + "-" + String($0.inode, radix: 16) }
            .joined(separator: "-")
    }

    var database: String { base + ".sqlite" }
    /// A database that is being made.
    var unfinished: String { database + ".new" }
    /// Both are told of in `PairLock`.
    var lock: String { base + ".lock" }
    var openingLock: String { base + ".opening" }
    /// Says that the database was found to be damaged by a pass; the next one sets it aside.
    var damage: String { base + ".damaged" }
    /// Says that the pair was begun by `--new-pair`, and no whole pass since then did without.
    var declared: String { base + ".new-pair" }
    /// What a running pass tells of itself.
    var status: String { base + Self.statusEnding }
    static let statusEnding = ".status"

    /// What SQLite may keep beside a database file.
    ///
    /// The last two are of a mode that is not used here, and are looked for because they would be
    /// believed.
    static let companions = ["-journal", "-wal", "-shm"]

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
