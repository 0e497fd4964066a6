// `cutover report`: what is recorded of one pair of volumes, as one page of HTML. The map of this folder:
//
//   ReportPage      this file: the page from its head to its foot, section by section
//   PageInput       what a page is made of; how names, moments and numbers are written (PageText)
//   PageWriter      HTML that is escaped by construction
//   PageStyle       the style sheet
//   PageTable       tables
//   PassSlots       passes as places on an axis, old ones by days
//   PassCharts      the pictures of passes, drawn as Paths on a LogScale, in a PlotFrame
//   PassTable       the table beside them
//   OpenFailures    which failures are open, and since when
//   FailureSection  what fails, by what is to be done; unreadable ranges (DamageSection)
//   Treemap         a rectangle cut into rectangles
//   BranchMap       branches by space and by work
//   WorkerCurve     how fast numbers of workers were, drawn as Paths on a LinearScale
//   PairSections    verifications, and the volumes
//
// It keeps true: no script, no address, nothing that a browser would fetch; every name is text; a number is the one of
// `cutover history --json`; a page stays below 1 MB whatever is recorded.

import History
import LinuxIO
import Migration

/// One page.
package struct ReportPage {
    private let input: PageInput
    private let text: PageText
    private let shown: [HistoryPass]
    private let slots: PassSlots

    /// A page has less, in bytes.
    package static let bytesMax = 1_000_000

    package init(_ input: PageInput) { self.init(input, part: 1) }

    private init(_ input: PageInput, part: Int) {
        self.input = input
        text = PageText(input, part: part)
        shown = Array(input.pair.passes.suffix(input.passesShown))
        slots = PassSlots(shown, calendar: input.calendar)
    }

    /// The page, in UTF-8.
    ///
    /// Its rows are limited, and what they hold but for names and messages is short: where many of these are as long as they
    /// may be, all get less.
    package var html: [UInt8] {
        var page = written
        var part = 2
        while page.count >= Self.bytesMax, part <= 8 {
            page = ReportPage(input, part: part).written
            part *= 2
        }
        return page
    }

    private var written: [UInt8] {
        var page = PageWriter()
        page.declareHTML()
        page.element("html", ["lang": "en"]) { page in
            page.newline()
            page.element("head") { head(&$0) }
            page.newline()
            page.element("body") { page in
                page.element("main") { main(&$0) }
                page.element("footer") { foot(&$0) }
            }
        }
        page.newline()
        return page.bytes
    }

    // MARK: Head and foot

    private var title: String {
        let pair = input.pair
        return
            "\(text.volume(pair.source, "SOURCE")) to \(text.volume(pair.destination, "DESTINATION"))"
    }

    private func head(_ page: inout PageWriter) {
        page.leaf("meta", ["charset": "utf-8"])
        page.leaf(
            "meta",
            [
                "http-equiv": "Content-Security-Policy",
                "content": "default-src 'none'; style-src 'unsafe-inline'",
            ]
        )
        page.leaf(
            "meta",
            ["name": "viewport", "content": "width=device-width, initial-scale=1"]
        )
        page.leaf("meta", ["name": "color-scheme", "content": "light dark"])
        page.leaf("meta", ["name": "referrer", "content": "no-referrer"])
        page.newline()
        page.element("title", [:], "cutover: " + title)
        page.newline()
        page.style(PageStyle.sheet)
    }

    private func foot(_ page: inout PageWriter) {
        let made = text.made
        page.element("p") { page in
            page.text("Made ")
            text.moment(input.madeNanoseconds, &page)
            page.text(
                " by cutover \(text.message(input.version)). Times are those of the machine that made it "
                    + "(\(made.zone)), sizes are in powers of 1024. The page shows what is recorded of passes and "
                    + "verifications; cutover history --json - has the same numbers for programs."
            )
        }
    }

    // MARK: Sections

    private func main(_ page: inout PageWriter) {
        verdict(&page)
        guard !input.pair.passes.isEmpty else {
            page.element("p", [:], "No pass is recorded.")
            return volumes(&page)
        }
        section(&page, "How long passes took") { page in
            page.element("p", ["class": "muted"], spans)
            let charts = PassCharts(slots, text, sinceBoot: input.sinceBoot)
            charts.durations(&page)
        }
        section(&page, "How much passes copied") { page in
            PassCharts(slots, text, sinceBoot: input.sinceBoot).amounts(&page)
            page.element("h3", [:], "All passes in numbers")
            PassTable(slots, text, sinceBoot: input.sinceBoot).write(&page)
        }
        section(&page, "What fails") { FailureSection(input.pair.passes, text).write(&$0) }
        section(&page, "Branches by space and work", class: "page") { page in
            if let space = input.space {
                BranchMap(space, text).write(&page)
            } else {
                page.element("p", [:], "No whole pass that walked is recorded with its branches.")
            }
        }
        section(&page, "Numbers of workers") {
            WorkerCurve(input.pair.tunings, text).write(&$0)
        }
        section(&page, "Verifications") {
            PairSections(input, text).verifications(&$0)
        }
        volumes(&page)
        section(&page, "Unreadable ranges") { DamageSection(input.pair.passes, text).write(&$0) }
    }

    private func volumes(_ page: inout PageWriter) {
        section(&page, "Volumes", class: "keep") { PairSections(input, text).volumes(&$0) }
    }

    private func section(
        _ page: inout PageWriter,
        _ title: String,
        class kind: String = "",
        _ content: (inout PageWriter) -> Void
    ) {
        page.newline()
        page.element("section", ["class": kind]) { page in
            page.element("h2", [:], title)
            content(&page)
        }
    }

    /// What the picture of durations is read by.
    private var spans: String {
        let ratios = shown.compactMap { pass -> Bool? in
            let record = pass.record
            guard let low = record.foreseenLowNanoseconds,
                let high = record.foreseenHighNanoseconds,
                let total = record.times.total, low <= high
            else { return nil }
            return (low...high).contains(total)
        }
        guard !ratios.isEmpty else {
            return
                "Each mark is a pass. No interval was foreseen for any yet: that takes three passes of a kind."
        }
        let good = ratios.count { $0 }
        let passes = Quantity.count(UInt64(ratios.count), "pass", "passes")
        return "Each mark is a pass; behind it is the interval that was foreseen right before it. "
            + "\(good) of \(passes) with such an interval took as long as it says."
    }

    // MARK: The verdict

    private func verdict(_ page: inout PageWriter) {
        let pair = input.pair
        let outlook = pair.outlook
        let words = outlook.map(OutlookText.init)
        page.element(
            "header",
            ["class": outlook?.isReady == true ? "verdict ready" : "verdict"]
        ) { page in
            page.element("h1", [:], words?.sentence ?? "Nothing is recorded.")
            if let basis = words?.basis, !basis.isEmpty { page.element("p", [:], basis) }
            if let running = outlook?.running {
                page.element("p", [:], "Pass \(running) runs now\(progress).")
            }
            page.element("p", ["class": "muted"]) { page in
                page.name(text.volume(pair.source, "SOURCE"))
                page.text(" to ")
                page.name(text.volume(pair.destination, "DESTINATION"))
                page.text(", as of ")
                text.moment(input.madeNanoseconds, &page)
                page.text(" \(text.made.zone)")
            }
        }
        page.element("dl", ["class": "facts"]) { facts(&$0) }
    }

    /// How far the pass that runs is.
    private var progress: String {
        guard let running = input.pair.passes.last(where: \.isRunning)?.running,
            let total = running.entriesTotal
        else { return "" }
        let percent = Quantity.percent(running.entriesSeen, of: total)
        return ": \(percent) of at most \(Quantity.count(total)) entries"
    }

    private func facts(_ page: inout PageWriter) {
        let pair = input.pair
        fact(&page, "passes recorded", { text.count(UInt64(max(pair.passCount, 0)), &$0) }) {
            if shown.count < pair.passCount {
                $0.text("the newest \(Quantity.count(UInt64(shown.count))) on this page")
            }
        }
        if let last = pair.passes.last(where: { !$0.isRunning }) {
            fact(&page, "last pass", { $0.text(HistoryText.outcome(last)) }) { page in
                text.moment(last.record.startNanoseconds, &page)
            }
            fact(&page, "it took", { text.duration(last.duration(sinceBoot: 0), &$0) }) {
                $0.text("by a \(text.message(last.record.method))")
            }
            fact(&page, "it copied", { text.size(last.counts?[.bytesCopied], &$0) }) {
                $0.text(Quantity.count(last.counts?[.filesCopied] ?? 0, "file", "files"))
            }
            fact(&page, "failures", { text.count(last.counts?[.failures], &$0) }) {
                $0.text("in the last pass")
            }
        }
        let verification = pair.verifications.last
        fact(
            &page,
            "last verification",
            {
                $0.text(verification.map(PairSections.bareWords) ?? "none recorded")
            }
        ) { page in
            guard let verification else { return }
            page.text(PairSections.scope(verification) + ", ")
            text.moment(verification.startNanoseconds, &page)
        }
    }

    private func fact(
        _ page: inout PageWriter,
        _ label: String,
        _ value: (inout PageWriter) -> Void,
        _ note: (inout PageWriter) -> Void
    ) {
        page.element("div") { page in
            page.element("dt", [:], label)
            page.element("dd") { page in
                value(&page)
                page.element("small", [:], note)
            }
        }
    }
}
