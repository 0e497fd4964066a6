// Which failures of the recorded passes are open, since when, and which were mended. Pure.
//
// It says nothing that the record does not hold: failures are kept of the newest passes, and of one with very many not all.

import History
import Migration

/// The failures of a pair.
struct OpenFailures {
    /// One failure.
    struct Row {
        var record: FailureRecord
        /// The first of the whole passes, one after the other, in which it failed, as far as failures are kept.
        var since: Int64
        /// It may have failed before: that is not kept.
        var mayBeOlder = false
        /// The last one in which it did.
        var last: Int64
    }

    /// Those of the last whole pass and of what came after it, in their order.
    private(set) var open: [Row] = []
    /// Those of earlier passes that are not open, the latest first; none where not all that are open are kept.
    private(set) var mended: [Row] = []
    /// Failures that were counted and not kept, of the passes that make `open`.
    private(set) var unknown: UInt64 = 0

    /// What makes records of two passes one failure; several of one pass may have the same.
    private struct Key: Hashable {
        var path: [UInt8]
        var side: String
        var activity: String
        /// Which attribute, or whose limits: sizes and values beside it may change.
        var subject: Substring?

        init(_ record: FailureRecord) {
            path = record.path
            side = record.side
            activity = record.activity
            switch Failure.Activity(rawValue: activity) {
            case .setAttribute:
                subject = record.detail.map { detail in
                    detail.lastIndex(of: ",").map { detail[..<$0] } ?? detail[...]
                }
            case .readQuota, .setQuota: subject = record.detail?.prefix { $0 != ":" }
            default: subject = nil
            }
        }
    }

    /// `passes`: the oldest first, and all that are recorded.
    init(_ passes: [HistoryPass]) {
        let ended = passes.filter { $0.record.endNanoseconds != nil }
        let whole = ended.lastIndex(where: \.record.isWhole)
        var places: [Key: [Int]] = [:]
        for pass in ended[(whole ?? 0)...] {
            var met: [Key: Int] = [:]
            for record in pass.failures {
                let key = Key(record)
                let number = met[key, default: 0]
                met[key] = number + 1
                if let known = places[key], number < known.count {
                    open[known[number]].record = record
                    open[known[number]].last = pass.record.id
                } else {
                    places[key, default: []].append(open.count)
                    open.append(
                        Row(
                            record: record,
                            since: pass.record.id,
                            mayBeOlder: unknown > 0,
                            last: pass.record.id
                        )
                    )
                }
            }
            unknown = unknown.addingUpToMax(Self.missing(pass))
        }
        guard let whole else { return }
        findBeginnings(before: ended[...whole], places)
        if unknown == 0 { findMended(ended[..<whole], Set(places.keys)) }
    }

    /// Goes back from the last whole pass, through whole ones, as far as each failed.
    private mutating func findBeginnings(
        before passes: ArraySlice<HistoryPass>,
        _ places: [Key: [Int]]
    ) {
        var going = places
        for pass in passes.reversed() where pass.record.isWhole && !going.isEmpty {
            var met: [Key: Int] = [:]
            for record in pass.failures { met[Key(record), default: 0] += 1 }
            let isAllKept = Self.missing(pass) == 0
            for (key, rows) in going {
                let count = min(met[key] ?? 0, rows.count)
                for row in rows[..<count] {
                    open[row].since = pass.record.id
                    open[row].mayBeOlder = false
                }
                if !isAllKept { for row in rows[count...] { open[row].mayBeOlder = true } }
                going[key] = count > 0 ? Array(rows[..<count]) : nil
            }
        }
        // What ran before the first one that is recorded is forgotten.
        guard let first = passes.first, first.record.id > 1 else { return }
        for row in going.values.joined() { open[row].mayBeOlder = true }
    }

    private mutating func findMended(_ passes: ArraySlice<HistoryPass>, _ open: Set<Key>) {
        var known = open
        for pass in passes.reversed() {
            let id = pass.record.id
            var met: Set<Key> = []
            for record in pass.failures where !known.contains(Key(record)) {
                met.insert(Key(record))
                mended.append(Row(record: record, since: id, last: id))
            }
            known.formUnion(met)
        }
    }

    private static func missing(_ pass: HistoryPass) -> UInt64 {
        let kept = UInt64(pass.failures.count)
        let counted = pass.record.counts[.failures]
        return counted > kept ? counted - kept : 0
    }
}
