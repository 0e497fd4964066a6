// Who can still write to SOURCE: asked by the last pass, after which nobody may. SourceUse+Finding.swift finds it out.

/// What can write to SOURCE's filesystem.
package struct SourceUse: Equatable, Sendable {
    /// A mount that takes writes.
    package struct Mount: Equatable, Sendable {
        package var path: [UInt8]
        /// A process that sees it, where this one does not.
        package var process: Int32?

        package init(path: [UInt8], process: Int32?) {
            (self.path, self.process) = (path, process)
        }
    }

    /// A process that has something open for writing, or mapped to be stored to.
    package struct Writer: Equatable, Sendable {
        package var process: Int32
        /// Its name, 15 bytes at most.
        package var name: [UInt8]
        /// One of the files.
        package var path: [UInt8]

        package init(process: Int32, name: [UInt8], path: [UInt8]) {
            (self.process, self.name, self.path) = (process, name, path)
        }
    }

    /// Why what a pass reads may be written to though SOURCE's filesystem is read-only here.
    package enum Doubt: Equatable, Sendable {
        /// It is of a type that does not lie on a block device of this machine alone: `ro` is this machine's word, and
        /// others may write.
        case elsewhere(type: String)
        /// Filesystems below it are copied too, and those in `mounts` may be written to.
        case below
        /// `writers` have files open for writing, which the kernel allows nobody when it makes a filesystem read-only: an error
        /// has made it so.
        case writersLeft
    }

    /// Where SOURCE is, for people.
    package var path: [UInt8]
    /// The filesystem takes no write from anybody on this machine.
    package var isReadOnly: Bool
    package var doubt: Doubt?
    package var mounts: [Mount] = []
    package var writers: [Writer] = []
    /// Processes that could not be looked at.
    package var unseen = 0
    /// Processes that are not even listed there may be.
    package var mayHideProcesses = false

    package init(path: [UInt8], isReadOnly: Bool) {
        (self.path, self.isReadOnly) = (path, isReadOnly)
    }

    /// Nobody can write to anything that a pass reads.
    package var isStill: Bool { isReadOnly && doubt == nil }
}
