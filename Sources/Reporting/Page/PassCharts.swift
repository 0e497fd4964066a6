// The two pictures of passes: how long each took beside what was foreseen, and how much it copied. One place for each
// pass, in their order, so that passes of a minute can be told apart beside one of a day.
//
// A picture is as wide as the page. Heights are pixels; widths are places (a viewBox that is stretched, with strokes
// that are not), so marks stay round and letters stay letters at any width (PlotFrame).

import History
import LinuxIO
import Migration

/// The pictures of passes.
struct PassCharts {
    private let slots: [PassSlot]
    private let text: PageText
    private let sinceBoot: Int64

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
        let frame = PlotFrame(
            title: title,
            height: height,
            ticks: scale.ticks.map { (y: scale.position($0.value), label: $0.label) }
                + (hasZero ? [(y: height - 6, label: "0")] : []),
            places: slots.count,
            lines: ["pass", "start", ""]
        )
        frame.write(&page, draw) { labels(&$0, of: frame) }
    }

    /// Numbers and dates of passes below a picture, fewer of them on a narrow page.
    private func labels(_ page: inout PageWriter, of frame: PlotFrame) {
        let count = slots.count
        let stride = max(1, (count + 9) / 10)
        let narrowStride = stride * max(1, (count + stride * 4 - 1) / (stride * 4))
        for (index, slot) in slots.enumerated() where (count - 1 - index) % stride == 0 {
            let isNarrow = (count - 1 - index) % narrowStride == 0
            for (line, text) in lines(slot).enumerated() {
                frame.label(&page, text, place: index, line: line, isNarrow: isNarrow)
            }
        }
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
        var kinds: [(kind: Paths.Kind, label: String)] = []
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
        Paths.key(of: kinds, &page)
    }

    static func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e9 }
}
