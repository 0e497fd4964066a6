// What a comparison left aside because it was asked to: "equal" says nothing of that.

/// Entries and attributes that a comparison did not look at, by its options.
package struct LeftAside: Equatable, Sendable {
    /// Rules of `--exclude` that were in force.
    package var rules = 0
    /// As they are typed: `--no-owner`, `--quotas=off`; UTF-8 but for values.
    package var options: [[UInt8]] = []

    package init() {}

    /// All was compared.
    package var isEmpty: Bool { rules == 0 && options.isEmpty }
}
