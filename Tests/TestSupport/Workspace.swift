// The two volumes that most tests share, and each test's own directories on them.
//
// Making volumes costs more than most tests, so one XFS and one ext4 are made per process, at first
// use; the watcher of Scratch takes them away. A test that fills, limits, remounts or measures a
// whole volume makes its own (LoopVolume).
//
// A Workspace is held by its suite: `struct S { let workspace: Workspace; init() throws {…} }`.
// swift-testing makes one instance per test and keeps it for the whole test. In a local variable
// add `defer { workspace.remove() }`: Swift may otherwise release it after its last mention.

import Testing

/// One XFS and one ext4 volume, shared by all tests of this process.
package struct VolumePair: Sendable {
    /// Where the XFS volume is mounted.
    package let xfs: [UInt8]
    /// Where the ext4 volume is mounted.
    package let ext4: [UInt8]

    private static let made: Result<VolumePair, any Error> = Result {
        let xfs = try LoopVolume(.xfs(), megabytes: 6144)
        let ext4 = try LoopVolume(.ext4(["-i", "4096"]), megabytes: 6144)
        // Kept for ever: the watcher of Scratch removes them when the process ends.
        for volume in [xfs, ext4] { volume.keep() }
        return VolumePair(xfs: xfs.mountPoint, ext4: ext4.mountPoint)
    }

    /// The pair, made at first use.
    ///
    /// - Throws: what LoopVolume threw, at every use.
    package static func shared() throws -> VolumePair { try made.get() }
}

/// One test's directories: `source` on XFS, `destination` and `reference` on ext4, `outside` on
/// neither.
package final class Workspace {
    /// An empty directory on the shared XFS volume.
    package let source: [UInt8]
    /// An empty directory on the shared ext4 volume.
    package let destination: [UInt8]
    /// A second empty directory on the ext4 volume, for a copy made by rsync.
    package let reference: [UInt8]
    /// An empty directory on the machine's own filesystem, for reports, canaries and scripts.
    package let outside: [UInt8]
    private let directories: [[UInt8]]

    /// Makes the directories, on the shared volumes.
    ///
    /// - Throws: when the volumes or the directories cannot be made.
    package init() throws {
        let pair = try VolumePair.shared()
        let name = Scratch.uniqueName("test")
        directories = [
            joined(pair.xfs, name), joined(pair.ext4, name), joined(try Scratch.directory(), name),
        ]
        for directory in directories { try Files.makeDirectory(directory) }
        source = joined(directories[0], "source")
        destination = joined(directories[1], "destination")
        reference = joined(directories[1], "reference")
        outside = joined(directories[2], "outside")
        for directory in [source, destination, reference, outside] {
            try Files.makeDirectory(directory)
        }
    }

    deinit { remove() }

    /// Unmounts what a test mounted inside, lifts immutable flags, and removes all; again does
    /// nothing.
    package func remove() {
        do {
            try Shell.run(
                """
                for directory in "$@"; do
                    [ -e "$directory" ] || continue
                    { cut -d' ' -f5 /proc/self/mountinfo | grep -F -- "$directory/" |
                        sort -r || true; } |
                        while read -r name; do umount -l -- "$(printf %b "$name")"; done
                    rm -rf --one-file-system -- "$directory" 2>/dev/null ||
                        { chattr -R -f -ia -- "$directory" || true
                          rm -rf --one-file-system -- "$directory"; }
                done
                """,
                arguments: directories
            )
        } catch {
            Issue.record("a workspace was left behind: \(error)")
        }
    }
}
