// What the threads of this process are doing in the kernel, read from /proc/self/task: it costs them nothing, and
// covers every thread and every call.

import CLinux
import Glibc

/// The system call that one thread of this process is in at a moment.
package struct ThreadCall: Hashable, Sendable {
    package let thread: Int32
    /// The call's number, its arguments, stack pointer and place in the program, as the kernel shows them.
    package let text: [UInt8]
    /// How often the thread has waited so far: where that and the text stand still it is one and the same call.
    package let waits: UInt64
    private let number: Int
    private let arguments: [UInt64]

    /// All threads that are in a call now which can wait for a filesystem; empty where /proc is not there.
    ///
    /// See proc_pid_syscall(5); `voluntary_ctxt_switches` in proc_pid_status(5).
    package static func all() -> [ThreadCall] {
        threads().compactMap { ThreadCall(thread: $0) }
    }

    private static func threads() -> [Int32] {
        // Without /proc nothing can be told of threads, and every command refuses to begin.
        guard let tasks = opendir("/proc/self/task") else { return [] }
        // It was only read: closing cannot lose anything.
        defer { _ = closedir(tasks) }
        var threads: [Int32] = []
        while let entry = readdir(tasks) {
            let number = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) {
                    // The number of a thread, not the name of a file.
                    String(cString: $0)
                }
            }
            if let thread = Int32(number) { threads.append(thread) }
        }
        return threads
    }

    /// A file of /proc; nil where it is gone.
    ///
    /// Not by the wrappers of this target: builds for tests count and fail their calls, and when this looks is
    /// a matter of time.
    private static func file(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        // It was only read: closing cannot lose anything.
        defer { _ = close(descriptor) }
        var contents = [UInt8](repeating: 0, count: 8_192)
        let count = read(descriptor, &contents, contents.count)
        return count > 0 ? Array(contents[..<count]) : nil
    }

    private init?(thread: Int32) {
        // It may have ended, it runs, or it is one of the kernel's: all the same, there is nothing to tell.
        guard let text = Self.contents(thread, "syscall"),
            let status = Self.contents(thread, "status")
        else { return nil }
        let words = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count >= 7, let number = Int(words[0]) else { return nil }
        var call = cl_call()
        guard cl_call_of(number, &call) else { return nil }
        self.thread = thread
        self.text = text
        self.number = number
        arguments = words[1...6].map { UInt64($0.dropFirst(2), radix: 16) ?? 0 }
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix("voluntary_ctxt_switches:")
        }
        waits = line.flatMap { UInt64($0.split(whereSeparator: \.isWhitespace)[1]) } ?? 0
        // A stopped terminal or a slow pipe are no filesystem.
        if let descriptor = descriptor(call), (0...2).contains(descriptor), call.path < 0 {
            return nil
        }
    }

    private static func contents(_ thread: Int32, _ file: String) -> [UInt8]? {
        self.file("/proc/self/task/\(thread)/\(file)")
    }

    /// The call, by the name of its man page.
    package var name: String {
        var call = cl_call()
        guard cl_call_of(number, &call), let name = call.name else { return "call \(number)" }
        // ASCII of the table, not a name of a file.
        return String(cString: name)
    }

    /// Whether it waits for many things one after the other, so that waiting again does not mean that it is another.
    private var waitsRepeatedly: Bool {
        ["syncfs", "fsync", "fdatasync"].contains(name)
    }

    /// Whether its thread has not come back from it since `other` was seen.
    package func isSame(as other: ThreadCall) -> Bool {
        text == other.text && (waits == other.waits || waitsRepeatedly)
    }

    /// The path that the call is about, as the kernel shows it, and the mount of its descriptor; both nil where
    /// it cannot be told.
    ///
    /// Asks no filesystem: readlink(2) on /proc/self/fd gives what the kernel has in memory.
    package func place() -> (path: [UInt8]?, mount: UInt64?) {
        var call = cl_call()
        guard cl_call_of(number, &call) else { return (nil, nil) }
        var number = descriptor(call)
        var name = call.path >= 0 ? text(at: arguments[Int(call.path)]) : nil
        // Handles are used through /proc/self/fd/N, or from that folder; names of attributes of theirs too.
        let prefix = Array("/proc/self/fd/".utf8)
        var below: ArraySlice<UInt8>?
        if let given = name, given.starts(with: prefix) {
            below = given.dropFirst(prefix.count)
        } else if let given = name, let folder = number, cl_is_descriptor_folder(folder) {
            below = given[...]
        }
        if let below {
            let parts = below.split(separator: 0x2F, maxSplits: 1)
            number = parts.first.flatMap { Int32(String(decoding: $0, as: UTF8.self)) }
            name = parts.count > 1 ? Array(parts[1]) : nil
        }
        if var name, name.first == 0x2F {
            // As roots are opened.
            if name.count > 2, name.suffix(2) == [0x2F, 0x2E] { name.removeLast(2) }
            return (name, nil)
        }
        guard let number, number >= 0 else { return (name, nil) }
        guard var path = Self.path(of: number) else { return (name, nil) }
        if let name, !name.isEmpty, name != [0x2E] {
            if path.last != 0x2F { path.append(0x2F) }
            path += name
        }
        return (path, Self.mount(of: number))
    }

    private func descriptor(_ call: cl_call) -> Int32? {
        guard call.descriptor >= 0 else { return nil }
        return Int32(truncatingIfNeeded: arguments[Int(call.descriptor)])
    }

    private static func path(of descriptor: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    private static func mount(of descriptor: Int32) -> UInt64? {
        file("/proc/self/fdinfo/\(descriptor)").flatMap(MountTable.number(inDescriptorInformation:))
    }

    /// A C string of this process that may be gone.
    private func text(at address: UInt64) -> [UInt8]? {
        var bytes: [UInt8] = []
        var next = address
        while bytes.count < 4_096 {
            // To the end of the page: what follows may not be there.
            var chunk = [UInt8](repeating: 0, count: Int(256 - next % 256))
            let count = cl_copy_memory(next, &chunk, chunk.count)
            if count <= 0 { return nil }
            if let end = chunk[..<count].firstIndex(of: 0) { return bytes + chunk[..<end] }
            bytes += chunk[..<count]
            next += UInt64(count)
        }
        return bytes
    }
}

/// Seconds after which a call is told that does not come back, where a build for tests is given them; see
/// docs/TESTING.md.
package var givenWaitSeconds: Int? {
    let seconds = cl_wait_seconds()
    return seconds > 0 ? Int(seconds) : nil
}
