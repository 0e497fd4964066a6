// A scanner of files that is asked and never answers: what opens or reads a file waits until it is gone
// (fanotify(7), permission events).

import Glibc
package import Testing

/// Holds up who opens or reads certain files, as long as it lives.
///
/// The waiting is one that a signal which kills can end. If the test process ends, so does it.
package final class SilentScanner {
    private let descriptor: Int32

    /// What it is asked about: FAN_ACCESS_PERM and FAN_OPEN_PERM of linux/fanotify.h.
    package enum Event: UInt64 {
        case reading = 0x20000
        case opening = 0x10000
        /// With FAN_ONDIR: of a directory.
        case openingDirectory = 0x4001_0000
    }

    private static func open() throws -> Int32 {
        // FAN_CLOEXEC | FAN_CLASS_CONTENT: one that may be asked.
        try FileScanning.open(0x1 | 0x4)
    }

    package static let isAvailable: Bool = {
        guard let opened = try? open() else { return false }
        close(opened)
        return true
    }()

    package init(of path: [UInt8], _ event: Event) throws {
        descriptor = try Self.open()
        // FAN_MARK_ADD
        try FileScanning.mark(descriptor, 1, event.rawValue, path)
    }

    /// Whoever waits goes on.
    deinit { close(descriptor) }
}

extension Trait where Self == ConditionTrait {
    /// Permission events of fanotify, which a kernel can be built without.
    package static var requiresScanner: Self {
        .enabled("needs permission events of fanotify") { SilentScanner.isAvailable }
    }
}

/// fanotify(7), whose functions the Glibc module does not have.
enum FileScanning {
    private typealias Initialize = @convention(c) (UInt32, UInt32) -> Int32
    private typealias Mark =
        @convention(c) (Int32, UInt32, UInt64, Int32, UnsafePointer<CChar>) -> Int32

    private static func function<Function>(_ name: String, as type: Function.Type) throws
        -> Function
    {
        guard let found = dlsym(nil, name) else {
            throw CallError(call: name, name: "dlsym", errno: ENOSYS)
        }
        return unsafeBitCast(found, to: type)
    }

    /// fanotify_init(2).
    static func open(_ flags: UInt32) throws -> Int32 {
        let initialize = try function("fanotify_init", as: Initialize.self)
        let opened = initialize(flags, UInt32(O_RDONLY | O_CLOEXEC))
        guard opened >= 0 else { throw CallError(call: "fanotify_init", name: "", errno: errno) }
        return opened
    }

    /// fanotify_mark(2).
    static func mark(
        _ descriptor: Int32,
        _ flags: UInt32,
        _ events: UInt64,
        _ path: [UInt8]
    ) throws {
        let mark = try function("fanotify_mark", as: Mark.self)
        let status = withBytes(path) { mark(descriptor, flags, events, AT_FDCWD, $0) }
        guard status == 0 else {
            throw CallError(call: "fanotify_mark", name: shown(path), errno: errno)
        }
    }
}
