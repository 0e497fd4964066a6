// Overlay filesystems: files of several devices below one mount, whose inodes may have equal numbers.

import TestSupport

/// An overlay filesystem over two directories, mounted.
struct Overlay {
    let root: [UInt8]

    /// `lower` and `upper` are directories of two filesystems.
    init(_ root: [UInt8], lower: [UInt8], upper: [UInt8]) throws {
        self.root = root
        try Shell.run(
            """
            mkdir -p -- "$1" "$3/files" "$3/work"
            mount -t overlay overlay -o "lowerdir=$2,upperdir=$3/files,workdir=$3/work" -- "$1"
            """,
            root,
            lower,
            upper
        )
    }

    func unmount() { cleanUp("umount -- \"$1\"", root) }
}
