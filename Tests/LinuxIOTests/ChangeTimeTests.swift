// What a change scan rests on: which changes of an XFS show in which inodes' ctimes, and which do not. Each
// test names the whole set of entries whose ctime is another one afterwards; all others keep theirs.
//
// A name that comes, goes or changes hands always shows in its directory. It shows in the entry itself but
// for one case, RENAME_EXCHANGE; and what lies below a directory that moved never shows it.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("What XFS's ctimes tell of names", .requiresVolumes) struct ChangeTimeOfNamesTests {
    @Test func aRenameWithinADirectoryShowsInTheFileAndTheDirectory() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try Files.rename(scene.of("a/file"), to: scene.of("a/new"))
        }
        #expect(changes == ["a/file", "a"])
    }

    @Test func aRenameAcrossDirectoriesShowsInTheFileAndBothDirectories() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try Files.rename(scene.of("a/file"), to: scene.of("b/new"))
        }
        #expect(changes == ["a/file", "a", "b"])
    }

    @Test func aRenameOverANameShowsInTheOneThatLosesItToo() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try Files.rename(scene.of("a/file"), to: scene.of("b/other"))
        }
        #expect(changes == ["a/file", "b/other", "a", "b"])
    }

    @Test func aDirectoryRenamedWithinItsParentLeavesTheCtimesOfAllBelowIt() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try Files.rename(scene.of("a/directory"), to: scene.of("a/new"))
        }
        #expect(changes == ["a/directory", "a"])
    }

    @Test func aDirectoryMovedToAnotherParentLeavesTheCtimesOfAllBelowIt() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try scene.a.renameDirectory("directory", to: scene.b, "new")
        }
        #expect(changes == ["a/directory", "a", "b"])
    }

    @Test func exchangeWithinADirectoryLeavesBothChildrensCtime() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try scene.a.exchange("file", with: "other", in: scene.a)
        }
        #expect(changes == ["a"])
    }

    @Test func exchangeAcrossDirectoriesLeavesBothFilesCtime() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try scene.a.exchange("file", with: "file", in: scene.b)
        }
        #expect(changes == ["a", "b"])
    }

    @Test func exchangeOfDirectoriesWithinADirectoryLeavesBothDirectoriesCtime() throws {
        let scene = try ChangeTimeScene()
        try Files.rename(scene.of("b/directory"), to: scene.of("a/second"))
        let changes = try scene.changes {
            try scene.a.exchange("directory", with: "second", in: scene.a)
        }
        #expect(changes == ["a"])
    }

    @Test func exchangeOfDirectoriesAcrossDirectoriesShowsInBothAndInBothParents() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try scene.a.exchange("directory", with: "directory", in: scene.b)
        }
        #expect(changes == ["a/directory", "b/directory", "a", "b"])
    }

    @Test func exchangeOfAFileForADirectoryAcrossDirectoriesShowsInBothAndInBothParents() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try scene.a.exchange("file", with: "directory", in: scene.b)
        }
        #expect(changes == ["a/file", "b/directory", "a", "b"])
    }

    @Test func exchangeOfAFileForADirectoryWithinADirectoryLeavesBothCtimes() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try scene.a.exchange("file", with: "directory", in: scene.a)
        }
        #expect(changes == ["a"])
    }

    @Test func aNewLinkShowsInTheFileAndInItsNewDirectory() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try Files.link(scene.of("b/new"), to: scene.of("a/file"))
        }
        #expect(changes == ["a/file", "b"])
    }

    @Test func oneOfSeveralNamesRemovedShowsInTheFileAndInItsDirectory() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes { try Files.unlink(scene.of("a/link")) }
        #expect(changes == ["a/other", "a"])
    }

    @Test func theLastNameRemovedShowsInItsDirectory() throws {
        let scene = try ChangeTimeScene()
        try Files.write(scene.of("a/new"), [])
        let changes = try scene.changes { try Files.unlink(scene.of("a/new")) }
        #expect(changes == ["a"])
    }

    @Test(arguments: ["mkdir", "mkfifo", "touch", "ln -s nowhere", "rm -r"])
    func anEntryMadeOrRemovedShowsInItsDirectory(command: String) throws {
        let scene = try ChangeTimeScene()
        if command == "rm -r" { try Files.makeDirectory(scene.of("a/directory/new")) }
        let changes = try scene.changes {
            try Shell.run("\(command) -- \"$1\"", scene.of("a/directory/new"))
        }
        #expect(changes == ["a/directory"])
    }
}

@Suite("What XFS's ctimes tell of contents and attributes", .requiresVolumes)
struct ChangeTimeOfEntriesTests {
    @Test(arguments: [
        "chmod 0700 \"$1\"", "chown 1:2 \"$1\"", "setfacl -m u:5:rwx \"$1\"",
        "setfattr -n user.a -v b \"$1\"", "setfattr -n trusted.a -v b \"$1\"",
        "setfattr -n security.a -v b \"$1\"", "touch -d 2001-02-03 \"$1\"", "chattr +d \"$1\"",
        "chattr -p 42 \"$1\"",
    ])
    func anAttributeShowsInItsEntryAlone(command: String) throws {
        for name in ["a/file", "a/directory"] {
            let scene = try ChangeTimeScene()
            let changes = try scene.changes { try Shell.run(command, scene.of(name)) }
            #expect(changes == [name])
        }
    }

    @Test(arguments: [
        "setfattr -x user.a \"$1\"", "setfacl -b \"$1\"", "setfacl -d -m u:5:rwx \"$1\"",
    ])
    func anAttributeOfADirectoryShowsInItAlone(command: String) throws {
        let scene = try ChangeTimeScene()
        try Shell.run(
            "setfattr -n user.a -v b \"$1\" && setfacl -m u:6:r \"$1\"",
            scene.of("a/directory")
        )
        let changes = try scene.changes { try Shell.run(command, scene.of("a/directory")) }
        #expect(changes == ["a/directory"])
    }

    @Test(arguments: [
        "printf x | dd of=\"$1\" conv=notrunc status=none",
        "dd if=/dev/zero of=\"$1\" bs=4096 count=1 oflag=direct conv=notrunc status=none",
        "printf x >>\"$1\"", "truncate -s 100 \"$1\"", "truncate -s 1M \"$1\"", ": >\"$1\"",
        "fallocate -p -o 4096 -l 4096 \"$1\"", "fallocate -z -o 4096 -l 4096 \"$1\"",
        "fallocate -c -o 4096 -l 4096 \"$1\"", "fallocate -i -o 4096 -l 4096 \"$1\"",
        "fallocate -l 1M \"$1\"",
        "xfs_io -c \"reflink ${1%file}other 0 4096 4096\" \"$1\" >/dev/null",
    ])
    func contentsShowInTheirFileAlone(command: String) throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes { try Shell.run(command, scene.of("a/file")) }
        #expect(changes == ["a/file"])
    }

    @Test func aModificationTimePutBackAfterAWriteHidesNothing() throws {
        let scene = try ChangeTimeScene()
        let before = try Files.status(scene.of("a/file")).st_mtim
        let changes = try scene.changes {
            try Files.overwrite(scene.of("a/file"), [1], at: 0)
            try Files.changeTime(
                scene.of("a/file"),
                seconds: before.tv_sec,
                nanoseconds: before.tv_nsec
            )
        }
        #expect(changes == ["a/file"])
        let after = try Files.status(scene.of("a/file")).st_mtim
        #expect(after.tv_sec == before.tv_sec && after.tv_nsec == before.tv_nsec)
    }

    @Test func readingShowsNowhere() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes {
            try Shell.run(
                "cd -- \"$1\" && find . -type f -exec cat {} + >/dev/null && getfacl -R . >/dev/null",
                scene.of("a")
            )
        }
        #expect(changes == [])
    }

    // A store through a mapping is stamped when it makes a clean page dirty, and not while the page stays
    // dirty: writing back (30 s later by itself, at once by syncfs(2)) makes it clean.
    @Test func aStoreIntoADirtyPageShowsNowhereUntilThePageIsWrittenBack() throws {
        let scene = try ChangeTimeScene()
        let mapping = try Mapping(scene.of("a/file"))
        #expect(try scene.changes { mapping.store(1) } == ["a/file"])
        // Others who synchronise the volume meanwhile make the page clean: then once more.
        var isUnseen = false
        for round in 0..<50 where !isUnseen {
            isUnseen = try scene.changes { mapping.store(UInt8(round + 2)) } == []
        }
        #expect(isUnseen)
        try mapping.synchronize()
        #expect(try scene.changes { mapping.store(100) } == ["a/file"])
        try scene.a.synchronizeFilesystem()
        #expect(try scene.changes { mapping.store(101) } == ["a/file"])
    }

    // Such writes (xfs_fsr(8), hierarchical storage; root only) are invisible on purpose: neither mtime nor
    // ctime moves. Nothing but reading the contents finds them.
    @Test(.requiresTool("python3"))
    func aWriteThroughAnXFSHandleShowsNowhere() throws {
        let scene = try ChangeTimeScene()
        let changes = try scene.changes { try Shell.run(invisibleWrite, scene.of("a/file")) }
        #expect(changes == [])
        #expect(try Files.read(scene.of("a/file")).starts(with: bytes("unseen")))
    }
}

@Suite("When XFS stamps a ctime", .requiresVolumes) struct ChangeTimeClockTests {
    @Test func noChangeBearsATimeBeforeTheCoarseClock() throws {
        let scene = try ChangeTimeScene()
        for round in 0..<3_000 {
            let before = coarseTimeNanoseconds()
            try Files.changeMode(scene.of("a/file"), round % 2 == 0 ? 0o600 : 0o644)
            #expect(try scene.changed("a/file") >= before)
        }
    }

    // Why what bears a time of the scan's own tick, or later, has to be looked at again.
    @Test func twoChangesWithinATickCanBearTheSameTime() throws {
        let scene = try ChangeTimeScene()
        var isSame = false
        for _ in 0..<1_000 where !isSame {
            try Files.changeMode(scene.of("a/file"), 0o600)
            let first = try scene.changed("a/file")
            try Files.changeMode(scene.of("a/file"), 0o644)
            isSame = try scene.changed("a/file") == first
        }
        #expect(isSame)
    }

    // A direct write is on the disk at once, its time only with the log, up to 30 s later. mtime is lost with
    // ctime, so a comparison of sizes and times misses such a write, too.
    @Test func aCrashCanKeepAWriteAndForgetItsTime() throws {
        let volume = try LoopVolume(.xfs())
        defer { volume.destroy() }
        let file = joined(volume.mountPoint, "file")
        try Files.write(file, [UInt8](repeating: 7, count: 8_192))
        func changed() throws -> Int64 {
            let root = try Descriptor.openRoot(Name(volume.mountPoint))
            let status = try root.status(of: "file")
            return try #require(status).changed.nanosecondsSince1970
        }
        try Shell.run("sync -f -- \"$1\"", file)
        let before = try changed()
        while coarseTimeNanoseconds() <= before { pauseThread(nanoseconds: 2_000_000) }
        try Shell.run(
            "dd if=/dev/zero of=\"$1\" bs=8192 count=1 oflag=direct conv=notrunc status=none",
            file
        )
        #expect(try changed() > before)
        // Ends the volume's work as a power cut does: what the log holds in memory is gone.
        try Shell.run("xfs_io -x -c shutdown -- \"$1\"", volume.mountPoint)
        try volume.remount()
        #expect(try Files.read(file).allSatisfy { $0 == 0 })
        #expect(try changed() == before)
    }
}

/// The first page of a file, mapped for writing and shared.
private final class Mapping {
    private let page: UnsafeMutableRawPointer
    private let bytes = 4_096

    init(_ path: [UInt8]) throws {
        let file = withBytes(path) { open($0, O_RDWR | O_CLOEXEC) }
        defer { close(file) }
        guard file >= 0, let page = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
            page != MAP_FAILED
        else { throw CallError(call: "mmap", name: shown(path), errno: errno) }
        self.page = page
    }

    deinit { munmap(page, bytes) }

    func store(_ byte: UInt8) { page.storeBytes(of: byte, as: UInt8.self) }

    func synchronize() throws {
        if msync(page, bytes, MS_SYNC) != 0 {
            throw CallError(call: "msync", name: "mapping", errno: errno)
        }
    }
}

/// Writes "unseen" at the start of `$1` through XFS_IOC_PATH_TO_HANDLE and XFS_IOC_OPEN_BY_HANDLE.
private let invisibleWrite = """
    python3 - "$1" <<'END'
    import ctypes, fcntl, os, sys
    class Request(ctypes.Structure):
        _fields_ = [("fd", ctypes.c_uint32), ("path", ctypes.c_char_p), ("oflags", ctypes.c_uint32),
            ("ihandle", ctypes.c_void_p), ("ihandlen", ctypes.c_uint32),
            ("ohandle", ctypes.c_void_p), ("ohandlen", ctypes.c_void_p)]
    def number(which): return 3 << 30 | ctypes.sizeof(Request) << 16 | ord("X") << 8 | which
    name = os.fsencode(sys.argv[1])
    volume = os.open(os.path.dirname(name), os.O_RDONLY)
    handle, length = ctypes.create_string_buffer(64), ctypes.c_uint32()
    fcntl.ioctl(volume, number(105), Request(path=name, ohandle=ctypes.addressof(handle),
        ohandlen=ctypes.addressof(length)))
    file = fcntl.ioctl(volume, number(107), Request(oflags=os.O_RDWR,
        ihandle=ctypes.addressof(handle), ihandlen=length.value))
    assert os.pwrite(file, b"unseen", 0) == 6
    os.fsync(file)
    END
    """
