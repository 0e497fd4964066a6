// The folder that holds the databases, and the files in it, reached by the folder's descriptor.
//
// It keeps true: nobody but its owner can write in it (who can write a record can make a pass believe
// that a file is unchanged); what is made in it is its owner's alone, for it tells names of users'
// files; nothing in it is ever deleted but what was never used.

import Glibc

/// A folder that is open.
final class StateFolder: Sendable {
    let descriptor: Int32
    /// For messages.
    let path: String

    /// What a name in the folder is.
    enum Kind { case missing, file, other }

    /// Opens the folder; nil: it is missing, and not to be made.
    ///
    /// Symbolic links on the way to it are followed: it is the administrator who says where it is.
    /// - Throws: `cannotUseFolder`.
    static func open(
        _ bytes: [UInt8],
        makesMissing: Bool
    ) throws(HistoryProblem) -> StateFolder? {
        var opened = openDirectory(AT_FDCWD, bytes)
        if opened == -ENOENT {
            if !makesMissing { return nil }
            try make(bytes)
            opened = openDirectory(AT_FDCWD, bytes)
        }
        let path = String(decoding: bytes, as: UTF8.self)
        guard opened >= 0 else {
            throw .cannotUseFolder(path: path, reason: errorText(-opened))
        }
        let folder = StateFolder(opened, path: path)
        try folder.checkOwner()
        return folder
    }

    private init(_ descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        // Nothing was written through it.
        _ = close(descriptor)
    }

    /// An error of this folder.
    func unusable(_ reason: String) -> HistoryProblem {
        .cannotUseFolder(path: path, reason: reason)
    }

    private func unusable(_ name: String, _ error: Int32) -> HistoryProblem {
        unusable("\(name): \(errorText(error))")
    }

    private func checkOwner() throws(HistoryProblem) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unusable(errorText(errno)) }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw unusable("it belongs to user \(status.st_uid): give another folder")
        }
        // The group's bits of the mode cover what an ACL gives, too.
        guard status.st_mode & 0o022 == 0 else {
            throw unusable("others can write in it: run chmod go-w, or give another folder")
        }
    }

    // MARK: Making the folder

    /// Makes the folder and what is missing above it, 0700, each on the disk.
    private static func make(_ bytes: [UInt8]) throws(HistoryProblem) {
        let slash = UInt8(ascii: "/")
        for end in 1...max(bytes.count, 1) where end <= bytes.count {
            guard end == bytes.count || bytes[end] == slash, bytes[end - 1] != slash else {
                continue
            }
            let part = Array(bytes[..<end])
            if openAndClose(part) { continue }
            let status = withPath(part) { mkdir($0, 0o700) == 0 ? 0 : -errno }
            guard status == 0 || status == -EEXIST else {
                throw .cannotUseFolder(
                    path: String(decoding: part, as: UTF8.self),
                    reason: errorText(-status)
                )
            }
            syncParent(part)
        }
    }

    private static func openAndClose(_ bytes: [UInt8]) -> Bool {
        let opened = openDirectory(AT_FDCWD, bytes)
        // Nothing was written through it.
        if opened >= 0 { _ = close(opened) }
        return opened >= 0
    }

    /// A folder that a power cut takes away is made again: that this fails is no reason to stop.
    private static func syncParent(_ bytes: [UInt8]) {
        let parent = openDirectory(AT_FDCWD, bytes + Array("/..".utf8))
        guard parent >= 0 else { return }
        // See above.
        _ = fsync(parent)
        // Nothing was written through it.
        _ = close(parent)
    }

    /// The descriptor, or -errno.
    private static func openDirectory(_ directory: Int32, _ bytes: [UInt8]) -> Int32 {
        withPath(bytes) { path in
            let opened = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            return opened >= 0 ? opened : -errno
        }
    }

    private static func withPath<Result>(
        _ bytes: [UInt8],
        _ body: (UnsafePointer<CChar>) -> Result
    ) -> Result {
        (bytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("no memory") }
            return body(base)
        }
    }

    // MARK: Files in it

    /// - Throws: `cannotUseFolder`.
    func kind(of name: String) throws(HistoryProblem) -> Kind {
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            let error = errno
            if error == ENOENT { return .missing }
            throw unusable(name, error)
        }
        return status.st_mode & S_IFMT == S_IFREG ? .file : .other
    }

    /// Makes an empty file that only its owner can read.
    ///
    /// Its journals inherit the mode (SQLite).
    func create(_ name: String) throws(HistoryProblem) {
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = openat(descriptor, name, flags, 0o600)
        guard file >= 0 else { throw unusable(name, errno) }
        // Nothing was written through it.
        _ = close(file)
    }

    /// Writes a small file; only for what may be lost.
    func write(_ name: String, _ text: String) {
        let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        // The file's being there is what counts, its text is an addition.
        _ = text.withCString { Glibc.write(file, $0, strlen($0)) }
        // As above.
        _ = fsync(file)
        // As above.
        _ = close(file)
    }

    /// The first bytes of a file, at most `count`.
    func read(_ name: String, count: Int) throws(HistoryProblem) -> [UInt8] {
        // O_NONBLOCK: were it a pipe, opening would wait.
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw unusable(name, errno) }
        // Nothing was written through it.
        defer { _ = close(file) }
        var bytes = [UInt8](repeating: 0, count: count)
        let length = pread(file, &bytes, count, 0)
        guard length >= 0 else { throw unusable(name, errno) }
        return Array(bytes.prefix(length))
    }

    /// Removes a file that was never used.
    func removeUnused(_ name: String) throws(HistoryProblem) {
        guard unlinkat(descriptor, name, 0) != 0 else { return }
        let error = errno
        if error != ENOENT { throw unusable(name, error) }
    }

    /// Renames, over what has the new name.
    func rename(_ name: String, to new: String) throws(HistoryProblem) {
        guard renameat(descriptor, name, descriptor, new) == 0 else { throw unusable(name, errno) }
    }

    /// Brings names made, changed and removed to the disk.
    func sync() throws(HistoryProblem) {
        guard fsync(descriptor) == 0 else { throw unusable(errorText(errno)) }
    }
}

/// The lock of one pair, for the life of this object; another process sees it, and another opening of
/// the same process.
final class PairLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; nil: read-only, and nobody has ever locked.
    ///
    /// Exclusive to write, shared to read: readers make nothing, and do not wait. Who wants to write
    /// tries for 0.1 s, for who looks on (`observedPasses`) has the lock for a moment.
    /// - Throws: `busy`, `cannotUseFolder`.
    static func take(
        in folder: StateFolder,
        name: String,
        isReadOnly: Bool
    ) throws(HistoryProblem) -> PairLock? {
        let flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let opened =
            isReadOnly
            ? openat(folder.descriptor, name, O_RDONLY | flags)
            : openat(folder.descriptor, name, O_RDWR | O_CREAT | flags, 0o600)
        guard opened >= 0 else {
            let error = errno
            if isReadOnly && error == ENOENT { return nil }
            throw folder.unusable("\(name): \(errorText(error))")
        }
        let lock = PairLock(opened)
        var triesLeft = isReadOnly ? 0 : 10
        while flock(opened, (isReadOnly ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
            let error = errno
            if error == EWOULDBLOCK {
                if triesLeft == 0 { throw .busy }
                triesLeft -= 1
                // Interrupted it is shorter.
                _ = usleep(10_000)
                continue
            }
            if error != EINTR { throw folder.unusable("\(name): \(errorText(error))") }
        }
        return lock
    }

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        // Nothing was written through it; closing gives the lock back.
        _ = close(descriptor)
    }
}
