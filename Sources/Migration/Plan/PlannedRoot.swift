// A root by what every host sees alike. Device numbers and mount points are a host's own; so is f_fsid of NFS, which is
// made of its device number there.

package import LinuxIO

/// One of the two roots of a plan.
package struct PlannedRoot: Equatable, Sendable {
    /// The filesystem's type, as `VolumeStatus.typeName`.
    package var type: String
    /// The filesystem's UUID, 16 bytes; nil where it has none that a host can ask for, as on NFS.
    package var identifier: [UInt8]?
    /// The root directory's inode.
    package var inode: UInt64
    /// When it was made, nanoseconds since 1970; 0 where that is not known.
    package var birthNanoseconds: Int64
    /// The size of the filesystem.
    package var sizeBytes: UInt64
    /// As the host that made the plan saw it, for people.
    package var path: [UInt8]

    package init(  // One for each thing that it is told by.
        type: String,
        identifier: [UInt8]?,
        inode: UInt64,
        birthNanoseconds: Int64,
        sizeBytes: UInt64,
        path: [UInt8]
    ) {
        self.type = type
        self.identifier = identifier
        self.inode = inode
        self.birthNanoseconds = birthNanoseconds
        self.sizeBytes = sizeBytes
        self.path = path
    }

    /// What an open directory is (not an O_PATH handle).
    package init(of root: borrowing Descriptor, path: [UInt8]) throws(SystemError) {
        let status = try root.status()
        let volume = try VolumeStatus(of: root)
        var identifier: [UInt8]?
        do throws(SystemError) {
            // 8 bytes are f_fsid.
            let found = try root.filesystemIdentifier()
            identifier = found.count == 16 ? found : nil
        } catch {
            if error.code != .notSupported { throw error }
        }
        self.init(
            type: volume.typeName,
            identifier: identifier,
            inode: status.inode,
            birthNanoseconds: status.birth?.nanosecondsSince1970 ?? 0,
            sizeBytes: volume.totalBytes,
            path: path
        )
    }

    /// Whether both are one directory, whatever it is called here.
    ///
    /// Where both hosts can ask for an identifier, the time of birth is compared as well, which a kernel may not know of
    /// a network filesystem, and the size is not, for a volume may be enlarged. Else the size is compared, and the time of
    /// birth where both know it.
    package func isSame(as other: PlannedRoot) -> Bool {
        guard type == other.type, inode == other.inode else { return false }
        guard let identifier, let otherIdentifier = other.identifier else {
            // Two exports may have one size.
            let isBirthKnown = birthNanoseconds != 0 && other.birthNanoseconds != 0
            return sizeBytes == other.sizeBytes
                && (!isBirthKnown || birthNanoseconds == other.birthNanoseconds)
        }
        return identifier == otherIdentifier && birthNanoseconds == other.birthNanoseconds
    }
}
