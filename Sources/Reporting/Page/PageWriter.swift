// HTML that is escaped by construction. Whatever comes from outside, a name, a detail, an option, can be added as text
// or as the value of an attribute and in no other way; names of elements and attributes, and the style sheet, are
// literals of this program (StaticString).
//
// What is written is XML, too: every element is closed, every value is in quotes. So a tool that is strict can say
// whether a page is whole.

/// A page while it is written.
///
/// Used by one thread.
struct PageWriter {
    private(set) var bytes: [UInt8] = []

    typealias Attributes = KeyValuePairs<StaticString, String>

    /// An element with what is written inside.
    mutating func element(
        _ name: StaticString,
        _ attributes: Attributes = [:],
        _ content: (inout PageWriter) -> Void
    ) {
        open(name, attributes)
        append(">")
        content(&self)
        append("</\(name)>")
    }

    /// An element with a text inside.
    mutating func element(
        _ name: StaticString,
        _ attributes: Attributes = [:],
        _ text: String
    ) {
        element(name, attributes) { $0.text(text) }
    }

    /// An element that holds nothing and has no end tag: void in HTML, or a shape.
    mutating func leaf(_ name: StaticString, _ attributes: Attributes = [:]) {
        open(name, attributes)
        append(" />")
    }

    /// Text, whatever it holds.
    mutating func text(_ text: String) { escape(text, isValue: false) }

    /// A line break between elements, for who reads the source.
    mutating func newline() { append("\n") }

    /// A whole page: the declaration before its only element.
    mutating func declareHTML() { append("<!DOCTYPE html>\n") }

    /// The style sheet, which is a literal.
    mutating func style(_ sheet: StaticString) {
        append("<style>\(sheet)</style>")
    }

    private mutating func open(_ name: StaticString, _ attributes: Attributes) {
        append("<\(name)")
        for (key, value) in attributes {
            append(" \(key)=\"")
            escape(value, isValue: true)
            append("\"")
        }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// How many bytes a character of a text takes.
    static func textBytes(_ scalar: Unicode.Scalar) -> Int {
        switch scalar {
        case "&": 5
        case "<", ">": 4
        // Controls, too, which become U+FFFD.
        default: max(UTF8.width(scalar), scalar.value < 0x20 ? 3 : 1)
        }
    }

    /// Controls and what is no character (U+FFFE, U+FFFF) become U+FFFD: HTML has no way to write them.
    private mutating func escape(_ text: String, isValue: Bool) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x26: append("&amp;")
            case 0x3C: append("&lt;")
            case 0x3E: append("&gt;")
            case 0x22 where isValue: append("&quot;")
            case 0x27 where isValue: append("&#39;")
            case 0x09 where !isValue, 0x0A where !isValue: bytes.append(UInt8(scalar.value))
            case 0x00...0x1F, 0x7F...0x9F, 0xFFFE, 0xFFFF: append("\u{FFFD}")
            case 0x20...0x7E: bytes.append(UInt8(scalar.value))
            default: bytes.append(contentsOf: String(scalar).utf8)
            }
        }
    }
}

extension PageWriter {
    /// A number as people read it, with the one that programs read.
    mutating func data(_ shown: String, _ value: String) {
        element("data", ["value": value], shown)
    }

    /// A name: its direction of writing does not reach what stands beside it.
    mutating func name(_ shown: String) { element("bdi", [:], shown) }

    /// A list with commas and no blanks: a line may end behind each comma, and words are not cut.
    mutating func list(_ shown: String) {
        element("bdi") { page in
            for (index, word) in shown.split(separator: ",", omittingEmptySubsequences: false)
                .enumerated()
            {
                if index > 0 {
                    page.text(",")
                    page.leaf("wbr")
                }
                page.text(String(word))
            }
        }
    }
}

/// Numbers as attributes of shapes.
enum Coordinate {
    /// With two decimals at most.
    static func text(_ number: Double) -> String {
        guard number.isFinite else { return "0" }
        let hundredths = Int((min(max(number, -1e9), 1e9) * 100).rounded())
        let whole = abs(hundredths) / 100
        let rest = abs(hundredths) % 100
        var text = hundredths < 0 ? "-\(whole)" : "\(whole)"
        if rest > 0 {
            text += rest % 10 == 0 ? ".\(rest / 10)" : rest < 10 ? ".0\(rest)" : ".\(rest)"
        }
        return text
    }

    static func percent(_ share: Double) -> String { text(share * 100) + "%" }
}
