// One line of `--itemize`, with rsync's letters, `YXcstpogfax`: `f` stands for flags where rsync has `u`. See
// "--itemize-changes" in rsync(1).
// Bytes in, bytes out: names are not text.

package import LinuxIO

/// One change of one entry, as `--itemize` prints it.
package struct Itemization: Sendable, Hashable {
    /// What was done; the first letter of the line.
    package enum Action: UInt8, Sendable {
        /// Contents transferred (`>`).
        case transferred = 0x3E
        /// Made or changed here without a transfer (`c`).
        case changed = 0x63
        /// Made a hard link (`h`).
        case linked = 0x68
        /// Attributes repaired (`.`).
        case repaired = 0x2E
        /// Removed from DESTINATION (`*deleting`).
        case deleted = 0x2A
    }

    package var action: Action
    package var kind: EntryKind
    /// Nothing was there before, or something of another type.
    package var isNew: Bool
    package var differences: Differences
    /// What is put in place gets the time of now: times are left out (`T` in the place of `t`).
    package var hasTimeOfNow: Bool
    /// Relative to the roots; empty for the roots themselves.
    package var path: [UInt8]
    /// A symlink's target (` -> `) or the name that a hard link was made to (` => `).
    package var target: [UInt8]?

    package init(  // One for each field.
        action: Action,
        kind: EntryKind,
        isNew: Bool = false,
        differences: Differences = [],
        hasTimeOfNow: Bool = false,
        path: [UInt8],
        target: [UInt8]? = nil
    ) {
        self.action = action
        self.kind = kind
        self.isNew = isNew
        self.differences = differences
        self.hasTimeOfNow = hasTimeOfNow
        self.path = path
        self.target = target
    }

    /// The line as rsync prints it, without a newline and without escaping.
    package var line: [UInt8] {
        var line: [UInt8]
        if action == .deleted {
            line = Array("*deleting   ".utf8)
        } else {
            line = Array(code.utf8) + [0x20]
        }
        line += path.isEmpty ? Array("./".utf8) : path
        if kind == .directory, !path.isEmpty { line.append(0x2F) }
        if let target {
            line += Array((action == .linked ? " => " : " -> ").utf8) + target
        }
        return line
    }

    /// The eleven letters.
    package var code: String {
        var code = String(UnicodeScalar(action.rawValue))
        switch kind {
        case .regular: code += "f"
        case .directory: code += "d"
        case .symlink: code += "L"
        case .characterDevice, .blockDevice: code += "D"
        case .fifo, .socket, .unknown: code += "S"
        }
        if isNew { return code + String(repeating: "+", count: Difference.allCases.count) }
        let letters = Difference.allCases.map { difference in
            if hasTimeOfNow, difference == .times { return "T" }
            return differences.contains(Differences(difference)) ? difference.letter : "."
        }
        // rsync prints blanks instead of dots where nothing at all differs, but for a transfer.
        let isBlank = action != .transferred && letters.allSatisfy { $0 == "." }
        return code
            + (isBlank ? String(repeating: " ", count: letters.count) : letters.joined())
    }
}
