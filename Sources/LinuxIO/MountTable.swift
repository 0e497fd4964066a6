// Where a directory lies inside its filesystem, whatever it is mounted as: the one thing that tells that
// two mounts show parts of the same tree.

/// What /proc/self/mountinfo says (proc(5)).
package enum MountTable {
    /// 16 MiB: some 100,000 mounts.
    private static let tableBytesMax = 16 << 20

    /// The path of an open directory from the root of its filesystem, without a trailing slash.
    ///
    /// Nil where the kernel does not tell which mount a descriptor is on (before Linux 5.8), or the mount is
    /// not in this process's table. Reads /proc/self/mountinfo and /proc/self/fd.
    package static func pathInFilesystem(
        of directory: borrowing Descriptor
    ) throws(SystemError) -> [UInt8]? {
        let mount = try directory.status().mount
        let path = try directory.path()
        let table = try InputFile.contents(
            of: Name("/proc/self/mountinfo"),
            bytesMax: tableBytesMax
        )
        return pathInFilesystem(path, mount: mount, table: table)
    }

    /// The same from a path, the number of its mount and the text of the table.
    package static func pathInFilesystem(
        _ path: [UInt8],
        mount: UInt64,
        table: [UInt8]
    ) -> [UInt8]? {
        guard mount != 0 else { return nil }
        for line in table.split(separator: 0x0A) {
            // 36 35 98:0 /mnt1 /mnt2 rw,noatime ...: number, parent, device, root, mount point.
            let fields = line.split(separator: 0x20)
            guard fields.count >= 5, UInt64(String(decoding: fields[0], as: UTF8.self)) == mount
            else { continue }
            let root = trimmed(unescaped(fields[3]))
            let mountPoint = trimmed(unescaped(fields[4]))
            guard path.starts(with: mountPoint) else { return nil }
            return root + trimmed(Array(path.dropFirst(mountPoint.count)))
        }
        return nil
    }

    private static func trimmed(_ path: [UInt8]) -> [UInt8] {
        path.last == 0x2F ? Array(path.dropLast()) : path
    }

    /// Blanks, tabs, newlines and backslashes stand as a backslash and three octal digits.
    private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = field
        while let byte = rest.first {
            let digits = rest.dropFirst().prefix(3)
            let value = digits.reduce(0) { $0 * 8 + (Int($1) - 0x30) }
            if byte == 0x5C, digits.count == 3, (0...255).contains(value),
                digits.allSatisfy({ (0x30...0x37).contains($0) })
            {
                result.append(UInt8(value))
                rest = rest.dropFirst(4)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
