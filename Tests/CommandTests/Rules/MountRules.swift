// S55 and S65: where the filesystem of a root ends. An overlay filesystem has files of several device numbers, a
// btrfs one directories; DESTINATION may be mounted below SOURCE.

import TestSupport
import Testing

@Suite(
    "Overlay filesystems, S55",
    .requiresVolumes,
    .requiresFilesystem("overlay"),
    .timeLimit(.minutes(10))
)
struct OverlayTests {
    let stage: Stage

    init() throws { stage = try Stage() }

    /// Every kind of entry below the directory `$1`, with links and attributes; `$2` begins the names.
    private static let entries = """
        cd -- "$1"
        mkdir -p $2.d/inner
        echo $2 > $2.file; echo inner > $2.d/inner/file; truncate -s 1M $2.sparse
        ln -s target $2.symlink; mkfifo $2.fifo; mknod $2.device c 1 3
        echo linked > $2.one; ln $2.one $2.two; ln $2.one $2.d/three
        setfattr -n user.$2 -v value $2.file; chmod 4751 $2.file; chown 12:34 $2.file
        """

    @Test("as SOURCE: every entry of both layers is copied, and verified", arguments: ["1", "30"])
    func source(workers: String) throws {
        let lower = joined(stage.reference, "lower")
        try Files.makeDirectory(lower)
        try Shell.run(Self.entries, lower, bytes("lower"))
        // The numbers of inodes of the two layers collide: the root of each has made as many.
        let overlay = try Overlay(joined(stage.outside, "overlay"), lower: lower, upper: stage.from)
        defer { overlay.unmount() }
        try Shell.run(Self.entries, overlay.root, bytes("upper"))
        // Copied up: from now on an inode of the upper layer, and its link is torn by the filesystem itself.
        try Shell.run(
            "cd -- \"$1\"; echo more >> lower.d/inner/file; echo more >> lower.two",
            overlay.root
        )
        for _ in 1...2 {
            try Cutover.pass(overlay.root, stage.to, ["--delete", "-w", workers])
            #expect(try Oracle.differences(overlay.root, stage.to) == [])
        }
        let verified = try Cutover.run(
            bytes: [bytes("verify"), bytes("-w"), bytes(workers), overlay.root, stage.to]
        )
        #expect(verified.status == 0, "\(verified)")
        let seen = try Shell.run("find \"$1\" -mindepth 1 | wc -l", overlay.root).lines.last
        #expect(verified.errors.contains("entries compared      \(seen ?? "?")"), "\(verified)")
        let names = ["upper.one", "upper.two", "upper.d/three"].map { joined(stage.to, $0) }
        #expect(Set(try names.map(inode)).count == 1)
        // What nobody looked at cannot be found: a change of each layer is.
        try Files.write(joined(stage.to, "lower.file"), bytes("LOWER\n"))
        try Files.write(joined(stage.to, "upper.file"), bytes("UPPER\n"))
        let spoilt = try Cutover.run(bytes: [bytes("verify"), overlay.root, stage.to])
        #expect(spoilt.status == 1 || spoilt.status == 24, "\(spoilt)")
        try Cutover.pass(overlay.root, stage.to, ["--delete", "--checksum", "-w", workers])
        #expect(try Oracle.differences(overlay.root, stage.to) == [])
    }

    @Test(
        "as DESTINATION: extras of the lower layer go, and a second pass has nothing to do",
        arguments: ["1", "30"]
    )
    func destination(workers: String) throws {
        let lower = joined(stage.reference, "lower")
        try Files.makeDirectory(lower)
        try Shell.run(Self.entries, lower, bytes("same"))
        try Shell.run(Self.entries, lower, bytes("extra"))
        try Shell.run("cp -a -- \"$1\"/. \"$2\"; rm -rf -- \"$2\"/extra.*", lower, stage.from)
        let upper = try Workspace()
        defer { upper.remove() }
        let overlay = try Overlay(
            joined(stage.outside, "overlay"),
            lower: lower,
            upper: upper.source
        )
        defer { overlay.unmount() }
        try Shell.run(Self.entries, overlay.root, bytes("above"))
        // A group of names that is right but for an attribute: it is copied up whole.
        try Files.changeMode(stage.source("same.one"), 0o600)
        let first = try Cutover.sync(stage.from, overlay.root, ["--delete", "-w", workers])
        #expect(first.status == 0, "\(first)")
        #expect(try Oracle.differences(stage.from, overlay.root) == [])
        let second = try Cutover.sync(stage.from, overlay.root, ["--delete", "-i", "-w", workers])
        #expect(second.status == 0 && second.lines == [], "\(second)")
        let verified = try Cutover.run(bytes: [bytes("verify"), stage.from, overlay.root])
        #expect(verified.status == 0, "\(verified)")
    }
}

@Suite(
    "btrfs subvolumes, S55",
    .requiresVolumes,
    .requiresFilesystem("btrfs"),
    .requiresTool("mkfs.btrfs")
)
struct SubvolumeTests {
    @Test("a subvolume below SOURCE is skipped, and called that")
    func subvolume() throws {
        let stage = try Stage()
        let root = joined(stage.outside, "btrfs")
        try Shell.run(
            """
            truncate -s 256M -- "$1.img" && mkfs.btrfs -q -- "$1.img" && mkdir -- "$1"
            mount -o loop -- "$1.img" "$1" && cd -- "$1"
            mkdir d && btrfs -q subvolume create d/sub && echo inside > d/sub/file
            echo beside > d/file && ln -s file d/link
            """,
            root
        )
        defer { cleanUp("umount -- \"$1\"", root) }
        for _ in 1...2 {
            let outcome = try Cutover.pass(root, stage.to, ["--delete"])
            #expect(outcome.errors.contains("btrfs subvolumes begin there"), "\(outcome)")
            #expect(outcome.errors.contains("\n    d/sub\n"), "\(outcome)")
        }
        #expect(try Files.tree(stage.to).map(shown) == ["d", "d/file", "d/link", "d/sub"])
        let verified = try Cutover.run(bytes: [bytes("verify"), root, stage.to])
        #expect(verified.status == 0, "\(verified)")
        #expect(verified.errors.contains("btrfs subvolumes begin there"), "\(verified)")
    }
}

@Suite("DESTINATION below SOURCE, S65", .requiresVolumes, .timeLimit(.minutes(10)))
struct NestedVolumeTests {
    /// How DESTINATION came to be below SOURCE.
    enum Way: CaseIterable { case mount, bindOfDestination, bindOfSource, part, missing }

    /// SOURCE and DESTINATION as a pass is given them.
    private func roots(_ way: Way, _ xfs: LoopVolume, _ ext4: LoopVolume) throws -> (
        [UInt8], [UInt8]
    ) {
        let inside = joined(xfs.mountPoint, "mnt/new")
        try Files.makeDirectory(joined(xfs.mountPoint, "mnt"))
        try Files.makeDirectory(inside)
        try Shell.run("mount --bind -- \"$1\" \"$2\"", ext4.mountPoint, inside)
        switch way {
        case .mount: return (xfs.mountPoint, inside)
        case .bindOfDestination: return (xfs.mountPoint, ext4.mountPoint)
        case .bindOfSource:
            let bound = ext4.mountPoint + bytes(".bound")
            try Files.makeDirectory(bound)
            try Shell.run("mount --bind -- \"$1\" \"$2\"", xfs.mountPoint, bound)
            return (bound, inside)
        case .part:
            try Files.makeDirectory(joined(inside, "part"))
            return (xfs.mountPoint, joined(inside, "part"))
        case .missing: return (xfs.mountPoint, joined(inside, "made"))
        }
    }

    @Test(
        "another filesystem: first copy, delta by a scan, verify and check",
        arguments: Way.allCases
    )
    func anotherFilesystem(_ way: Way) throws {
        try withVolumes { xfs, ext4 in
            let (from, to) = try roots(way, xfs, ext4)
            defer {
                cleanUp("umount -- \"$1\"", joined(xfs.mountPoint, "mnt/new"))
                if way == .bindOfSource { cleanUp("umount -- \"$1\"; rmdir -- \"$1\"", from) }
            }
            let stage = Stage(from, to)
            try StandardTree.plain(from)
            let folder = joined(try Scratch.directory(), Scratch.uniqueName("state"))
            let state = ["--state", String(decoding: folder, as: UTF8.self)]
            let first = try Cutover.pass(from, to, ["--delete"] + state)
            // A plain bind mount of SOURCE shows the directory and not what is mounted on it.
            let isSeen = way != .bindOfSource
            #expect(first.errors.contains("\n    mnt/new\n") == isSeen, "\(first)")
            try Files.write(joined(from, "later"), bytes("later"))
            try Shell.run("cd -- \"$1\"; mkdir moved; echo x > moved/x; rm -rf -- loose", from)
            let second = try Cutover.pass(from, to, ["--delete", "--changes", "scan"] + state)
            #expect(second.errors.contains("\n    mnt/new\n") == isSeen, "\(second)")
            #expect(try text(joined(to, "later")) == "later")
            #expect(try Files.names(joined(to, "mnt/new")) == [])
            let verified = try stage.verify()
            #expect(verified.status == 0, "\(verified)")
            let checked = try Cutover.run(bytes: [bytes("check"), bytes("--deep"), from, to])
            #expect(checked.status == 0, "\(checked)")
        }
    }

    @Test("refused: with --cross-mounts, the same filesystem, and SOURCE below DESTINATION")
    func refused() throws {
        try withVolumes { xfs, ext4 in
            let (from, to) = try roots(.mount, xfs, ext4)
            defer { cleanUp("umount -- \"$1\"", to) }
            try Files.write(joined(to, "kept"), bytes("kept"))
            let crossing = try Cutover.sync(from, to, ["--cross-mounts"])
            #expect(crossing.status == 3, "\(crossing)")
            // The roots in the wrong order.
            let exchanged = try Cutover.sync(to, from, ["--delete"])
            #expect(exchanged.status == 3, "\(exchanged)")
            try Shell.run("umount -- \"$1\"; mount --bind -- \"$2/mnt\" \"$1\"", to, from)
            let same = try Cutover.sync(from, to)
            #expect(same.status == 3, "\(same)")
        }
    }
}
