// Names for inodes that a census found: every directory of the XFS is opened by its number and listed, without
// looking at what it holds, until each inode was met under one of its names. Done only when there is something
// to name; access times do not move.

import LinuxIO
import Synchronization

/// One search.
struct NameSearch {
    let volume: SharedDescriptor
    let workers: Int
    let control: RunControl

    /// Paths below SOURCE by inode numbers; what is not in it could not be found.
    func paths(of wanted: [NotableEntry]) throws(SystemError) -> [UInt64: [UInt8]] {
        let root = try volume.descriptor.path()
        var files: Set<UInt64> = []
        var paths: [UInt64: [UInt8]] = [:]
        for entry in wanted {
            guard entry.kind == .directory else {
                files.insert(entry.inode)
                continue
            }
            let directory = try? volume.descriptor.openDirectory(
                inode: entry.inode,
                generation: entry.generation
            )
            guard let path = try directory?.path() else { continue }
            paths[entry.inode] = Self.relative(path, to: root)
        }
        if files.isEmpty { return paths }
        return paths.merging(try search(files, root)) { first, _ in first }
    }

    private func search(
        _ files: Set<UInt64>,
        _ root: [UInt8]
    ) throws(SystemError) -> [UInt64: [UInt8]] {
        let geometry = try XFSGeometry(of: volume.descriptor)
        let next = Atomic<Int>(0)
        let isDone = Atomic<Bool>(false)
        let found = Lock<[UInt64: [UInt8]]>([:])
        inLanes(min(geometry.groupCount, workers, 8)) { _ in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let group = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard group < geometry.groupCount else { return }
                var scan = InodeScan(group: group, geometry: geometry)
                // A group that cannot be read leaves inodes without a name, and those are told by number.
                while let inode = try? scan.next(volume.descriptor) {
                    if isDone.load(ordering: .relaxed) || control.isInterrupted { return }
                    guard inode.kind == .directory, inode.linkCount > 0 else { continue }
                    let here = Self.entries(of: inode, in: volume, files, root, buffer)
                    if here.isEmpty { continue }
                    let count = found.withLock { found in
                        found.merge(here) { first, _ in first }
                        return found.count
                    }
                    if count == files.count { isDone.store(true, ordering: .relaxed) }
                }
            }
        }
        return found.withLock { $0 }
    }

    /// The wanted inodes of one directory with their paths; none where it cannot be opened or listed.
    private static func entries(
        of directory: ScannedInode,
        in volume: SharedDescriptor,
        _ files: Set<UInt64>,
        _ root: [UInt8],
        _ buffer: UnsafeMutableRawBufferPointer
    ) -> [(inode: UInt64, path: [UInt8])] {
        do throws(SystemError) {
            let opened = try volume.descriptor.openDirectory(
                inode: directory.inode,
                generation: directory.generation
            )
            var listing = Listing()
            try listing.read(opened, buffer: buffer)
            var met: [UInt64: Int] = [:]
            for (index, record) in listing.records.enumerated() where files.contains(record.inode) {
                met[record.inode] = met[record.inode] ?? index
            }
            if met.isEmpty { return [] }
            let path = relative(try opened.path(), to: root)
            return met.map { inode, index in
                let name = Array(listing.name(index).bytes)
                return (inode, path.isEmpty ? name : path + [0x2F] + name)
            }
        } catch {
            return []
        }
    }

    /// A path as the kernel shows it, without that of SOURCE before it.
    private static func relative(_ path: [UInt8], to root: [UInt8]) -> [UInt8] {
        var rest = path.starts(with: root) ? path.dropFirst(root.count) : path[...]
        if rest.first == 0x2F { rest = rest.dropFirst() }
        return Array(rest)
    }
}
