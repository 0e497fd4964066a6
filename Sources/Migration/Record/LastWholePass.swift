// What the last whole pass of two roots was asked for, looked up before the roots are locked.

import History
package import LinuxIO

/// The newest pass of all of SOURCE that later ones can rest on.
package struct LastWholePass: Equatable, Sendable {
    package let id: Int64
    /// Nil: they were not kept.
    package let options: RecordedOptions?
    /// It compared files by size alone.
    package let comparedSizesAlone: Bool

    package init(id: Int64, options: RecordedOptions?, comparedSizesAlone: Bool) {
        self.id = id
        self.options = options
        self.comparedSizesAlone = comparedSizesAlone
    }

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
            options: RecordedOptions(recorded: pass.arguments),
            comparedSizesAlone: CarriedParts(signature: pass.options)?.comparesSizesAlone == true
        )
    }

    /// The newest whole pass of these very roots; nil: there is none.
    fileprivate static func newest(
        _ names: RootNames,
        stateFolder: Name
    ) throws(HistoryProblem) -> WholePasses.Pass? {
        try history(names, stateFolder: stateFolder)?.lastCompletePass().map { pass in
            let status = pass.status.flatMap { Int32(exactly: $0) }.flatMap(ExitStatus.init)
            // An unknown one means failure, here as for everybody.
            return WholePasses.Pass(id: pass.id, status: status ?? .someFailed)
        }
    }

    /// Whether a pass is the newest of the record of these roots still; nothing is changed.
    ///
    /// Between two runs of one command nothing is locked: another pass, one that waited for it, may run in between.
    /// - Parameters:
    ///   - pass: by its number in the record; nil: it is not recorded.
    ///   - names: the roots.
    ///   - stateFolder: the folder of the record.
    /// - Returns: `unknown` also where the record cannot be read.
    package static func standing(
        of pass: Int64?,
        _ names: RootNames,
        stateFolder: Name
    ) -> FinalOutcome.Standing {
        do throws(HistoryProblem) {
            guard let pass, let history = try history(names, stateFolder: stateFolder),
                let last = try history.lastPass()
            else { return .unknown }
            if last.id == pass { return .last }
            return last.id > pass ? .followed : .unknown
        } catch {
            return .unknown
        }
    }

    /// Why a last pass with these options would pass over changed contents; nil: it would not.
    ///
    /// The pass before counts, too: it gave DESTINATION's file the time of SOURCE's, so size and time agree since.
    package func refusal(of pass: PassOptions) -> Refusal? {
        if pass.comparesAll { return nil }
        if comparedSizesAlone { return .sizesAlone(pass: id) }
        return pass.changeTest == .sizeOnly ? .sizesAlone(pass: nil) : nil
    }

    /// What all recorded passes came to; nil where there is no record, or it cannot be read.
    ///
    /// While a pass of this process runs, only by its thread: who closes the record's file takes SQLite's locks on it away
    /// from all of the process.
    package static func sums(_ names: RootNames, stateFolder: Name) -> RecordedSums? {
        do throws(HistoryProblem) {
            guard let history = try history(names, stateFolder: stateFolder) else { return nil }
            let whole = try history.lastCompletePass()
            let observed = try history.observedPasses(newest: 1)
            return RecordedSums(
                totals: try history.totals(),
                lastSuccessNanoseconds: try history.lastSuccess()?.endNanoseconds,
                openFailures: whole.map { $0.counts[.failures] },
                newest: observed.passes.first,
                isRunning: observed.running != nil,
                lastEnded: try history.lastEnded(),
                verifications: try history.verifications()
            )
        } catch {
            return nil
        }
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

/// Which whole passes of a pair a loop knows of, so that new ones of other processes are told from the rest.
///
/// A record can be unreadable for a moment, when others write it: then nothing new is known, and what was known stays.
package struct WholePasses: Sendable {
    /// One of them.
    package struct Pass: Sendable {
        package let id: Int64
        package let status: ExitStatus
    }

    private let names: RootNames
    private let stateFolder: Name?
    /// No known one is newer; 0: there was none; nil: the record was never read.
    private var newest: Int64?

    /// `stateFolder`: nil, and there is no record, so there are none.
    package init(_ names: RootNames, stateFolder: Name?) {
        self.names = names
        self.stateFolder = stateFolder
    }

    /// One of our own is recorded, whole or not.
    package mutating func know(_ pass: Int64) { newest = max(newest ?? 0, pass) }

    /// All that are recorded by now are known from here on.
    package mutating func catchUp() {
        guard let stateFolder else { return }
        do throws(HistoryProblem) {
            know(try LastWholePass.newest(names, stateFolder: stateFolder)?.id ?? 0)
        } catch {
            // What was known stays; `new` asks again.
        }
    }

    /// The newest, where it is newer than all that are known; nil also where the record cannot be read now.
    package mutating func new() -> Pass? {
        guard let known = newest else {
            catchUp()
            return nil
        }
        guard let stateFolder else { return nil }
        do throws(HistoryProblem) {
            let found = try LastWholePass.newest(names, stateFolder: stateFolder)
            return found.flatMap { $0.id > known ? $0 : nil }
        } catch {
            return nil
        }
    }
}
