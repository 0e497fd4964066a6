// A difference as a line for people: the path, what differs, both values. The words may change; programs read the
// fields of VerificationJSON.

import LinuxIO
package import Migration

/// The line for one difference.
package struct DifferenceText: Sendable {
    private let difference: FoundDifference

    package init(_ difference: FoundDifference) { self.difference = difference }

    /// What differs, after the path: "mode: SOURCE 0644, DESTINATION 0600".
    ///
    /// Bytes that are no text are lost in it.
    package var message: String { String(decoding: messageBytes, as: UTF8.self) }

    /// The whole line, bytes that are to be escaped for the stream that it goes to.
    package func line(isChanged: Bool) -> [UInt8] {
        let path = difference.path.isEmpty ? [0x2E] : difference.path
        return path + bytes(": ") + messageBytes
            + bytes(isChanged ? ": changed while comparing" : "")
    }

    private var messageBytes: [UInt8] {
        switch difference.aspect {
        case .missing: return bytes("missing on DESTINATION (\(whole(difference.kind)))")
        case .extra: return bytes("only on DESTINATION (\(whole(difference.kind)))")
        case .contents(let found): return bytes(contents(found))
        case .unsteady:
            return bytes(
                "contents: differed, and not when they were read once more, though nobody wrote: "
                    + "do not trust memory, cables or disk"
            )
        case .attribute(let name, let left, let right):
            return bytes("attribute ") + name + both("", bytes(value(left)), bytes(value(right)))
        case .target(let left, let right): return both("target", left, right)
        default: return both(label, bytes(values.source), bytes(values.destination))
        }
    }

    private func both(_ label: String, _ source: [UInt8], _ destination: [UInt8]) -> [UInt8] {
        var side = "SOURCE"
        if case .digest = difference.aspect { side = "manifest" }
        return bytes("\(label): \(side) ") + source + bytes(", DESTINATION ") + destination
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func whole(_ kind: EntryKind) -> String {
        kind == .directory ? "directory, and all in it" : kind.noun
    }

    private func names(_ facts: LinkFacts) -> String {
        Quantity.count(UInt64(facts.names), "name", "names")
    }

    private func contents(_ found: ContentDifference) -> String {
        "contents: differ from byte \(found.firstByte) on, in \(Quantity.count(found.blocksDiffering)) of "
            + Quantity.count(found.blocks, "block", "blocks") + " of \(found.blockBytes) bytes"
    }

    // MARK: Labels and values

    private var label: String {
        switch difference.aspect {
        case .type: "type"
        case .size: "size"
        case .device: "device"
        case .owner: "owner"
        case .group: "group"
        case .mode: "mode"
        case .modified: "modified"
        case .flags: "flags"
        case .project: "project id"
        case .links: "hard links"
        case .accessControl(let kind, _, _): kind == .access ? "ACL" : "default ACL"
        case .digest: "SHA-256"
        case .missing, .extra, .contents, .unsteady, .attribute, .target: ""
        }
    }

    private var values: (source: String, destination: String) {
        switch difference.aspect {
        case .type(let left, let right):
            (left.noun, right.noun)
        case .size(let left, let right): ("\(left) bytes", "\(right) bytes")
        case .device(let left, let right):
            ("\(left.major):\(left.minor)", "\(right.major):\(right.minor)")
        case .owner(let left, let right), .group(let left, let right),
            .project(let left, let right):
            ("\(left)", "\(right)")
        case .mode(let left, let right): (Self.octal(left), Self.octal(right))
        case .modified(let left, let right): (Self.moment(left), Self.moment(right))
        case .flags(let left, let right): (Self.letters(left), Self.letters(right))
        case .links(let left, let right):
            ("inode \(left.inode) with \(names(left))", "inode \(right.inode) with \(names(right))")
        case .accessControl(_, let left, let right): (left ?? "none", right ?? "none")
        case .digest(let left, let right): (Self.hexadecimal(left), Self.hexadecimal(right))
        case .missing, .extra, .contents, .unsteady, .attribute, .target: ("", "")
        }
    }

    /// Bytes of a value that are shown.
    static let valueBytesShown = 64

    /// The value of an attribute: as text where it is some, else in hexadecimal; long ones are cut.
    private func value(_ bytes: [UInt8]?) -> String {
        guard let bytes else { return "none" }
        let first = Array(bytes.prefix(Self.valueBytesShown))
        let isText = UTF8Text.isValid(bytes) && !bytes.contains { $0 < 0x20 || $0 == 0x7F }
        let shown =
            isText && bytes.count <= Self.valueBytesShown
            ? "\"" + String(decoding: bytes, as: UTF8.self) + "\"" : "0x" + Self.hexadecimal(first)
        return bytes.count <= Self.valueBytesShown ? shown : "\(shown)... (\(bytes.count) bytes)"
    }

    static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// `2026-08-04 21:15:03.123456789`, local time; seconds since 1970 where no calendar reaches.
    static func moment(_ time: Timestamp) -> String {
        let fraction = String(time.nanoseconds)
        let digits = String(repeating: "0", count: 9 - fraction.count) + fraction
        let nanoseconds = time.nanosecondsSince1970
        guard nanoseconds != .min, nanoseconds != .max else { return "\(time.seconds).\(digits)" }
        let calendar = CalendarTime(local: nanoseconds)
        return "\(calendar.date) \(calendar.seconds).\(digits)"
    }

    /// The letters of chattr(1), or "none".
    static func letters(_ flags: InodeFlags) -> String {
        let rows: [(InodeFlags, String)] = [
            (.synchronous, "S"), (.immutable, "i"), (.appendOnly, "a"), (.noDump, "d"),
            (.noAccessTime, "A"), (.projectInherit, "P"),
        ]
        let letters = rows.filter { flags.contains($0.0) }.map(\.1).joined()
        return letters.isEmpty ? "none" : letters
    }
}
