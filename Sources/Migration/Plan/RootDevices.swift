// The devices of both roots. Below one mount an overlay shows inodes of several, which may have equal numbers; and another
// host has other numbers of devices. So what runs of a plan tell each other of inodes, by number, is of the roots' devices alone.

import LinuxIO

/// The devices (`st_dev`) of SOURCE's and DESTINATION's roots, as this host counts them.
package struct RootDevices: Sendable {
    let source: UInt64
    /// Nil in a dry run whose DESTINATION is missing.
    let destination: UInt64?

    package init(source: UInt64, destination: UInt64?) {
        self.source = source
        self.destination = destination
    }

    init(_ roots: Roots) {
        self.init(
            source: roots.sourceStatus.identity.device,
            destination: roots.destinationStatus?.identity.device
        )
    }

    /// Whether the number of each of the two inodes says which one it is; `destination`: nil, there is none.
    func hold(_ source: InodeIdentity, _ destination: InodeIdentity?) -> Bool {
        source.device == self.source && (destination.map { $0.device == self.destination } ?? true)
    }

    /// What is told of a name of which other runs of the plan may have further ones, in vain.
    static func failure(_ path: [UInt8]) -> Failure {
        Failure(
            path: path,
            side: .source,
            activity: .link,
            detail:
                "inodes of several devices lie below the root (an overlay?), so names in other shards cannot be told from those of "
                + "another file; use no --plan here"
        )
    }
}
