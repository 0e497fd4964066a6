// A scanner of files that takes its time: each opening of a file waits so long, however many wait at the same time
// (fanotify(7), permission events). So a disk with a long way to it is made, on any machine.

import Dispatch
import Glibc
import Synchronization

/// Delays who opens files of one filesystem, until it is stopped.
package final class SlowScanner: Sendable {
    private let isStopped = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)

    /// Begins.
    ///
    /// - Parameters:
    ///   - path: anything on the filesystem, by whichever mount files are opened.
    ///   - milliseconds: how long each opening of a regular file waits.
    /// - Throws: `CallError`
    package init(of path: [UInt8], milliseconds: Int) throws {
        // FAN_CLOEXEC | FAN_NONBLOCK | FAN_CLASS_CONTENT | FAN_UNLIMITED_QUEUE
        let descriptor = try FileScanning.open(0x1 | 0x2 | 0x4 | 0x10)
        do {
            // FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_PERM
            try FileScanning.mark(descriptor, 0x1 | 0x100, 0x10000, path)
        } catch {
            close(descriptor)
            throw error
        }
        DispatchQueue(label: "slow.scanner").async { [self] in
            answer(descriptor, after: Double(milliseconds) / 1e3)
            // Whoever still waits goes on.
            close(descriptor)
            ended.signal()
        }
    }

    /// Lets everybody go on at once from now on.
    package func stop() {
        if isStopped.exchange(true, ordering: .relaxed) { return }
        ended.wait()
    }

    deinit { isStopped.store(true, ordering: .relaxed) }

    private func answer(_ descriptor: Int32, after seconds: Double) {
        // In the order in which they came, so the first is due first.
        var waiting: [(file: Int32, due: Double)] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while !isStopped.load(ordering: .relaxed) {
            let count = read(descriptor, &buffer, buffer.count)
            let now = monotonicSeconds()
            for file in Self.files(buffer.prefix(max(count, 0))) {
                waiting.append((file, now + seconds))
            }
            let due = waiting.prefix { $0.due <= now }
            for one in due { allow(one.file, descriptor) }
            waiting.removeFirst(due.count)
            if count <= 0 { usleep(500) }
        }
        for one in waiting { allow(one.file, descriptor) }
    }

    private func allow(_ file: Int32, _ descriptor: Int32) {
        // struct fanotify_response: the descriptor and FAN_ALLOW.
        var response: [Int32] = [file, 1]
        // One that was interrupted by a signal waits no more, and its answer is refused.
        _ = write(descriptor, &response, 8)
        close(file)
    }

    /// The files of a list of `struct fanotify_event_metadata`.
    private static func files(_ bytes: ArraySlice<UInt8>) -> [Int32] {
        let bytes = Array(bytes)
        var files: [Int32] = []
        bytes.withUnsafeBytes { bytes in
            var place = 0
            while place + 24 <= bytes.count {
                let length = Int(bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
                let file = bytes.loadUnaligned(fromByteOffset: place + 16, as: Int32.self)
                if file >= 0 { files.append(file) }
                place += max(length, 24)
            }
        }
        return files
    }
}
