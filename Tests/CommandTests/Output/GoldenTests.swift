// What a newcomer meets, word for word: the texts in the folder Golden, of real runs on volumes of their own, with
// figures that differ from run to run in a fixed form. CUTOVER_UPDATE_GOLDEN=1 writes them anew: read what changed.

import Glibc
import TestSupport
import Testing

@Suite("Texts kept", .requiresVolumes, .timeLimit(.minutes(10)))
struct GoldenTests {
    private let stage: ScanStage

    init() throws {
        stage = try ScanStage(isWhole: true)
        try Shell.run("mount -o remount,noatime \"$1\"", stage.source.mountPoint)
        for folder in ["alice", "bob"] { try Files.makeDirectory(stage.from(folder)) }
        for index in 1...3 { try Files.write(stage.from("alice/\(index)"), bytes("mail \(index)")) }
        try Shell.run("cd \"$1\"; ln alice/1 bob/1; ln -s ../alice bob/link", stage.pair.from)
    }

    // MARK: Running

    /// Runs one command on both roots, and answers its text: standard output, then standard error, then the status.
    private func text(
        _ words: [String],
        from: [UInt8]? = nil,
        to: [UInt8]? = nil
    ) throws -> String {
        let state = words[0] == "verify" ? [] : [bytes("--state"), stage.pair.state]
        let roots = [from ?? stage.pair.from, to ?? stage.pair.to]
        let outcome = try Cutover.run(
            bytes: words.map { bytes($0) } + state + roots,
            environment: ["TZ=UTC0"]
        )
        return shaped(outcome.output + outcome.errors) + "[\(outcome.status ?? -1)]\n"
    }

    /// The text with the names of the roots as in the documents, and figures of fixed form.
    private func shaped(_ text: String) -> String {
        var text = text
        for (path, name) in [
            (stage.pair.from, "/mnt/old"), (stage.pair.to, "/mnt/new"), (elsewhere, "/mnt/empty"),
        ] {
            text = text.replacing(String(decoding: path, as: UTF8.self), with: name)
        }
        text = text.replacing(#/\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)/#) {
            "YYYY-MM-DD HH:MM" + ($0.output.2 == nil ? "" : ":SS")
        }
        text = text.replacing(#/\([0-9a-f]{8},/#, with: "(UUIDUUID,")
        text = text.replacing(#/\d+\.\d s/#, with: "N.N s")
        // What is foreseen of passes of a moment.
        text = text.replacing(#/now take \S+ \((\S+; )?/#, with: "now take Ns (")
        // Told where the disk was slow.
        text = text.replacing(" (N.N s of it in syncfs)", with: "")
        text = text.replacing(#/\d+(,\d+)*/s/#, with: "N/s")
        text = text.replacing(#/\d+(\.\d)? [KM]?i?B/s/#, with: "N MiB/s")
        return withoutPrivileges(text)
    }

    /// Without what is told of capabilities that the tests' own process lacks.
    private func withoutPrivileges(_ text: String) -> String {
        var text = text.replacing(
            #/warning  privileges .*\n(   .*\n)+|ok       privileges .*\n|cutover: root without CAP_.*\n/#,
            with: ""
        )
        text = text.replacing(
            "Nothing fatal, 1 warning to read before the switch: a pass can begin.",
            with: "All is well: a pass can begin."
        )
        text = text.replacing(#/1 fatal finding, \d warnings?:/#, with: "1 fatal finding:")
        return text.replacing(#/\d+ checks/#, with: "N checks")
    }

    /// A directory that is no volume.
    private var elsewhere: [UInt8] { joined(stage.outside, "elsewhere") }

    /// The text must be the one that is kept; no line of it is wider than a terminal.
    private func expect(
        _ name: String,
        _ text: String,
        wide: Int = 80,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let here = bytes(#filePath)
        let directory = Array(here[..<(here.lastIndex(of: UInt8(ascii: "/")) ?? 0)])
        let path = joined(directory, "Golden/\(name).txt")
        if Environment.value("CUTOVER_UPDATE_GOLDEN") == "1" { try Files.write(path, bytes(text)) }
        let kept = Files.exists(path) ? String(decoding: try Files.read(path), as: UTF8.self) : ""
        #expect(text == kept, "\(name).txt; now it is:\n\(text)", sourceLocation: sourceLocation)
        for line in text.split(separator: "\n") {
            #expect(line.count <= wide, "\(line)", sourceLocation: sourceLocation)
        }
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

    // MARK: The story of a copy

    @Test("check, first copy, delta by scan, history, verify; then what differs")
    func story() throws {
        try expect("check-well", text(["check"]))
        // What is racy is looked at again, and how much is depends on how slow the machine is.
        stage.age()
        try expect("first-copy", text(["sync", "--delete", "--workers", "1"]))
        stage.age()
        try Files.write(stage.from("alice/4"), bytes("one more mail"))
        try Files.unlink(stage.from("alice/2"))
        try expect("delta", text(["sync", "--delete", "--workers", "1"]))
        try expect("check-verbose", text(["check", "-v"]))
        try expect("history", text(["history"]))
        // The slowest first, which differs from run to run.
        let details = try text(["history", "--pass", "2"])
        #expect(details.contains("\n    alice  N.N s  1 entry  4.0 KiB\n"), "\(details)")
        let branches = #/    (alice|bob)  .*\n/#
        try expect("history-pass", details.replacing(branches, with: "    BRANCH\n"))
        try expect("verify-equal", text(["verify", "--workers", "1"]))
        try Files.overwrite(stage.to("alice/3"), bytes("X"), at: 0)
        try Files.changeTime(stage.to("alice/3"), like: stage.from("alice/3"))
        try Shell.run("chmod 640 \"$1\"", stage.to("alice/4"))
        usleep(20_000)
        try expect("verify-different", text(["verify", "--workers", "1"]))
    }

    @Test("check with a fatal finding") func fatal() throws {
        try Shell.run("mount -o remount,ro \"$1\"", stage.destination.mountPoint)
        try expect("check-fatal", text(["check"]))
    }

    // MARK: Refusals

    /// A guard takes at most three lines of 80 columns.
    private func expectRefusal(_ name: String, _ text: String) throws {
        #expect(text.hasSuffix("[3]\n") && text.count { $0 == "\n" } == 2, "\(text)")
        try expect("refused-\(name)", text, wide: 240)
    }

    @Test("each guard of the record: what it knows, and how to go on") func guards() throws {
        for _ in 1...2 { #expect(try stage.pass().outcome.status == 0) }
        let (from, to) = (stage.pair.from, stage.pair.to)
        try expectRefusal("reversed", text(["sync", "--delete"], from: to, to: from))
        try unmount(stage.destination)
        try expectRefusal("destination-unmounted", text(["sync", "--delete"]))
        // Where it wraps depends on the length of the real name.
        let check = try text(["check"]).replacing(#/\n {22}(?!->)/#, with: " ")
        try expect("check-destination-unmounted", check, wide: 200)
        try mount(stage.destination, type: "ext4")
        try unmount(stage.source)
        try expectRefusal("source-unmounted", text(["sync"]))
        try mount(stage.source, type: "xfs")
        try unmount(stage.destination)
        try Shell.run("mkfs.ext4 -q -F \"$1\"", bytes(stage.destination.device))
        try mount(stage.destination, type: "ext4")
        try expectRefusal("other-destination", text(["sync", "--delete"]))
        let first = try stage.pair.sync(["--new-pair"])
        #expect(first.outcome.status == 0, "\(first.outcome)")
        try unmount(stage.destination)
        try Shell.run("mkfs.ext4 -q -F \"$1\"", bytes(stage.destination.device))
        try mount(stage.destination, type: "ext4")
        try expectRefusal("new-pair-again", text(["sync", "--new-pair"]))
    }

    @Test(
        "a whole volume to a directory of /",
        .enabled("the scratch directory does not lie on the filesystem of /") {
            try Files.status(Scratch.directory()).st_dev == Files.status(bytes("/")).st_dev
        }
    )
    func neverMounted() throws {
        let directory = joined(try Scratch.directory(), Scratch.uniqueName("golden"))
        try Files.makeDirectory(directory)
        defer { #expect(throws: Never.self) { try Files.removeTree(directory) } }
        let refused = try text(["sync"], to: directory)
        try expectRefusal(
            "not-mounted",
            refused.replacing(String(decoding: directory, as: UTF8.self), with: "/mnt/new")
        )
    }

    @Test("an empty SOURCE, with --delete and without") func emptySource() throws {
        try Files.makeDirectory(elsewhere)
        try expectRefusal("empty-source", text(["sync"], from: elsewhere))
        try expectRefusal("empty-source-delete", text(["sync", "--delete"], from: elsewhere))
    }
}
