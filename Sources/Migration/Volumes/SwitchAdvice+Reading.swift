// The advice for this machine's /etc/fstab and two volumes that are mounted.

import LinuxIO

extension SwitchAdvice {
    /// Asks both roots and reads /etc/fstab; nothing is changed.
    package static func read(_ names: RootNames) -> SwitchAdvice {
        do throws(SystemError) {
            guard let source = try volume(names.source) else { return .notWholeVolume(.source) }
            guard let destination = try volume(names.destination) else {
                return .notWholeVolume(.destination)
            }
            let table: [UInt8]
            do throws(SystemError) { table = try FilesystemTable.contents() } catch {
                // A machine without the file mounts by units; no line names SOURCE there.
                if error.code == .noEntry { return .noLine }
                throw error
            }
            return SwitchAdvice(
                table: table,
                source: source,
                destination: destination,
                device: SymlinkTarget.blockDevice
            )
        } catch {
            return .unreadable(error)
        }
    }

    /// A root as fstab may name it; nil where it is not the root of its volume.
    private static func volume(_ name: Name) throws(SystemError) -> SwitchVolume? {
        let root = try Descriptor.openRoot(name)
        // The path in its filesystem is empty at its root, by whatever mount.
        guard try root.status().isMountRoot, let mount = try MountTable.mount(of: root),
            try MountTable.pathInFilesystem(of: root)?.isEmpty == true
        else { return nil }
        let identifier = try root.filesystemIdentifier()
        let type = try VolumeStatus(of: root).typeName
        var volume = SwitchVolume(
            path: try root.path(),
            type: type,
            uuid: identifier.count == 16 ? uuid(identifier) : nil,
            device: mount.device,
            node: mount.entry.device
        )
        // Where the superblock cannot be read nothing is known to be wrong with the option.
        if type == "ext4" {
            volume.lacksProjects = Ext4Superblock.read(below: root)?.hasProjects == false
        }
        return volume
    }

    /// 8-4-4-4-12 hexadecimal digits.
    private static func uuid(_ bytes: [UInt8]) -> String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return text
    }
}
