// What of the two roots is looked at: whole volumes, some top-level names of them (`--branch`), or one part of a plan.

import LinuxIO

/// What a run looks at.
struct Scope: Sendable {
    /// The top-level names that were asked for; empty: all.
    let branches: Set<Name>
    /// The roots as the spine that a plan makes of them; nil: there is no plan.
    let spine: SpineDirectory?

    init(branches: Set<Name>, spine: SpineDirectory? = nil) {
        self.branches = branches
        self.spine = spine
    }

    /// Whether what is found holds for the whole volume.
    var isWhole: Bool { branches.isEmpty && spine == nil }

    /// Whether the roots themselves belong to it: their own attributes.
    var hasRoots: Bool { branches.isEmpty && spine?.isShared != true }

    /// Whether what is learned of it can be what a later run of the same scope rests on.
    ///
    /// Not of closing: it sees the spine alone, which is compared each time.
    var isRemembered: Bool { branches.isEmpty && spine?.part != .closing }

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
