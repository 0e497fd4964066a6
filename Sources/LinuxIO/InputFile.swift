// Files named on the command line to be read: small ones whole (patterns), others piece by piece (manifests).

import CLinux
import Glibc

/// Files that the person named to be read.
package enum InputFile {
    /// The whole file at `path`, symlinks followed as the person meant them; `-` is standard input.
    ///
    /// EFBIG when it is larger than `bytesMax`. The corresponding system calls are `open` and `read`.
    package static func contents(of path: Name, bytesMax: Int) throws(SystemError) -> [UInt8] {
        if path.bytes.elementsEqual([0x2D]) { return try contents(STDIN_FILENO, bytesMax) }
        let file = try open(path, flags: 0)
        return try contents(file.raw, bytesMax)
    }

    private static func contents(_ raw: Int32, _ bytesMax: Int) throws(SystemError) -> [UInt8] {
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let capacity = chunk.count
            let count = try retrying(.read) { cl_read(raw, &chunk, capacity) }
            if count == 0 { return contents }
            contents.append(contentsOf: chunk[..<count])
            if contents.count > bytesMax { throw SystemError(.read, .fileTooLarge) }
        }
    }

    /// The file at `path`, symlinks followed as the person meant them, a FIFO not waited for.
    ///
    /// The corresponding system call is `open`.
    package static func open(_ path: Name) throws(SystemError) -> Descriptor {
        try open(path, flags: O_NONBLOCK)
    }

    private static func open(_ path: Name, flags: Int32) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try path.withPointer { pointer throws(SystemError) in
                try retrying(.open) { cl_open_path(pointer, O_RDONLY | flags, 0) }
            }
        )
    }
}
