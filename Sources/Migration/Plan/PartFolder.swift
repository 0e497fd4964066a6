// The folder PLAN: what is read from it, written to it and locked in it, all by its descriptor.
//
// It keeps true: a file under its name is whole and on its disk, for it is written under another name, and renamed; at
// most one run of each part is at work, and closing only while no shard is. The locks are flock(2) of files in the folder,
// which NFS, CephFS, Lustre and GPFS hold between hosts; where a filesystem has none, every run is refused.

package import LinuxIO

/// What runs of one plan share.
package final class PartFolder: Sendable {
    /// As it was named.
    package let path: [UInt8]
    private let descriptor: Descriptor
    /// Held to the end of this object.
    private let locks = Lock<[SharedDescriptor]>([])

    package init(_ path: Name) throws(Refusal) {
        self.path = Array(path.bytes)
        do throws(SystemError) { descriptor = try Descriptor.openRoot(path) } catch {
            throw .planUnusable(path: Array(path.bytes), reason: error.code.sentence)
        }
    }

    func unusable(_ file: String, _ reason: String) -> Refusal {
        .planUnusable(path: path + Array("/\(file)".utf8), reason: reason)
    }

    // MARK: Files

    /// A whole file; nil: there is none.
    func contents(of file: String, bytesMax: Int) throws(PlanProblem) -> [UInt8]? {
        var bytes: [UInt8] = []
        let isThere = try read(file, bytesMax: bytesMax) { bytes += $0 }
        return isThere ? bytes : nil
    }

    /// Gives a file piece by piece; false: there is none.
    func read(
        _ file: String,
        bytesMax: Int = .max,
        _ take: ([UInt8]) -> Void
    ) throws(PlanProblem) -> Bool {
        do throws(SystemError) {
            let found = try descriptor.openRegularFile(file, isDirect: false)
            guard let found else { throw SystemError(.open, .exists) }
            guard found.status.sizeBytes <= UInt64(bytesMax) else {
                throw SystemError(.read, .fileTooLarge)
            }
            var chunk = [UInt8](repeating: 0, count: 1 << 20)
            var start: UInt64 = 0
            while true {
                let count = try chunk.withUnsafeMutableBufferPointer { buffer throws(SystemError) in
                    try found.reader.read(into: UnsafeMutableRawBufferPointer(buffer), at: start)
                }
                if count == 0 { return true }
                take(Array(chunk[..<count]))
                start += UInt64(count)
            }
        } catch {
            if error.code == .noEntry { return false }
            throw .unreadable(error)
        }
    }

    /// Takes away what a file holds, if there is one.
    func empty(_ file: String) throws(SystemError) {
        do throws(SystemError) {
            let handle = try descriptor.openHandle(Name(file))
            guard try handle.status().kind == .regular else { throw SystemError(.open, .exists) }
            try handle.reopenForWriting().truncate(to: 0)
        } catch {
            if error.code != .noEntry { throw error }
        }
    }

    /// Writes a whole file, in place of what has its name; on its disk when this returns.
    package func write(_ file: String, _ bytes: [UInt8]) throws(SystemError) {
        var random = SystemRandomNumberGenerator()
        let temporary = ".cutover-" + String(random.next() as UInt64, radix: 36)
        do throws(SystemError) {
            let made = try descriptor.createFile(Name(temporary), mode: 0o600)
            try bytes.withUnsafeBufferPointer { buffer throws(SystemError) in
                try made.write(UnsafeRawBufferPointer(buffer), at: 0)
            }
            try made.synchronize()
            try made.close()
            try descriptor.rename(temporary, to: file)
            try descriptor.synchronize()
        } catch {
            // What failed first is what the person must know; what is left has a name that nobody reads.
            try? descriptor.removeFile(temporary)
            throw error
        }
    }

    // MARK: Locks

    /// Locks what a run needs, to the end of this object: its own part alone, and the plan with other shards, or for closing
    /// without them.
    ///
    /// `word`: what else the names of the locks have, by which passes and comparisons do not exclude each other.
    package func lock(_ part: RunPart, _ word: String = "") throws(Refusal) {
        let plan = try lock("\(word)plan.lock", part == .closing ? .exclusive : .shared)
        guard let plan else { throw .planBusy(part == .closing ? .shards : .closing) }
        var held = [plan]
        if let shard = part.shard {
            guard let own = try lock("\(shard).\(word)lock", .exclusive) else {
                throw .planBusy(.shard(shard))
            }
            held.append(own)
        }
        locks.withLock { $0 += held }
    }

    /// Nil: others have it.
    private func lock(_ file: String, _ kind: FileLock) throws(Refusal) -> SharedDescriptor? {
        do throws(SystemError) {
            let found = try descriptor.openOrCreateRegularFile(Name(file), mode: 0o600)
            guard let found else { throw SystemError(.open, .exists) }
            let lock = SharedDescriptor(found)
            return try lock.descriptor.lock(kind) ? lock : nil
        } catch {
            throw unusable(file, error.code.sentence)
        }
    }

    /// Lets others begin.
    package func unlock() { locks.withLock { $0 = [] } }
}
