// Descriptors of directories: never more than allowed while nobody uses them, and what is reopened
// is what it was.

import Glibc
import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("DescriptorBudget", .requiresVolumes, .timeLimit(.minutes(3)))
struct DescriptorBudgetTests {
    private let workspace: Workspace

    init() throws {
        workspace = try Workspace()
        directories = OpenDirectories(budget)
    }

    /// A budget of eight open directories.
    private let budget = Self.budget(limit: 32 + 12 + 16, workers: 1)
    private let directories: OpenDirectories<Nothing>

    private struct Nothing: Sendable {}
    private typealias Directory = DirectoryNode<Nothing>

    private static func budget(limit: Int, workers: Int) -> DescriptorBudget {
        DescriptorBudget(descriptorLimit: limit, workers: workers, batchFilesMax: 32)
    }

    private static func sharing(limit: Int, workers: Int) -> DescriptorBudget {
        DescriptorBudget(
            descriptorLimit: limit,
            workers: workers,
            batchFilesMax: 0,
            windowFilesMax: 16_384
        )
    }

    /// The root of SOURCE as a node, open for good.
    private func root() throws -> Directory {
        let node = Directory(parent: nil, name: Name("."), state: Nothing())
        let source = SharedDescriptor(try Descriptor.openRoot(Name(workspace.source)))
        let identity = try source.descriptor.status().identity
        directories.install(
            OpenDirectory(source: source, destination: nil),
            identities: (identity, nil),
            in: node
        )
        return node
    }

    /// Opens a child as the engine does; left in use by nobody.
    private func open(_ name: String, in parent: Directory) throws -> Directory {
        let node = Directory(parent: parent, name: Name(name), state: Nothing())
        let parentOpen = try directories.use(parent)
        defer { directories.release(parent) }
        let opened = try #require(parentOpen.source).descriptor.openDirectory(Name(name))
        let identity = try opened.status().identity
        directories.install(
            OpenDirectory(source: SharedDescriptor(opened), destination: nil),
            identities: (identity, nil),
            in: node
        )
        directories.release(node)
        return node
    }

    @discardableResult
    private func inode(of node: Directory) throws -> UInt64 {
        let open = try directories.use(node)
        defer { directories.release(node) }
        return try #require(open.source).descriptor.status().inode
    }

    /// Descriptors of this process in this test's SOURCE.
    private func openCount() throws -> Int {
        try Files.names(bytes("/proc/self/fd")).count { name in
            var target = [CChar](repeating: 0, count: 4_096)
            let path = joined(bytes("/proc/self/fd"), name)
            let length = withBytes(path) { readlink($0, &target, target.count) }
            return target.prefix(max(length, 0)).map(UInt8.init(bitPattern:))
                .starts(with: workspace.source)
        }
    }

    @Test("the arithmetic: what is reserved, what workers need, what is left")
    func arithmetic() {
        #expect(budget.directoriesMax == 8)
        // 4 files together a worker: (1,024 - 32 - 30 * (12 + 4)) / 4 directories.
        #expect(Self.budget(limit: 1_024, workers: 30).batchFiles == 4)
        #expect(Self.budget(limit: 1_024, workers: 30).directoriesMax == 128)
        #expect(Self.budget(limit: 1_023, workers: 31).batchFiles == 0)
        #expect(Self.budget(limit: 1_024, workers: 1).batchFiles == 32)
        #expect(Self.budget(limit: 524_288, workers: 250).batchFiles == 32)
        #expect(Self.budget(limit: 64, workers: 30).directoriesMax == 8)
        // Files that all workers share: 1,024 / 2 - 32 - 30 * 12.
        let shared = Self.sharing(limit: 1_024, workers: 30)
        #expect(shared.windowFiles == 120)
        #expect(shared.directoriesMax == 128)
        #expect(Self.sharing(limit: 100, workers: 4).windowFiles == 0)
        #expect(Self.sharing(limit: 524_288, workers: 250).windowFiles == 16_384)
        #expect(DescriptorBudget.workersMax(descriptorLimit: 256) == 17)
        #expect(DescriptorBudget.workersMax(descriptorLimit: 1_024) >= 30)
        #expect(DescriptorBudget.workersMax(descriptorLimit: 0) == 1)
    }

    @Test("never more directories are open than allowed, used by nobody")
    func limit() throws {
        for index in 0..<100 { try Files.makeDirectory(joined(workspace.source, "d\(index)")) }
        let root = try root()
        var nodes: [Directory] = []
        for index in 0..<100 {
            nodes.append(try open("d\(index)", in: root))
            #expect(try openCount() <= budget.directoriesMax, "after \(index + 1)")
        }
        for (index, node) in nodes.enumerated() {
            let status = try Files.status(joined(workspace.source, "d\(index)"))
            #expect(try inode(of: node) == status.st_ino)
            #expect(try openCount() <= budget.directoriesMax)
        }
        for node in nodes { directories.close(node) }
        // The root alone.
        #expect(try openCount() == 1)
    }

    @Test("directories in use exceed the budget, stay open, and go afterwards")
    func inUse() throws {
        for index in 0..<30 { try Files.makeDirectory(joined(workspace.source, "d\(index)")) }
        let root = try root()
        var used: [(Directory, OpenDirectory)] = []
        for index in 0..<20 {
            let node = try open("d\(index)", in: root)
            used.append((node, try directories.use(node)))
        }
        #expect(try openCount() == 21)
        for (index, (_, open)) in used.enumerated() {
            let inode = try #require(open.source).descriptor.status().inode
            #expect(try Files.status(joined(workspace.source, "d\(index)")).st_ino == inode)
        }
        let nodes = used.map(\.0)
        used = []
        for node in nodes { directories.release(node) }
        for index in 20..<30 { try inode(of: open("d\(index)", in: root)) }
        #expect(try openCount() <= budget.directoriesMax)
    }

    @Test("ENOENT, ENOTDIR: what was replaced meanwhile is not taken for what it was (S28)")
    func replaced() throws {
        let path = joined(workspace.source, "a")
        try Files.makeDirectory(path)
        try Files.makeDirectory(joined(path, "b"))
        try Files.makeDirectory(joined(workspace.source, "other"))
        try Files.makeDirectory(joined(joined(workspace.source, "other"), "b"))
        let root = try root()
        let parent = try open("a", in: root)
        let node = try open("b", in: parent)
        let first = try inode(of: node)
        func closeBoth() {
            directories.close(node)
            directories.close(parent)
        }
        let aside = joined(workspace.source, "aside")

        func expectLost() {
            let lost = #expect(throws: LostDirectory.self) { try inode(of: node) }
            #expect(lost?.side == .source && lost?.error == SystemError(.open, .noEntry))
        }

        closeBoth()
        try Files.rename(path, to: aside)
        expectLost()
        try Files.rename(joined(workspace.source, "other"), to: path)
        expectLost()
        try Files.removeTree(path)
        try Files.link(symbolic: path, to: bytes("aside"))
        #expect(throws: LostDirectory.self) { try inode(of: node) }
        try Files.unlink(path)
        // Put back, it is found again: no failed use was left counted.
        try Files.rename(aside, to: path)
        #expect(try inode(of: node) == first)
        closeBoth()
        #expect(try openCount() == 1)
    }

    @Test("S51: a chain of 5,000 directories under a budget of 8, down and up again")
    func deepChain() throws {
        let depth = 5_000
        var inodes: [UInt64] = []
        var current = try Descriptor.openRoot(Name(workspace.source))
        for _ in 0..<depth {
            try current.makeDirectory("d", mode: 0o755)
            current = try current.openDirectory(Name("d"))
            inodes.append(try current.status().inode)
        }
        try current.close()
        var nodes = [try root()]
        for _ in 0..<depth { nodes.append(try open("d", in: nodes[nodes.count - 1])) }
        #expect(try openCount() <= budget.directoriesMax)
        for level in stride(from: depth, to: depth - 100, by: -1) {
            #expect(try inode(of: nodes[level]) == inodes[level - 1], "level \(level)")
        }
        for level in [1, 2_500, depth, 10] {
            #expect(try inode(of: nodes[level]) == inodes[level - 1], "level \(level)")
            #expect(try openCount() <= budget.directoriesMax)
        }
        for node in nodes { directories.close(node) }
    }
}
