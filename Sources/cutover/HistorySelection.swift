// Which passes `cutover history` shows: of all pairs of the state folder, or of the one that was named.

import ArgumentParser
import History
import LinuxIO
import Migration
import Reporting

/// Why something cannot be shown: one line.
struct HistoryRefusal: Error {
    var path: [UInt8]?
    var reason: String

    init(_ path: [UInt8]?, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    init(_ problem: HistoryProblem, path: [UInt8]) {
        switch problem {
        case .cannotUseFolder(let path, let reason):
            self.init(Array(path.utf8), "cannot be read: \(reason)")
        case .failed(let reason): self.init(path, "cannot be read: \(reason)")
        case .busy: self.init(path, "another process uses it just now: try again")
        }
    }

    init(_ problem: ArchiveProblem, path: [UInt8]) {
        self.path = path
        switch problem {
        case .damaged(let what):
            reason = "is damaged: \(what). The next pass of its volumes puts it aside and walks."
        case .otherVersion(let version):
            reason = "its format is \(version), of another version of cutover"
        case .interrupted:
            reason =
                "a pass was killed while it wrote this; the next pass of its volumes puts it right"
        case .unreadable(let what): reason = "cannot be read: \(what)"
        }
    }
}

/// What is shown.
struct HistorySelection {
    private(set) var pairs: [HistoryPair] = []
    /// Records that cannot be read.
    private(set) var problems: [HistoryRefusal] = []

    typealias Contents = ArchivedRecord.Contents

    /// Without a number: that many of one pair, or of each of several.
    private static let passesOfOne = 20
    private static let passesOfEach = 3

    /// - Throws: `HistoryRefusal` when there is nothing to show, and a usage error when `--pass` is not clear.
    init(_ options: HistoryOptions) throws {
        let folder = Array(options.folder.bytes)
        let records = try Self.records(in: folder)
        let chosen: [(path: String, contents: Contents)]
        if let source = options.source, let destination = options.destination {
            chosen = try Self.choose(records, NamedRoot(source.name), NamedRoot(destination.name))
            if chosen.isEmpty {
                throw HistoryRefusal(folder, "no pass of these two volumes is recorded here")
            }
        } else {
            chosen = collect(records)
            if chosen.isEmpty, problems.isEmpty { throw HistoryRefusal(folder, Self.nothing) }
        }
        if let id = options.pass {
            guard chosen.count <= 1 else {
                throw ValidationError(
                    "--pass needs SOURCE and DESTINATION: several pairs have passes recorded."
                )
            }
            for (path, contents) in chosen { pairs.append(try Self.pair(path, contents, pass: id)) }
            return
        }
        let limit = options.limit ?? (chosen.count == 1 ? Self.passesOfOne : Self.passesOfEach)
        for (path, contents) in chosen {
            do throws(HistoryProblem) {
                pairs.append(try Self.pair(path, contents, limit: limit, options.showsDetails))
            } catch {
                problems.append(HistoryRefusal(error, path: Array(path.utf8)))
            }
        }
        // The one that was used last stands above the prompt.
        pairs.sort { Self.newestStart($0) < Self.newestStart($1) }
    }

    static let nothing = "nothing is recorded here; --state names another folder"

    private static func newestStart(_ pair: HistoryPair) -> Int64 {
        pair.passes.last?.record.startNanoseconds ?? .min
    }

    // MARK: Choosing

    static func records(in folder: [UInt8]) throws -> [ArchivedRecord] {
        let found: (records: [ArchivedRecord], canBeOpened: Bool)?
        do throws(HistoryProblem) {
            found = try Archive(folder: folder).map { archive throws(HistoryProblem) in
                (try archive.records(), archive.hasDescriptorPaths)
            }
        } catch {
            throw HistoryRefusal(error, path: folder)
        }
        guard let found else { throw HistoryRefusal(folder, "there is no such folder: " + nothing) }
        // Without /proc each of them looks as if its file were not there.
        guard found.records.isEmpty || found.canBeOpened else {
            let refusal = RefusalText(.noDescriptorPaths)
            throw HistoryRefusal(refusal.path, refusal.reason)
        }
        return found.records
    }

    private mutating func collect(
        _ records: [ArchivedRecord]
    ) -> [(path: String, contents: Contents)] {
        records.compactMap { record in
            switch record.contents {
            case .success(let contents): return (record.path, contents)
            case .failure(let problem):
                problems.append(HistoryRefusal(problem, path: Array(record.path.utf8)))
                return nil
            }
        }
    }

    /// The records of two roots: of these very volumes, else of those that were called so.
    static func choose(
        _ records: [ArchivedRecord],
        _ source: NamedRoot,
        _ destination: NamedRoot
    ) throws -> [(path: String, contents: Contents)] {
        if let left = source.identity, let right = destination.identity {
            let pair = PairIdentity(source: left, destination: right)
            for record in records where record.isNamed(for: pair) {
                switch record.contents {
                case .success(let contents) where contents.pair == pair:
                    return [(record.path, contents)]
                case .success: break
                case .failure(let problem):
                    throw HistoryRefusal(problem, path: Array(record.path.utf8))
                }
            }
        }
        return records.compactMap { record in
            guard case .success(let contents) = record.contents,
                source.mayBe(contents.pair.source), destination.mayBe(contents.pair.destination)
            else { return nil }
            return (record.path, contents)
        }
    }

    // MARK: Reading

    /// The newest passes of a pair, with their failures and branches where those are wanted.
    static func pair(
        _ path: String,
        _ contents: Contents,
        limit: Int,
        _ hasDetails: Bool
    ) throws(HistoryProblem) -> HistoryPair {
        let history = contents.history
        let (records, running) = try history.observedPasses(newest: limit)
        var passes: [HistoryPass] = []
        for record in records.reversed() {
            passes.append(
                try pass(record, of: history, isRunning: record.id == running, hasDetails)
            )
        }
        var pair = HistoryPair(
            source: contents.pair.source.path,
            destination: contents.pair.destination.path,
            path: path,
            passes: passes,
            passCount: max(try history.passCount(), passes.count)
        )
        pair.sourceFilesystem = contents.pair.source.filesystem
        pair.destinationFilesystem = contents.pair.destination.filesystem
        pair.verifications = try history.verifications()
        pair.tunings = try history.tunings()
        // However many are shown: the verdict is the same.
        pair.outlook = PairOutlook(
            try history.passes(newest: PairOutlook.passesMax),
            running: running,
            verifications: pair.verifications
        )
        return pair
    }

    /// One pass of a pair, with its failures and branches.
    private static func pair(
        _ path: String,
        _ contents: Contents,
        pass id: Int64
    ) throws -> HistoryPair {
        do throws(HistoryProblem) {
            // The newest tells whether it is this one that runs.
            var pair = try pair(path, contents, limit: 1, true)
            if pair.passes.first?.record.id == id { return pair }
            if let record = try contents.history.pass(id) {
                pair.passes = [try pass(record, of: contents.history, isRunning: false, true)]
                return pair
            }
        } catch {
            throw HistoryRefusal(error, path: Array(path.utf8))
        }
        throw HistoryRefusal(Array(path.utf8), "there is no pass \(id)")
    }

    private static func pass(
        _ record: PassRecord,
        of history: History,
        isRunning: Bool,
        _ hasDetails: Bool
    ) throws(HistoryProblem) -> HistoryPass {
        let told = isRunning ? history.runningStatus.flatMap(RunningPass.init(text:)) : nil
        return HistoryPass(
            record,
            isRunning: isRunning,
            // Of a pass before it, that was killed, nothing is believed.
            running: told?.pass == record.id ? told : nil,
            failures: hasDetails ? try history.failures(ofPass: record.id) : [],
            branches: hasDetails ? try history.branches(ofPass: record.id) : []
        )
    }
}
