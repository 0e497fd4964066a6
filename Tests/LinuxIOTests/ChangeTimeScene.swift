// A small tree on XFS whose ctimes are read as a change scan reads them, before and after one change.

import Glibc
import LinuxIO
import TestSupport
import Testing

/// Two directories `a` and `b`, each with `file`, `other` (of two names: `other` and `link`) and
/// `directory/inside`.
final class ChangeTimeScene {
    private let place: Place
    private let geometry: XFSGeometry
    private var inodes: [String: UInt64] = [:]
    /// The directories `a` and `b`, open.
    let a: Descriptor
    let b: Descriptor

    init() throws {
        place = try Place(on: .xfs)
        geometry = try XFSGeometry(of: place.directory)
        for directory in ["a", "b"] {
            try Files.makeDirectory(place.of(directory))
            try Files.makeDirectory(place.of(directory + "/directory"))
            for file in ["file", "other", "directory/inside"] {
                // More than one block, so that parts can be punched out and shared.
                let path = place.of(directory + "/" + file)
                try Files.write(path, [UInt8](repeating: 7, count: 16_384))
            }
            try Files.link(place.of(directory + "/link"), to: place.of(directory + "/other"))
        }
        a = try place.directory.openDirectory(Name("a"))
        b = try place.directory.openDirectory(Name("b"))
        for path in try Files.tree(place.path) where !path.ends(with: bytes("link")) {
            inodes[String(decoding: path, as: UTF8.self)] =
                UInt64(try Files.status(joined(place.path, path)).st_ino)
        }
        inodes["."] = UInt64(try Files.status(place.path).st_ino)
        // What has to reach the disk does so now, and not in the middle of a test.
        try place.directory.synchronizeFilesystem()
    }

    /// The path of an entry.
    func of(_ name: String) -> [UInt8] { place.of(name) }

    /// The ctime of an entry, wherever it is by now, as a scan tells it.
    func changed(_ name: String) throws -> Int64 {
        let inode = try #require(inodes[name], "\(name)")
        let group = try #require(
            (0..<geometry.groupCount).first { geometry.inodes(ofGroup: $0).contains(inode) }
        )
        var scan = InodeScan(group: group, geometry: geometry, from: inode)
        let found = try #require(try scan.next(place.directory))
        #expect(found.inode == inode, "\(name) is gone")
        return found.changedNanoseconds
    }

    /// The entries whose ctime another one is after `change`, by the names that they had at first.
    ///
    /// Every other entry of the tree keeps its own, the tree's root among them.
    func changes(by change: () throws -> Void) throws -> Set<String> {
        let before = try times()
        // Two changes within one tick of the clock can bear the same time.
        while coarseTimeNanoseconds() <= before.values.max() ?? 0 {
            pauseThread(nanoseconds: 2_000_000)
        }
        try change()
        let after = try times()
        #expect(before.allSatisfy { $0.value <= after[$0.key] ?? 0 }, "a ctime went back")
        return Set(before.keys.filter { before[$0] != after[$0] })
    }

    private func times() throws -> [String: Int64] {
        var times: [String: Int64] = [:]
        for name in inodes.keys { times[name] = try changed(name) }
        return times
    }
}

extension [UInt8] {
    fileprivate func ends(with bytes: [UInt8]) -> Bool { suffix(bytes.count).elementsEqual(bytes) }
}
