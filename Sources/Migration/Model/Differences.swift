// What can differ between two entries of one name, and be told of them.

/// What can differ between the two entries of one name, in the order of rsync's letters.
package enum Difference: UInt16, CaseIterable, Sendable {
    /// Contents of a file, target of a symlink, number of a device.
    case contents
    case size, times, mode, owner, group, flags, accessControl, attributes

    /// Its letter in `--itemize`.
    package var letter: String {
        switch self {
        case .contents: "c"
        case .size: "s"
        case .times: "t"
        case .mode: "p"
        case .owner: "o"
        case .group: "g"
        // rsync knows no flags of inodes; where it has other times, which are not copied, this is free.
        case .flags: "f"
        case .accessControl: "a"
        case .attributes: "x"
        }
    }
}

/// A set of them.
package struct Differences: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }
    package init(_ difference: Difference) { rawValue = 1 << difference.rawValue }

    package static let contents = Differences(.contents)
    package static let size = Differences(.size)
    package static let times = Differences(.times)
    package static let mode = Differences(.mode)
    package static let owner = Differences(.owner)
    package static let group = Differences(.group)
    package static let attributes = Differences(.attributes)
    package static let accessControl = Differences(.accessControl)
    package static let flags = Differences(.flags)
}
