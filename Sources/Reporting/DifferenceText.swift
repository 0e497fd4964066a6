// A difference as a line for people: the path, what differs, both values. The words may change; programs read the
// fields of VerificationJSON.

import LinuxIO
package import Migration

/// The line for one difference.
package struct DifferenceText: Sendable {
    private let difference: FoundDifference

    package init(_ difference: FoundDifference) { self.difference = difference }

    /// What differs, after the path: "mode: SOURCE 0644, DESTINATION 0600".
    package var message: String {
        switch difference.aspect {
        case .missing: return "missing on DESTINATION (\(whole(difference.kind)))"
        case .extra: return "only on DESTINATION (\(whole(difference.kind)))"
        case .contents(let found): return contents(found)
        case .unsteady:
            return
                "contents: differed, and not when they were read once more, though nobody wrote: "
                + "do not trust memory, cables or disk"
        case .links(let source, let destination):
            return both(
                "hard links",
                "inode \(source.inode) with \(names(source))",
                "inode \(destination.inode) with \(names(destination))"
            )
        default: return both(label, values.source, values.destination)
        }
    }

    /// The whole line, bytes that are to be escaped for the stream that it goes to.
    package func line(isChanged: Bool) -> [UInt8] {
        let path = difference.path.isEmpty ? [0x2E] : difference.path
        let suffix = isChanged ? ": changed while comparing" : ""
        return path + Array((": " + message + suffix).utf8)
    }

    private func both(_ label: String, _ source: String, _ destination: String) -> String {
        if case .digest = difference.aspect {
            return "\(label): manifest \(source), DESTINATION \(destination)"
        }
        return "\(label): SOURCE \(source), DESTINATION \(destination)"
    }

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
        case .target: "target"
        case .device: "device"
        case .owner: "owner"
        case .group: "group"
        case .mode: "mode"
        case .modified: "modified"
        case .flags: "flags"
        case .project: "project id"
        case .attribute(let name, _, _):
            "attribute \(String(decoding: name, as: UTF8.self))"
        case .accessControl(let kind, _, _): kind == .access ? "ACL" : "default ACL"
        case .digest: "SHA-256"
        case .missing, .extra, .contents, .unsteady, .links: ""
        }
    }

    private var values: (source: String, destination: String) {
        switch difference.aspect {
        case .type(let left, let right):
            difference.kind == left ? (left.noun, right.noun) : (left.noun, right.noun)
        case .size(let left, let right): ("\(left) bytes", "\(right) bytes")
        case .target(let left, let right): (text(left), text(right))
        case .device(let left, let right):
            ("\(left.major):\(left.minor)", "\(right.major):\(right.minor)")
        case .owner(let left, let right), .group(let left, let right),
            .project(let left, let right):
            ("\(left)", "\(right)")
        case .mode(let left, let right): (Self.octal(left), Self.octal(right))
        case .modified(let left, let right): (Self.moment(left), Self.moment(right))
        case .flags(let left, let right): (Self.letters(left), Self.letters(right))
        case .attribute(_, let left, let right): (value(left), value(right))
        case .accessControl(_, let left, let right): (left ?? "none", right ?? "none")
        case .digest(let left, let right): (Self.hexadecimal(left), Self.hexadecimal(right))
        case .missing, .extra, .contents, .unsteady, .links: ("", "")
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
            ? "\"" + text(bytes) + "\"" : "0x" + Self.hexadecimal(first)
        return bytes.count <= Self.valueBytesShown ? shown : "\(shown)... (\(bytes.count) bytes)"
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

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
