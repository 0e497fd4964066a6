// The table of faults: which call fails, with which errno, at which of its calls; and the two trees
// between which the pass runs. Small trees, for there are hundreds of cases.
//
// SOURCE is `new`; DESTINATION is brought to `old` before each case by a pass without faults, so
// that every kind of work is met: making, replacing, repairing, linking, deleting, changing types.

import Glibc
import TestSupport
import Testing

/// One call that fails.
struct FaultCase: Sendable, CustomStringConvertible {
    let operation: String
    let error: String
    /// The first call that fails, counted from 1.
    let number: Int

    var description: String {
        // Small files of one directory are read in one submission; read one by one they are what fails.
        let oneByOne = operation == "pread" ? FaultTable.noRing + "," : ""
        return oneByOne + "\(operation):\(number):\(error)"
    }
}

/// The calls at which something can fail, by their names in the fault table, and the errnos.
enum FaultTable {
    static let operations = [
        "openat", "statx", "getdents64", "readlinkat", "pread", "pwrite", "lseek", "ftruncate",
        "mkdirat", "mknodat", "symlinkat", "linkat", "unlinkat", "renameat", "fchown", "fchmod",
        "utimensat", "listxattr", "getxattr", "setxattr", "removexattr", "acl_get", "acl_set",
        "fsgetxattr", "syncfs", "close", "fcntl",
    ]
    private static let numbers = [1, 2, 5, 20]
    /// The first two calls are made before anything is written, and what they say is no matter of the pass.
    private static let synchronizations = [1, 2, 3]
    /// No io_uring, as in many containers.
    static let noRing = "io_uring_setup:1:EPERM:*"

    private static func numbers(of operation: String) -> [Int] {
        switch operation {
        case "syncfs": synchronizations
        // The first ones look where a report lies, on the way up to `/`: an error of that is no matter of the pass.
        case "statx": numbers + [60, 120]
        default: numbers
        }
    }

    /// Every errno at every number for the errnos that the program treats each in its own way; for
    /// those that it only tells, the first call and one later.
    static func cases(of operation: String) -> [FaultCase] {
        let numbers = numbers(of: operation)
        let many = ["EIO", "ENOSPC", "ENOENT"].flatMap { error in
            numbers.map { FaultCase(operation: operation, error: error, number: $0) }
        }
        let few = ["EDQUOT", "EMFILE", "ESTALE"].flatMap { error in
            [1, 5].map { FaultCase(operation: operation, error: error, number: $0) }
        }
        return many + few
    }

    /// All calls interrupted by signals, at every number, in passes of at most 16 faults.
    static let interruptions: [String] = stride(from: 0, to: operations.count, by: 4).map { start in
        operations[start..<min(start + 4, operations.count)]
            .flatMap { operation in numbers.map { "\(operation):\($0):EINTR" } }
            .joined(separator: ",")
    }

    /// Whether the binary has a fault table: only debug builds do.
    ///
    /// It ends by SIGABRT when it cannot read the variable; others do not look at it.
    static let isCompiledIn: Bool = {
        let outcome = try? Cutover.run(["sync", "-n", "/", "/"], environment: ["CUTOVER_FAULTS=?"])
        return outcome?.signal == SIGABRT
    }()
}

extension Trait where Self == ConditionTrait {
    /// A binary with a fault table.
    static var requiresFaultTable: Self {
        .enabled("needs a debug build of cutover: faults are not compiled into others") {
            FaultTable.isCompiledIn
        }
    }
}

/// The two states of SOURCE, on the shared XFS volume; made once, read by all cases.
struct FaultTrees: Sendable {
    let old: [UInt8]
    let new: [UInt8]
    let oldImage: TreeImage
    let newImage: TreeImage

    static func shared() throws -> FaultTrees { try made.get() }

    private static let made: Result<FaultTrees, any Error> = Result {
        let volume = try VolumePair.shared().xfs
        // Taken away with the volume, when the process ends.
        let home = joined(volume, Scratch.uniqueName("faults"))
        try Files.makeDirectory(home)
        let trees = (joined(home, "old"), joined(home, "new"))
        for (tree, isNew) in [(trees.0, false), (trees.1, true)] {
            try Files.makeDirectory(tree)
            try fill(tree, isNew: isNew)
        }
        return FaultTrees(
            old: trees.0,
            new: trees.1,
            oldImage: try TreeImage(trees.0),
            newImage: try TreeImage(trees.1)
        )
    }

    private static func fill(_ root: [UInt8], isNew: Bool) throws {
        for name in ["kept", "kept/deep", "types", "types/toFile"] {
            try Files.makeDirectory(joined(root, name))
        }
        try files(root, isNew)
        try attributes(root, isNew)
        try specials(root, isNew)
        if isNew {
            try fresh(root)
            try Files.removeTree(joined(root, "types/toFile"))
            try Files.write(joined(root, "types/toFile"), bytes("was a directory"))
            try Files.makeDirectory(joined(root, "types/toDirectory"))
            try Files.write(joined(root, "types/toDirectory/inside"), bytes("inside"))
        } else {
            try extras(root)
            try Files.write(joined(root, "types/toFile/inside"), bytes("inside"))
            try Files.write(joined(root, "types/toDirectory"), bytes("was a file"))
        }
        for path in [root] + (try Files.tree(root).map { joined(root, $0) }) {
            // What must look unchanged has one time in both trees; no file has that by chance.
            let isChanged = path.last == UInt8(ascii: "~")
            let moment = 1_500_000_000 + path.count * 1000 + (isChanged && isNew ? 7 : 0)
            try Files.changeTime(path, seconds: moment - root.count * 1000, nanoseconds: 123)
        }
    }

    private static func files(_ root: [UInt8], _ isNew: Bool) throws {
        var random = SeededRandom(seed: isNew ? 31 : 30)
        try Files.write(joined(root, "same"), bytes("the same in both trees"))
        try Files.write(joined(root, "kept/small~"), random.bytes(10))
        try Files.write(joined(root, "kept/deep/medium~"), random.bytes(isNew ? 300_000 : 9000))
        try Files.write(joined(root, "holes~"), random.bytes(4096))
        try Files.overwrite(joined(root, "holes~"), random.bytes(8192), at: 1 << 20)
        try Files.truncate(joined(root, "holes~"), to: 3 << 20)
        for name in ["kept/link1", isNew ? "kept/deep/link2" : "kept/link2"] {
            if Files.exists(joined(root, "kept/link1")) {
                try Files.link(joined(root, name), to: joined(root, "kept/link1"))
            } else {
                try Files.write(joined(root, name), bytes("several names"))
            }
        }
        try Files.write(joined(root, "kept/broken1"), bytes("one inode or two"))
        if isNew {
            try Files.link(joined(root, "kept/broken2"), to: joined(root, "kept/broken1"))
        } else {
            try Files.write(joined(root, "kept/broken2"), bytes("one inode or two"))
        }
    }

    private static func attributes(_ root: [UInt8], _ isNew: Bool) throws {
        let names = ["kept/owner", "kept/mode", "kept/xattr", "kept/acl", "kept/lost"]
        for name in names { try Files.write(joined(root, name), bytes(name)) }
        try Files.changeOwner(joined(root, "kept/owner"), isNew ? 1001 : 1000, 50)
        try Files.changeMode(joined(root, "kept/mode"), isNew ? 0o4711 : 0o640)
        try Files.setAttribute(joined(root, "kept/xattr"), "user.a", bytes(isNew ? "1" : "2"))
        let list = AccessList(users: [(isNew ? 7 : 8, 6)], mask: 6)
        try Files.setACL(joined(root, "kept/acl"), list)
        try Files.setACL(joined(root, "kept/deep"), list, isDefault: true)
        if !isNew {
            try Files.setAttribute(joined(root, "kept/lost"), "user.gone", bytes("removed"))
            try Files.setACL(joined(root, "kept/lost"), list)
        }
    }

    private static func specials(_ root: [UInt8], _ isNew: Bool) throws {
        try Files.link(symbolic: joined(root, "kept/symlink~"), to: bytes(isNew ? "new" : "old"))
        try Files.makeNode(joined(root, "kept/pipe"), S_IFIFO | 0o640)
        try Files.makeNode(
            joined(root, "kept/device~"),
            S_IFCHR | 0o600,
            device: isNew ? 0x105 : 0x103
        )
        try Files.changeOwner(joined(root, "kept/pipe"), isNew ? 3 : 4, 5)
    }

    private static func fresh(_ root: [UInt8]) throws {
        var random = SeededRandom(seed: 32)
        for name in ["fresh", "fresh/inner", "fresh/empty"] {
            try Files.makeDirectory(joined(root, name), mode: 0o2751)
        }
        for index in 0..<8 {
            try Files.write(joined(root, "fresh/f\(index)"), random.bytes(1000 * index))
        }
        try Files.write(joined(root, "fresh/inner/large"), random.bytes(600_000))
        try Files.setAttribute(joined(root, "fresh/f1"), "user.b", random.bytes(100))
        try Files.setACL(joined(root, "fresh/f2"), AccessList(users: [(9, 4)], mask: 4))
        try Files.link(joined(root, "fresh/inner/again"), to: joined(root, "fresh/f3"))
        try Files.link(symbolic: joined(root, "fresh/symlink"), to: bytes("f1"))
        try Files.makeNode(joined(root, "fresh/pipe"), S_IFIFO | 0o600)
        try Files.makeNode(joined(root, "fresh/socket"), S_IFSOCK | 0o700)
        try Files.makeNode(joined(root, "fresh/block"), S_IFBLK | 0o600, device: 0x7f0)
    }

    private static func extras(_ root: [UInt8]) throws {
        for name in ["gone", "gone/inner"] { try Files.makeDirectory(joined(root, name)) }
        for name in ["gone/a", "gone/inner/b", "kept/extra", "extra"] {
            try Files.write(joined(root, name), bytes(name))
        }
    }
}
