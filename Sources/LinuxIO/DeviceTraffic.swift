// What a block device was given to do, and what of it was for this process.

/// How much was read from and written to a block device since it is there.
///
/// Reads /sys/dev/block/MAJOR:MINOR/stat (Documentation/block/stat.rst of Linux). A partition or a volume of LVM has one
/// of its own, so it counts what is done to one filesystem, whatever lies below.
package struct DeviceTraffic: Equatable, Sendable {
    /// Of 512 bytes.
    package let sectorsRead: UInt64
    /// Of 512 bytes.
    package let sectorsWritten: UInt64
    /// How long it had something to do; nil: the kernel does not tell.
    package let busyMilliseconds: UInt64?

    /// That of the device with this number (as in `InodeIdentity`); nil: no block device, or the kernel does not tell.
    package init?(ofDevice device: UInt64) {
        let path = "/sys/dev/block/\(device >> 32):\(device & 0xFFFF_FFFF)/stat"
        guard let text = try? InputFile.contents(of: Name(path), bytesMax: 4096) else { return nil }
        let numbers = text.split { $0 == 0x20 || $0 == 0x0A }
        guard numbers.count >= 7,
            let read = UInt64(String(decoding: numbers[2], as: UTF8.self)),
            let written = UInt64(String(decoding: numbers[6], as: UTF8.self))
        else { return nil }
        sectorsRead = read
        sectorsWritten = written
        busyMilliseconds =
            numbers.count > 9 ? UInt64(String(decoding: numbers[9], as: UTF8.self)) : nil
    }

    package var bytes: UInt64 { (sectorsRead &+ sectorsWritten) &* 512 }

    /// Bytes that this process has read from any block device since it began; nil: not told.
    ///
    /// `read_bytes` of /proc/self/io (proc_pid_io(5)), of all threads.
    package static func bytesReadByUs() -> UInt64? {
        guard let text = try? InputFile.contents(of: Name("/proc/self/io"), bytesMax: 4096) else {
            return nil
        }
        let label = [UInt8]("read_bytes: ".utf8)
        guard let line = text.split(separator: 0x0A).first(where: { $0.starts(with: label) }) else {
            return nil
        }
        return UInt64(String(decoding: line.dropFirst(label.count), as: UTF8.self))
    }
}
