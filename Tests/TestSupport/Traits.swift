// What a test needs of its machine. A missing thing skips the test visibly; where
// CUTOVER_REQUIRE_VOLUMES=1 is set (CI), nothing is skipped: the test runs and fails on what is
// missing.

import Glibc
package import Testing

private let everythingIsRequired = Environment.value("CUTOVER_REQUIRE_VOLUMES") == "1"

extension Trait where Self == BlockingTrait {
    /// Root, loop devices, XFS and ext4: a test on real volumes, which waits for them.
    package static var requiresVolumes: Self {
        BlockingTrait(
            condition: .enabled(
                "needs root, loop devices, XFS and ext4 (CUTOVER_REQUIRE_VOLUMES=1 forbids skipping)"
            ) {
                everythingIsRequired || LoopVolume.isAvailable
            }
        )
    }
}

extension Trait where Self == ConditionTrait {
    /// A kernel with FUSE, and its device.
    package static var requiresFUSE: Self {
        .enabled("needs /dev/fuse") { everythingIsRequired || SilentFilesystem.isAvailable }
    }

    /// A filesystem type that the kernel knows.
    package static func requiresFilesystem(_ type: String) -> Self {
        .enabled("needs a kernel with \(type)") {
            if everythingIsRequired { return true }
            let known = String(decoding: try readFile("/proc/filesystems"), as: UTF8.self)
            return known.contains("\t\(type)\n")
        }
    }

    /// A program in PATH.
    package static func requiresTool(_ name: String) -> Self {
        .enabled("needs the program \(name)") {
            if everythingIsRequired { return true }
            return try Shell.attempt("command -v -- \"$1\"", [bytes(name)]).status == 0
        }
    }
}
