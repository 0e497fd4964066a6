// Whether anybody has written to a volume since we last looked: the mount that it is reached through, and the
// sectors that its block device was given to write.

import CLinux

/// What a volume shows of writes by others.
///
/// Two equal values of one mount say that nothing was written between; each part is nil where the kernel
/// does not tell.
package struct WriteTraces: Equatable, Sendable {
    /// Inodes in use; only of a whole volume.
    package var inodes: UInt64?
    /// A number that no other mount gets while the machine runs.
    package var mount: UInt64?
    package var sectorsWritten: UInt64?

    /// Reads them for the volume that holds `directory`, a whole one if `isWholeVolume`.
    ///
    /// The system calls are `statx`, `fstatfs` and reading /sys/dev/block/MAJOR:MINOR/stat, whose seventh
    /// number it is (Documentation/block/stat.rst of Linux).
    package init(of directory: borrowing Descriptor, isWholeVolume: Bool) {
        if isWholeVolume, let volume = try? VolumeStatus(of: directory), volume.countsInodes {
            inodes = volume.usedInodes
        }
        var mount: UInt64 = 0
        if cl_unique_mount(directory.raw, &mount) == 0 { self.mount = mount }
        guard let device = try? directory.status().device else { return }
        let path = "/sys/dev/block/\(device >> 32):\(device & 0xFFFF_FFFF)/stat"
        guard let text = try? InputFile.contents(of: Name(path), bytesMax: 4096) else { return }
        let numbers = text.split { $0 == 0x20 || $0 == 0x0A }
        guard numbers.count >= 7 else { return }
        sectorsWritten = UInt64(String(decoding: numbers[6], as: UTF8.self))
    }
}
