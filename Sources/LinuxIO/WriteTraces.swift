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
    /// The system calls are `statx`, `fstatfs` and those of `DeviceTraffic`.
    package init(of directory: borrowing Descriptor, isWholeVolume: Bool) {
        if isWholeVolume, let volume = try? VolumeStatus(of: directory), volume.countsInodes {
            inodes = volume.usedInodes
        }
        var mount: UInt64 = 0
        if cl_unique_mount(directory.raw, &mount) == 0 { self.mount = mount }
        guard let device = try? directory.status().device else { return }
        sectorsWritten = DeviceTraffic(ofDevice: device)?.sectorsWritten
    }
}
