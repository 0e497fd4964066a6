// The two pictures of passes: how long each took beside what was foreseen, and how much it copied. One place for each
// pass, in their order, so that passes of a minute can be told apart beside one of a day.
//
// A picture is as wide as the page. Heights are pixels; widths are places (a viewBox that is stretched, with strokes
// that are not), so marks stay round and letters stay letters at any width.

import History
import LinuxIO
import Migration

/// The pictures of passes.
struct PassCharts {
    private let slots: [PassSlot]
    private let text: PageText
    private let sinceBoot: Int64

    /// Holds "100,000,000".
    private static let axisWidth = 76
    private static let labelsHeight = 50.0

    init(_ slots: PassSlots, _ text: PageText, sinceBoot: Int64) {
        self.slots = slots.slots
        self.text = text
        self.sinceBoot = sinceBoot
    }

    // MARK: How long

    /// How long passes took.
    func durations(_ page: inout PageWriter) {
        let values = slots.flatMap { slot -> [UInt64?] in
            switch slot {
            case .pass(let pass):
                let record = pass.record
                return [
                    pass.duration(sinceBoot: sinceBoot), record.foreseenNanoseconds,
                    record.foreseenLowNanoseconds, record.foreseenHighNanoseconds,
                ]
            case .days(let days):
                return [days.durations?.least, days.durations?.most]
            }
        }
        let height = 280.0
        let scale = LogScale(
            .seconds,
            holding: values.compactMap { $0.map(Self.seconds) },
            top: 10,
            bottom: height - 8
        )
        page.element("figure") { page in
            page.element("p", ["class": "unit"], "How long a pass took (logarithmic)")
            plot(&page, scale, height: height, "How long each pass took, and what was foreseen") {
                marks(&$0, scale)
            }
            key(&page)
        }
    }

    /// The paths of the marks, those that lie under others first.
    private func marks(_ paths: inout Paths, _ scale: LogScale) {
        for (index, slot) in slots.enumerated() {
            let x = Double(index) + 0.5
            switch slot {
            case .pass(let pass):
                foreseen(pass.record, index, &paths, scale)
                guard let taken = pass.duration(sinceBoot: sinceBoot) else { continue }
                let y = scale.position(Self.seconds(taken))
                if Self.isTroubled(pass) { paths.add(.ring, x, y) }
                paths.add(pass.record.method == "scan" ? .scan : .walk, x, y)
                if pass.isRunning { paths.add(.running, x, y) }
            case .days(let days):
                guard let times = days.durations else { continue }
                let (low, high) = (Self.seconds(times.least), Self.seconds(times.most))
                paths.addLine(.range, x, scale.position(low), scale.position(high))
                paths.add(.days, x, scale.position(Self.seconds(times.median)))
            }
        }
    }

    private func foreseen(
        _ record: PassRecord,
        _ index: Int,
        _ paths: inout Paths,
        _ scale: LogScale
    ) {
        // Of few passes the band is no wider than what it stands behind needs.
        let half = slots.count > 40 ? 0.5 : min(0.42, 0.012 * Double(max(slots.count, 1)) + 0.02)
        let (left, right) = (Double(index) + 0.5 - half, Double(index) + 0.5 + half)
        if let low = record.foreseenLowNanoseconds, let high = record.foreseenHighNanoseconds {
            let (bottom, top) = (Self.seconds(low), Self.seconds(high))
            paths.addBox(left, right, scale.position(bottom), scale.position(top))
        }
        if let foreseen = record.foreseenNanoseconds {
            paths.addAcross(left, right, scale.position(Self.seconds(foreseen)))
        }
    }

    /// Whether a reader should look at it.
    static func isTroubled(_ pass: HistoryPass) -> Bool {
        switch pass.outcome {
        case .running: false
        case .unfinished, .unknown: true
        case .ended(let status): status != .done && status != .someVanished
        }
    }

    // MARK: How much

    /// How much passes copied: bytes above, files below.
    func amounts(_ page: inout PageWriter) {
        page.element("figure") { page in
            amount(&page, .bytes, .bytesCopied, "Bytes copied (logarithmic)")
            amount(&page, .count, .filesCopied, "Files copied (logarithmic)")
        }
    }

    private func amount(
        _ page: inout PageWriter,
        _ unit: LogScale.Unit,
        _ counter: PassCounter,
        _ title: String
    ) {
        let values = slots.map { slot -> UInt64? in
            switch slot {
            case .pass(let pass): pass.counts?[counter]
            case .days(let days): days.total(counter)
            }
        }
        let height = 170.0
        let scale = LogScale(
            unit,
            holding: values.map { Double($0 ?? 0) },
            top: 10,
            bottom: height - 26
        )
        page.element("p", ["class": "unit"], title)
        plot(&page, scale, height: height, hasZero: true, title) { paths in
            for (index, value) in values.enumerated() {
                guard let value else { continue }
                let x = Double(index) + 0.5
                if value == 0 {
                    let half = min(0.3, 0.006 * Double(values.count))
                    paths.addAcross(x - half, x + half, height - 6, .none)
                } else {
                    let y = scale.position(Double(value))
                    paths.addLine(.stem, x, height - 6, y)
                    paths.add(.top, x, y)
                }
            }
        }
    }

    // MARK: The frame

    private func plot(  // Six: what is drawn, and in which frame.
        _ page: inout PageWriter,
        _ scale: LogScale,
        height: Double,
        hasZero: Bool = false,
        _ title: String,
        _ draw: (inout Paths) -> Void
    ) {
        let ticks =
            scale.ticks.map { (scale.position($0.value), $0.label) }
            + (hasZero ? [(height - 6, "0")] : [])
        var paths = Paths(count: slots.count)
        draw(&paths)
        page.element("div", ["class": "plot"]) { page in
            axis(&page, ticks, height: height)
            page.element(
                "svg",
                [
                    "class": "area", "height": Coordinate.text(height + Self.labelsHeight),
                    "role": "img",
                ]
            ) { page in
                page.element("title", [:], title + "; the table below has the numbers.")
                for (y, _) in ticks {
                    page.leaf(
                        "line",
                        [
                            "class": "grid", "x1": "0", "x2": "100%", "y1": Coordinate.text(y),
                            "y2": Coordinate.text(y),
                        ]
                    )
                }
                page.element(
                    "svg",
                    [
                        "class": "inner \(paths.size)", "width": "100%",
                        "height": Coordinate.text(height),
                        "viewBox": "0 0 \(max(slots.count, 1)) \(Coordinate.text(height))",
                        "preserveAspectRatio": "none",
                    ]
                ) { paths.write(&$0) }
                labels(&page, below: height)
            }
        }
    }

    /// What the lines of a grid, and the lines of letters below a picture, stand for.
    private func axis(
        _ page: inout PageWriter,
        _ ticks: [(Double, String)],
        height: Double
    ) {
        page.element(
            "svg",
            [
                "class": "axis", "width": "\(Self.axisWidth)",
                "height": Coordinate.text(height + Self.labelsHeight), "aria-hidden": "true",
            ]
        ) { page in
            for (y, label) in ticks {
                page.element(
                    "text",
                    [
                        "x": "\(Self.axisWidth - 8)", "y": Coordinate.text(y + 4),
                        "text-anchor": "end",
                    ],
                    label
                )
            }
            for (line, label) in ["pass", "start"].enumerated() {
                page.element(
                    "text",
                    [
                        "x": "\(Self.axisWidth - 14)", "y": Self.line(line, below: height),
                        "text-anchor": "end",
                    ],
                    label
                )
            }
        }
    }

    /// Numbers and dates of passes below a picture, fewer of them on a narrow page.
    private func labels(_ page: inout PageWriter, below height: Double) {
        let count = slots.count
        let stride = max(1, (count + 9) / 10)
        let narrowStride = stride * max(1, (count + stride * 4 - 1) / (stride * 4))
        for (index, slot) in slots.enumerated() where (count - 1 - index) % stride == 0 {
            let isNarrow = (count - 1 - index) % narrowStride == 0
            for (line, text) in lines(slot).enumerated() {
                page.element(
                    "text",
                    [
                        "class": isNarrow ? "" : "wide", "text-anchor": "middle",
                        "x": Coordinate.percent((Double(index) + 0.5) / Double(count)),
                        "y": Self.line(line, below: height),
                    ],
                    text
                )
            }
        }
    }

    /// Where a line of letters below a picture stands.
    private static func line(_ number: Int, below height: Double) -> String {
        Coordinate.text(height + 16 + Double(number) * 15)
    }

    private func lines(_ slot: PassSlot) -> [String] {
        switch slot {
        case .pass(let pass):
            let time = text.calendar(pass.record.startNanoseconds)
            return ["\(pass.record.id)", "\(time.date.dropFirst(5))", time.minutes]
        case .days(let days):
            return ["days", "\(days.last.dropFirst(5))", "\(days.last.prefix(4))"]
        }
    }

    // MARK: The key

    private func key(_ page: inout PageWriter) {
        let passes = slots.compactMap { slot -> HistoryPass? in
            if case .pass(let pass) = slot { return pass }
            return nil
        }
        var kinds: [(Paths.Kind, String)] = []
        if passes.contains(where: { $0.record.method != "scan" }) {
            kinds.append((.walk, "pass by a walk"))
        }
        if passes.contains(where: { $0.record.method == "scan" }) {
            kinds.append((.scan, "pass by a scan"))
        }
        if passes.contains(where: Self.isTroubled) { kinds.append((.ring, "failed, or cut short")) }
        if passes.contains(where: \.isRunning) { kinds.append((.running, "runs now")) }
        if passes.count < slots.count {
            kinds.append((.days, "passes of one day or more: median, from least to most"))
        }
        if passes.contains(where: { $0.record.foreseenNanoseconds != nil }) {
            kinds.append((.foreseen, "foreseen"))
        }
        if passes.contains(where: { $0.record.foreseenLowNanoseconds != nil }) {
            kinds.append((.band, "foreseen interval"))
        }
        page.element("ul", ["class": "key"]) { page in
            for (kind, label) in kinds {
                page.element("li") { page in
                    Paths.sample(of: kind, &page)
                    page.text(label)
                }
            }
        }
    }

    static func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e9 }
}
