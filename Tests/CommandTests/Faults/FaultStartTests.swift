// S10, S49, S52: calls that fail before a pass begins. What identifies the two roots, and what keeps a pass
// from touching them, is not given up because a call failed: the pass is refused, and nothing was touched.

import Glibc
import TestSupport
import Testing

@Suite("Faults at the start, S10, S49, S52", .requiresVolumes, .requiresFaultTable)
struct FaultStartTests {
    let stage: Stage

    init() throws {
        stage = try Stage()
        try Files.write(stage.source("f"), bytes("contents"))
        try Files.link(symbolic: stage.source("symlink"), to: bytes("f"))
    }

    @Test(
        "S52: the roots cannot be told from others for an error: refused, not a pass that remembers nothing",
        arguments: ["getfsuuid:1:EIO", "getfsuuid:2:EIO", "fstatfs:1:EIO"]
    )
    func unidentified(fault: String) throws {
        try stage.pass()
        try expectRefused(fault, ["--delete"])
        try stage.pass()
        try stage.expectSame()
    }

    @Test(
        "S49: no view of a root for an error that passes: refused, not a pass without it",
        arguments: ["open_tree:1:EMFILE", "open_tree:2:ENOMEM", "mount_setattr:1:ENOMEM"]
    )
    func noView(fault: String) throws {
        try expectRefused(fault, ["--dry-run"])
        try expectRefused(fault, [])
    }

    @Test("S10: where views cannot be had no access time moves but those of symlinks")
    func accessTimesWithoutViews() throws {
        try Files.removeTree(stage.source("symlink"))
        let before = try Snapshot(stage.from, agesAccess: true)
        let outcome = try run("open_tree:1:EPERM:*", [])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try before.changes() == [])
        try stage.expectSame()
    }

    @Test(
        "check takes away what it tried out, and puts back the time of the root, though a call fails",
        arguments: ["unlinkat:1:EIO", "unlinkat:3:EBUSY"] + (20...45).map { "statx:\($0):EIO" }
    )
    func probeThatFails(fault: String) throws {
        try stage.pass()
        let before = try Files.status(stage.to).st_mtim
        // Whether it ends well is another matter: what failed may be what it was to look at.
        _ = try Cutover.run(
            bytes: [bytes("check"), stage.from, stage.to],
            environment: ["CUTOVER_FAULTS=" + fault]
        )
        let after = try Files.status(stage.to).st_mtim
        #expect(after.tv_sec == before.tv_sec && after.tv_nsec == before.tv_nsec, "\(fault)")
        #expect(try stage.leftovers() == [], "\(fault)")
    }

    private func expectRefused(_ fault: String, _ options: [String]) throws {
        let before = try (Snapshot(stage.from), Snapshot(stage.to))
        let outcome = try run(fault, options)
        #expect(outcome.status == 3, "\(fault): \(outcome)")
        #expect(try before.0.changes() == [], "\(fault)")
        #expect(try before.1.changes() == [], "\(fault)")
    }

    private func run(_ fault: String, _ options: [String]) throws -> Outcome {
        try Cutover.run(
            bytes: (["sync"] + options).map { bytes($0) } + [stage.from, stage.to],
            environment: ["CUTOVER_FAULTS=" + fault]
        )
    }
}
