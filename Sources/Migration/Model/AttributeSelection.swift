// Which extended attributes are meant to be carried (`--xattrs LIST`, S54). What is not is neither copied nor
// compared nor removed. Pure: no call.

package import LinuxIO

/// Namespaces of attributes, and names that are left out all the same.
package struct AttributeSelection: Sendable, Hashable {
    /// What stands before the first dot of a name (xattr(7)).
    package struct Namespaces: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let user = Namespaces(rawValue: 1 << 0)
        package static let trusted = Namespaces(rawValue: 1 << 1)
        package static let security = Namespaces(rawValue: 1 << 2)
        /// Those of single filesystems (`btrfs`, `ceph`); not of `system`, which is ACLs.
        package static let others = Namespaces(rawValue: 1 << 3)
        package static let all: Namespaces = [.user, .trusted, .security, .others]

        /// Those that have a word on the command line.
        package static let named: [(namespace: Namespaces, name: String)] = [
            (.user, "user"), (.trusted, "trusted"), (.security, "security"),
        ]

        /// The namespace of an attribute; empty for `system`.
        init(of name: Name) {
            let prefix = name.bytes.prefix { $0 != 0x2E }
            if prefix.elementsEqual("system".utf8) {
                self = []
            } else {
                let found = Self.named.first { prefix.elementsEqual($0.name.utf8) }
                self = found?.namespace ?? .others
            }
        }
    }

    package var namespaces = Namespaces.all
    package var leftOut: Set<Name> = []

    /// All of them.
    package static let all = AttributeSelection()

    package init() {}

    /// Why a list cannot be read.
    package enum Mistake: Error, Equatable, Sendable {
        case nothingLeft
        case emptyWord
        case unknownNamespace([UInt8])
        /// `-name` without a namespace.
        case notAnAttribute([UInt8])
    }

    /// Reads `user,security,-security.selinux`: namespaces to carry, and with a dash names, or namespaces, to leave out.
    ///
    /// With nothing but dashes all others are carried.
    package init(parsing list: [UInt8]) throws(Mistake) {
        var named: Namespaces = []
        var removed: Namespaces = []
        for word in list.split(separator: 0x2C, omittingEmptySubsequences: false) {
            if word.isEmpty { throw .emptyWord }
            let isLeftOut = word.first == 0x2D
            let text = isLeftOut ? word.dropFirst() : word
            let row = Namespaces.named.first { text.elementsEqual($0.name.utf8) }
            switch (isLeftOut, row) {
            case (false, let row?): named.formUnion(row.namespace)
            case (true, let row?): removed.formUnion(row.namespace)
            case (false, nil): throw .unknownNamespace(Array(word))
            case (true, nil):
                guard let dot = text.firstIndex(of: 0x2E), dot > text.startIndex,
                    dot < text.endIndex - 1
                else { throw .notAnAttribute(Array(word)) }
                leftOut.insert(Name(Array(text)))
            }
        }
        namespaces = (named.isEmpty ? .all : named).subtracting(removed)
        if namespaces.isDisjoint(with: [.user, .trusted, .security]) { throw .nothingLeft }
    }

    /// Whether an attribute of this name is meant.
    package func contains(_ name: Name) -> Bool {
        !namespaces.isDisjoint(with: Namespaces(of: name)) && !leftOut.contains(name)
    }

    /// The same for two selections with the same one; the empty text for all.
    package var signature: String {
        if self == .all { return "" }
        let names = leftOut.map { String(decoding: $0.bytes, as: UTF8.self) }.sorted()
        return "\(namespaces.rawValue) " + names.joined(separator: ",")
    }

    /// The list by which `init(parsing:)` makes this very selection, the same for equal ones.
    package var canonicalList: [UInt8] {
        // Named ones alone would leave out those of single filesystems.
        let hasOthers = namespaces.contains(.others)
        let words = Namespaces.named.compactMap { row -> [UInt8]? in
            guard namespaces.contains(row.namespace) != hasOthers else { return nil }
            return Array((hasOthers ? "-" : "").utf8) + Array(row.name.utf8)
        }
        let names = leftOut.map { [0x2D] + $0.bytes }
            .sorted { $0.lexicographicallyPrecedes($1) }
        return Array((words + names).joined(separator: [0x2C]))
    }

    /// The list as one would type it.
    package var list: String {
        let words = Namespaces.named.filter { namespaces.contains($0.namespace) }.map(\.name)
        let names = leftOut.map { "-" + String(decoding: $0.bytes, as: UTF8.self) }.sorted()
        return (words + names).joined(separator: ",")
    }
}

/// Which attributes of an entry a run looks at.
struct AttributeScope: Sendable {
    /// Others than root have `user` only (S32).
    var isRoot: Bool
    /// Attributes, ACLs, or both.
    var preserved: PassOptions.Preserved
    var selection: AttributeSelection

    /// S32: root copies every namespace but `system`, others `user`; S54: of what is meant to be carried; S33:
    /// libattr's rules.
    func isCopied(_ name: Name) -> Bool {
        guard preserved.contains(.attributes) else { return false }
        if !isRoot, AttributeSelection.Namespaces(of: name) != .user { return false }
        guard selection.contains(name) else { return false }
        return !name.withPointer { AttributeRules.isSkipped($0) }
    }
}
