// Reports and manifests on the volumes themselves: SOURCE is never written to, and on DESTINATION a report is an
// extra that the next pass deletes. Refused before anything is made or emptied, by whatever name the place is reached.

import TestSupport
import Testing

@Suite("Reports lie on neither volume", .requiresVolumes, .timeLimit(.minutes(10)))
struct ReportPlaceTests {
    let stage: Stage
    init() throws {
        stage = try Stage()
        for root in [stage.from, stage.to] {
            try Files.makeDirectory(joined(root, "below"))
            try Files.write(joined(root, "below/there"), bytes("contents"))
        }
    }

    /// Each command with each option that names a file to be written.
    private static let uses: [([String], String)] = [
        (["sync"], "--json"), (["sync"], "--failures"), (["sync", "-n"], "--json"),
        (["sync", "--delete"], "--failures"), (["check"], "--json"), (["verify"], "--json"),
        (["verify"], "--failures"), (["verify"], "--manifest"), (["history"], "--json"),
        (["report"], "--output"),
        (["sync"], "--metrics"), (["follow"], "--metrics"), (["verify"], "--metrics"),
    ]

    /// Expects that every use of `place` is refused and neither side touched.
    private func expectRefused(_ place: [UInt8], _ side: String) throws {
        for (command, option) in Self.uses {
            let before = try [stage.from, stage.to].map { try Snapshot($0, agesAccess: true) }
            // Its files are called so; another name is refused for that.
            let isNamedWell = option != "--metrics" || place.suffix(5) == bytes(".prom")
            let file = isNamedWell ? place : place + bytes(".prom")
            let words = command.map { bytes($0) } + [bytes(option), file, stage.from, stage.to]
            let outcome = try Cutover.run(
                bytes: words,
                environment: ["CUTOVER_STATE=" + text(joined(stage.outside, "state"))]
            )
            let name = "\(command) \(option) \(text(place))"
            #expect(outcome.status == 64, "\(name): \(outcome)")
            #expect(outcome.stdout.isEmpty, "\(name): \(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(name): \(outcome)")
            #expect(outcome.errors.contains("\(option): "), "\(name): \(outcome)")
            #expect(outcome.errors.contains("would lie on \(side)"), "\(name): \(outcome)")
            for snapshot in before { #expect(try snapshot.changes() == [], "\(name)") }
        }
        #expect(!Files.exists(joined(stage.outside, "state")))
    }

    private func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

    @Test("by their own names, there already or not") func plain() throws {
        for (root, side) in [(stage.from, "SOURCE"), (stage.to, "DESTINATION")] {
            try expectRefused(joined(root, "report"), side)
            try expectRefused(joined(root, "below/report"), side)
            try expectRefused(joined(root, "below/there"), side)
            try expectRefused(joined(root, "below/../below/there"), side)
        }
    }

    @Test("through symlinks, to a directory, a file, and to nothing yet") func symlinks() throws {
        for (root, side) in [(stage.from, "SOURCE"), (stage.to, "DESTINATION")] {
            let directory = joined(stage.outside, "directory of \(side)")
            try Files.link(symbolic: directory, to: joined(root, "below"))
            try expectRefused(joined(directory, "report"), side)
            let file = joined(stage.outside, "file of \(side).prom")
            try Files.link(symbolic: file, to: joined(root, "below/there"))
            try expectRefused(file, side)
            let nothing = joined(stage.outside, "nothing of \(side).prom")
            try Files.link(symbolic: nothing, to: bytes("directory of \(side)/made"))
            try expectRefused(nothing, side)
        }
    }

    @Test("through bind mounts, of a directory and of a file") func bindMounts() throws {
        for (root, side) in [(stage.from, "SOURCE"), (stage.to, "DESTINATION")] {
            let directory = joined(stage.outside, "directory of \(side)")
            try Files.makeDirectory(directory)
            try Shell.run("mount --bind \"$1\" \"$2\"", joined(root, "below"), directory)
            defer { cleanUp("umount -- \"$1\"", directory) }
            try expectRefused(joined(directory, "report"), side)
            try expectRefused(joined(directory, "there"), side)
            let file = joined(stage.outside, "file of \(side).prom")
            try Files.write(file, [])
            try Shell.run("mount --bind \"$1\" \"$2\"", joined(root, "below/there"), file)
            defer { cleanUp("umount -- \"$1\"", file) }
            try expectRefused(file, side)
        }
    }

    @Test("another filesystem below SOURCE takes them, and so does a directory beside the roots")
    func elsewhere() throws {
        let mounted = stage.source("mounted")
        try Files.makeDirectory(mounted)
        try Shell.run("mount -t tmpfs none \"$1\"", mounted)
        defer { cleanUp("umount -- \"$1\"", mounted) }
        let beside = Array(stage.from[..<(stage.from.lastIndex(of: UInt8(ascii: "/")) ?? 0)])
        for place in [mounted, beside, stage.outside] {
            let json = joined(place, "events")
            let outcome = try stage.attempt("--json", text(json))
            #expect(outcome.status == 0, "\(text(json)): \(outcome)")
            #expect(try !Files.read(json).isEmpty)
        }
        let crossed = try stage.attempt("--cross-mounts", "--json", text(joined(mounted, "more")))
        #expect(crossed.status == 64, "\(crossed)")
        #expect(!Files.exists(joined(mounted, "more")))
        for stream in ["/dev/stdout", "/dev/null", "/proc/self/fd/1"] {
            let outcome = try stage.attempt("--json", stream)
            #expect(outcome.status == 0, "\(stream): \(outcome)")
        }
    }

    @Test("a manifest that is only read may lie on DESTINATION") func readManifest() throws {
        try stage.pass()
        let manifest = joined(stage.outside, "SHA256SUMS")
        let made = try Cutover.run(
            bytes: [bytes("verify"), bytes("--manifest"), manifest, stage.from, stage.to]
        )
        #expect(made.status == 0, "\(made)")
        let copy = stage.destination("SHA256SUMS")
        try Files.write(copy, try Files.read(manifest))
        let checked = try Cutover.run(
            bytes: [bytes("verify"), bytes("--manifest"), copy, stage.to]
        )
        #expect(!checked.errors.contains("would lie"), "\(checked)")
    }
}
