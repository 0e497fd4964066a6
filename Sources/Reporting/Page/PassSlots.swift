// The passes of a pair as places on an axis: each of the newest 500, and what is older by days.

import History
import LinuxIO

/// One place on the axis of passes.
enum PassSlot {
    case pass(HistoryPass)
    case days(PassDays)
}

/// Passes of one day, or of several in a row.
struct PassDays {
    /// By the calendar of who reads: `2026-08-04`.
    var first: String
    var last: String
    var passes: [HistoryPass]

    /// `2026-08-04`, or `2026-08-04 to 2026-08-06`.
    var title: String { first == last ? first : "\(first) to \(last)" }

    func total(_ counter: PassCounter) -> UInt64 {
        passes.reduce(0) { $0.addingUpToMax($1.counts?[counter] ?? 0) }
    }

    /// The least, the median and the most that a pass took; nil: no end is known of any.
    var durations: (least: UInt64, median: UInt64, most: UInt64)? {
        let known = passes.compactMap { $0.duration(sinceBoot: 0) }.sorted()
        guard let least = known.first, let most = known.last else { return nil }
        return (least, known[(known.count - 1) / 2], most)
    }
}

/// All of them, the oldest first.
struct PassSlots {
    let slots: [PassSlot]

    /// So many passes stand for themselves.
    static let passesMax = 500
    /// So many places are of days at most; where there are more days several share one.
    static let daysMax = 200

    /// - Parameters:
    ///   - passes: the oldest first.
    ///   - calendar: makes a moment a date.
    init(_ passes: [HistoryPass], calendar: (Int64) -> CalendarTime) {
        let single = passes.suffix(Self.passesMax)
        var days: [PassDays] = []
        for pass in passes.dropLast(single.count) {
            let date = calendar(pass.record.startNanoseconds).date
            if days.last?.last == date {
                days[days.count - 1].passes.append(pass)
            } else {
                days.append(PassDays(first: date, last: date, passes: [pass]))
            }
        }
        let share = (days.count + Self.daysMax - 1) / Self.daysMax
        var bins: [PassDays] = []
        for (index, day) in days.enumerated() {
            if share > 1, index % share > 0 {
                bins[bins.count - 1].last = day.last
                bins[bins.count - 1].passes += day.passes
            } else {
                bins.append(day)
            }
        }
        slots = bins.map { .days($0) } + single.map { .pass($0) }
    }

    var hasDays: Bool {
        if case .days? = slots.first { return true }
        return false
    }
}
