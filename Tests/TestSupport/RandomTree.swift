// Seeded random entries of every kind: what nobody thought of, but the same at every run of a seed.
//
// Regular files always get a random mtime. Two files of one size made within one tick of the
// kernel's clock would share size and mtime, and renaming one over the other between passes would
// then be invisible to S6, rightly: such a test would accuse the program of what the rule allows.
//
// Limits: names of up to 60 bytes or exactly 255, files up to 300 kB, attributes of one entry well
// within what ext4 holds without `ea_inode` (S35 has its own test).

package import Glibc

/// Makes random entries.
package struct RandomTree {
    /// The source of every decision.
    package var random: SeededRandom
    private var made = 0

    package init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// Fills an existing directory with `entries` entries, in directories of random depth.
    ///
    /// - Throws: `CallError` when an entry cannot be made.
    package mutating func fill(_ root: [UInt8], entries: Int) throws {
        var directories = [root]
        var others: [[UInt8]] = []
        for _ in 0..<entries {
            let path = joined(directories[random.below(directories.count)], name())
            if random.chance(15) {
                try makeDirectory(path)
                directories.append(path)
            } else if random.chance(8), !others.isEmpty {
                try Files.link(path, to: others[random.below(others.count)])
            } else {
                try makeLeaf(path)
                others.append(path)
            }
        }
        // Last, because every entry made inside has moved these times.
        for path in directories { try changeTime(path) }
    }

    /// A name that this maker has not used yet.
    package mutating func name() -> [UInt8] {
        made += 1
        let start = bytes("\(made)-")
        switch random.below(12) {
        case 0:
            let rest = random.bytes(1 + random.below(40))
            return start + rest.filter { $0 != 0 && $0 != UInt8(ascii: "/") }
        case 1: return bytes(".") + start
        case 2: return start + [UInt8](repeating: UInt8(ascii: "L"), count: 255 - start.count)
        case 3: return start + bytes("new\nline and blank")
        default: return start + bytes("entry")
        }
    }

    /// Makes a directory, with a random mode and sometimes ACLs and attributes.
    package mutating func makeDirectory(_ path: [UInt8]) throws {
        try Files.makeDirectory(path, mode: mode_t(random.below(0o10000)))
        if random.chance(20) { try Files.setACL(path, accessList(), isDefault: true) }
        try decorate(path, type: S_IFDIR)
    }

    /// Makes anything but a directory.
    package mutating func makeLeaf(_ path: [UInt8]) throws {
        switch random.below(20) {
        case 0, 1, 2:
            try Files.link(symbolic: path, to: bytes("target/\(random.below(100))"))
            try decorate(path, type: S_IFLNK)
        case 3:
            try Files.makeNode(path, S_IFIFO | 0o600)
            try decorate(path, type: S_IFIFO)
        case 4:
            try Files.makeNode(path, S_IFSOCK | 0o600)
            try decorate(path, type: S_IFSOCK)
        case 5:
            try Files.makeNode(path, S_IFCHR | 0o600, device: dev_t(0xf000 + random.below(200)))
            try decorate(path, type: S_IFCHR)
        case 6:
            try Files.makeNode(path, S_IFBLK | 0o600, device: dev_t(0xf000 + random.below(200)))
            try decorate(path, type: S_IFBLK)
        default:
            try Files.write(path, contents())
            if random.chance(15) { try makeSparse(path) }
            try decorate(path, type: S_IFREG)
            try changeTime(path)
        }
    }

    /// Random contents: mostly small, sometimes with runs of zeros.
    package mutating func contents() -> [UInt8] {
        let size = random.chance(10) ? random.below(300_000) : random.below(9000)
        var result = random.bytes(size)
        if size > 20_000 && random.chance(50) {
            let start = random.below(size / 2)
            for index in start..<min(size, start + random.below(100_000)) { result[index] = 0 }
        }
        return result
    }

    /// Sets a random mtime between 1938 and 2096, never on a whole second.
    package mutating func changeTime(_ path: [UInt8]) throws {
        let seconds = random.below(5_000_000_000) - 1_000_000_000
        try Files.changeTime(path, seconds: seconds, nanoseconds: 1 + random.below(999_999_999))
    }

    /// A random ACL with named users and groups.
    package mutating func accessList() -> AccessList {
        let users = (0..<random.below(4)).map {
            (id: $0 * 1000 + random.below(900), bits: random.below(8))
        }
        let groups = (0..<random.below(3)).map {
            (id: $0 * 1000 + random.below(900), bits: random.below(8))
        }
        return AccessList(
            owner: random.below(8),
            users: users,
            group: random.below(8),
            groups: groups,
            mask: random.below(8),
            other: random.below(8)
        )
    }

    /// An attribute's name that an entry of this type may carry.
    package mutating func attributeName(_ type: mode_t) -> String {
        let space = type == S_IFREG || type == S_IFDIR ? ["user", "trusted"] : ["trusted"]
        return space[random.below(space.count)] + ".random\(random.below(3))"
    }

    private mutating func makeSparse(_ path: [UInt8]) throws {
        let offset = 100_000 + random.below(1_000_000)
        try Files.overwrite(path, random.bytes(1 + random.below(5000)), at: offset)
        if random.chance(50) { try Files.truncate(path, to: offset + 50_000) }
    }

    private mutating func decorate(_ path: [UInt8], type: mode_t) throws {
        if random.chance(50) {
            try Files.changeOwner(path, uid_t(random.below(70_000)), gid_t(random.below(70_000)))
        }
        if type != S_IFLNK && type != S_IFDIR {
            try Files.changeMode(path, mode_t(random.below(0o10000)))
        }
        if type != S_IFLNK && random.chance(15) { try Files.setACL(path, accessList()) }
        if random.chance(15) {
            try Files.setAttribute(path, attributeName(type), random.bytes(random.below(300)))
        }
        if type != S_IFREG && random.chance(50) { try changeTime(path) }
    }
}
