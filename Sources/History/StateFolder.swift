// The folder that holds the databases, and the files in it, reached by the folder's descriptor.
//
// It keeps true: nobody but its owner can write in it (who can write a record can make a pass believe
// that a file is unchanged); what is made in it is its owner's alone, for it tells names of users'
// files; what is no regular file is not opened; nothing in it is ever deleted but what was never used.

import LinuxIO

/// A folder that is open.
final class StateFolder: Sendable {
    let descriptor: Descriptor
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
        var found = try openExisting(bytes)
        if found == nil, makesMissing {
            try make(bytes)
            found = try openExisting(bytes)
            if found == nil { throw unusable(bytes, .noEntry) }
        }
        try found?.checkOwner()
        return found
    }

    /// Nil: there is none.
    private static func openExisting(_ bytes: [UInt8]) throws(HistoryProblem) -> StateFolder? {
        // No name at all is not the root, which `openRoot` would make of it.
        if bytes.isEmpty { return nil }
        do throws(SystemError) {
            let path = String(decoding: bytes, as: UTF8.self)
            return StateFolder(try Descriptor.openRoot(Name(bytes)), path: path)
        } catch {
            if error.code == .noEntry { return nil }
            throw unusable(bytes, error.code)
        }
    }

    private init(_ descriptor: consuming Descriptor, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    private static func unusable(_ bytes: [UInt8], _ code: ErrorCode) -> HistoryProblem {
        .cannotUseFolder(path: String(decoding: bytes, as: UTF8.self), reason: code.sentence)
    }

    /// An error of this folder.
    func unusable(_ reason: String) -> HistoryProblem {
        .cannotUseFolder(path: path, reason: reason)
    }

    /// The same of one of its files.
    func unusable(_ name: String, _ reason: String) -> HistoryProblem {
        unusable("\(name): \(reason)")
    }

    /// Calls the kernel for one of its files, or without a name for itself.
    func calling<Result>(
        _ name: String? = nil,
        _ body: () throws(SystemError) -> Result
    ) throws(HistoryProblem) -> Result {
        do throws(SystemError) { return try body() } catch {
            guard let name else { throw unusable(error.code.sentence) }
            throw unusable(name, error.code.sentence)
        }
    }

    private func checkOwner() throws(HistoryProblem) {
        let status = try calling { () throws(SystemError) in try descriptor.status() }
        guard status.owner == ProcessLimits.effectiveUser || status.owner == 0 else {
            throw unusable("it belongs to user \(status.owner): give another folder")
        }
        // The group's bits of the mode cover what an ACL gives, too.
        guard status.mode & 0o022 == 0 else {
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
            // Why it cannot be opened shows when it is made.
            if (try? Descriptor.openRoot(Name(part))) != nil { continue }
            do throws(SystemError) {
                // Opened to show that it can be; nothing is written through it.
                _ = try Descriptor.makeRoot(Name(part))
            } catch {
                guard error.code == .exists else { throw unusable(part, error.code) }
            }
            try syncParent(part)
        }
    }

    /// Brings the name of a folder that was made to the disk.
    ///
    /// A power cut that takes the folder away takes with it which files were being written: they would be trusted.
    private static func syncParent(_ bytes: [UInt8]) throws(HistoryProblem) {
        do throws(SystemError) {
            try Descriptor.openRoot(Name(bytes + Array("/..".utf8))).synchronize()
        } catch {
            // Whoever may make names in a directory need not be allowed to open it.
            if error.code != .accessDenied { throw unusable(bytes, error.code) }
        }
    }

    // MARK: Files in it

    /// - Throws: `cannotUseFolder`.
    func kind(of name: String) throws(HistoryProblem) -> Kind {
        guard let status = try status(of: name) else { return .missing }
        return status.kind == .regular ? .file : .other
    }

    /// Nil: there is no such file.
    /// - Throws: `cannotUseFolder`.
    func status(of name: String) throws(HistoryProblem) -> FileStatus? {
        try calling(name) { () throws(SystemError) in try descriptor.status(of: name) }
    }

    /// Makes an empty file that only its owner can read.
    ///
    /// Its journals inherit the mode (SQLite).
    func create(_ name: String) throws(HistoryProblem) {
        try calling(name) { () throws(SystemError) in
            try descriptor.createFile(Name(name), mode: 0o600).close()
        }
    }

    /// Makes a small file whose being there says something; one that is there stays as it is.
    /// - Throws: `cannotUseFolder`.
    func note(_ name: String, _ text: String = "") throws(HistoryProblem) {
        do throws(SystemError) {
            Self.fill(try descriptor.createFile(Name(name), mode: 0o600), text)
        } catch {
            guard error.code == .exists else { throw unusable(name, error.code.sentence) }
        }
    }

    private static func fill(_ file: consuming Descriptor, _ text: String) {
        do throws(SystemError) {
            try Array(text.utf8).withUnsafeBufferPointer { bytes throws(SystemError) in
                try file.write(UnsafeRawBufferPointer(bytes), at: 0)
            }
            try file.synchronize()
            try file.close()
        } catch {
            // The text is an addition, for people.
        }
    }

    /// Replaces the text of a small file: a reader sees one whole text or another.
    ///
    /// Not synchronised: for what may be lost.
    func replace(_ name: String, _ text: [UInt8]) throws(HistoryProblem) {
        let unfinished = Self.unfinished(name)
        // A killed process may have left one.
        try removeUnused(unfinished)
        try calling(unfinished) { () throws(SystemError) in
            let file = try descriptor.createFile(Name(unfinished), mode: 0o600)
            try text.withUnsafeBufferPointer { bytes throws(SystemError) in
                try file.write(UnsafeRawBufferPointer(bytes), at: 0)
            }
            try file.close()
        }
        try rename(unfinished, to: name)
    }

    /// What `replace` writes first.
    static func unfinished(_ name: String) -> String { name + ".new" }

    /// The first bytes of a file, at most `count`.
    func read(_ name: String, count: Int) throws(HistoryProblem) -> [UInt8] {
        let found = try calling(name) { () throws(SystemError) -> [UInt8]? in
            guard let file = try descriptor.openRegularFile(name, isDirect: false) else {
                return nil
            }
            return try file.start(count: count)
        }
        guard let found else { throw unusable(name, "it is not a regular file") }
        return found
    }

    /// Removes a file that was never used.
    func removeUnused(_ name: String) throws(HistoryProblem) {
        try calling(name) { () throws(SystemError) in
            do throws(SystemError) { try descriptor.removeFile(name) } catch {
                if error.code != .noEntry { throw error }
            }
        }
    }

    /// Renames, over what has the new name.
    func rename(_ name: String, to new: String) throws(HistoryProblem) {
        try calling(name) { () throws(SystemError) in try descriptor.rename(name, to: new) }
    }

    /// Brings names made, changed and removed to the disk.
    func sync() throws(HistoryProblem) {
        try calling { () throws(SystemError) in try descriptor.synchronize() }
    }

    /// The names of all files in it, sorted; those that are no text are left out: they are not ours.
    /// - Throws: `cannotUseFolder`.
    func names() throws(HistoryProblem) -> [String] {
        let listing = try calling { () throws(SystemError) in
            // An open file of its own: a listing moves the position of the one that it reads.
            let directory = try descriptor.openDirectory(Name("."))
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32_768, alignment: 16)
            defer { buffer.deallocate() }
            var listing = Listing()
            try listing.read(directory, buffer: buffer)
            return listing
        }
        let names = (0..<listing.count).compactMap {
            String(validating: listing.nameBytes($0), as: UTF8.self)
        }
        return names.sorted()
    }

    /// The path of a file in it, for people.
    func path(of name: String) -> String { path + (path.hasSuffix("/") ? "" : "/") + name }
}
