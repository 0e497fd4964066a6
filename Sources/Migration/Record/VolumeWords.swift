// What a pass writes down of its volumes for people who look at its record later: how they were made, and how they
// are mounted. Nothing is decided by it, so what cannot be read is left out.

import LinuxIO

/// One volume in words.
struct VolumeWords {
    /// As dumpe2fs(8) and xfs_info(8) call them, with blanks between; nil: another type, or it does not tell.
    let features: String?
    /// Of the mount and of its filesystem, with commas between; nil: not in the mount table.
    let mountOptions: String?

    /// Reads them: `root` is the volume's, opened to be read; `mounted` the same as the mount table knows it, which views
    /// are not in.
    init(type: String, root: SharedDescriptor?, mounted: SharedDescriptor?) {
        var words: [String]?
        switch type {
        case "xfs": words = root.flatMap { try? XFSGeometry(of: $0.descriptor) }?.features
        case "ext4": words = mounted.flatMap { Ext4Superblock.read(below: $0.descriptor) }?.features
        default: break
        }
        features = words.map { $0.joined(separator: " ") }
        let entry = mounted.flatMap { try? MountTable.entry(of: $0.descriptor) }
        mountOptions = entry.map { entry in
            let more = entry.filesystemOptions.filter { !entry.options.contains($0) }
            return (entry.options + more).joined(separator: ",")
        }
    }
}

extension Roots {
    /// SOURCE in words.
    var sourceWords: VolumeWords {
        VolumeWords(type: sourceVolume.typeName, root: source, mounted: sourceItself)
    }

    /// DESTINATION in words.
    var destinationWords: VolumeWords {
        VolumeWords(
            type: destinationVolume.typeName,
            root: destination,
            mounted: destinationItself
        )
    }
}
