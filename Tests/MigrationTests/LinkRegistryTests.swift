// Who leads, who waits, who follows (S40-S42): one scenario each.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("LinkRegistry", .requiresVolumes) struct LinkRegistryTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func registry(
        firstCopy: Bool = false,
        holds: Bool = false,
        most: UInt32 = 65_000
    ) -> LinkRegistry {
        LinkRegistry(isFirstCopy: firstCopy, holdsUntilComplete: holds, linkCountMax: most)
    }

    /// Lets name `name` of group 0 arrive; `inode` is what it has on DESTINATION.
    private func arrive(
        _ registry: LinkRegistry,
        _ scene: LinkScene,
        _ name: Int,
        inode: UInt64? = nil,
        upToDate: Bool = false
    ) throws -> String {
        registry.arrive(
            try scene.entry(group: 0, name: name),
            source: scene.groups[0].status,
            destination: inode.map(LinkScene.identity),
            isUpToDate: upToDate
        ).role.text
    }

    private func establish(
        _ registry: LinkRegistry,
        _ scene: LinkScene,
        _ name: Int,
        inode: UInt64
    ) throws -> [String] {
        let entry = try scene.entry(group: 0, name: name)
        return registry.establish(
            scene.groups[0].status,
            leader: scene.leader(0, entry, inode: inode)
        ).map { "\(shown($0.0.path)): \($0.1.text)" }
    }

    @Test("S40: a name that is up to date leads at once; those before it wait for it")
    func upToDateWins() throws {
        let scene = try LinkScene(in: workspace, sizes: [5])
        let registry = registry()
        #expect(try arrive(registry, scene, 0) == "wait")
        #expect(try arrive(registry, scene, 1, inode: 50) == "wait")
        #expect(try arrive(registry, scene, 2, inode: 60, upToDate: true) == "lead")
        #expect(try arrive(registry, scene, 3, inode: 61, upToDate: true) == "wait")
        let followers = try establish(registry, scene, 2, inode: 60)
        #expect(followers == ["g0 n0: link 60", "g0 n1: link 60", "g0 n3: link 60"])
        #expect(try arrive(registry, scene, 4, inode: 60, upToDate: true) == "linked")
    }

    @Test("S40, S52: a name that is met twice is none of the names that are still to come")
    func metTwice() throws {
        let scene = try LinkScene(in: workspace, sizes: [3])
        let registry = registry(firstCopy: true)
        let status = scene.groups[0].status
        func arrive(_ name: Int) throws -> Arrival {
            registry.arrive(
                try scene.entry(group: 0, name: name),
                source: status,
                destination: nil,
                isUpToDate: false
            )
        }
        #expect(try !arrive(0).isSurplus)
        #expect(try establish(registry, scene, 0, inode: 9) == [])
        #expect(try !arrive(1).isSurplus)
        // Its directory was moved to where it is met once more.
        #expect(try arrive(1).isSurplus)
        // Not complete before: the group's third name finds its leader, and is in its place.
        let third = try arrive(2)
        #expect(third.role.text == "link 9" && !third.isSurplus)
        // Complete, and forgotten but for that.
        #expect(try arrive(0).isSurplus)
    }

    @Test("S40: on a first copy the first name leads, whichever comes")
    func firstCopy() throws {
        let scene = try LinkScene(in: workspace, sizes: [3])
        let registry = registry(firstCopy: true)
        #expect(try arrive(registry, scene, 2) == "lead")
        #expect(try arrive(registry, scene, 0) == "wait")
        #expect(try establish(registry, scene, 2, inode: 9) == ["g0 n0: link 9"])
        #expect(try arrive(registry, scene, 1) == "link 9")
    }

    @Test("S40: when all names were seen and none is up to date, the first by path leads")
    func promotion() throws {
        let scene = try LinkScene(in: workspace, sizes: [3])
        let registry = registry()
        #expect(try arrive(registry, scene, 2) == "wait")
        #expect(try arrive(registry, scene, 1, inode: 5) == "wait")
        #expect(try arrive(registry, scene, 0) == "promote g0 n0")
        let followers = try establish(registry, scene, 0, inode: 7)
        #expect(followers == ["g0 n2: link 7", "g0 n1: link 7"])
    }

    @Test("S40: names outside the tree are not waited for longer than the walk")
    func leaderless() throws {
        let scene = try LinkScene(in: workspace, sizes: [2, 2], outside: [1, 0])
        let registry = registry()
        #expect(try arrive(registry, scene, 1) == "wait")
        #expect(try arrive(registry, scene, 0) == "wait")
        #expect(registry.leaderless().map { "\(shown($0.0.path)) \($0.1.text)" } == ["g0 n0 lead"])
        // It leads now; asking again must not make a second leader.
        #expect(registry.leaderless().isEmpty)
        #expect(try establish(registry, scene, 0, inode: 3) == ["g0 n1: link 3"])
        #expect(registry.leaderless().isEmpty)
    }

    @Test("S40: a leader that fails hands on to the next by path, until none is left")
    func failing() throws {
        let scene = try LinkScene(in: workspace, sizes: [3])
        let registry = registry(firstCopy: true)
        #expect(try arrive(registry, scene, 1) == "lead")
        #expect(try arrive(registry, scene, 2) == "wait")
        #expect(try arrive(registry, scene, 0) == "wait")
        let status = scene.groups[0].status.identity
        #expect(registry.fail(status).map { shown($0.path) } == "g0 n0")
        #expect(registry.fail(status).map { shown($0.path) } == "g0 n2")
        #expect(registry.fail(status) == nil)
        #expect(registry.leaderless().isEmpty)
    }

    @Test("S40: a name that comes after its leader failed finds a leader all the same")
    func afterFailure() throws {
        let scene = try LinkScene(in: workspace, sizes: [3])
        let registry = registry(firstCopy: true)
        #expect(try arrive(registry, scene, 1) == "lead")
        #expect(registry.fail(scene.groups[0].status.identity) == nil)
        #expect(try arrive(registry, scene, 0) == "lead")
        #expect(try establish(registry, scene, 0, inode: 4) == [])
        #expect(try arrive(registry, scene, 2) == "link 4")
    }

    @Test("S41: a full inode gets one successor, whoever finds it full, and in whatever order")
    func overflow() throws {
        let scene = try LinkScene(in: workspace, sizes: [6])
        let registry = registry(firstCopy: true, most: 2)
        let status = scene.groups[0].status
        #expect(try arrive(registry, scene, 0) == "lead")
        #expect(try establish(registry, scene, 0, inode: 10) == [])
        let full = scene.leader(0, try scene.entry(group: 0, name: 0), inode: 10)
        for name in 1...3 { #expect(try arrive(registry, scene, name) == "link 10") }
        func overflow(_ name: Int) throws -> String {
            registry.overflow(status, of: full, try scene.entry(group: 0, name: name)).text
        }
        #expect(try overflow(1) == "lead")
        #expect(try overflow(2) == "wait")
        #expect(try arrive(registry, scene, 4) == "wait")
        #expect(
            try establish(registry, scene, 1, inode: 11) == ["g0 n2: link 11", "g0 n4: link 11"]
        )
        // Somebody else has made a new one meanwhile.
        #expect(try overflow(3) == "link 11")
        #expect(try arrive(registry, scene, 5, inode: 10, upToDate: true) == "linked")
    }

    @Test("S41: on a delta pass the second inode of a group that is too large stays as it is")
    func furtherInodes() throws {
        let scene = try LinkScene(in: workspace, sizes: [5])
        let registry = registry(most: 2)
        #expect(try arrive(registry, scene, 0, inode: 10, upToDate: true) == "lead")
        #expect(try establish(registry, scene, 0, inode: 10) == [])
        #expect(try arrive(registry, scene, 1, inode: 11, upToDate: true) == "keep")
        #expect(try arrive(registry, scene, 2, inode: 11, upToDate: true) == "linked")
        #expect(try arrive(registry, scene, 3, inode: 12) == "link 10")
    }

    @Test("S40, S42: in a group that fits, a second inode is joined though it is up to date")
    func joined() throws {
        let scene = try LinkScene(in: workspace, sizes: [3])
        let registry = registry()
        #expect(try arrive(registry, scene, 0, inode: 10, upToDate: true) == "lead")
        #expect(try establish(registry, scene, 0, inode: 10) == [])
        #expect(try arrive(registry, scene, 1, inode: 11, upToDate: true) == "link 10")
    }

    @Test("S42: one DESTINATION inode serves one SOURCE inode")
    func claims() throws {
        let scene = try LinkScene(in: workspace, sizes: [2, 2])
        let registry = registry()
        let first = scene.groups[0].status.identity
        let second = scene.groups[1].status.identity
        #expect(registry.claim(LinkScene.identity(5), for: first))
        #expect(registry.claim(LinkScene.identity(5), for: first))
        #expect(!registry.claim(LinkScene.identity(5), for: second))
        #expect(registry.claim(LinkScene.identity(6), for: second))
    }

    @Test(
        "S49: itemized passes hold every name until all were seen: up to date first, then by path"
    )
    func holding() throws {
        let scene = try LinkScene(in: workspace, sizes: [4])
        let registry = registry(firstCopy: true, holds: true)
        #expect(try arrive(registry, scene, 3, inode: 30, upToDate: true) == "wait")
        #expect(try arrive(registry, scene, 0) == "wait")
        #expect(try arrive(registry, scene, 2, inode: 20, upToDate: true) == "wait")
        #expect(try arrive(registry, scene, 1) == "promote g0 n2")
    }
}
