// What the kernel tells in /sys of the device beneath a volume: its name, whether it takes writes, and errors
// that ext4 has met on it. All of it is absent where there is no such device (tmpfs, btrfs, network).

/// A block device by its number.
package struct BlockDevice: Sendable, Equatable {
    /// As the kernel calls it: `sda1`, `dm-0`.
    package let name: String
    package let isReadOnly: Bool

    /// Looks it up; nil where there is none of this number (`FileStatus.device`).
    ///
    /// Reads /sys/dev/block/MAJOR:MINOR/uevent and ro.
    package init?(number: UInt64) {
        let folder = "/sys/dev/block/\(number >> 32):\(number & 0xFFFF_FFFF)/"
        let key = "DEVNAME="
        guard let lines = Self.text(folder + "uevent")?.split(separator: "\n"),
            let line = lines.first(where: { $0.hasPrefix(key) })
        else { return nil }
        name = String(line.dropFirst(key.count))
        // A partition has no file of its own in old kernels; what cannot be told shows when it is written to.
        isReadOnly = Self.text(folder + "ro") == "1"
    }

    /// How many errors ext4 has met on it since e2fsck ran last; nil where ext4 does not use it.
    ///
    /// Reads /sys/fs/ext4/NAME/errors_count (Documentation/ABI/testing/sysfs-fs-ext4 of Linux).
    package func ext4Errors() -> UInt64? {
        // /dev/cciss/c0d0 is cciss!c0d0 in /sys.
        let node = String(name.map { $0 == "/" ? "!" : $0 })
        return Self.text("/sys/fs/ext4/\(node)/errors_count").flatMap { UInt64($0) }
    }

    private static func text(_ path: String) -> String? {
        guard let bytes = try? InputFile.contents(of: Name(path), bytesMax: 65_536) else {
            return nil
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
