// S61: the wrong volume, the wrong direction, and a mount point with nothing mounted on it are refused before anything
// is touched: real volumes, mounted and unmounted.

import Glibc
import TestSupport
import Testing

@Suite("S61: the volumes that are meant", .requiresVolumes, .timeLimit(.minutes(10)))
struct RulesMeant {
    let stage: ScanStage

    init() throws {
        stage = try ScanStage(isWhole: true)
        try stage.makeFolder(stage.from("a"), salt: 1)
        try Files.write(stage.from("file"), bytes("contents"))
        #expect(try stage.pair.sync().outcome.status == 0)
        #expect(try stage.pair.sync().outcome.status == 0)
    }

    /// What is mounted on either volume's mount point, or below: other tests mount meanwhile.
    private var mounts: [Substring] {
        get throws {
            let table = String(
                decoding: try Files.read(bytes("/proc/self/mountinfo")),
                as: UTF8.self
            )
            let points = [stage.source, stage.destination].map { shown($0.mountPoint) }
            return table.split(separator: "\n").filter { line in
                points.contains { line.contains($0) }
            }
        }
    }

    /// A pass that is refused for that reason and touches nothing: neither directory, nor what is mounted.
    private func expectRefused(
        _ reason: String,
        _ words: [String] = [],
        _ options: [String] = [],
        deletes: Bool = true,
        from: [UInt8]? = nil,
        to: [UInt8]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var pair = stage.pair
        pair.from = from ?? pair.from
        pair.to = to ?? pair.to
        let before = try (Snapshot(pair.from), Snapshot(pair.to), mounts)
        for extra in [[], ["-n"]] {
            let pass = try pair.sync(options + extra, deletes: deletes)
            #expect(pass.outcome.status == 3, "\(pass.outcome)", sourceLocation: sourceLocation)
            let refused = pass.report.of("refused").last
            #expect(
                refused?.text("reason") == reason,
                "\(pass.outcome)",
                sourceLocation: sourceLocation
            )
            for word in words {
                #expect(
                    pass.outcome.errors.contains(word),
                    "no '\(word)': \(pass.outcome)",
                    sourceLocation: sourceLocation
                )
            }
            #expect(
                pass.outcome.errors.utf8.count <= 420,
                "\(pass.outcome)",
                sourceLocation: sourceLocation
            )
        }
        #expect(try before.0.changes() == [], sourceLocation: sourceLocation)
        #expect(try before.1.changes() == [], sourceLocation: sourceLocation)
        #expect(try mounts == before.2, sourceLocation: sourceLocation)
    }

    private func unmount(_ volume: LoopVolume) throws {
        try Shell.run(
            "for turn in $(seq 50); do umount \"$1\" && exit 0; sleep 0.1; done; exit 1",
            volume.mountPoint
        )
    }

    private func mount(_ volume: LoopVolume, type: String) throws {
        try Shell.run(
            "mount -t \"$1\" -o nodev,noatime \"$2\" \"$3\"",
            bytes(type),
            bytes(volume.device),
            volume.mountPoint
        )
    }

    @Test("DESTINATION is not mounted: its mount point is no DESTINATION, and check says so")
    func destinationIsNotMounted() throws {
        try unmount(stage.destination)
        let words = ["not the volume of the 2 recorded passes", "--new-pair"]
        try expectRefused("other_destination", words)
        try expectRefused("other_destination", deletes: false)
        let check = try Cutover.run(
            bytes: [
                bytes("check"), bytes("--state"), stage.pair.state, stage.pair.from, stage.pair.to,
            ]
        )
        #expect(check.status == 3, "\(check)")
        let text = String(decoding: check.stdout, as: UTF8.self)
        #expect(text.contains("fatal    pair"), "\(text)")
        try mount(stage.destination, type: "ext4")
        let pass = try stage.pair.sync()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
    }

    @Test("SOURCE is not mounted, also without --delete")
    func sourceIsNotMounted() throws {
        try unmount(stage.source)
        try expectRefused("other_source", ["not the volume of the 2 recorded passes"])
        try expectRefused("other_source", deletes: false)
        // Without a record: it is empty.
        try Files.removeTree(stage.pair.state)
        try expectRefused("empty_source", ["is it mounted", "--allow-empty-source"])
        try expectRefused("empty_source", deletes: false)
        try mount(stage.source, type: "xfs")
        #expect(try stage.pair.sync().outcome.status == 0)
    }

    @Test("operands exchanged: SOURCE stays as it is; --new-pair goes the other way")
    func reversed() throws {
        try Files.write(stage.from("edited"), bytes("new"))
        let (from, to) = (stage.pair.from, stage.pair.to)
        try expectRefused(
            "reversed",
            ["2 recorded passes went from", "--new-pair"],
            from: to,
            to: from
        )
        var back = stage.pair
        (back.from, back.to) = (to, from)
        let pass = try back.sync(["--new-pair"])
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(!Files.exists(joined(from, "edited")), "it is meant")
        // Now this is the direction; the old one is the wrong one.
        #expect(try back.sync().outcome.status == 0)
        try expectRefused("reversed")
    }

    @Test("DESTINATION made anew at the same place: --new-pair begins with a first copy, once")
    func madeAnew() throws {
        try unmount(stage.destination)
        try Shell.run("mkfs.ext4 -q -F \"$1\"", bytes(stage.destination.device))
        try mount(stage.destination, type: "ext4")
        try expectRefused("other_destination", ["is another one (ext4)"])
        let first = try stage.pair.sync(["--new-pair"])
        #expect(first.outcome.status == 0, "\(first.outcome)")
        #expect(first.filesCopied > 0)
        let second = try stage.pair.sync(["--new-pair"])
        #expect(second.outcome.status == 0, "\(second.outcome)")
        #expect(second.filesCopied == 0)
        // In a script it would say for ever that any volume is meant.
        try unmount(stage.destination)
        try expectRefused("other_destination", ["leave it out"], ["--new-pair"])
        try mount(stage.destination, type: "ext4")
        #expect(try stage.pair.sync().outcome.status == 0)
        // A whole pass without it: now it may say so again.
        try unmount(stage.destination)
        try Shell.run("mkfs.ext4 -q -F \"$1\"", bytes(stage.destination.device))
        try mount(stage.destination, type: "ext4")
        let third = try stage.pair.sync(["--new-pair"])
        #expect(third.outcome.status == 0, "\(third.outcome)")
    }

    @Test("a delta pass opens no record but those of its own volumes, however many there are")
    func foreignRecordsStayClosed() throws {
        let ending = bytes(".sqlite")
        let records = try Files.names(stage.pair.state).filter {
            $0.suffix(7).elementsEqual(ending)
        }
        let own = try #require(records.first)
        #expect(records.count == 1)
        for number in 1...20 {
            // Another source's id, as long as it was.
            let digits = bytes("\(number)") + own.drop { $0 != UInt8(ascii: "-") }
            try Files.write(
                joined(stage.pair.state, digits),
                try Files.read(joined(stage.pair.state, own))
            )
        }
        let words = [bytes("sync"), bytes("--delete"), bytes("--state"), stage.pair.state]
        let trace = try Trace(
            words + [stage.pair.from, stage.pair.to],
            calls: ["openat", "openat2"]
        )
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        let opened = trace.calls.filter { $0.text.contains(".sqlite") }
        #expect(!opened.isEmpty)
        #expect(opened.allSatisfy { $0.text.contains(String(decoding: own, as: UTF8.self)) })
    }

    @Test("other names of the same volumes are the same pair; so is a bind mount")
    func renamed() throws {
        let elsewhere = joined(stage.outside, "elsewhere")
        try Files.makeDirectory(elsewhere)
        try Shell.run("mount --bind \"$1\" \"$2\"", stage.pair.to, elsewhere)
        defer { #expect(throws: Never.self) { try Shell.run("umount -l \"$1\"", elsewhere) } }
        var pair = stage.pair
        pair.to = elsewhere
        let pass = try pair.sync()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(pass.filesCopied == 0)
    }

    @Test(
        "a whole volume to a directory of / that no pass knows: perhaps it is not mounted",
        .enabled("the scratch directory does not lie on the filesystem of /") {
            try Files.status(Scratch.directory()).st_dev == Files.status(bytes("/")).st_dev
        }
    )
    func neverMounted() throws {
        let folder = joined(try Scratch.directory(), Scratch.uniqueName("meant"))
        try Files.makeDirectory(folder)
        defer { #expect(throws: Never.self) { try Files.removeTree(folder) } }
        let directory = joined(folder, "not-mounted")
        try Files.makeDirectory(directory)
        try expectRefused("not_mounted", ["is DESTINATION mounted?", "--new-pair"], to: directory)
        let missing = joined(folder, "missing")
        var pair = stage.pair
        pair.to = missing
        #expect(try pair.sync().outcome.status == 3)
        #expect(!Files.exists(missing), "nothing is made")
        pair.to = directory
        #expect(try pair.sync(["--new-pair"]).outcome.status == 0)
        #expect(try pair.sync().outcome.status == 0, "now it is known")
        // A part of a volume may go anywhere.
        pair.from = stage.from("a")
        pair.to = missing
        #expect(try pair.sync().outcome.status == 0)
    }
}
