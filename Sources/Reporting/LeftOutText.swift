// What of SOURCE's root is left out because its name is the filesystem's own (S62), in words and as JSON.

import LinuxIO
import Migration

/// The text of it, one for passes, verifications and checks.
enum LeftOutText {
    static func clause(_ leftOut: LeftOut) -> String {
        var parts: [String] = []
        switch leftOut.lostAndFound {
        case nil: parts.append("lost+found of SOURCE, which cannot be listed")
        case 0: break
        case .some(let entries):
            let count = Quantity.count(UInt64(max(entries, 0)), "entry", "entries")
            parts.append("lost+found of SOURCE with \(count)")
        }
        if !leftOut.quotaFiles.isEmpty {
            // Four fixed names: text.
            let names = leftOut.quotaFiles.map { String(decoding: $0.bytes, as: UTF8.self) }
            parts.append("\(names.joined(separator: ", ")) at the root of SOURCE")
        }
        return "not copied: " + parts.joined(separator: "; ")
    }

    static let advice = "These belong to the filesystem itself. Move out of them what is yours."

    static func add(_ leftOut: LeftOut, to line: inout JSONLine) {
        line.add("lost_and_found_entries", leftOut.lostAndFound)
        line.add("quota_files", leftOut.quotaFiles.count)
    }
}
