// The mark of a salvaged file: the extended attribute `user.cutover.damaged`, whose value lists what is
// missing. While DESTINATION's file has it the file is never taken for up to date; it goes when the file is
// copied whole. Written for people (getfattr shows it); read back only to tell whether a later salvage
// would lose something.
//
//     8192 bytes: 4096-8191,65536-69631                 both ends included
//     at most 262144 bytes: 0-262143                    not every byte of it is known to be unreadable
//     40960 bytes: 0-511,1024-1535,...                  more than there is room for
//
// Values are users' to change, and DESTINATION's own: nothing but that file depends on one.

package import LinuxIO

/// What a mark says.
package struct DamageMark: Sendable, Equatable {
    /// The attribute that bears it.
    package static let attribute = Name("user.cutover.damaged")
    /// The longest value, in bytes: some forty ranges, and a quarter of what ext4 holds for all attributes of a
    /// file.
    package static let bytesMax = 1_024
    /// What a value that was read may have at most before it is not looked at.
    private static let rangesMax = 1_000

    /// The ranges that are listed.
    package let damage: Damage
    /// The bytes that are missing, those of ranges that are not listed too.
    package let byteCount: UInt64
    /// Whether all ranges are listed.
    package let isComplete: Bool

    /// The value for a damage.
    package static func text(_ damage: Damage) -> String {
        var text = damage.isExact ? "" : "at most "
        text += "\(damage.byteCount) bytes: "
        let more = ",..."
        for (index, range) in damage.ranges.enumerated() {
            let item = (index > 0 ? "," : "") + "\(range.lowerBound)-\(range.upperBound - 1)"
            let isLast = index == damage.ranges.count - 1
            if text.utf8.count + item.utf8.count + (isLast ? 0 : more.utf8.count) > bytesMax {
                return text + more
            }
            text += item
        }
        return text
    }

    /// Reads a value; nil when it is not of this form.
    package init?(_ value: [UInt8]) {
        guard value.count <= Self.bytesMax else { return nil }
        var text = Substring(String(decoding: value, as: UTF8.self))
        let isExact = !text.hasPrefix("at most ")
        if !isExact { text = text.dropFirst("at most ".count) }
        let head = text.prefix { $0 != " " }
        guard let count = UInt64(head), text.dropFirst(head.count).hasPrefix(" bytes: ") else {
            return nil
        }
        text = text.dropFirst(head.count + " bytes: ".count)
        isComplete = !text.hasSuffix(",...")
        if !isComplete { text = text.dropLast(",...".count) }
        var ranges: [Range<UInt64>] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = item.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2, let first = UInt64(ends[0]), let last = UInt64(ends[1]),
                first <= last, last < .max,
                first > (ranges.last?.upperBound ?? 0) || ranges.isEmpty,
                ranges.count < Self.rangesMax
            else { return nil }
            ranges.append(first..<last + 1)
        }
        damage = Damage(ranges, isExact: isExact)
        byteCount = count
    }

    /// Whether a copy without `newer` has all that one with this mark has.
    ///
    /// Where this one does not list all ranges, whether it has no fewer bytes.
    package func isKept(by newer: Damage) -> Bool {
        isComplete ? newer.isContained(in: damage) : newer.byteCount <= byteCount
    }
}
