// A file that the person named to be written, and that appears under its name only when it is complete and on its
// disk. Until then it has a name of its own beside it, which is removed when anything fails.

/// The place of a file that is to be made or replaced.
///
/// Symlinks on the way to its directory are followed as the person meant them; what has the name itself must be a
/// regular file, or nothing.
package struct ReplacementFile: ~Copyable, Sendable {
    private let directory: Descriptor
    private let name: Name
    /// What the file that has the name held at first; 0: there was none.
    package let earlierBytes: UInt64

    /// ENOENT or ENOTDIR when there is no such directory, EISDIR for a name that is none, EEXIST when something
    /// else than a regular file has it.
    package init(_ path: Name) throws(SystemError) {
        let bytes = Array(path.bytes)
        let slash = bytes.lastIndex(of: 0x2F)
        let last = Name(bytes[(slash.map { $0 + 1 } ?? 0)...])
        if last.count == 0 || last == Name(".") || last == Name("..") {
            throw SystemError(.open, .isDirectory)
        }
        let parent = slash.map { $0 == 0 ? [0x2F] : Array(bytes[..<$0]) } ?? [0x2E]
        let opened = try Descriptor.openRoot(Name(parent))
        let existing = try last.withPointer { pointer throws(SystemError) in
            try opened.status(of: pointer)
        }
        if let existing, existing.kind != .regular {
            throw SystemError(.open, existing.kind == .directory ? .isDirectory : .exists)
        }
        directory = opened
        name = last
        earlierBytes = existing?.sizeBytes ?? 0
    }

    /// The first bytes of the regular file that has the name, at most `count`; nil where none has it.
    package borrowing func earlier(count: Int) throws(SystemError) -> [UInt8]? {
        try name.withPointer { pointer throws(SystemError) -> [UInt8]? in
            guard let file = try directory.openRegularFile(pointer, isDirect: false) else {
                return nil
            }
            return try file.start(count: count)
        }
    }

    /// Keeps others who do the same from changing files of the directory while this is there; false: they did not let go
    /// within `milliseconds`.
    ///
    /// Where a filesystem locks no directories (NFS): its error.
    package borrowing func excludeOthers(milliseconds: UInt64) throws(SystemError) -> Bool {
        let end = monotonicNanoseconds() + milliseconds * 1_000_000
        while try !directory.lock(.exclusive) {
            if monotonicNanoseconds() >= end { return false }
            pauseThread(nanoseconds: 5_000_000)
        }
        return true
    }

    /// A file without a name in the same directory, for what is gathered before; gone when closed.
    package func makeSpool() throws(SystemError) -> Descriptor {
        do throws(SystemError) { return try directory.createUnnamedFile() } catch {
            guard error.code == .notSupported || error.code == .isDirectory else { throw error }
        }
        // No O_TMPFILE here (NFS, old filesystems).
        let temporary = Self.temporaryName()
        let made = try directory.createFile(temporary, mode: 0o600, isReadable: true)
        try temporary.withPointer { pointer throws(SystemError) in
            try directory.removeFile(pointer)
        }
        return made
    }

    /// Makes the file, still under a name of its own; `mode` is what others may do with it, whatever the umask is.
    package consuming func open(mode: UInt32 = 0o600) throws(SystemError) -> Contents {
        let temporary = Self.temporaryName()
        let file = try directory.createFile(temporary, mode: 0o600)
        return Contents(place: self, temporary: temporary, file: file, mode: mode)
    }

    private static func temporaryName() -> Name {
        var random = SystemRandomNumberGenerator()
        return Name(".cutover-" + String(random.next() as UInt64, radix: 36))
    }

    /// The file while it is written.
    package struct Contents: ~Copyable, Sendable {
        private let place: ReplacementFile
        private let temporary: Name
        private var file: Descriptor?
        private let mode: UInt32
        private var gathered: [UInt8] = []
        private var written: UInt64 = 0

        fileprivate init(
            place: consuming ReplacementFile,
            temporary: Name,
            file: consuming Descriptor,
            mode: UInt32
        ) {
            self.mode = mode
            self.place = place
            self.temporary = temporary
            self.file = consume file
        }

        deinit {
            // It was not published: gone with its name; when even that fails an empty name stays, and no more can
            // be done about it.
            if file != nil { try? Self.remove(temporary, place.directory) }
        }

        /// Appends bytes.
        package mutating func write(_ bytes: [UInt8]) throws(SystemError) {
            gathered += bytes
            if gathered.count >= OutputFile.gatheredMax { try flush() }
        }

        private mutating func flush() throws(SystemError) {
            let bytes = gathered
            let start = written
            gathered.removeAll(keepingCapacity: true)
            try bytes.withUnsafeBufferPointer { buffer throws(SystemError) in
                try file?.write(UnsafeRawBufferPointer(buffer), at: start)
            }
            written += UInt64(bytes.count)
        }

        /// Gives it its name, in place of what had that before.
        ///
        /// `isSynchronized`: it is on its disk then; not for what is written anew all the time.
        package consuming func publish(isSynchronized: Bool = true) throws(SystemError) {
            try flush()
            if mode != 0o600 { try file?.setMode(mode) }
            if isSynchronized { try file?.synchronize() }
            if let file = file.take() { try file.close() }
            do throws(SystemError) {
                try temporary.withPointer { from throws(SystemError) in
                    try place.name.withPointer { to throws(SystemError) in
                        try place.directory.rename(from, to: to)
                    }
                }
            } catch {
                // What failed first is what the person must know.
                try? Self.remove(temporary, place.directory)
                throw error
            }
            if isSynchronized { try place.directory.synchronize() }
        }

        private static func remove(
            _ name: Name,
            _ directory: borrowing Descriptor
        ) throws(SystemError) {
            try name.withPointer { pointer throws(SystemError) in
                try directory.removeFile(pointer)
            }
        }
    }
}
