// What the last whole pass of two roots was asked for, looked up before the roots are locked.

import History
package import LinuxIO

/// The newest pass of all of SOURCE that later ones can rest on.
package struct LastWholePass: Equatable, Sendable {
    package let id: Int64
    /// Nil: they were not kept.
    package let options: RecordedOptions?

    /// Looks into the record of these very roots; nothing is changed.
    ///
    /// Refused where there is none, or it cannot be read.
    package static func find(
        _ names: RootNames,
        stateFolder: Name
    ) throws(Refusal) -> LastWholePass {
        let pass: PassRecord?
        do throws(HistoryProblem) {
            pass = try history(names, stateFolder: stateFolder)?.lastCompletePass()
        } catch {
            throw .optionsUnknown(.unreadable)
        }
        guard let pass else { throw .optionsUnknown(.noWholePass) }
        return LastWholePass(
            id: pass.id,
            options: RecordedOptions(recorded: pass.arguments)
        )
    }

    /// The record of these very roots; nil: there is none.
    private static func history(
        _ names: RootNames,
        stateFolder: Name
    ) throws(HistoryProblem) -> History? {
        guard let source = NamedRoot(names.source).identity,
            let destination = NamedRoot(names.destination).identity
        else { return nil }
        let pair = PairIdentity(source: source, destination: destination)
        let record = try Archive(folder: Array(stateFolder.bytes))?.record(of: pair)
        guard let contents = try record?.contents.mapError(Self.problem).get() else { return nil }
        // Files are named without the births: what was made anew under the same numbers is another volume.
        return contents.pair == pair ? contents.history : nil
    }

    /// Why does not matter here: `cutover history` tells.
    private static func problem(_ problem: ArchiveProblem) -> HistoryProblem {
        .failed("\(problem)")
    }
}
