// Where a directory lies inside its filesystem, whatever it is mounted as: the one thing that tells that
// two mounts show parts of the same tree; and how that filesystem is mounted.

/// One mount, as the table has it.
package struct MountEntry: Sendable, Equatable {
    package var mountPoint: [UInt8]
    /// Of this mount: `ro`, `noatime`, `nosuid`.
    package var options: [String]
    /// What was mounted, a block device mostly.
    package var device: [UInt8]
    /// Of the filesystem wherever it is mounted: `ro`, `noacl`, `usrquota`.
    package var filesystemOptions: [String]

    package init(
        mountPoint: [UInt8],
        options: [String],
        device: [UInt8],
        filesystemOptions: [String]
    ) {
        self.mountPoint = mountPoint
        self.options = options
        self.device = device
        self.filesystemOptions = filesystemOptions
    }
}

/// One mount with its numbers.
package struct ListedMount: Sendable, Equatable {
    /// Of this mount, as fdinfo has it.
    package var number: UInt64
    /// Of its filesystem, as `FileStatus.device` has it but for btrfs, whose subvolumes have numbers of their own.
    package var device: UInt64
    /// Of the filesystem: `xfs`, `nfs4`, `fuse.sshfs`.
    package var type: String
    package var entry: MountEntry

    /// Whether nobody can write to the filesystem, through whatever mount of whatever namespace.
    package var isFilesystemReadOnly: Bool { entry.filesystemOptions.contains("ro") }
    /// Whether this mount takes writes.
    package var isWritable: Bool { !isFilesystemReadOnly && !entry.options.contains("ro") }
}

/// What /proc/self/mountinfo says (proc(5)).
package enum MountTable {
    /// 16 MiB: some 100,000 mounts.
    private static let tableBytesMax = 16 << 20

    /// The path of an open directory from the root of its filesystem, without a trailing slash.
    ///
    /// Nil where the mount is not in this process's table. Reads /proc/self/mountinfo, fd and fdinfo.
    package static func pathInFilesystem(
        of directory: borrowing Descriptor
    ) throws(SystemError) -> [UInt8]? {
        guard let mount = try number(of: directory) else { return nil }
        let path = try directory.path()
        let table = try InputFile.contents(
            of: Name("/proc/self/mountinfo"),
            bytesMax: tableBytesMax
        )
        return pathInFilesystem(path, mount: mount, table: table)
    }

    /// The number of the mount that a directory is on, as mountinfo has it; nil where it is not told.
    ///
    /// Of /proc/self/fdinfo, which asks no filesystem: statx(2) tells it since Linux 5.8 only.
    private static func number(of directory: borrowing Descriptor) throws(SystemError) -> UInt64? {
        let name = Name("/proc/self/fdinfo/\(directory.raw)")
        // A few lines.
        return number(
            inDescriptorInformation: try InputFile.contents(of: name, bytesMax: 65_536)
        )
    }

    /// From the text of a file in /proc/self/fdinfo (proc(5)).
    static func number(inDescriptorInformation text: [UInt8]) -> UInt64? {
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix("mnt_id:")
        }
        return line.flatMap { UInt64($0.dropFirst(7).drop(while: \.isWhitespace)) }
    }

    /// The same from a path, the number of its mount and the text of the table.
    package static func pathInFilesystem(
        _ path: [UInt8],
        mount: UInt64,
        table: [UInt8]
    ) -> [UInt8]? {
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

    /// How the filesystem that holds an open directory is mounted; nil as for `pathInFilesystem`.
    package static func entry(of directory: borrowing Descriptor) throws(SystemError) -> MountEntry?
    {
        try mount(of: directory)?.entry
    }

    /// The mount that an open directory was opened through; nil as for `pathInFilesystem`.
    package static func mount(
        of directory: borrowing Descriptor
    ) throws(SystemError) -> ListedMount? {
        guard let mount = try number(of: directory) else { return nil }
        let table = try InputFile.contents(
            of: Name("/proc/self/mountinfo"),
            bytesMax: tableBytesMax
        )
        return mounts(in: table).first { $0.number == mount }
    }

    /// The same from the number of the mount and the text of the table.
    package static func entry(mount: UInt64, table: [UInt8]) -> MountEntry? {
        mounts(in: table).first { $0.number == mount }?.entry
    }

    /// All mounts of a table, in its order; a line that cannot be understood is left out.
    package static func mounts(in table: [UInt8]) -> [ListedMount] {
        table.split(separator: 0x0A).compactMap { line in
            let fields = line.split(separator: 0x20)
            // Any number of optional fields, a dash, then type, device and the filesystem's own options.
            guard fields.count >= 10,
                let number = UInt64(String(decoding: fields[0], as: UTF8.self)),
                let device = device(fields[2]),
                let dash = fields.dropFirst(6).firstIndex(of: [0x2D]), dash + 3 < fields.count
            else { return nil }
            return ListedMount(
                number: number,
                device: device,
                type: String(decoding: fields[dash + 1], as: UTF8.self),
                entry: MountEntry(
                    mountPoint: unescaped(fields[4]),
                    options: options(fields[5]),
                    device: unescaped(fields[dash + 2]),
                    filesystemOptions: options(fields[dash + 3])
                )
            )
        }
    }

    /// `8:1`, in decimal.
    private static func device(_ field: ArraySlice<UInt8>) -> UInt64? {
        let halves = String(decoding: field, as: UTF8.self).split(separator: ":")
        guard halves.count == 2, let major = UInt64(halves[0]), let minor = UInt64(halves[1])
        else { return nil }
        return major << 32 | minor
    }

    private static func options(_ field: ArraySlice<UInt8>) -> [String] {
        field.split(separator: 0x2C).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func trimmed(_ path: [UInt8]) -> [UInt8] {
        path.last == 0x2F ? Array(path.dropLast()) : path
    }

    /// Blanks, tabs, newlines and backslashes stand as a backslash and three octal digits, in fstab(5) too.
    package static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
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
