// The system calls of a program, by strace: for rules about what is called, in which order, and
// above all what is not called.
//
// Calls of all threads stand in one list; "unfinished" and "resumed" halves are put together at the
// place where the call started. Descriptors carry their paths (`5</mnt/new/a>`), so a call can be
// asked whether it concerns a tree. Work done through io_uring is invisible here: use Snapshot too.

import Testing

/// What one traced run did.
package struct Trace: Sendable {
    /// One system call as strace printed it.
    package struct Call: Sendable, CustomStringConvertible {
        /// The thread.
        package let thread: String
        /// The call's name.
        package let name: String
        /// Everything after the name: arguments and result.
        package let text: String
        package var description: String { "\(name)\(text)" }

        /// True when a path or a descriptor of the call lies in or is `directory`.
        ///
        /// A descriptor opened through a detached mount shows a path that begins at that mount:
        /// `/`, or `/name` for what is `directory/name`. Paths that the machine itself does not
        /// have are therefore taken for paths in `directory`, outputs of children and /proc apart.
        package func concerns(_ directory: [UInt8]) -> Bool {
            if text.contains(String(decoding: directory, as: UTF8.self)) { return true }
            return text.split(separator: "<").dropFirst().contains { part in
                let path = part.prefix { $0 != ">" }
                guard path.hasPrefix("/") else { return false }
                let elsewhere = ["/proc/", "/dev/", "/sys/", ScratchFile.prefix]
                if elsewhere.contains(where: { path.hasPrefix($0) }) { return false }
                return path == "/" || !Files.exists(bytes(String(path)))
            }
        }
    }

    /// How the program ended.
    package let outcome: Outcome
    /// The calls in the order in which they started.
    package let calls: [Call]

    /// Calls that may change a tree, `openat` apart, which `changes(in:)` judges by its flags.
    package static let writing = [
        "write", "pwrite64", "writev", "pwritev", "pwritev2", "ftruncate", "truncate", "fallocate",
        "copy_file_range", "sendfile", "splice", "rename", "renameat", "renameat2", "link",
        "linkat", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "mknod", "mknodat", "symlink",
        "symlinkat", "chmod", "fchmod", "fchmodat", "?fchmodat2", "chown", "fchown", "lchown",
        "fchownat", "utimensat", "futimesat", "utimes", "utime", "setxattr", "lsetxattr",
        "fsetxattr", "?setxattrat", "removexattr", "lremovexattr", "fremovexattr",
        "?removexattrat", "ioctl", "open", "openat", "openat2", "creat",
    ]

    /// Runs `cutover` with these arguments under strace.
    ///
    /// - Parameters:
    ///   - arguments: everything after the program's name.
    ///   - names: the system calls to see.
    ///   - strace: further words for strace, such as `-e inject=…` to make calls fail.
    /// - Throws: when strace cannot be run or has printed nothing.
    package init(
        _ arguments: [[UInt8]],
        calls names: [String] = Trace.writing,
        strace: [[UInt8]] = []
    ) throws {
        let log = joined(try Scratch.directory(), Scratch.uniqueName("trace"))
        defer { try? Files.unlink(log) }
        let words = ["strace", "-f", "-y", "-s", "4096", "--seccomp-bpf", "-e", "signal=none"]
        let filter = ["-e", "trace=" + names.joined(separator: ","), "-o"]
        outcome = try Subprocess.run(
            words.map { bytes($0) } + strace + filter.map { bytes($0) }
                + [log, bytes("--"), Cutover.binary] + arguments
        )
        let text = String(decoding: try Files.read(log), as: UTF8.self)
        // What is remembered between passes is written elsewhere, and has tests of its own.
        let state = String(decoding: joined(try Scratch.directory(), "state"), as: UTF8.self)
        // A file in memory, by which the kernel is asked what this process may see, is on no volume.
        calls = Trace.parse(text).filter {
            !$0.text.contains(state) && !$0.text.contains("</memfd:")
        }
        try #require(text.contains("+++ exited") || text.contains("+++ killed"), "\(outcome)")
    }

    /// One traced pass: `sync OPTIONS SOURCE DESTINATION`.
    ///
    /// - Throws: when strace cannot be run or has printed nothing.
    package static func sync(
        _ source: [UInt8],
        _ destination: [UInt8],
        _ options: [String] = ["--delete"],
        calls names: [String] = Trace.writing,
        strace: [[UInt8]] = []
    ) throws -> Trace {
        let words = (["sync"] + options).map { bytes($0) }
        return try Trace(words + [source, destination], calls: names, strace: strace)
    }

    /// The calls that change, or try to change, something in a tree.
    ///
    /// - Parameters:
    ///   - directory: the tree.
    ///   - unnamed: whether files without a name (O_TMPFILE) count: they are in no directory.
    /// - Returns: the calls as text.
    package func changes(in directory: [UInt8], unnamed: Bool = true) -> [String] {
        let flags = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"]
        return calls.filter { call in
            guard call.concerns(directory) else { return false }
            let isUnnamed = call.text.contains("O_TMPFILE") || call.text.contains(">(deleted)")
            if isUnnamed && !unnamed { return false }
            switch call.name {
            case "write", "writev", "pwrite64", "pwritev", "pwritev2":
                // What is written may be a message that names the tree; where it goes decides.
                return Call(
                    thread: "",
                    name: "",
                    text: String(call.text.prefix { $0 != "," })
                ).concerns(directory)
            case "open", "openat", "openat2": return flags.contains { call.text.contains($0) }
            case "ioctl": return call.text.contains("SETFLAGS") || call.text.contains("FSSETXATTR")
            default: return true
            }
        }.map(\.description)
    }

    private static func parse(_ text: String) -> [Call] {
        var calls: [Call] = []
        var unfinished: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard parts.count == 2 else { continue }
            let thread = String(parts[0])
            let rest = parts[1].drop { $0 == " " }
            if rest.hasPrefix("<... "), let place = unfinished.removeValue(forKey: thread),
                let end = rest.firstRange(of: "resumed>")
            {
                let call = calls[place]
                let text = call.text + rest[end.upperBound...]
                calls[place] = Call(thread: thread, name: call.name, text: text)
            } else if let open = rest.firstIndex(of: "("), !rest.hasPrefix("+++") {
                var body = String(rest[open...])
                if let cut = body.firstRange(of: " <unfinished ...>") {
                    body.removeSubrange(cut)
                    unfinished[thread] = calls.count
                }
                calls.append(Call(thread: thread, name: String(rest[..<open]), text: body))
            }
        }
        return calls
    }
}
