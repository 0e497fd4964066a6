// How fast each number of workers was that a pass tried (`cutover tune`): a curve, and the tables beside it.

import History
import Migration

/// The section of workers.
struct WorkerCurve {
    private let tunings: [TunedWorkers]
    private let text: PageText

    init(_ tunings: [TunedWorkers], _ text: PageText) {
        self.tunings = tunings
        self.text = text
    }

    func write(_ page: inout PageWriter) {
        guard let last = tunings.last else {
            return page.element(
                "p",
                [:],
                "No pass tried several numbers: cutover tune does, and remembers the best."
            )
        }
        page.element("p", ["class": "muted"], caption(last))
        if !last.rates.isEmpty {
            picture(&page, last)
            numbers(&page, last)
        }
        guard tunings.count > 1 else { return }
        page.element("h3", [:], "All that were found")
        found(&page)
    }

    private func caption(_ tuned: TunedWorkers) -> String {
        let rows = tuned.rows
        let share = rows.first { $0.workers == tuned.workers }?.share
        let best = rows.first { $0.workers == tuned.topWorkers }?.share ?? 1
        let does =
            if let share, best > 0, tuned.workers != tuned.topWorkers {
                "\(tuned.workers) did \(TuneText.percent(share / best)) % of what \(tuned.topWorkers) did"
            } else {
                "none was faster than \(tuned.workers)"
            }
        return
            "Numbers of workers that pass \(tuned.pass) tried while it worked: \(does), and later passes on that machine "
            + "take \(tuned.workers). Limit: \(limit(tuned.limit))."
            + (tuned.isOfBytes ? "" : " An entry is one of the average size in that pass.")
    }

    private func limit(_ word: String?) -> String {
        guard let word else { return "not known" }
        switch TuneLimit(rawValue: word) {
        case .source: return "SOURCE's disk"
        case .destination: return "DESTINATION's disk"
        case .processors: return "the processors"
        case .locks: return "no disk and no processor, so workers waited for each other"
        case nil: return text.message(word)
        }
    }

    // MARK: The picture

    private func picture(_ page: inout PageWriter, _ tuned: TunedWorkers) {
        let rows = tuned.rows
        let best = rows.map(\.rate).max() ?? 0
        let height = 220.0
        let scale = LinearScale(
            holding: rows.map { $0.rate + $0.spread * best }.max() ?? 0,
            isOfBytes: tuned.isOfBytes,
            top: 10,
            bottom: height - 2
        )
        let unit = tuned.isOfBytes ? "Bytes" : "Entries"
        let frame = PlotFrame(
            title: "\(unit) a second by the number of workers",
            height: height,
            ticks: scale.ticks,
            places: rows.count,
            lines: ["workers"]
        )
        page.element("figure") { page in
            page.element("p", ["class": "unit"], frame.title + " (linear)")
            frame.write(&page) { paths in
                let points = rows.enumerated().map { index, row in
                    (x: Double(index) + 0.5, y: scale.position(row.rate))
                }
                paths.addCurve(points)
                for (point, row) in zip(points, rows) {
                    let half = row.spread * best
                    let (low, high) = (row.rate - half, row.rate + half)
                    paths.addLine(.range, point.x, scale.position(low), scale.position(high))
                    paths.add(row.workers == tuned.workers ? .taken : .tried, point.x, point.y)
                }
            } labels: { page in
                for (index, row) in rows.enumerated() {
                    // Eleven of three digits have room.
                    let isNarrow = rows.count <= 11 || (rows.count - 1 - index) % 2 == 0
                    frame.label(&page, "\(row.workers)", place: index, line: 0, isNarrow: isNarrow)
                }
            }
            key(&page)
        }
    }

    private func key(_ page: inout PageWriter) {
        let kinds: [(kind: Paths.Kind, label: String)] = [
            (.tried, "a number that was tried: the median of its steps"),
            (.taken, "the one that later passes take"),
            (.range, "half of what lies between its slowest and fastest step, up and down"),
        ]
        Paths.key(of: kinds, &page)
    }

    // MARK: The tables

    private func numbers(_ page: inout PageWriter, _ tuned: TunedWorkers) {
        PageTable(
            "Numbers of workers",
            lines: "numbers",
            [
                PageTable.Column("workers", "workers", .number),
                PageTable.Column(
                    tuned.isOfBytes ? "bytes a second" : "entries a second",
                    "rate",
                    .number
                ),
                PageTable.Column("of the best", "share", .number),
                PageTable.Column("spread", "spread", .number),
                PageTable.Column("steps", "steps", .number),
            ]
        ).write(&page, tuned.rows) { row in
            [
                { $0.text("\(row.workers)") },
                { page in
                    let rate = TuneText.shown(row.rate, isOfBytes: tuned.isOfBytes)
                    page.data(rate, Quantity.decimal(row.rate))
                },
                { $0.data("\(TuneText.percent(row.share)) %", Quantity.decimal(row.share)) },
                {
                    $0.data("\u{B1}\(TuneText.percent(row.spread)) %", Quantity.decimal(row.spread))
                },
                { $0.text("\(row.steps)") },
            ]
        }
    }

    private func found(_ page: inout PageWriter) {
        let text = text
        PageTable(
            "All numbers of workers that were found, the newest first",
            lines: "tuning",
            [
                PageTable.Column("pass", "pass", .number),
                PageTable.Column("end", "end"),
                PageTable.Column("taken", "workers", .number),
                PageTable.Column("fastest", "top_workers", .number),
                PageTable.Column("limit", "limit", .words),
            ]
        ).write(&page, tunings.reversed()) { tuned in
            [
                { $0.text("\(tuned.pass)") },
                { text.moment(tuned.momentNanoseconds, &$0) },
                { $0.text("\(tuned.workers)") },
                { $0.text("\(tuned.topWorkers)") },
                { $0.data(limit(tuned.limit), tuned.limit.map(text.message) ?? "-") },
            ]
        }
    }
}
