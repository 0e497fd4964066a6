// What ext4 says of itself in its superblock: features that nothing can be tried out for (how large a directory
// can become), or not without writing. Read, never written, from the block device beneath a mounted filesystem:
// both see the same page of the cache.

/// The facts of an ext4 superblock (Documentation/filesystems/ext4/super.rst of Linux) that a copy depends on.
package struct Ext4Superblock: Sendable, Equatable {
    package var blockBytes: UInt64
    package var hasLargeDirectories: Bool
    package var hasLargeAttributes: Bool
    package var hasProjects: Bool
    /// Quotas are a part of the filesystem, and accounted whenever it is mounted writable.
    package var hasQuotas: Bool
    /// Small files lie in their inodes, and statx(2) tells blocks for them that nobody is charged.
    package var hasInlineData: Bool
    /// What it was made with, as dumpe2fs(8) calls it.
    package var features: [String] = []

    /// The superblock begins so many bytes after the start of the device.
    static let offset = 1024
    static let byteCount = 1024

    package init(  // Six: one for each value; tests name a few.
        blockBytes: UInt64 = 4096,
        hasLargeDirectories: Bool = false,
        hasLargeAttributes: Bool = false,
        hasProjects: Bool = false,
        hasQuotas: Bool = false,
        hasInlineData: Bool = false
    ) {
        self.blockBytes = blockBytes
        self.hasLargeDirectories = hasLargeDirectories
        self.hasLargeAttributes = hasLargeAttributes
        self.hasProjects = hasProjects
        self.hasQuotas = hasQuotas
        self.hasInlineData = hasInlineData
    }

    /// Reads its bytes; nil when they are no superblock of ext2, ext3 or ext4.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.byteCount else { return nil }
        func number(_ offset: Int, _ count: Int) -> UInt64 {
            (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64($1 * 8) }
        }
        let logBlock = number(0x18, 4)
        guard number(0x38, 2) == 0xEF53, logBlock <= 6 else { return nil }
        let compatible = number(0x5C, 4)
        let incompatible = number(0x60, 4)
        let readOnlyCompatible = number(0x64, 4)
        blockBytes = 1024 << logBlock
        hasLargeAttributes = incompatible & 0x400 != 0
        hasLargeDirectories = incompatible & 0x4000 != 0
        hasInlineData = incompatible & 0x8000 != 0
        hasProjects = readOnlyCompatible & 0x2000 != 0
        hasQuotas = readOnlyCompatible & 0x100 != 0
        features = FeatureWords.ext4(
            compatible: compatible,
            incompatible: incompatible,
            readOnly: readOnlyCompatible
        )
    }

    /// Reads that of the ext4 which `root` is on, from its block device as the mount table names it; nil where that
    /// cannot be.
    package static func read(below root: borrowing Descriptor) -> Ext4Superblock? {
        guard let device = try? MountTable.entry(of: root)?.device,
            let number = try? root.status().device
        else { return nil }
        return read(device: Name(device), number: number)
    }

    /// Reads it from the block device at `path`, which must be the device with that number (`FileStatus.device`).
    ///
    /// Nil where that cannot be: not root, no such node, another device, no ext4. The system calls are `open`,
    /// `statx` and `pread`.
    package static func read(device path: Name, number: UInt64) -> Ext4Superblock? {
        // Without waiting: what stands under the name need not be what it should be.
        guard let device = try? InputFile.open(path),
            let status = try? device.status(), status.kind == .blockDevice,
            UInt64(status.specialMajor) << 32 | UInt64(status.specialMinor) == number
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        let count = try? bytes.withUnsafeMutableBytes {
            try device.read(into: $0, at: UInt64(offset))
        }
        return count == byteCount ? Ext4Superblock(bytes) : nil
    }

    /// The bytes of entries that a directory holds for sure unless `large_dir` is on.
    ///
    /// Its index has two levels: a root block and blocks below it of 8 bytes for each leaf; a leaf that is
    /// split is left half full (fs/ext4/namei.c). With blocks of 4 KiB 259,588 leaves, 1 GiB of them.
    package var directoryBytesMax: UInt64 {
        let inRoot = (blockBytes - 40) / 8
        let inNode = (blockBytes - 16) / 8
        return inRoot * inNode * blockBytes / 2
    }
}
