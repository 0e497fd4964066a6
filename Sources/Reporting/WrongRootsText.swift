// Why these are not the volumes that are meant: at most three lines of 80 columns, but for long names.

import History
import LinuxIO
package import Migration

package enum WrongRootsText {
    /// What is known, and how to go on.
    package static func sentence(_ wrong: WrongRoots, isDeclared: Bool) -> String {
        facts(wrong) + advice(isDeclared: isDeclared)
    }

    /// What is known.
    static func facts(_ wrong: WrongRoots) -> String {
        switch wrong {
        case .conflict(let conflict, let present): sentence(conflict, present)
        case .notMounted(let path, let typeName, isMissing: true):
            "\(shown.path(path)) does not exist and would be made on / (\(typeName)): is DESTINATION mounted?"
        case .notMounted(let path, let typeName, isMissing: false):
            "\(shown.path(path)) is a directory of / (\(typeName)), not a volume: is DESTINATION mounted?"
        }
    }

    private static func advice(isDeclared: Bool) -> String {
        isDeclared
            ? " --new-pair is for one pass and was given for that pair already: leave it out. "
                + "If they are meant: --state FOLDER"
            : " If it is meant: --new-pair"
    }

    private static let shown = ShownName(isForTerminal: true)

    private static func sentence(
        _ conflict: PairConflict,
        _ present: PresentVolume
    ) -> String {
        let recorded = conflict.recorded
        let pair = recorded.pair
        let passes = Quantity.count(
            UInt64(max(recorded.passes, 0)),
            "recorded pass",
            "recorded passes"
        )
        let end = CalendarTime(local: recorded.lastEndNanoseconds)
        let last = "\(end.date) \(end.minutes)"
        let names = (shown.path(pair.source.path), shown.path(pair.destination.path))
        switch conflict.kind {
        case .reversed:
            return
                "\(passes) went from \(names.0) to \(names.1), the last on \(last): this one would "
                + "overwrite \(names.0) with what \(names.1) has."
        case .otherSource, .otherDestination:
            let isSource = conflict.kind == .otherSource
            let filesystem = isSource ? pair.source.filesystem : pair.destination.filesystem
            let lies =
                present.isRootFilesystem
                ? "lies on / (\(present.typeName)): is it mounted?"
                : "is another one (\(present.typeName))."
            let those = recorded.passes == 1 ? "recorded pass" : passes
            return "\(shown.path(present.path)) is not the volume of the \(those) "
                + "(\(short(filesystem)), the last on \(last)) but \(lies)"
        }
    }

    /// The first eight digits of a UUID, which people compare with blkid(8).
    private static func short(_ identifier: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = identifier.prefix(4).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
