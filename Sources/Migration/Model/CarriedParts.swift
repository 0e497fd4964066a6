// What a recorded pass carried, read from the text that the record keeps of its options
// (`PassOptions.signature`): whether the next pass with the same options would take a difference.

import LinuxIO

/// The options of a recorded pass, as far as they decide what passes like it take.
package struct CarriedParts: Sendable, Equatable {
    package var preserved: PassOptions.Preserved
    /// Files of equal size count as equal (`--size-only`).
    package var comparesSizesAlone: Bool
    package var deletesExtras: Bool
    /// Something was left out by a filter.
    package var hasFilter: Bool
    package var isRoot: Bool
    /// All extended attributes were carried, none left out or hidden.
    package var carriesAllAttributes: Bool
    /// No owner was hidden by a user namespace.
    package var mapsAllOwners: Bool

    /// Reads a signature; nil where it is not of the form that this version writes: then nothing is known.
    package init?(signature: String) {
        let words = signature.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.first == " " ? $0.dropFirst() : $0
        }
        guard words.count >= 6,
            let preserved = Self.value(words[0], "preserved ").flatMap({ UInt32($0) }),
            let sizes = Self.value(words[1], "sizes alone ").flatMap({ Bool(String($0)) }),
            let deletes = Self.value(words[2], "deletes ").flatMap({ Bool(String($0)) }),
            Self.value(words[3], "mounts ") != nil,
            let filter = Self.value(words[4], "filter "),
            let root = Self.value(words[5], "root ").flatMap({ Bool(String($0)) })
        else { return nil }
        self.preserved = PassOptions.Preserved(rawValue: preserved)
        comparesSizesAlone = sizes
        deletesExtras = deletes
        hasFilter = !filter.hasPrefix("0 ")
        isRoot = root
        var rest = words.dropFirst(6)
        if rest.last?.hasPrefix("plan ") == true { rest.removeLast() }
        mapsAllOwners = rest.last != "owners unmapped"
        carriesAllAttributes = rest.count == (mapsAllOwners ? 0 : 1)
    }

    private static func value(_ word: Substring, _ key: String) -> Substring? {
        word.hasPrefix(key) ? word.dropFirst(key.count) : nil
    }

    /// Whether entries of this kind are made at all (S27).
    func makes(_ kind: EntryKind) -> Bool {
        switch kind {
        case .characterDevice, .blockDevice: isRoot && preserved.contains(.devices)
        case .fifo, .socket: preserved.contains(.specials)
        case .unknown: false
        case .regular, .directory, .symlink: true
        }
    }

    /// Whether owners, or groups, are carried as they are.
    func carries(_ part: PassOptions.Preserved) -> Bool {
        isRoot && mapsAllOwners && preserved.contains(part)
    }
}
