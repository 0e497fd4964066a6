// Where a file would lie that a person named to be written, found out without making it.

import CLinux

/// The way that open(2) with O_CREAT would go.
package enum OutputPlace {
    /// Symlinks that one name may lead over, as path_resolution(7) has it.
    private static let symlinksMax = 40

    /// A handle on what is at `path`, or else on the directory in which it would be made; symlinks are followed,
    /// one that leads to nothing too, for O_CREAT makes what it names.
    ///
    /// The corresponding system calls are `open` with O_PATH and `readlinkat`.
    package static func handle(_ path: Name) throws(SystemError) -> Descriptor {
        var path = Array(path.bytes)
        for _ in 0...symlinksMax {
            do throws(SystemError) { return try open(path) } catch {
                if error.code != .noEntry { throw error }
            }
            let parent = try directory(of: path)
            guard let target = try target(of: path, in: parent) else { return parent }
            path = target.first == 0x2F ? target : directoryPath(of: path) + [0x2F] + target
        }
        throw SystemError(.open, .symlinkLoop)
    }

    /// A handle on the directory that holds what `path` names.
    package static func directory(of path: [UInt8]) throws(SystemError) -> Descriptor {
        try open(directoryPath(of: path) + Array("/.".utf8))
    }

    /// Without the last name and the slashes before it; `.` for a name alone.
    private static func directoryPath(of path: [UInt8]) -> [UInt8] {
        var path = path
        while path.last == 0x2F { path.removeLast() }
        guard let slash = path.lastIndex(of: 0x2F) else { return [0x2E] }
        return slash == 0 ? [0x2F] : Array(path[..<slash])
    }

    /// What the symlink at `path` says; nil when there is none.
    private static func target(
        of path: [UInt8],
        in directory: borrowing Descriptor
    ) throws(SystemError) -> [UInt8]? {
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4096)
        defer { buffer.deallocate() }
        let name = path.split(separator: 0x2F).last.map { Name(Array($0)) } ?? Name(".")
        do throws(SystemError) {
            let length = try name.withPointer { pointer throws(SystemError) in
                try directory.readSymlink(pointer, into: buffer)
            }
            return buffer[..<length].map { UInt8(bitPattern: $0) }
        } catch {
            // EINVAL: no symlink.
            if error.code == .noEntry || error.code == .invalid { return nil }
            throw error
        }
    }

    private static func open(_ path: [UInt8]) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try Name(path).withPointer { pointer throws(SystemError) in
                try retrying(.open) { cl_open_path(pointer, CL_O_PATH, 0) }
            },
            isPath: true
        )
    }
}
