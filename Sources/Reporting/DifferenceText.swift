// A difference that a verification found, as a line for people and as fields of JSON: one row for each kind. What
// people read may change; words and fields of JSON stay, and docs/OUTPUT.md lists them.

import LinuxIO
package import Migration

/// The line for one difference.
package struct DifferenceText: Sendable {
    private let difference: FoundDifference

    package init(_ difference: FoundDifference) { self.difference = difference }

    /// What differs, after the path: "mode: SOURCE 0644, DESTINATION 0600".
    ///
    /// Bytes that are no text are lost in it.
    package var message: String { String(decoding: row.message, as: UTF8.self) }

    /// The whole line, bytes that are to be escaped for the stream that it goes to.
    package func line(_ standing: DifferenceStanding) -> [UInt8] {
        let path = difference.path.isEmpty ? [0x2E] : difference.path
        let end =
            switch standing {
            case .found: ""
            case .changed: ": changed while comparing"
            case .pending: ": changed since the last pass"
            }
        return path + bytes(": ") + row.message + bytes(end)
    }

    /// What differs and both values, as plain as they are: numbers as numbers, moments as seconds with nine decimals.
    func addFields(to line: inout JSONLine) {
        let told = row
        line.add("what", told.word)
        told.addFields(&line)
        line.add("message", String(decoding: told.message, as: UTF8.self))
    }

    // MARK: Rows

    /// What is told of one kind of difference.
    private struct Row {
        /// A stable word for programs.
        let word: String
        let message: [UInt8]
        let addFields: (inout JSONLine) -> Void
    }

    private var row: Row {
        switch difference.aspect {
        case .missing: sentence("missing", "missing on DESTINATION (\(whole))")
        case .extra: sentence("extra", "only on DESTINATION (\(whole))")
        case .unsteady:
            sentence(
                "unsteady",
                "contents: differed, and not when they were read once more, though nobody wrote: "
                    + "do not trust memory, cables or disk"
            )
        case .contents(let found): contents(found)
        case .type(let left, let right):
            values("type", (left.noun, right.noun), (EventJSON.name(left), EventJSON.name(right)))
        case .size(let left, let right):
            numbers("size", (left, right), shown: ("\(left) bytes", "\(right) bytes"))
        case .target(let left, let right):
            Row(word: "target", message: both("target", left, right)) {
                $0.add("source", name: left)
                $0.add("destination", name: right)
            }
        case .device(let left, let right):
            values("device", ("\(left.major):\(left.minor)", "\(right.major):\(right.minor)"))
        case .owner(let left, let right): numbers("owner", (left, right))
        case .group(let left, let right): numbers("group", (left, right))
        case .project(let left, let right): numbers("project", label: "project id", (left, right))
        case .mode(let left, let right): values("mode", (Self.octal(left), Self.octal(right)))
        case .modified(let left, let right):
            values(
                "modified",
                (Self.moment(left), Self.moment(right)),
                (Self.exact(left), Self.exact(right))
            )
        case .flags(let left, let right): values("flags", (Self.letters(left), Self.letters(right)))
        case .attribute(let name, let left, let right): attribute(name, left, right)
        case .accessControl(let kind, let left, let right):
            values(
                kind == .access ? "acl" : "default_acl",
                label: kind == .access ? "ACL" : "default ACL",
                (left ?? "none", right ?? "none"),
                (left, right)
            )
        case .links(let left, let right): links(left, right)
        case .quota(let difference): quota(difference)
        case .digest(let left, let right):
            values(
                "digest",
                label: "SHA-256",
                of: "manifest",
                (Self.hexadecimal(left), Self.hexadecimal(right))
            )
        }
    }

    /// Without values.
    private func sentence(_ word: String, _ text: String) -> Row {
        Row(word: word, message: bytes(text)) { _ in }
    }

    /// Both values as text, of which JSON may have another.
    private func values(
        _ word: String,
        label: String? = nil,
        of side: String = "SOURCE",
        _ shown: (String, String),
        _ exact: (String?, String?)? = nil
    ) -> Row {
        let (source, destination) = exact ?? (shown.0, shown.1)
        return Row(
            word: word,
            message: both(label ?? word, of: side, bytes(shown.0), bytes(shown.1))
        ) {
            $0.add("source", source)
            $0.add("destination", destination)
        }
    }

    /// Both values as numbers.
    private func numbers<Number: BinaryInteger>(
        _ word: String,
        label: String? = nil,
        _ exact: (Number, Number),
        shown: (String, String)? = nil
    ) -> Row {
        let (source, destination) = shown ?? ("\(exact.0)", "\(exact.1)")
        return Row(word: word, message: both(label ?? word, bytes(source), bytes(destination))) {
            $0.add("source", exact.0)
            $0.add("destination", exact.1)
        }
    }

    private func quota(_ difference: QuotaDifference) -> Row {
        let text = QuotaDifferenceText(difference)
        return Row(word: "quota", message: bytes(text.message)) { text.addFields(to: &$0) }
    }

    private func contents(_ found: ContentDifference) -> Row {
        let text =
            "contents: differ from byte \(found.firstByte) on, in \(Quantity.count(found.blocksDiffering)) of "
            + Quantity.count(found.blocks, "block", "blocks") + " of \(found.blockBytes) bytes"
        return Row(word: "contents", message: bytes(text)) {
            $0.add("first_byte", found.firstByte)
            $0.add("blocks_differing", found.blocksDiffering)
            $0.add("blocks", found.blocks)
            $0.add("block_bytes", found.blockBytes)
        }
    }

    private func attribute(_ name: [UInt8], _ left: [UInt8]?, _ right: [UInt8]?) -> Row {
        let message =
            bytes("attribute ") + name + both("", bytes(value(left)), bytes(value(right)))
        return Row(word: "attribute", message: message) {
            $0.add("attribute", name: name)
            $0.add("source", left.map(Self.beginning))
            $0.add("destination", right.map(Self.beginning))
            $0.add("source_length", left?.count)
            $0.add("destination_length", right?.count)
        }
    }

    private func links(_ left: LinkFacts, _ right: LinkFacts) -> Row {
        func text(_ facts: LinkFacts) -> [UInt8] {
            let names = Quantity.count(UInt64(facts.names), "name", "names")
            return bytes("inode \(facts.inode) with \(names)")
        }
        return Row(word: "hard_links", message: both("hard links", text(left), text(right))) {
            $0.add("source", left.inode)
            $0.add("destination", right.inode)
            $0.add("source_names", left.names)
            $0.add("destination_names", right.names)
        }
    }

    private func both(
        _ label: String,
        of side: String = "SOURCE",
        _ source: [UInt8],
        _ destination: [UInt8]
    ) -> [UInt8] {
        bytes("\(label): \(side) ") + source + bytes(", DESTINATION ") + destination
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private var whole: String {
        difference.kind == .directory ? "directory, and all in it" : difference.kind.noun
    }

    // MARK: Values

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

    /// Bytes of an attribute's value that are written: no line grows without limit.
    static let valueBytesMax = 4096

    private static func beginning(_ bytes: [UInt8]) -> String {
        hexadecimal(Array(bytes.prefix(valueBytesMax)))
    }

    /// Seconds since 1970 with nine decimals, as text: a double holds no nanoseconds.
    private static func exact(_ time: Timestamp) -> String {
        // Nanoseconds count up from the second below, also before 1970.
        let isBefore = time.seconds < 0 && time.nanoseconds > 0
        let seconds = isBefore ? time.seconds + 1 : time.seconds
        let fraction = String(isBefore ? 1_000_000_000 - time.nanoseconds : time.nanoseconds)
        let sign = isBefore && seconds == 0 ? "-" : ""
        return "\(sign)\(seconds)." + String(repeating: "0", count: 9 - fraction.count) + fraction
    }
}
