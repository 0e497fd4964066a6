// What can differ between two entries of one name, and be told of them.

/// What can differ between the two entries of one name.
package struct Differences: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Contents of a file, target of a symlink, number of a device.
    package static let contents = Differences(rawValue: 1 << 0)
    package static let size = Differences(rawValue: 1 << 1)
    package static let times = Differences(rawValue: 1 << 2)
    package static let mode = Differences(rawValue: 1 << 3)
    package static let owner = Differences(rawValue: 1 << 4)
    package static let group = Differences(rawValue: 1 << 5)
    package static let attributes = Differences(rawValue: 1 << 6)
    package static let accessControl = Differences(rawValue: 1 << 7)
    package static let flags = Differences(rawValue: 1 << 8)
}
