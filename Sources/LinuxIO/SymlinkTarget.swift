// Targets of symlinks that are read once and not for each entry of a volume: links of /proc and /dev.

/// Reads symlinks one by one.
package enum SymlinkTarget {
    /// PATH_MAX.
    private static let bytesMax = 4096
    /// As many links as the kernel follows.
    private static let linksMax = 40

    /// The target of a symlink.
    ///
    /// The system call is `readlinkat`.
    static func read(
        _ name: Name,
        in directory: borrowing Descriptor
    ) throws(SystemError) -> [UInt8] {
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytesMax)
        defer { buffer.deallocate() }
        let count = try name.withPointer { pointer throws(SystemError) in
            try directory.readSymlink(pointer, into: buffer)
        }
        return Array(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
    }

    /// The number of the block device that a path names, symlinks followed, as `FileStatus.device`; nil where it names
    /// none, or none that can be asked for.
    ///
    /// The device is not opened.
    package static func blockDevice(named path: [UInt8]) -> UInt64? {
        var path = path
        for _ in 0..<linksMax {
            guard let slash = path.lastIndex(of: 0x2F) else { return nil }
            let name = Array(path[(slash + 1)...])
            let folder = slash == 0 ? [0x2F] : Array(path[..<slash])
            guard !name.isEmpty, !name.contains(0),
                let directory = try? Descriptor.openRoot(Name(folder)),
                let status = try? directory.openHandle(Name(name)).status()
            else { return nil }
            if status.kind == .blockDevice {
                return UInt64(status.specialMajor) << 32 | UInt64(status.specialMinor)
            }
            guard status.kind == .symlink, let target = try? read(Name(name), in: directory) else {
                return nil
            }
            path = target.first == 0x2F ? target : folder + [0x2F] + target
        }
        return nil
    }
}
