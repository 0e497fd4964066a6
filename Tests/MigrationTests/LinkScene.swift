// Real hard links for the tests of LinkRegistry: one directory, groups of names, their statuses.

import LinuxIO
import Migration
import TestSupport

/// Groups of names in one directory of SOURCE; `outside` names of each are not in it.
struct LinkScene {
    let directory: PassDirectory
    let entries: DirectoryContents
    /// Each group's status and the indices of its names among `entries`.
    let groups: [(status: FileStatus, indices: [Int])]

    /// Makes `sizes.count` files; file `g` has `sizes[g]` names in the directory and `outside[g]`
    /// beyond it.
    init(in workspace: Workspace, sizes: [Int], outside: [Int] = []) throws {
        for (group, size) in sizes.enumerated() {
            let first = joined(workspace.source, "g\(group) n0")
            try Files.write(first, bytes("contents \(group)"))
            for name in 1..<max(size, 1) where size > 1 {
                try Files.link(joined(workspace.source, "g\(group) n\(name)"), to: first)
            }
        }
        let elsewhere = joined(workspace.source, ".elsewhere")
        if !outside.isEmpty { try Files.makeDirectory(elsewhere) }
        for (group, count) in outside.enumerated() {
            for name in 0..<count {
                try Files.link(
                    joined(elsewhere, "g\(group) \(name)"),
                    to: joined(workspace.source, "g\(group) n0")
                )
            }
        }
        let root = try Descriptor.openRoot(Name(workspace.source))
        var listing = Listing()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        try listing.read(root, buffer: buffer)
        var groups: [(status: FileStatus, indices: [Int])] = []
        for group in sizes.indices {
            let prefix = bytes("g\(group) ")
            let indices = (0..<listing.count).filter {
                listing.nameBytes($0).starts(with: prefix)
            }
            guard let status = try root.status(of: "g\(group) n0") else {
                throw CallError(call: "statx", name: "g\(group)", errno: 2)
            }
            groups.append((status, indices))
        }
        directory = PassDirectory(
            parent: nil,
            name: Name("."),
            state: PassDirectoryState(purpose: .pair, branch: nil)
        )
        entries = DirectoryContents(listing)
        self.groups = groups
    }

    func entry(_ index: Int) -> PassEntry {
        PassEntry(directory: directory, entries: entries, index: index)
    }

    /// The entry `gG nN`.
    func entry(group: Int, name: Int) throws -> PassEntry {
        let wanted = bytes("g\(group) n\(name)")
        for index in groups[group].indices where entry(index).path == wanted {
            return entry(index)
        }
        throw CallError(call: "find", name: shown(wanted), errno: 2)
    }

    func leader(_ group: Int, _ entry: PassEntry, inode: UInt64) -> LinkLeader {
        LinkLeader(
            source: groups[group].status.identity,
            directory: entry.directory,
            name: Name(entry.path),
            identity: LinkScene.identity(inode)
        )
    }

    static func identity(_ inode: UInt64) -> InodeIdentity {
        InodeIdentity(device: 1, inode: inode)
    }
}

extension LinkRole {
    /// The role in a word, with the inode or name that belongs to it.
    var text: String {
        switch self {
        case .lead: "lead"
        case .further: "keep"
        case .link(let leader): "link \(leader.identity?.inode ?? 0)"
        case .linked: "linked"
        case .wait: "wait"
        case .promote(let entry): "promote \(shown(entry.path))"
        }
    }
}
