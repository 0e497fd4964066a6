// Which failures of the recorded passes are open, since when, and which were mended. Pure.

import History
import Migration

/// The failures of a pair.
struct OpenFailures {
    /// One entry that failed.
    struct Row {
        var record: FailureRecord
        /// The first of the passes, one after the other, in which it failed.
        var since: Int64
        /// The last one in which it did.
        var last: Int64
    }

    /// Those of the last whole pass and of what came after it, in their order.
    private(set) var open: [Row] = []
    /// Those of earlier passes that are not open, the latest first.
    private(set) var mended: [Row] = []
    /// Failures that were counted and not kept, of the passes that make `open`.
    private(set) var unknown: UInt64 = 0

    /// What makes two records one failure.
    private struct Key: Hashable {
        var path: [UInt8]
        var side: String
        var activity: String

        init(_ record: FailureRecord) {
            path = record.path
            side = record.side
            activity = record.activity
        }
    }

    /// `passes`: the oldest first.
    init(_ passes: [HistoryPass]) {
        let ended = passes.filter { $0.record.endNanoseconds != nil }
        let whole = ended.lastIndex { $0.record.isComplete && !$0.record.isPartial }
        let present = ended[(whole ?? 0)...]
        let before = ended[..<(whole ?? 0)].reversed()
        var places: [Key: Int] = [:]
        for pass in present {
            unknown += Self.missing(pass)
            for record in pass.failures {
                let key = Key(record)
                if let place = places[key] {
                    open[place].record = record
                    open[place].last = pass.record.id
                } else {
                    places[key] = open.count
                    open.append(Row(record: record, since: pass.record.id, last: pass.record.id))
                }
            }
        }
        var isOpenStill = Set(places.keys)
        var known = isOpenStill
        for pass in before where !pass.record.isPartial {
            var met: Set<Key> = []
            for record in pass.failures {
                let key = Key(record)
                met.insert(key)
                if let place = places[key], isOpenStill.contains(key) {
                    open[place].since = pass.record.id
                } else if known.insert(key).inserted {
                    mended.append(Row(record: record, since: pass.record.id, last: pass.record.id))
                }
            }
            // It was mended in between: an older failure is another one.
            isOpenStill.formIntersection(met)
        }
    }

    private static func missing(_ pass: HistoryPass) -> UInt64 {
        let kept = UInt64(pass.failures.count)
        let counted = pass.record.counts[.failures]
        return counted > kept ? counted - kept : 0
    }
}
