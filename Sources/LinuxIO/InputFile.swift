// Files named on the command line to be read: small ones whole (patterns), others piece by piece (manifests).

import Glibc

/// Files that the person named to be read.
package enum InputFile {
    /// The whole file at `path`, symlinks followed as the person meant them; `-` is standard input.
    ///
    /// EFBIG when it is larger than `bytesMax`. The corresponding system calls are `open` and `read`.
    package static func contents(of path: Name, bytesMax: Int) throws(SystemError) -> [UInt8] {
        var descriptor: Int32 = STDIN_FILENO
        if !path.bytes.elementsEqual([0x2D]) { descriptor = try number(of: path, flags: 0) }
        defer {
            // It was only read: closing cannot lose anything.
            if descriptor != STDIN_FILENO { _ = close(descriptor) }
        }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 {
                let code = ErrorCode(rawValue: errno)
                if code == .interrupted { continue }
                throw SystemError(.read, code)
            }
            if count == 0 { return contents }
            contents.append(contentsOf: chunk[..<count])
            if contents.count > bytesMax { throw SystemError(.read, .fileTooLarge) }
        }
    }

    /// The file at `path`, symlinks followed as the person meant them, a FIFO not waited for.
    ///
    /// The corresponding system call is `open`.
    package static func open(_ path: Name) throws(SystemError) -> Descriptor {
        Descriptor(owning: try number(of: path, flags: O_NONBLOCK))
    }

    private static func number(of path: Name, flags: Int32) throws(SystemError) -> Int32 {
        try path.withPointer { pointer throws(SystemError) in
            let opened = Glibc.open(pointer, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags)
            if opened < 0 { throw SystemError(.open, ErrorCode(rawValue: errno)) }
            return opened
        }
    }
}
