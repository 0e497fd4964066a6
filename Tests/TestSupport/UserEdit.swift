// One edit that a user makes to a volume between two passes, as a value: it can be shown, made
// again, and left out, so that a script of edits that found a mistake can be made shorter.
//
// Everything random in an edit comes from its number. Many put back the time of modification of
// what they changed, or of the directory in which they changed it: only ctime tells then.

import Glibc

/// One edit.
package struct UserEdit: Sendable, CustomStringConvertible {
    /// What is done.
    ///
    /// `path` is changed; `other` is the second name where there is one.
    package enum Kind: String, CaseIterable, Sendable {
        /// Contents: made or written whole, written at the end, over all, over a part, cut.
        case write, append, rewrite, rewriteKeepingTime, rewriteAtSharedTime, truncate, storeMapped
        /// Attributes of any entry, the root's too.
        case changeMode, changeOwner, changeTime, setAttribute, removeAttribute, setACL, removeACL
        /// Names: `path` becomes a further name of `other`; a name, or a whole tree, goes.
        case link, unlink, removeTree
        /// A name of several becomes a file of its own with the same size and time.
        case breakLink
        /// Removed and made again at once, so that the inode number comes back.
        case recreate
        /// `path` becomes `other`, replacing a file or an empty directory.
        case rename
        /// A file of the same size and time, other contents, is renamed over `path`.
        case saveAtomically
        /// Both names in one call, or in three.
        case exchange, exchangeByRenames
        /// A directory is replaced by one with the same names, sizes and times.
        case replaceByTwin
        /// `path` goes to a new name and `other` takes its place.
        case replaceByOther
        /// `path` goes into `other`, a directory made for it.
        case moveIntoNew
        /// New entries.
        case makeDirectory, makeDeep, makeSymlink, makeSpecial
        /// `path` becomes something of another type.
        case changeType
    }

    /// What is done.
    package let kind: Kind
    /// The entry, below the home of all trees of a test.
    package let path: [UInt8]
    /// The second name; empty where there is none.
    package let other: [UInt8]
    /// Where everything random in it comes from.
    package let number: UInt64

    package init(_ kind: Kind, _ path: [UInt8], _ other: [UInt8] = [], number: UInt64) {
        self.kind = kind
        self.path = path
        self.other = other
        self.number = number
    }

    package var description: String {
        "\(kind.rawValue) \(shown(path))\(other.isEmpty ? "" : " | " + shown(other)) #\(number)"
    }

    /// Makes the edit below `home`.
    ///
    /// - Throws: `CallError` when it cannot be made, as an entry is missing or is of another type;
    ///   it may then be made in part, as users leave things too.
    package func apply(_ home: [UInt8]) throws {
        var random = SeededRandom(seed: number)
        let path = joined(home, path)
        let other = joined(home, other)
        let parents = random.chance(25) ? try [path, other].compactMap(Self.parentTime) : []
        switch kind {
        case .write, .append, .rewrite, .rewriteKeepingTime, .rewriteAtSharedTime, .truncate,
            .storeMapped:
            try changeContents(path, &random)
        case .changeMode, .changeOwner, .changeTime, .setAttribute, .removeAttribute, .setACL,
            .removeACL:
            try changeAttributes(path, &random)
        case .makeDirectory, .makeDeep, .makeSymlink, .makeSpecial, .changeType, .recreate:
            try make(path, &random)
        default: try changeNames(path, other, &random)
        }
        for parent in parents where Files.exists(parent.path) {
            try Files.changeTime(
                parent.path,
                seconds: parent.time.tv_sec,
                nanoseconds: parent.time.tv_nsec
            )
        }
    }

    private static func parentTime(_ path: [UInt8]) throws -> (path: [UInt8], time: timespec)? {
        let parent = Self.parent(path)
        guard let status = try? Files.status(parent) else { return nil }
        return (parent, status.st_mtim)
    }

    private static func parent(_ path: [UInt8]) -> [UInt8] {
        Array(path.prefix(upTo: path.lastIndex(of: UInt8(ascii: "/")) ?? 0))
    }

    // MARK: Contents

    private func changeContents(_ path: [UInt8], _ random: inout SeededRandom) throws {
        if kind == .write && !Files.exists(path) { return try Lookalike.makeFile(path, &random) }
        let status = try Files.status(path)
        guard status.st_mode & S_IFMT == S_IFREG else { throw unfit(path) }
        let size = Int(status.st_size)
        switch kind {
        case .write: return try Lookalike.makeFile(path, &random)
        case .append:
            try Files.overwrite(path, random.bytes(1 + random.below(600)), at: size)
        case .truncate:
            try Files.truncate(path, to: Lookalike.sizes[random.below(Lookalike.sizes.count)])
        case .storeMapped:
            if size == 0 { throw unfit(path) }
            try Files.store(
                path,
                random.bytes(1 + random.below(40)),
                at: random.below(size),
                synchronizes: random.chance(50)
            )
        default:
            if size == 0 { throw unfit(path) }
            let isPart = random.chance(40)
            let contents = Lookalike.contents(random.next(), count: isPart ? 1 + size / 9 : size)
            try Files.overwrite(path, contents, at: isPart ? random.below(size - size / 9) : 0)
        }
        let restores =
            kind == .rewriteKeepingTime
            || (kind != .rewrite && kind != .rewriteAtSharedTime)
                && random.chance(50)
        if restores {
            let time = status.st_mtim
            try Files.changeTime(path, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
        } else if kind == .rewriteAtSharedTime {
            try Lookalike.setTime(path, &random)
        }
    }

    // MARK: Attributes

    private func changeAttributes(_ path: [UInt8], _ random: inout SeededRandom) throws {
        let status = try Files.status(path)
        let type = status.st_mode & S_IFMT
        let spaces = type == S_IFREG || type == S_IFDIR ? ["user", "trusted"] : ["trusted"]
        let attribute = spaces[random.below(spaces.count)] + [".a", ".b"][random.below(2)]
        let isDefault = type == S_IFDIR && random.chance(50)
        let list = isDefault ? AccessList.defaultName : AccessList.accessName
        switch kind {
        case .changeMode:
            if type == S_IFLNK { throw unfit(path) }
            try Files.changeMode(path, mode_t(random.below(0o10000)))
        case .changeOwner:
            try Files.changeOwner(path, uid_t(random.below(3)), gid_t(random.below(70_000)))
        case .changeTime:
            if random.chance(60) { return try Lookalike.setTime(path, &random) }
            let seconds = random.below(4_000_000_000) - 1_000_000_000
            try Files.changeTime(path, seconds: seconds, nanoseconds: random.below(1_000_000_000))
        case .setAttribute:
            try Files.setAttribute(path, attribute, random.bytes(random.below(200)))
        case .removeAttribute:
            try Files.removeAttribute(path, attribute)
        case .setACL:
            if type == S_IFLNK { throw unfit(path) }
            let users = [(id: 1 + random.below(5), bits: random.below(8))]
            let access = AccessList(users: users, mask: random.below(8), other: random.below(8))
            try Files.setACL(path, access, isDefault: isDefault)
        default: try Files.removeAttribute(path, list)
        }
        if kind != .changeTime && random.chance(20) {
            // The status moved ctime alone; setting mtime to what it is must not hide that.
            let time = status.st_mtim
            try Files.changeTime(path, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
        }
    }

    // MARK: Names

    private func changeNames(
        _ path: [UInt8],
        _ other: [UInt8],
        _ random: inout SeededRandom
    ) throws {
        let spare = Self.parent(path) + bytes("/spare\(number % 1000)")
        // What an earlier edit has left there may be a FIFO, which nobody here would read.
        if Files.exists(spare) { throw unfit(spare) }
        switch kind {
        case .link: try Files.link(path, to: other)
        case .unlink: try Files.unlink(path)
        case .removeTree: try Files.removeTree(path)
        case .rename: try Files.rename(path, to: other)
        case .exchange: try Files.exchange(path, other)
        case .exchangeByRenames:
            try Files.rename(path, to: spare)
            try Files.rename(other, to: path)
            try Files.rename(spare, to: other)
        case .breakLink, .saveAtomically:
            let status = try Files.status(path)
            guard status.st_mode & S_IFMT == S_IFREG else { throw unfit(path) }
            let isSame = kind == .breakLink && random.chance(50)
            let fresh = Lookalike.contents(random.next(), count: Int(status.st_size))
            try Files.write(spare, isSame ? try Files.read(path) : fresh)
            try Files.changeTime(spare, like: path)
            try Files.rename(spare, to: path)
        case .replaceByTwin:
            try Lookalike.makeTwin(of: path, at: spare, random.next())
            if random.chance(50) {
                try Files.exchange(path, spare)
                if random.chance(70) { try Files.removeTree(spare) }
            } else {
                try Files.removeTree(path)
                try Files.rename(spare, to: path)
            }
        case .replaceByOther:
            try Files.rename(path, to: spare)
            try Files.rename(other, to: path)
        case .moveIntoNew:
            try Files.makeDirectory(other)
            try Files.rename(path, to: joined(other, Lookalike.names[random.below(6)]))
        default: throw unfit(path)
        }
    }

    // MARK: New entries

    private func make(_ path: [UInt8], _ random: inout SeededRandom) throws {
        switch kind {
        case .makeDirectory: try Files.makeDirectory(path, mode: mode_t(random.below(0o10000)))
        case .makeDeep:
            var path = path
            for _ in 0...random.below(6) {
                try Files.makeDirectory(path)
                path = joined(path, Lookalike.names[random.below(6)])
            }
            try Lookalike.makeFile(path, &random)
        case .makeSymlink:
            // A new target for an old name is a new symlink.
            if Files.exists(path) { try Files.unlink(path) }
            try Files.link(symbolic: path, to: bytes("target\(random.below(3))"))
            if random.chance(60) { try Lookalike.setTime(path, &random) }
        case .makeSpecial: try Lookalike.makeSpecial(path, random.next())
        case .changeType:
            let wasDirectory = try Files.status(path).st_mode & S_IFMT == S_IFDIR
            try Files.removeTree(path)
            if wasDirectory {
                try Lookalike.makeFile(path, &random)
            } else {
                try Files.makeDirectory(path)
                try Lookalike.makeFile(joined(path, "a"), &random)
            }
        default: try recreate(path, &random)
        }
    }

    private func recreate(_ path: [UInt8], _ random: inout SeededRandom) throws {
        let status = try Files.status(path)
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            try Files.unlink(path)
            let count = Int(status.st_size)
            try Files.write(path, Lookalike.contents(random.next(), count: count))
            let time = status.st_mtim
            try Files.changeTime(path, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
        case S_IFDIR:
            let names = try Files.names(path)
            try Files.removeTree(path)
            try Files.makeDirectory(path, mode: status.st_mode & 0o7777)
            for name in names { try Lookalike.makeFile(joined(path, name), &random) }
        default:
            try Files.unlink(path)
            try Lookalike.makeSpecial(path, random.next())
        }
    }

    private func unfit(_ path: [UInt8]) -> CallError {
        CallError(call: kind.rawValue, name: shown(path), errno: EINVAL)
    }
}
