// A device that answers only so many reads a second of one group of processes, as a slow disk does: the controller of
// block devices of cgroups, in its first version or its second.

import Glibc
import TestSupport
import Testing

/// A cgroup whose processes may read from one device so often.
final class FewReads {
    private static let oldRoot = "/sys/fs/cgroup/blkio"
    private static let newRoot = "/sys/fs/cgroup"

    private enum Kind { case old, new }

    private let kind: Kind
    private let folder: String
    private let device: String

    /// Whether this machine can do that; tried once.
    static let isAvailable: Bool = (try? kind()) != nil

    private static func kind() throws -> Kind {
        if Files.exists(bytes(oldRoot + "/blkio.throttle.read_iops_device")) { return .old }
        // Without the controller this fails, and the test is skipped.
        try Shell.run("grep -qw io \"$1/cgroup.subtree_control\"", bytes(newRoot))
        return .new
    }

    /// `device`: as `/dev/loop0`; `reads`: a second.
    init(_ device: String, reads: Int) throws {
        kind = try Self.kind()
        let root = kind == .old ? Self.oldRoot : Self.newRoot
        folder = root + "/" + Scratch.uniqueName("cutover-reads")
        self.device =
            try Shell.run(
                "cat \"/sys/class/block/${1##*/}/dev\"",
                bytes(device)
            ).lines.first ?? ""
        try Files.makeDirectory(bytes(folder))
        try limit(to: reads)
    }

    /// So many reads a second from now on; nil: as many as there are.
    func limit(to reads: Int?) throws {
        let text =
            switch kind {
            case .old: "\(device) \(reads ?? 0)"
            case .new: "\(device) riops=\(reads.map { "\($0)" } ?? "max")"
            }
        let name = kind == .old ? "blkio.throttle.read_iops_device" : "io.max"
        try Shell.run("echo \"$1\" >\"$2\"", bytes(text), bytes("\(folder)/\(name)"))
    }

    /// Starts a command among its processes.
    func start(_ words: [[UInt8]]) throws -> Subprocess {
        let script = "echo $$ >\"$0\" && exec \"$@\""
        let head = ["/bin/sh", "-c", script, "\(folder)/cgroup.procs"].map { bytes($0) }
        return try Subprocess(head + words, environment: Environment.inherited, seconds: 120)
    }

    /// After its last process has ended.
    deinit { rmdir(folder) }
}

extension Trait where Self == ConditionTrait {
    /// A controller of block devices, which a kernel or a container can lack.
    static var requiresFewReads: Self {
        .enabled("needs cgroups that limit reads of a device") { FewReads.isAvailable }
    }
}
