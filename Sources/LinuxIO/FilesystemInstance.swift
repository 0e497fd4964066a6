// Which mounting of a filesystem this is: whether what was in the kernel's memory of it then can still be there.
//
// Unmounted and mounted again, or shut down and mounted again, a filesystem on the same device, with the same UUID
// and on the same boot, has only what was on its disk. The number of a mount does not tell: bind mounts and
// mount namespaces have others for one and the same filesystem.

import CLinux

extension Descriptor {
    /// What names the filesystem of this directory as it is mounted since, differently after each unmounting; nil
    /// where the kernel does not tell.
    ///
    /// Two equal names within one boot say that it was never unmounted between; other ones say nothing.
    /// That of ext4 and XFS is the inode number of its folder in sysfs (/sys/fs/ext4/sda1), which is made when it is
    /// mounted, goes when it is unmounted, and gets a number that is not given again in one boot (kernfs, 64 bits since
    /// Linux 5.5). Of others it is the number of the mount (STATX_MNT_ID_UNIQUE of statx(2), Linux 6.8), for as long
    /// as this mount is there its filesystem is.
    package func filesystemInstance() -> String? {
        if let folder = systemFolder(),
            let inode = try? Descriptor.openRoot(Name(folder)).status().inode
        {
            return "sysfs \(inode)"
        }
        var mount: UInt64 = 0
        return cl_unique_mount(raw, &mount) == 0 ? "mount \(mount)" : nil
    }

    /// The folder of this filesystem in sysfs: TYPE/DEVICE, where the device is called as in /sys/block.
    private func systemFolder() -> [UInt8]? {
        guard let type = try? VolumeStatus(of: self).typeName, type == "ext4" || type == "xfs",
            let device = try? status().device
        else { return nil }
        let number = "/sys/dev/block/\(device >> 32):\(device & 0xFFFF_FFFF)"
        guard let path = try? Descriptor.openRoot(Name(Array(number.utf8))).path(),
            let name = path.split(separator: 0x2F).last
        else { return nil }
        return Array("/sys/fs/\(type)/".utf8) + name
    }
}
