// The list of inodes in use, against find(1), statx(2) and FS_IOC_GETVERSION. What is passed over here is
// never copied, and what is told of wrongly looks unchanged: so each inode counts.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Inode scan", .requiresVolumes) struct InodeScanTests {
    @Test("every inode in use is told of once, in ascending order, by the group that it lies in")
    func complete() throws {
        // More groups than usual, and more inodes in one of them than one call tells of.
        let volume = try LoopVolume(.xfs(["-d", "agcount=7"]), megabytes: 1_024)
        defer { volume.destroy() }
        try Shell.run(
            """
            cd -- "$1"
            mkdir large && cd large && seq 5000 | xargs touch && cd ..
            for i in $(seq 60); do mkdir "d$i" && touch "d$i"/{1..20} && ln "d$i/1" "d$i/link"; done
            rm large/*7
            """,
            volume.mountPoint
        )
        let directory = try Descriptor.openRoot(Name(volume.mountPoint))
        let geometry = try XFSGeometry(of: directory)
        #expect(geometry.groupCount == 7)
        var all: [UInt64] = []
        var groupsInUse = 0
        var largest = 0
        for group in 0..<geometry.groupCount {
            let found = try scan(group, geometry, directory).map(\.inode)
            #expect(found.allSatisfy { geometry.inodes(ofGroup: group).contains($0) })
            #expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 })
            groupsInUse += found.isEmpty ? 0 : 1
            largest = max(largest, found.count)
            all += found
        }
        let expected = try Shell.run(
            "find \"$1\" -xdev -printf '%i\\n' | sort -nu",
            volume.mountPoint
        ).lines.map { UInt64($0) }
        #expect(all == expected)
        #expect(groupsInUse > 4 && largest > InodeScan.inodesPerCall)
    }

    @Test("a group's numbers end where the next one's begin, and the last holds the last")
    func ranges() throws {
        let directory = try Descriptor.openRoot(Name(try VolumePair.shared().xfs))
        let geometry = try XFSGeometry(of: directory)
        for group in 1..<geometry.groupCount {
            let before = geometry.inodes(ofGroup: group - 1)
            let range = geometry.inodes(ofGroup: group)
            #expect(before.upperBound == range.lowerBound && !range.isEmpty)
        }
        #expect(geometry.inodes(ofGroup: 0).lowerBound == 0)
        #expect(geometry.hasBirthTimes)
    }

    @Test("groups that xfs_growfs adds are there when the geometry is read anew")
    func grown() throws {
        let volume = try LoopVolume(.xfs())
        defer { volume.destroy() }
        let directory = try Descriptor.openRoot(Name(volume.mountPoint))
        let before = try XFSGeometry(of: directory)
        try Shell.run(
            "truncate -s 640M -- \"$1\" && losetup -c \"$2\" && xfs_growfs -- \"$3\" >/dev/null",
            volume.image,
            bytes(volume.device),
            volume.mountPoint
        )
        let after = try XFSGeometry(of: directory)
        #expect(after.groupCount > before.groupCount)
        for group in 0..<before.groupCount {
            #expect(after.inodes(ofGroup: group) == before.inodes(ofGroup: group))
        }
        let last = after.groupCount - 1
        #expect(try scan(last, after, directory).isEmpty)
    }

    @Test("ctime, birth, generation, links and kind are what statx and FS_IOC_GETVERSION tell")
    func fields() throws {
        let place = try Place(on: .xfs)
        try place.makeOneOfEach()
        try Files.link(place.of("name"), to: place.of("regular"))
        // A birth and a change that differ in all their digits.
        pauseThread(nanoseconds: 20_000_000)
        for name in ["regular", "directory", "fifo"] {
            try Files.changeMode(place.of(name), 0o700)
        }
        let found = try inodes(place.directory)
        for name in try Files.names(place.path).map({ String(decoding: $0, as: UTF8.self) }) {
            let status = try place.status(name)
            let inode = try #require(found[status.inode], "\(name)")
            #expect(inode.kind == status.kind, "\(name)")
            #expect(inode.changedNanoseconds == status.changed.nanosecondsSince1970, "\(name)")
            #expect(inode.birthNanoseconds == status.birth?.nanosecondsSince1970, "\(name)")
            #expect(inode.linkCount == status.linkCount, "\(name)")
            #expect(inode.linkCount == (["regular", "name"].contains(name) ? 2 : inode.linkCount))
            guard status.kind == .regular || status.kind == .directory else { continue }
            let generation = try place.directory.openHandle(Name(name)).reopenForReading()
                .inodeGeneration()
            #expect(inode.generation == generation, "\(name)")
        }
        let regular = try place.status("regular")
        #expect(found[regular.inode]?.changedNanoseconds != found[regular.inode]?.birthNanoseconds)
    }

    @Test("a number that is given out again shows by its generation and by its birth")
    func reuse() throws {
        let volume = try LoopVolume(.xfs())
        defer { volume.destroy() }
        let directory = try Descriptor.openRoot(Name(volume.mountPoint))
        let old = joined(volume.mountPoint, "old")
        try Files.write(old, [])
        let number = UInt64(try Files.status(old).st_ino)
        let before = try #require(try inodes(directory)[number])
        try Files.unlink(old)
        // Freed in the background; then the first file made gets it.
        var isReused = false
        for attempt in 0..<200 where !isReused {
            try directory.synchronizeFilesystem()
            let new = joined(volume.mountPoint, "new\(attempt)")
            try Files.write(new, [])
            isReused = UInt64(try Files.status(new).st_ino) == number
        }
        #expect(isReused)
        let after = try #require(try inodes(directory)[number])
        #expect(after.generation != before.generation)
        #expect(after.birthNanoseconds > before.birthNanoseconds)
    }

    @Test(
        "what others make and remove meanwhile hides no inode that stays",
        .timeLimit(.minutes(3))
    )
    func churn() throws {
        let volume = try LoopVolume(.xfs())
        defer { volume.destroy() }
        try Shell.run(
            """
            cd -- "$1" && mkdir churn
            for i in $(seq 10); do mkdir "d$i" && seq 700 | (cd "d$i" && xargs touch); done
            """,
            volume.mountPoint
        )
        let directory = try Descriptor.openRoot(Name(volume.mountPoint))
        let churn = UInt64(try Files.status(joined(volume.mountPoint, "churn")).st_ino)
        var staying = try inodes(directory)
        staying[churn] = nil
        #expect(staying.count > 7_000)
        let others = try Subprocess([
            bytes("bash"), bytes("-c"),
            bytes(
                """
                cd -- "$1/churn"
                while :; do
                    for i in {1..40}; do mkdir "x$i" && : >"x$i/a"; done
                    for i in {1..40}; do : >"f$i"; done
                    rm -rf x* f*
                done
                """
            ),
            bytes("bash"), volume.mountPoint,
        ])
        var counts: Set<Int> = []
        for _ in 0..<60 {
            let found = try inodes(directory)
            counts.insert(found.count)
            let missing = staying.values.filter { found[$0.inode] != $0 }
            #expect(missing.isEmpty)
        }
        others.send(SIGKILL)
        others.wait()
        // Or nothing was made or removed beside the scans.
        #expect(counts.count > 3)
    }

    @Test("a file without a name that is still open is told of, with no links")
    func unnamed() throws {
        let place = try Place(on: .xfs)
        let open = try place.directory.createUnnamedFile()
        let inode = try open.status().inode
        #expect(try inodes(place.directory)[inode]?.linkCount == 0)
        try open.close()
    }

    @Test("a scan can begin in the middle of a group, at an inode that is not in use too")
    func middle() throws {
        let place = try Place(on: .xfs)
        try Files.write(place.of("f"), [])
        let inode = try place.status("f").inode
        let geometry = try XFSGeometry(of: place.directory)
        let group = try #require(
            (0..<geometry.groupCount).first { geometry.inodes(ofGroup: $0).contains(inode) }
        )
        var scan = InodeScan(group: group, geometry: geometry, from: inode)
        #expect(try scan.next(place.directory)?.inode == inode)
        let last = geometry.inodes(ofGroup: group).upperBound - 1
        var end = InodeScan(group: group, geometry: geometry, from: last)
        #expect(try end.next(place.directory) == nil)
        #expect(try end.next(place.directory) == nil)
    }

    @Test("an inode that cannot be read ends the scan with an error and is not passed over")
    func damaged() throws {
        let volume = try LoopVolume(.xfs())
        defer { volume.destroy() }
        try Shell.run("cd -- \"$1\" && seq 300 | xargs touch", volume.mountPoint)
        let number = UInt64(try Files.status(joined(volume.mountPoint, "150")).st_ino)
        try Shell.run(
            """
            umount -- "$1"
            xfs_db -x -c "inode $3" -c 'write -d core.magic 0' "$2"
            mount -t xfs -o nodev -- "$2" "$1"
            """,
            volume.mountPoint,
            bytes(volume.device),
            bytes("\(number)")
        )
        let directory = try Descriptor.openRoot(Name(volume.mountPoint))
        let geometry = try XFSGeometry(of: directory)
        var scan = InodeScan(group: 0, geometry: geometry)
        var last: UInt64 = 0
        for _ in 0..<3 {
            do {
                while let inode = try scan.next(directory) { last = inode.inode }
                Issue.record("the damaged inode was passed over")
            } catch {
                #expect(error == SystemError(.bulkStatus, .corrupted))
            }
        }
        #expect(last > 0 && last < number)
    }
}

/// Where a scan cannot be made, that is said by an errno that the engine can tell apart.
@Suite("Inode scan, refused", .requiresVolumes) struct InodeScanRefusalTests {
    @Test("no XFS: ENOTTY", arguments: [Filesystem.ext4, .tmpfs])
    func otherFilesystem(filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        #expect(throws: SystemError(.getGeometry, .notSupportedByDevice)) {
            try XFSGeometry(of: place.directory)
        }
        let xfs = try Descriptor.openRoot(Name(try VolumePair.shared().xfs))
        let geometry = try XFSGeometry(of: xfs)
        #expect(throws: SystemError(.bulkStatus, .notSupportedByDevice)) {
            try scan(0, geometry, place.directory)
        }
    }

    @Test("not root: EPERM, though the geometry is told to everybody")
    func unprivileged() async throws {
        let path = try VolumePair.shared().xfs
        await #expect(processExitsWith: .success) { [path = path as [UInt8]] in
            let directory = try Descriptor.openRoot(Name(path))
            #expect(setuid(65_534) == 0)
            let geometry = try XFSGeometry(of: directory)
            #expect(throws: SystemError(.bulkStatus, .notPermitted)) {
                try scan(0, geometry, directory)
            }
        }
    }

    @Test("a handle that reads no data: EBADF")
    func handle() throws {
        let place = try Place(on: .xfs)
        try Files.makeDirectory(place.of("d"))
        let handle = try place.directory.openHandle(Name("d"))
        let geometry = try XFSGeometry(of: place.directory)
        let badDescriptor = ErrorCode(rawValue: EBADF)
        #expect(throws: SystemError(.getGeometry, badDescriptor)) { try XFSGeometry(of: handle) }
        #expect(throws: SystemError(.bulkStatus, badDescriptor)) {
            try scan(0, geometry, handle)
        }
    }

    @Test("a private view that takes no write lets itself be scanned", arguments: [true, false])
    func privateView(isReadOnly: Bool) throws {
        let place = try Place(on: .xfs)
        try Files.write(place.of("f"), [1])
        let inode = try place.status("f").inode
        guard let view = try place.directory.privateView(isReadOnly: isReadOnly) else {
            Issue.record("no private view")
            return
        }
        let directory = try view.openDirectory(Name("."))
        #expect(try inodes(directory)[inode] != nil)
        #expect(try directory.filesystemIdentifier() == place.directory.filesystemIdentifier())
        #expect(try directory.inodeGeneration() == place.directory.inodeGeneration())
    }
}

/// All inodes of one group.
@discardableResult
private func scan(
    _ group: Int,
    _ geometry: XFSGeometry,
    _ directory: borrowing Descriptor
) throws -> [ScannedInode] {
    var found: [ScannedInode] = []
    var scan = InodeScan(group: group, geometry: geometry)
    while let inode = try scan.next(directory) { found.append(inode) }
    return found
}

/// All inodes of a volume by their numbers.
private func inodes(_ directory: borrowing Descriptor) throws -> [UInt64: ScannedInode] {
    let geometry = try XFSGeometry(of: directory)
    var found: [UInt64: ScannedInode] = [:]
    for group in 0..<geometry.groupCount {
        for inode in try scan(group, geometry, directory) {
            #expect(found.updateValue(inode, forKey: inode.inode) == nil)
        }
    }
    return found
}
