// What a verification found to differ in one entry: where, what, and both values. Values are the kernel's, not
// text: reporters make lines of them.

package import LinuxIO

/// One thing in which an entry of DESTINATION is not like SOURCE's.
package struct FoundDifference: Sendable, Equatable {
    /// Below the roots, without a leading slash; empty for the roots themselves.
    package var path: [UInt8]
    /// The entry's type, on SOURCE where SOURCE has it.
    package var kind: EntryKind
    package var aspect: Aspect

    package init(path: [UInt8], kind: EntryKind, aspect: Aspect) {
        self.path = path
        self.kind = kind
        self.aspect = aspect
    }

    /// What differs; SOURCE's value stands first.
    package enum Aspect: Sendable, Equatable {
        /// DESTINATION lacks the name; of a directory nothing below it is told.
        case missing
        /// Only DESTINATION has the name; of a directory nothing below it is told.
        case extra
        case type(EntryKind, EntryKind)
        case size(UInt64, UInt64)
        case contents(ContentDifference)
        /// Contents differed when they were read, and not when they were read once more, though neither file
        /// changed: what reads them is not to be trusted.
        case unsteady
        /// The target of a symlink.
        case target([UInt8], [UInt8])
        case device(DeviceNumber, DeviceNumber)
        case owner(UInt32, UInt32)
        case group(UInt32, UInt32)
        case mode(UInt32, UInt32)
        case modified(Timestamp, Timestamp)
        case flags(InodeFlags, InodeFlags)
        case project(UInt32, UInt32)
        /// An extended attribute; nil: there is none of that name.
        case attribute(name: [UInt8], [UInt8]?, [UInt8]?)
        /// As `getfacl -nc` prints it, by commas; nil: none beyond the mode.
        case accessControl(AccessControlKind, String?, String?)
        /// Names that share an inode on one side do not on the other.
        case links(LinkFacts, LinkFacts)
        /// SHA-256 by a manifest, and of the file.
        case digest([UInt8], [UInt8])
        /// Of the whole volume; the path is the roots'.
        case quota(QuotaDifference)

        /// One of chattr(1)'s.
        var isSetting: Bool {
            switch self {
            case .flags, .project: true
            default: false
            }
        }
    }
}

/// Where contents differ.
package struct ContentDifference: Sendable, Equatable {
    /// Offset of the first byte that differs.
    package var firstByte: UInt64
    /// Blocks with a byte that differs, of how many, and how large they are.
    package var blocksDiffering: UInt64
    package var blocks: UInt64
    package var blockBytes: UInt64

    package init(firstByte: UInt64, blocksDiffering: UInt64, blocks: UInt64, blockBytes: UInt64) {
        self.firstByte = firstByte
        self.blocksDiffering = blocksDiffering
        self.blocks = blocks
        self.blockBytes = blockBytes
    }
}

/// What a device stands for.
package struct DeviceNumber: Sendable, Equatable {
    package var major: UInt32
    package var minor: UInt32

    package init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }
}

/// An inode and how many names it has on its volume, those outside the tree included.
package struct LinkFacts: Sendable, Equatable {
    package var inode: UInt64
    package var names: UInt32
    /// The device number: an overlay filesystem gives files of several.
    package var device: UInt64

    package init(inode: UInt64, names: UInt32, device: UInt64 = 0) {
        self.inode = inode
        self.names = names
        self.device = device
    }

    var identity: InodeIdentity { InodeIdentity(device: device, inode: inode) }
}
