// The names of one entry's extended attributes, sorted by what a pass does with them (S32, S33). Files of
// one tree mostly have the same few lists of names, so each worker remembers what became of the last ones.

import LinuxIO

/// The names of one entry's attributes, sorted by what they are.
struct AttributeNames {
    /// Those that are copied as attributes, in the order in which they were listed.
    var copied: [Name] = []
    /// Whether the kernel lists an access ACL, or a default ACL, and ACLs are kept.
    var hasAccess = false
    var hasDefault = false

    static let access = Name(AccessControlKind.access.attributeName)
    static let defaults = Name(AccessControlKind.defaults.attributeName)

    init() {}

    /// Sorts a list as listxattr(2) gives it: names, each with its NUL.
    init(_ list: UnsafeBufferPointer<CChar>, _ scope: AttributeScope) {
        guard let base = list.baseAddress else { return }
        var offset = 0
        while offset < list.count {
            let end = list[offset...].firstIndex(of: 0) ?? list.count
            let name = Name(copying: base + offset, length: end - offset)
            offset = end + 1
            if name == Self.access {
                hasAccess = scope.preserved.contains(.accessControl)
            } else if name == Self.defaults {
                hasDefault = scope.preserved.contains(.accessControl)
            } else if scope.isCopied(name) {
                copied.append(name)
            }
        }
    }

    /// Whether there is nothing that a pass looks at.
    var isEmpty: Bool { copied.isEmpty && !hasAccess && !hasDefault }

    /// Whether the kernel lists this ACL, and ACLs are kept.
    func has(_ list: AccessControlKind) -> Bool {
        switch list {
        case .access: hasAccess
        case .defaults: hasDefault
        }
    }

    /// Whether both have the same names, in whatever order.
    func hasSameCopied(as other: AttributeNames) -> Bool {
        copied == other.copied
            || copied.count == other.copied.count && Set(copied) == Set(other.copied)
    }
}

/// The last few lists of names and what they mean.
///
/// Belongs to one worker.
struct AttributeNamesCache {
    /// Lists remembered: with attributes and ACLs of both sides a tree rarely has more in one place.
    private static let capacity = 8

    private struct Row {
        let list: [CChar]
        let names: AttributeNames
    }
    private var rows: [Row] = []
    private var next = 0

    /// What `list` means, worked out only if it is not among the last ones.
    mutating func names(
        _ list: UnsafeBufferPointer<CChar>,
        _ scope: AttributeScope
    ) -> AttributeNames {
        if list.isEmpty { return AttributeNames() }
        for row in rows
        where row.list.withUnsafeBytes({ haveSameBytes($0, UnsafeRawBufferPointer(list)) }) {
            return row.names
        }
        let names = AttributeNames(list, scope)
        let row = Row(list: Array(list), names: names)
        if rows.count < Self.capacity {
            rows.append(row)
        } else {
            rows[next] = row
            next = (next + 1) % Self.capacity
        }
        return names
    }
}
