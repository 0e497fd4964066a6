// What has to be looked up for a completion. SOURCE may lie on a disk, and the state on a server, that does not answer:
// somebody who presses TAB gets nothing then, and the line back, within a second.

import ArgumentParser
import History
import LinuxIO
import Reporting

/// Looks at SOURCE and at the record, each in a process of its own.
enum CompletionLooks {
    private static let limitNanoseconds: UInt64 = 1_000_000_000
    /// Some hundred thousand names.
    private static let bytesMax = 16 << 20
    private static let passesMax = 50

    /// Names of top-level entries of a SOURCE that begin so, in the order of their bytes; none where it cannot be listed.
    ///
    /// Access times stay as they are where cutover may leave them (root, or the owner).
    static func entries(
        of source: [UInt8],
        beginningWith start: [UInt8]
    ) -> [[UInt8]] {
        let answer = ApartProcess.answer(limitNanoseconds: limitNanoseconds, bytesMax: bytesMax) {
            // What cannot be listed offers nothing: the pass will say why.
            guard let root = try? Descriptor.openRoot(Name(source)),
                let listing = try? Listing(of: root)
            else { return [] }
            var names: [UInt8] = []
            for index in 0..<listing.count {
                let name = Array(listing.nameBytes(index))
                if name.starts(with: start), name != Array("lost+found".utf8) {
                    names += name + [0]
                }
            }
            return names
        }
        return (answer ?? []).split(separator: 0).map(Array.init)
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Ids of the newest passes of a pair, the newest first, with their start and end; none where the state tells of no
    /// pair, or of several and none is named.
    static func passes(
        of operands: [[UInt8]],
        state: [UInt8]?
    ) -> [CompletionAnswer.Candidate] {
        guard operands.isEmpty || operands.count == 2 else { return [] }
        let options = state.map { ["--state=\(RawArguments.encode($0))"] } ?? []
        let words =
            options + ["--limit=\(passesMax)", "--"] + operands.map { RawArguments.encode($0) }
        let answer = ApartProcess.answer(limitNanoseconds: limitNanoseconds, bytesMax: bytesMax) {
            // As `cutover history` with these words; what it would refuse offers nothing.
            guard let options = try? HistoryOptions.parse(words),
                let selection = try? HistorySelection(options), selection.pairs.count == 1,
                let pair = selection.pairs.first
            else { return [] }
            let style = HistoryStyle(shown: ShownName(isForTerminal: true))
            return pair.passes.reversed().flatMap { pass in
                Array("\(pass.record.id)".utf8) + [0]
                    + Array(HistoryText.brief(pass, style: style).utf8) + [0]
            }
        }
        let parts = (answer ?? []).split(separator: 0, omittingEmptySubsequences: false)
        return stride(from: 0, to: parts.count - 1, by: 2).map { index in
            .init(
                word: Array(parts[index]),
                text: String(decoding: parts[index + 1], as: UTF8.self)
            )
        }
    }
}
