// Directories by their paths, one after another: what two paths have in common is opened once.

import LinuxIO

/// What was opened on the way to the last path, kept for the next one.
///
/// In the order of the paths each directory is opened about once. At most `levelsMax` levels are kept, so that a deep tree
/// does not take all descriptors; what lies deeper is opened for each path.
struct PathChain<Opened> {
    static var levelsMax: Int { 32 }

    private let root: Opened
    private var kept: [(name: Name, opened: Opened)] = []

    init(root: Opened) { self.root = root }

    /// What `path` leads to from the root on, each level opened by `step` in the one above.
    ///
    /// Where a step throws, what was opened before it is kept.
    mutating func open<Failure: Error>(
        _ path: ArraySlice<UInt8>,
        _ step: (Name, Opened) throws(Failure) -> Opened
    ) throws(Failure) -> Opened {
        let names = path.split(separator: 0x2F).map { Name($0) }
        let known = zip(kept, names).prefix { $0.name == $1 }.count
        kept.removeSubrange(known...)
        var opened = kept.last?.opened ?? root
        for (level, name) in names.enumerated().dropFirst(known) {
            opened = try step(name, opened)
            if level < Self.levelsMax { kept.append((name, opened)) }
        }
        return opened
    }
}
