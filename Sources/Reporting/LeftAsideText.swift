// What "equal" says nothing of, as the end of a verdict.

package import Migration

/// The clauses behind a verdict.
package enum LeftAsideText {
    /// What each option leaves aside.
    private static let words: [String: String] = [
        "--no-xattrs": "extended attributes", "--no-acls": "ACLs", "--no-hard-links": "hard links",
        "--no-owner": "owners", "--no-group": "groups", "--no-perms": "permissions",
        "--no-times": "times", "--no-devices": "devices", "--no-specials": "pipes and sockets",
        "--xattrs": "other extended attributes", "--quotas": "quotas",
    ]

    /// `, without what 1 rule of --exclude left out; owners were not compared (--no-owner)`; empty where all was compared.
    package static func clause(_ aside: LeftAside, _ shown: ShownName) -> String {
        let rules = Quantity.count(UInt64(max(aside.rules, 0)), "rule", "rules")
        return (aside.rules > 0 ? ", without what \(rules) of --exclude left out" : "")
            + notCompared(aside.options, shown)
    }

    private static func notCompared(_ options: [[UInt8]], _ shown: ShownName) -> String {
        if options.isEmpty { return "" }
        let typed = options.map { OptionsText.quoted($0, shown) }.joined(separator: " ")
        return "; \(parts(options)) were not compared (\(typed))"
    }

    /// `owners, groups and quotas`: what options left aside.
    static func parts(_ options: [[UInt8]]) -> String {
        let names = options.map { option in
            let word = String(decoding: option.prefix { $0 != 0x3D }, as: UTF8.self)
            return words[word] ?? word
        }
        return names.count < 2
            ? names.joined()
            : names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }
}
