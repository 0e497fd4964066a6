// What became of a file that could not be read whole: part of its failure.

/// The damage of one file and what was done about it.
package struct DamageReport: Sendable, Equatable {
    /// What DESTINATION has of the file now.
    package enum Outcome: String, Sendable {
        /// What it had before, or nothing (S16).
        case kept
        /// Its older copy, which is whole: salvaging never replaces one.
        case keptWhole = "kept whole"
        /// A copy that was salvaged before and has more of it.
        case keptSalvaged = "kept salvaged"
        /// What is readable, with holes for the rest, and the mark.
        case salvaged
    }

    package let damage: Damage
    package let outcome: Outcome

    package init(_ damage: Damage, _ outcome: Outcome) {
        self.damage = damage
        self.outcome = outcome
    }

    /// For the record of passes: "salvaged; 8192 bytes: 4096-8191,65536-69631".
    package var text: String { "\(outcome.rawValue); \(DamageMark.text(damage))" }

    /// What such a text says; nil when it is of another form.
    ///
    /// Where it does not list all ranges, `bounds` stands for them all.
    package init?(text: String, bounds: Range<UInt64>) {
        guard let end = text.firstIndex(of: ";"),
            let outcome = Outcome(rawValue: String(text[..<end])),
            let mark = DamageMark(Array(text[end...].dropFirst("; ".count).utf8))
        else { return nil }
        self.init(mark.isComplete ? mark.damage : Damage([bounds], isExact: false), outcome)
    }
}
