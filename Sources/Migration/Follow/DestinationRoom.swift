// Whether a DESTINATION that was full has room again.

package import LinuxIO

/// What is free on a volume.
package struct DestinationRoom: Sendable, Equatable {
    package let bytes: UInt64
    /// Nil where the filesystem does not count inodes.
    package let inodes: UInt64?

    /// Opens it and closes it again.
    ///
    /// The corresponding system call is `fstatfs`.
    package init(of destination: Name) throws(SystemError) {
        let volume = try VolumeStatus(of: Descriptor.openRoot(destination))
        bytes = volume.availableBytes
        inodes = volume.countsInodes ? volume.freeInodes : nil
    }

    /// Whether so much has room.
    package func holds(bytes: UInt64, inodes: UInt64) -> Bool {
        self.bytes >= bytes && (self.inodes ?? .max) >= inodes
    }
}
