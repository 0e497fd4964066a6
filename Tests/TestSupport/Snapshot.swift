// Was anything touched? A list of what `lstat` says of every entry, taken without opening anything,
// so that taking it changes no atime.
//
// ctime cannot be set, so a pass that "does nothing" (S6, S8) or "writes nothing" (S49) is caught
// at any write, by whatever call, io_uring included. Reads are caught where atimes are compared.

import Glibc

/// The status of every entry of a tree at one moment.
package struct Snapshot: Sendable {
    private let root: [UInt8]
    private let statuses: [[UInt8]: String]

    /// Looks at every entry of a tree.
    ///
    /// - Parameters:
    ///   - root: the tree.
    ///   - agesAccess: first sets every atime to 1970, so that any read shows under relatime.
    /// - Throws: `CallError` when the tree cannot be listed.
    package init(_ root: [UInt8], agesAccess: Bool = false) throws {
        self.root = root
        let names = [[]] + (try Files.tree(root))
        if agesAccess {
            for name in names { try Files.ageAccess(joined(root, name)) }
        }
        var found: [[UInt8]: String] = [:]
        for name in names { found[name] = try Snapshot.status(joined(root, name), agesAccess) }
        statuses = found
        comparesAccess = agesAccess
    }

    private let comparesAccess: Bool

    /// What has changed since: one line for each entry that changed, came or went.
    ///
    /// - Throws: `CallError` when the tree cannot be listed.
    package func changes() throws -> [String] {
        // Every status first: listing the tree would move the atimes of its directories.
        var lines: [String] = []
        for (name, before) in statuses {
            let now = try? Snapshot.status(joined(root, name), comparesAccess)
            if now != before { lines.append("\(shown(name)): \(before) -> \(now ?? "gone")") }
        }
        for name in try Files.tree(root) where statuses[name] == nil {
            lines.append("\(shown(name)): new")
        }
        return lines.sorted()
    }

    private static func status(_ path: [UInt8], _ access: Bool) throws -> String {
        let status = try Files.status(path)
        let times = [status.st_mtim, status.st_ctim] + (access ? [status.st_atim] : [])
        let numbers =
            [Int(status.st_ino), Int(status.st_mode), Int(status.st_size)]
            + [Int(status.st_uid), Int(status.st_gid), Int(status.st_nlink)]
        return numbers.map { String($0) }.joined(separator: " ")
            + times.map { " \($0.tv_sec).\($0.tv_nsec)" }.joined()
    }
}

extension Files {
    /// Sets atime to one second after 1970 and leaves mtime: `utimensat()`.
    package static func ageAccess(_ path: [UInt8]) throws {
        let modified = try status(path).st_mtim
        let result = withBytes(path) {
            utimensat(
                AT_FDCWD,
                $0,
                [timespec(tv_sec: 1, tv_nsec: 0), modified],
                AT_SYMLINK_NOFOLLOW
            )
        }
        if result != 0 { throw CallError(call: "utimensat", name: shown(path), errno: errno) }
    }
}
