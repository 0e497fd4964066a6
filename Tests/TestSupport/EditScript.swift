// Seeded random changes to a tree between two passes: what users do to a volume while it is
// migrated.
//
// Every edit may fail, because an earlier one took its entry away; `apply` counts those that were
// done and refuses a script of which less than half was. Missing on purpose: a file rewritten with
// its size and its mtime restored, which only S7 can find.

import Glibc

/// Changes a tree at random.
package struct EditScript {
    private var maker: RandomTree
    private var paths: [[UInt8]] = []
    private var random: SeededRandom {
        get { maker.random }
        set { maker.random = newValue }
    }

    package init(seed: UInt64) { maker = RandomTree(seed: seed) }

    /// Too many edits of a script found nothing to do.
    package struct Ineffective: Error {
        /// The seed of the script.
        package let seed: UInt64
        /// How many edits were done.
        package let done: Int
    }

    /// Makes `edits` changes below `root`.
    ///
    /// - Throws: `Ineffective` when less than half could be done, `CallError` when listing failed.
    package mutating func apply(_ root: [UInt8], edits: Int) throws {
        var done = 0
        for index in 0..<edits {
            if index % 25 == 0 { paths = [root] + (try Files.tree(root)).map { joined(root, $0) } }
            do {
                if try edit() { done += 1 }
            } catch is CallError {
                // The entry was renamed or removed by an earlier edit: users do that as well.
                continue
            }
        }
        if done * 2 < edits { throw Ineffective(seed: random.seed, done: done) }
    }

    private mutating func any() -> [UInt8] { paths[random.below(paths.count)] }

    /// A random entry of one of these types; nil when a few tries met none.
    private mutating func pick(_ types: mode_t...) -> [UInt8]? {
        for _ in 0..<30 {
            let path = any()
            if let status = try? Files.status(path), types.contains(status.st_mode & S_IFMT) {
                return path
            }
        }
        return nil
    }

    /// A name not in use, in a random directory.
    private mutating func newPath() -> [UInt8]? {
        pick(S_IFDIR).map { joined($0, maker.name() + bytes("e")) }.flatMap { path in
            (path.lastIndex(of: UInt8(ascii: "/")).map { path.count - $0 - 1 } ?? 0) <= 255
                ? path : nil
        }
    }

    private mutating func edit() throws -> Bool {
        switch random.below(22) {
        case 0, 1, 2: try create()
        case 3, 4: try rewritePart()
        case 5: try rewriteSameSize()
        case 6: try resize()
        case 7: try changeOwnerOrMode()
        case 8: try changeTime()
        case 9, 10: try changeAttribute()
        case 11, 12: try changeACL()
        case 13: try addLink()
        case 14: try breakLink()
        case 15, 16: try rename()
        case 17: try renameOver()
        case 18: try changeType()
        case 19: try makeDeep()
        case 20: try unlink()
        default: try removeTree()
        }
    }

    private mutating func create() throws -> Bool {
        guard let path = newPath() else { return false }
        if random.chance(25) { try maker.makeDirectory(path) } else { try maker.makeLeaf(path) }
        return true
    }

    private mutating func rewritePart() throws -> Bool {
        guard let path = pick(S_IFREG) else { return false }
        let size = Int(try Files.status(path).st_size)
        try Files.overwrite(
            path,
            random.bytes(1 + random.below(3000)),
            at: random.below(size + 5000)
        )
        try maker.changeTime(path)
        return true
    }

    private mutating func rewriteSameSize() throws -> Bool {
        guard let path = pick(S_IFREG) else { return false }
        let size = Int(try Files.status(path).st_size)
        guard size > 0 && size < 1_000_000 else { return false }
        try Files.overwrite(path, random.bytes(size), at: 0)
        try maker.changeTime(path)
        return true
    }

    private mutating func resize() throws -> Bool {
        guard let path = pick(S_IFREG) else { return false }
        try Files.truncate(path, to: random.chance(20) ? 0 : random.below(400_000))
        try maker.changeTime(path)
        return true
    }

    private mutating func changeOwnerOrMode() throws -> Bool {
        if random.chance(50) {
            try Files.changeOwner(any(), uid_t(random.below(70_000)), gid_t(random.below(70_000)))
            return true
        }
        guard let path = pick(S_IFREG, S_IFDIR, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK) else {
            return false
        }
        try Files.changeMode(path, mode_t(random.below(0o10000)))
        return true
    }

    private mutating func changeTime() throws -> Bool {
        try maker.changeTime(any())
        return true
    }

    private mutating func changeAttribute() throws -> Bool {
        let path = any()
        let name = maker.attributeName(try Files.status(path).st_mode & S_IFMT)
        if random.chance(30), try Files.attribute(path, name) != nil {
            try Files.removeAttribute(path, name)
        } else {
            try Files.setAttribute(path, name, random.bytes(random.below(300)))
        }
        return true
    }

    private mutating func changeACL() throws -> Bool {
        guard let path = pick(S_IFREG, S_IFDIR, S_IFIFO) else { return false }
        let isDirectory = try Files.status(path).st_mode & S_IFMT == S_IFDIR
        let isDefault = isDirectory && random.chance(50)
        let name = isDefault ? AccessList.defaultName : AccessList.accessName
        if try Files.attribute(path, name) != nil, random.chance(50) {
            try Files.removeAttribute(path, name)
        } else {
            try Files.setACL(path, maker.accessList(), isDefault: isDefault)
        }
        return true
    }

    private mutating func addLink() throws -> Bool {
        guard let path = newPath(), let file = pick(S_IFREG, S_IFLNK, S_IFIFO) else { return false }
        try Files.link(path, to: file)
        return true
    }

    /// One name of a file becomes a file of its own, sometimes with the very same contents (S42).
    private mutating func breakLink() throws -> Bool {
        for _ in 0..<60 {
            guard let path = pick(S_IFREG) else { return false }
            let status = try Files.status(path)
            if status.st_nlink < 2 || status.st_size > 1_000_000 { continue }
            let old = try Files.read(path)
            try Files.unlink(path)
            try Files.write(path, random.chance(50) ? old : maker.contents())
            try maker.changeTime(path)
            return true
        }
        return try addLink()
    }

    private mutating func rename() throws -> Bool {
        guard let new = newPath() else { return false }
        let old = any()
        if old == paths[0] { return false }
        try Files.rename(old, to: new)
        return true
    }

    private mutating func renameOver() throws -> Bool {
        guard let old = pick(S_IFREG, S_IFLNK, S_IFIFO), let new = pick(S_IFREG, S_IFLNK, S_IFSOCK)
        else { return false }
        try Files.rename(old, to: new)
        return true
    }

    private mutating func changeType() throws -> Bool {
        let path = any()
        if path == paths[0] { return false }
        let wasDirectory = try Files.status(path).st_mode & S_IFMT == S_IFDIR
        try Files.removeTree(path)
        if wasDirectory {
            try maker.makeLeaf(path)
        } else {
            try maker.makeDirectory(path)
            for _ in 0..<random.below(4) { try maker.makeLeaf(joined(path, maker.name())) }
        }
        return true
    }

    private mutating func makeDeep() throws -> Bool {
        guard var path = newPath() else { return false }
        for _ in 0..<8 {
            try maker.makeDirectory(path)
            path = joined(path, bytes("below"))
        }
        try maker.makeLeaf(path)
        return true
    }

    private mutating func unlink() throws -> Bool {
        guard let path = pick(S_IFREG, S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK) else {
            return false
        }
        try Files.unlink(path)
        return true
    }

    private mutating func removeTree() throws -> Bool {
        // Small trees only: a script that removes half of everything tests nothing afterwards.
        guard let path = pick(S_IFDIR), path != paths[0] else { return false }
        if try Files.tree(path).count > 20 { return false }
        try Files.removeTree(path)
        return true
    }
}
