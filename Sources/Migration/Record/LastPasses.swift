// What the record says of the last passes of a pair, for a verification that looks on: which differences users may have
// made since, and what was left out.
//
// It keeps true: it is read as `cutover history` reads it (`Archive`): nothing is made, upgraded or put aside, and no lock
// is held that a pass would meet. What cannot be used is told with its reason, never passed over.

import History
import LinuxIO

/// Why a record that there is, or may be, says nothing of what users changed since.
package enum RecordTrouble: Error, Sendable, Hashable {
    /// The folder that was named is not there.
    case noFolder(path: String)
    /// Folder or database cannot be read, or another process uses it.
    case unreadable(path: String, reason: String)
    case damaged(path: String, reason: String)
    /// Of another version of the format.
    case otherVersion(Int)
    /// A pass was killed while it wrote its end.
    case interrupted
    /// Of roots that bear the same numbers and are others.
    case otherPair
    /// No pass of all of SOURCE was done to its end.
    case noWholePass
    /// This pass has no end: it runs just now, or was killed.
    case passUnfinished(Int64)
    /// The clock was set back since that pass, or while it ran.
    case clockSetBack(Int64)
    /// Options of that pass are not understood: another version made it.
    case unknownOptions(Int64)
    /// That pass failed at a root, or at more entries than are kept.
    case manyFailures(Int64)
    /// An entry that this pass failed at is not where it was: it may bear any other name.
    case failedMoved(Int64)
    /// What this pass left out is not known.
    case unknownFilter(Int64)

    /// As a word for programs, which stays.
    package enum Word: String, CaseIterable, Sendable {
        case noFolder = "no_folder"
        case unreadable
        case damaged
        case otherVersion = "other_version"
        case interrupted
        case otherPair = "other_pair"
        case noWholePass = "no_whole_pass"
        case passUnfinished = "pass_unfinished"
        case clockSetBack = "clock_set_back"
        case unknownOptions = "unknown_options"
        case manyFailures = "many_failures"
        case failedMoved = "failed_moved"
        case unknownFilter = "unknown_filter"
    }

    package var word: Word {
        switch self {
        case .noFolder: .noFolder
        case .unreadable: .unreadable
        case .damaged: .damaged
        case .otherVersion: .otherVersion
        case .interrupted: .interrupted
        case .otherPair: .otherPair
        case .noWholePass: .noWholePass
        case .passUnfinished: .passUnfinished
        case .clockSetBack: .clockSetBack
        case .unknownOptions: .unknownOptions
        case .manyFailures: .manyFailures
        case .failedMoved: .failedMoved
        case .unknownFilter: .unknownFilter
        }
    }

    /// Whether there is a record, and what passes left out cannot be read of it.
    var hidesFilters: Bool {
        switch self {
        case .unreadable, .damaged, .otherVersion, .interrupted: true
        case .noFolder, .otherPair, .noWholePass, .passUnfinished, .clockSetBack, .unknownOptions,
            .manyFailures, .failedMoved, .unknownFilter:
            false
        }
    }

    fileprivate init(_ problem: ArchiveProblem, path: String) {
        switch problem {
        case .damaged(let reason): self = .damaged(path: path, reason: reason)
        case .otherVersion(let version): self = .otherVersion(version)
        case .interrupted: self = .interrupted
        case .unreadable(let reason): self = .unreadable(path: path, reason: reason)
        }
    }

    fileprivate init(_ problem: HistoryProblem, path: String) {
        self = .unreadable(path: path, reason: problem.sentence)
    }
}

/// The last passes of a pair.
struct LastPasses {
    let history: History
    /// The last one that was whole.
    let whole: PassRecord
    /// The last one, whatever became of it.
    let last: PassRecord

    /// Reads the record of a pair; nil: there is none.
    ///
    /// `isNamed`: somebody named the folder; then that it is missing is told.
    static func read(
        folder: Name,
        isNamed: Bool,
        pair: PairIdentity
    ) throws(RecordTrouble) -> LastPasses? {
        // For people; what is no UTF-8 is shown as such.
        let path = String(decoding: folder.bytes, as: UTF8.self)
        guard let archive = try archive(folder, path: path) else {
            if isNamed { throw .noFolder(path: path) }
            return nil
        }
        let found: ArchivedRecord?
        do throws(HistoryProblem) { found = try archive.record(of: pair) } catch {
            throw RecordTrouble(error, path: path)
        }
        switch found?.contents {
        case nil: return nil
        case .failure(let problem): throw RecordTrouble(problem, path: found?.path ?? path)
        case .success(let contents):
            guard contents.pair == pair else { throw .otherPair }
            return try LastPasses(contents.history)
        }
    }

    private static func archive(
        _ folder: Name,
        path: String
    ) throws(RecordTrouble) -> Archive? {
        do throws(HistoryProblem) { return try Archive(folder: Array(folder.bytes)) } catch {
            throw RecordTrouble(error, path: path)
        }
    }

    private init?(_ history: History) throws(RecordTrouble) {
        self.history = history
        let found: (last: PassRecord?, whole: PassRecord?)
        do throws(HistoryProblem) {
            found = (try history.lastPass(), try history.lastCompletePass())
        } catch {
            throw RecordTrouble(error, path: history.path)
        }
        // A record in which no pass has begun yet says as much as none.
        guard let last = found.last else { return nil }
        guard let whole = found.whole else {
            throw last.endNanoseconds == nil ? .passUnfinished(last.id) : .noWholePass
        }
        self.whole = whole
        // Asked one after the other: a pass may have ended in between.
        self.last = whole.id > last.id ? whole : last
    }

    /// When the last whole pass began and ended, in nanoseconds since 1970, if these moments can be held against times of
    /// change at `now`.
    ///
    /// Not when the last one of all ended: what somebody did on DESTINATION before a pass of some branches, or one that
    /// was stopped, is older than its end, and no part of what it wrote.
    func moments(at now: ClockReading) throws(RecordTrouble) -> (began: Int64, ended: Int64) {
        guard let ended = last.endNanoseconds, let wholeEnded = whole.endNanoseconds else {
            throw .passUnfinished(last.id)
        }
        for pass in [whole, last] {
            let end = pass.endNanoseconds ?? 0
            // Numbers first: what is no moment must not be reckoned with.
            guard pass.startNanoseconds > 0, pass.startNanoseconds <= end, end <= now.time,
                ScanDecision.isClockSane(pass, now), Self.ranSanely(pass)
            else { throw .clockSetBack(pass.id) }
        }
        guard wholeEnded <= ended else { throw .clockSetBack(last.id) }
        return (whole.startNanoseconds, wholeEnded)
    }

    /// Whether the clock went on while a pass ran, as `ScanDecision` asks of the time between two.
    private static func ranSanely(_ pass: PassRecord) -> Bool {
        guard let end = pass.endNanoseconds, let sinceBoot = pass.endBootNanoseconds else {
            return false
        }
        let shown = end - pass.startNanoseconds
        return shown - (sinceBoot - pass.startBootNanoseconds) > -1_000_000_000
    }

    /// What the last whole pass left out; where that is not known nothing is known to be taken by the next.
    func filter() throws(RecordTrouble) -> Filter {
        guard let recorded = RecordedOptions(recorded: whole.arguments) else {
            // Too many rules, or an earlier version; but whether there were any is known.
            if CarriedParts(signature: whole.options)?.hasFilter == false { return Filter() }
            throw .unknownFilter(whole.id)
        }
        do throws(FilterError) { return try recorded.filter() } catch {
            throw .unknownFilter(whole.id)
        }
    }

    /// Below which paths passes have failed since the last whole one began: what is wrong there may stay so.
    ///
    /// A path that SOURCE, which `source` is, does not have any more was removed, or renamed, and then nobody knows where
    /// the next pass fails.
    func failedPlaces(below source: SharedDescriptor) throws(RecordTrouble) -> FailedPlaces {
        var places = FailedPlaces()
        for pass in try since() {
            let failures = try failures(of: pass)
            // Those over the limit are counted and not kept, and one of a root is one of all.
            guard UInt64(failures.count) == pass.counts[.failures],
                !failures.contains(where: \.path.isEmpty)
            else { throw .manyFailures(pass.id) }
            for failure in failures {
                // What could not be deleted was never there.
                if failure.activity != Failure.Activity.remove.rawValue,
                    !Self.isThere(failure.path, below: source.descriptor)
                {
                    throw .failedMoved(pass.id)
                }
                places.insert(failure.path)
            }
        }
        return places
    }

    /// Whether a root has such a path; what cannot be looked at counts as moved, as doubt does.
    private static func isThere(_ path: [UInt8], below root: borrowing Descriptor) -> Bool {
        let names = path.split(separator: 0x2F).map { Name(Array($0)) }
        guard let last = names.last else { return true }
        do throws(SystemError) {
            guard let first = names.first, names.count > 1 else {
                return try isNamed(last, in: root)
            }
            var directory = try root.openDirectoryAcrossMounts(first)
            for name in names.dropFirst().dropLast() {
                directory = try directory.openDirectoryAcrossMounts(name)
            }
            return try isNamed(last, in: directory)
        } catch {
            return false
        }
    }

    private static func isNamed(
        _ name: Name,
        in directory: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        do throws(SystemError) {
            // Only that there is one counts; the handle is closed again.
            _ = try directory.openHandle(name)
            return true
        } catch {
            if error.code == .noEntry { return false }
            throw error
        }
    }

    /// The last whole pass and all after it.
    private func since() throws(RecordTrouble) -> [PassRecord] {
        do throws(HistoryProblem) {
            return try history.passes(newest: 1_000).filter { $0.id >= whole.id }
        } catch {
            throw RecordTrouble(error, path: history.path)
        }
    }

    private func failures(of pass: PassRecord) throws(RecordTrouble) -> [FailureRecord] {
        do throws(HistoryProblem) { return try history.failures(ofPass: pass.id) } catch {
            throw RecordTrouble(error, path: history.path)
        }
    }
}

/// Paths at which passes failed.
struct FailedPlaces: Sendable {
    private var paths: Set<[UInt8]> = []

    mutating func insert(_ path: [UInt8]) { paths.insert(path) }

    var isEmpty: Bool { paths.isEmpty }

    /// Whether it is one of them, or lies below one.
    func hold(_ path: [UInt8]) -> Bool {
        if paths.contains(path) { return true }
        for index in path.indices where path[index] == 0x2F && paths.contains(Array(path[..<index]))
        {
            return true
        }
        return false
    }
}
