// The same start, rsync to one directory of ext4, cutover to another, then the two are compared:
// for what rsync does right, the two must not be told apart; what a "better" rule changes is left
// out by choice of the tree or of rsync's options (-H for S40, --modify-window=-1 for S6, a filter
// for S33).

import TestSupport
import Testing

@Suite(
    "Differential against rsync",
    .requiresVolumes,
    .requiresTool("rsync"),
    .timeLimit(.minutes(10))
)
struct DifferentialRsync {
    let stage: Stage

    init() throws { stage = try Stage() }

    private func rsync(hardLinks: Bool = true) throws {
        let options = hardLinks ? "-raXASH" : "-raXAS"
        // Shadows of ACLs are filtered out of the transfer: rsync plants them, cutover does not
        // (S33).
        try Shell.run(
            "rsync \(options) --delete --numeric-ids --modify-window=-1 \"$3\" \"$1\"/ \"$2\"/",
            stage.from,
            stage.reference,
            bytes("--filter=-x trusted.SGI_ACL*")
        )
    }

    private func expectSame(_ comment: String) throws {
        let differences = try Oracle.differences(stage.reference, stage.to)
        #expect(differences.isEmpty, "\(comment): rsync's copy | cutover's: \(differences)")
        let beyond = try Oracle.blocksBeyond(reference: stage.reference, stage.to)
        #expect(beyond.isEmpty, "\(comment): \(beyond)")
    }

    @Test("standard trees")
    func standardTrees() throws {
        try StandardTree.everything(stage.from)
        try rsync()
        try stage.pass()
        try expectSame("first pass")
    }

    @Test("random trees, changed at random between passes", arguments: [31, 32, 33] as [UInt64])
    func randomTrees(seed: UInt64) throws {
        var tree = RandomTree(seed: seed)
        try tree.fill(stage.from, entries: 300)
        try rsync()
        try stage.pass()
        try expectSame("seed \(seed), first pass")
        var edits = EditScript(seed: seed)
        try edits.apply(stage.from, edits: 150)
        try rsync()
        try stage.pass()
        try expectSame("seed \(seed), second pass")
    }

    @Test("S40: without hard links as -raXAS does it")
    func withoutHardLinks() throws {
        try StandardTree.links(stage.from)
        try StandardTree.plain(stage.from)
        try rsync(hardLinks: false)
        try stage.pass("--no-hard-links")
        try expectSame("without hard links")
    }
}
