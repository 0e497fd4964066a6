// The way of a directory up to one that is known, by what is remembered and found of parents and names.
//
// Parents are what passes wrote down while users renamed: they may lead in a circle, or to a directory of which
// nothing is known. So each step is taken once: a way costs at most one look at each directory on it, and who asks
// for many ways stops at directories that an earlier one has passed.

/// A directory's way up.
package struct WayUp {
    /// Where it ends.
    package enum End: Equatable {
        /// At a directory that the asker knows.
        case known(UInt64)
        /// At one whose place is not known.
        case unplaced(UInt64)
        /// At one that it has passed already.
        case circle
    }

    /// The directories on it, each with its parent and name, from the first one up; without the one that it ends at.
    package let steps: [DirectoryMove]
    package let end: End

    /// Climbs from `inode`.
    ///
    /// O(d) looks, d directories on the way, whatever the parents say.
    package init<Failure: Error>(
        from inode: UInt64,
        until isKnown: (UInt64) -> Bool,
        place: (UInt64) throws(Failure) -> DirectoryMove?
    ) throws(Failure) {
        var steps: [DirectoryMove] = []
        var passed: Set<UInt64> = []
        var current = inode
        var end: End?
        while end == nil {
            if isKnown(current) {
                end = .known(current)
            } else if !passed.insert(current).inserted {
                end = .circle
            } else if let step = try place(current) {
                steps.append(step)
                current = step.parent
            } else {
                end = .unplaced(current)
            }
        }
        self.steps = steps
        self.end = end ?? .circle
    }
}
