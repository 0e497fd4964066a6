// Limits on threads: a pids cgroup of our own, version 1 or 2, for processes that are started in it.

import Glibc
package import Testing

/// A cgroup with a limit of threads and processes together.
package final class ThreadLimit {
    private let folder: [UInt8]

    /// Where cgroups with the pids controller can be made; nil: nowhere here.
    private static let place: [UInt8]? = {
        let places = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"]
        return places.map { bytes($0) }.first { place in
            let probe = joined(place, "cutover-probe-\(getpid())")
            guard mkdir(text(probe), 0o755) == 0 else { return false }
            defer { rmdir(text(probe)) }
            return access(text(joined(probe, "pids.max")), W_OK) == 0
        }
    }()

    package static var isAvailable: Bool { place != nil }

    private static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

    /// A cgroup in which so many threads may be, those of the shell that starts the program included.
    package init(threads: Int) throws {
        guard let place = Self.place else {
            throw CallError(call: "mkdir", name: "a pids cgroup", errno: ENOTSUP)
        }
        folder = joined(place, "cutover-\(getpid())-\(UInt64.random(in: 0...UInt64.max))")
        try Files.makeDirectory(folder)
        try Files.write(joined(folder, "pids.max"), bytes("\(threads)"))
    }

    deinit { rmdir(Self.text(folder)) }

    /// The words that run a program in it: it takes the shell's place.
    package var words: [[UInt8]] {
        let script = "echo $$ >\"$1/cgroup.procs\" && shift && exec \"$@\""
        return [bytes("sh"), bytes("-c"), bytes(script), bytes("sh"), folder]
    }
}

extension Trait where Self == ConditionTrait {
    /// A pids cgroup that can be made here.
    package static var requiresThreadLimit: Self {
        .enabled("needs a cgroup with the pids controller") { ThreadLimit.isAvailable }
    }
}
