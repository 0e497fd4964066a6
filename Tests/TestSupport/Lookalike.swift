// Entries that look alike: few names, few sizes, few times. What a pass concludes from a name, a
// size and a time is then often wrong, and a test of what it remembers meets its weaknesses.
//
// RandomTree does the opposite, on purpose: there each file has a time of its own, because S6 allows
// a walk without a record to be deceived. Here nothing may be deceived.

package import Glibc

/// The small stock from which look-alike entries are made.
package enum Lookalike {
    /// Names, the same in every directory; the odd ones are bytes that no encoding has, blanks, a
    /// newline, a leading hyphen, a hidden one, and 255 bytes.
    package static let names: [[UInt8]] =
        ["a", "b", "c", "d", "e", "f", "sub", "data", ".hidden", "-n", "two words", "new\nline"]
        .map { bytes($0) }
        + [[0xff, 0xfe, 0x80], [UInt8](repeating: 0x4c, count: 255)]

    /// Sizes of files: empty, within the inode's block, one page, and what takes other ways of
    /// copying.
    package static let sizes = [0, 1, 700, 700, 4096, 5000, 5000, 70_000]

    /// Times of modification, nanoseconds included.
    package static let times = [
        timespec(tv_sec: 1_500_000_000, tv_nsec: 123_456_789),
        timespec(tv_sec: 1_500_000_000, tv_nsec: 123_456_790),
        timespec(tv_sec: 1_700_000_000, tv_nsec: 1),
    ]

    /// Contents of one size; two numbers give two contents that differ in every 64 bytes.
    package static func contents(_ number: UInt64, count: Int) -> [UInt8] {
        var random = SeededRandom(seed: number)
        let piece = random.bytes(64)
        var result: [UInt8] = []
        result.reserveCapacity(count + 64)
        while result.count < count { result += piece }
        return Array(result.prefix(count))
    }

    /// Makes a file that looks like many others.
    package static func makeFile(_ path: [UInt8], _ random: inout SeededRandom) throws {
        let size = sizes[random.below(sizes.count)]
        try Files.write(path, contents(random.next(), count: size))
        if random.chance(70) { try setTime(path, &random) }
    }

    /// Sets one of the few times.
    package static func setTime(_ path: [UInt8], _ random: inout SeededRandom) throws {
        let time = times[random.below(times.count)]
        try Files.changeTime(path, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    /// Makes a copy of a directory in which every file has the same name, size, mode, owner and
    /// mtime, and other contents; symlinks and specials are left out.
    package static func makeTwin(of directory: [UInt8], at path: [UInt8], _ number: UInt64) throws {
        let status = try Files.status(directory)
        try Files.makeDirectory(path, mode: status.st_mode & 0o7777)
        for (index, name) in try Files.names(directory).enumerated() {
            let (old, new) = (joined(directory, name), joined(path, name))
            let status = try Files.status(old)
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try makeTwin(of: old, at: new, number &* 31 &+ UInt64(index))
            case S_IFREG:
                let count = Int(status.st_size)
                try Files.write(new, contents(number &+ UInt64(index), count: count))
                try Files.changeOwner(new, status.st_uid, status.st_gid)
                try Files.changeMode(new, status.st_mode & 0o7777)
                try Files.changeTime(new, like: old)
            default: break
            }
        }
        try Files.changeOwner(path, status.st_uid, status.st_gid)
        try Files.changeMode(path, status.st_mode & 0o7777)
        try Files.changeTime(path, like: directory)
    }

    /// Fills an existing directory: branches with directories of the same names, files of few sizes
    /// and times, links across branches, symlinks, specials, attributes and empty directories.
    package static func fill(_ root: [UInt8], entries: Int, _ random: inout SeededRandom) throws {
        var directories: [[UInt8]] = []
        for branch in ["a", "b", "home", "data"] {
            let path = joined(root, branch)
            try Files.makeDirectory(path)
            directories.append(path)
        }
        var files: [[UInt8]] = []
        for _ in 0..<entries {
            let parent = random.chance(4) ? root : directories[random.below(directories.count)]
            let path = joined(parent, names[random.below(names.count)])
            if Files.exists(path) || path.count > 1500 { continue }
            switch random.below(20) {
            case 0...4:
                try Files.makeDirectory(path)
                directories.append(path)
            case 5...6 where !files.isEmpty:
                try Files.link(path, to: files[random.below(files.count)])
            case 7: try Files.link(symbolic: path, to: bytes("target\(random.below(3))"))
            case 8: try makeSpecial(path, random.next())
            default:
                try makeFile(path, &random)
                files.append(path)
            }
            if random.chance(8) {
                try Files.setAttribute(path, "trusted.a", random.bytes(random.below(100)))
            }
        }
        for path in directories where random.chance(50) { try setTime(path, &random) }
    }

    /// Makes a FIFO, a socket or a character device.
    package static func makeSpecial(_ path: [UInt8], _ number: UInt64) throws {
        switch number % 3 {
        case 0: try Files.makeNode(path, S_IFIFO | 0o600)
        case 1: try Files.makeNode(path, S_IFSOCK | 0o600)
        default: try Files.makeNode(path, S_IFCHR | 0o600, device: dev_t(0xf000 + number % 4))
        }
    }
}
