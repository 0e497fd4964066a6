// What of the two roots is looked at: whole volumes, or some top-level names of them (`--branch`).

import LinuxIO

/// The top-level names that a run looks at.
struct Scope: Sendable {
    /// Those that were asked for; empty: all.
    let branches: Set<Name>

    /// Whether the roots themselves belong to it, and what is found holds for the whole volume.
    var isWhole: Bool { branches.isEmpty }

    /// Whether a top-level name is one that was asked for.
    func selects(_ name: Name) -> Bool { branches.isEmpty || branches.contains(name) }

    /// Whether a top-level entry is looked at: asked for, and not its filesystem's own (S5, S62).
    func holds<Failure: Error>(
        _ name: Name,
        isDirectory: () throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        if try ReservedNames.contains(name, isDirectory: isDirectory) { return false }
        return selects(name)
    }
}
