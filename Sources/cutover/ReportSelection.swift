// What `cutover report` shows: one pair of the state folder, with all that a page tells of it.

import ArgumentParser
import History
import LinuxIO
import Migration
import Reporting

/// What a page is made of.
struct ReportSelection {
    let pair: HistoryPair
    /// The branches of the last whole walk.
    let space: PageInput.BranchSpace?

    /// More than a record keeps.
    private static let passesMax = 100_000

    /// - Throws: `HistoryRefusal` when there is nothing to show, and a usage error when it is not clear which pair.
    init(_ options: ReportOptions) throws {
        let folder = Array(options.folder.bytes)
        let records = try HistorySelection.records(in: folder)
        let (path, contents) = try Self.choose(records, options, folder)
        do throws(HistoryProblem) {
            (pair, space) = try Self.read(path, contents)
        } catch {
            throw HistoryRefusal(error, path: Array(path.utf8))
        }
    }

    private static func choose(
        _ records: [ArchivedRecord],
        _ options: ReportOptions,
        _ folder: [UInt8]
    ) throws -> (path: String, contents: ArchivedRecord.Contents) {
        if let source = options.source, let destination = options.destination {
            let found = try HistorySelection.choose(
                records,
                NamedRoot(source.name),
                NamedRoot(destination.name)
            )
            guard let last = found.max(by: { newestStart($0.contents) < newestStart($1.contents) })
            else {
                throw HistoryRefusal(folder, "no pass of these two volumes is recorded here")
            }
            return last
        }
        // One that cannot be read counts, too: it may be the one that is meant.
        if records.count > 1 {
            throw ValidationError(
                "\(records.count) pairs of volumes are recorded: give SOURCE and DESTINATION ('cutover history' names them)."
            )
        }
        guard let only = records.first else {
            throw HistoryRefusal(folder, HistorySelection.nothing)
        }
        switch only.contents {
        case .success(let contents): return (only.path, contents)
        case .failure(let reason): throw HistoryRefusal(reason, path: Array(only.path.utf8))
        }
    }

    /// Of one that cannot be read: long ago; reading it says why.
    private static func newestStart(_ contents: ArchivedRecord.Contents) -> Int64 {
        (try? contents.history.lastPass())?.startNanoseconds ?? .min
    }

    private static func read(
        _ path: String,
        _ contents: ArchivedRecord.Contents
    ) throws(HistoryProblem) -> (HistoryPair, PageInput.BranchSpace?) {
        let history = contents.history
        // However few are shown: what fails, and since when, is in those before them, and so are the branches.
        var pair = try HistorySelection.pair(path, contents, limit: passesMax, false)
        for index in pair.passes.indices {
            let record = pair.passes[index].record
            // What a pass without an end met is not recorded yet.
            guard record.counts[.failures] > 0 else { continue }
            pair.passes[index].failures = try history.failures(ofPass: record.id)
        }
        for walk in pair.passes.reversed().map(\.record)
        where walk.isComplete && !walk.isPartial && walk.method == "walk" {
            let branches = try history.branches(ofPass: walk.id)
            if !branches.isEmpty { return (pair, .init(pass: walk.id, branches: branches)) }
        }
        return (pair, nil)
    }
}
