// The branches as a treemap: as large as the space that each takes, as dark as the work that a unit of it cost.

import History
import Migration

/// The picture of branches, and the table beside it.
struct BranchMap {
    private let pass: Int64
    private let items: [Item]
    /// Branches that take no space.
    private let empty: Int
    private let text: PageText
    /// Work seconds a GiB of all together.
    private let mean: Double

    /// One branch, or what is left of them.
    private struct Item {
        var name: String
        var isRest = false
        var work: UInt64
        var entries: UInt64
        var bytes: UInt64

        /// Work seconds a GiB.
        var cost: Double { BranchMap.cost(work, bytes) }
    }

    /// So many have a place of their own.
    static let branchesMax = 199

    init(_ space: PageInput.BranchSpace, _ text: PageText) {
        pass = space.pass
        self.text = text
        let known = space.branches.filter { $0.bytes > 0 }.sorted { $0.bytes > $1.bytes }
        empty = space.branches.count - known.count
        var items = known.prefix(Self.branchesMax).map { branch in
            Item(
                name: text.branch(branch.name),
                work: branch.workNanoseconds,
                entries: branch.entries,
                bytes: branch.bytes
            )
        }
        let rest = known.dropFirst(Self.branchesMax)
        if !rest.isEmpty {
            items.append(
                Item(
                    name: Quantity.count(UInt64(rest.count), "smaller one", "smaller ones"),
                    isRest: true,
                    work: Self.sum(rest, \.workNanoseconds),
                    entries: Self.sum(rest, \.entries),
                    bytes: Self.sum(rest, \.bytes)
                )
            )
        }
        mean = Self.cost(Self.sum(known, \.workNanoseconds), Self.sum(known, \.bytes))
        // The rest may be larger than any of them.
        self.items = items.sorted { $0.bytes > $1.bytes }
    }

    private static func sum(
        _ branches: some Sequence<BranchRecord>,
        _ part: (BranchRecord) -> UInt64
    ) -> UInt64 {
        branches.reduce(0) { $0.addingUpToMax(part($1)) }
    }

    private static func cost(_ work: UInt64, _ bytes: UInt64) -> Double {
        bytes == 0 ? 0 : (Double(work) / 1e9) / (Double(bytes) / 0x1p30)
    }

    func write(_ page: inout PageWriter) {
        guard !items.isEmpty else {
            return page.element("p", [:], "No branch takes any space, as pass \(pass) saw it.")
        }
        page.element("p", ["class": "muted"], caption)
        page.element("figure", ["class": "map"]) { page in
            map(&page, "wide", width: 1_000, height: 400, shown: 1_000)
            map(&page, "narrow", width: 320, height: 420, shown: 300)
            key(&page)
        }
        table(&page)
    }

    private var caption: String {
        var text =
            "Space on SOURCE as pass \(pass) saw it, the last whole one that walked. The darker, the more work of all "
            + "workers together a GiB took in that pass."
        if empty > 0 {
            text +=
                " Not shown: \(Quantity.count(UInt64(empty), "branch", "branches")) without space."
        }
        return text
    }

    // MARK: The picture

    /// `shown`: how wide the page is in pixels where letters just fit.
    private func map(
        _ page: inout PageWriter,
        _ style: String,
        width: Double,
        height: Double,
        shown: Double
    ) {
        let tiles = Treemap.tiles(items.map { Double($0.bytes) }, width: width, height: height)
        page.element(
            "svg",
            ["class": style, "width": "100%", "height": Coordinate.text(height), "role": "img"]
        ) { page in
            page.element("title", [:], "Branches by space; the table below has the numbers.")
            for (item, tile) in zip(items, tiles) {
                page.element(
                    "svg",
                    [
                        "x": Coordinate.percent(tile.x / width), "y": Coordinate.text(tile.y),
                        "width": Coordinate.percent(tile.width / width),
                        "height": Coordinate.text(tile.height),
                    ]
                ) { page in
                    let shade = shade(item)
                    page.leaf(
                        "rect",
                        ["class": "s\(shade)", "width": "100%", "height": "100%"]
                    )
                    label(&page, item, tile.width / width * shown, tile.height, shade)
                    page.leaf("rect", ["class": "edge", "width": "100%", "height": "100%"])
                }
            }
        }
    }

    /// Its name and its space, as far as there is room.
    private func label(
        _ page: inout PageWriter,
        _ item: Item,
        _ width: Double,
        _ height: Double,
        _ shade: Int
    ) {
        let columns = Int((width - 12) / 7.8)
        // A few letters of a name tell nothing.
        let isWhole = TextLayout.columns(item.name) <= columns
        guard isWhole || columns >= 5, height >= 20 else { return }
        let ink = shade >= 3 ? "l" : "d"
        let name = isWhole ? item.name : TextLayout.beginning(item.name, columns - 1) + "\u{2026}"
        page.element("text", ["class": "b \(ink)", "x": "6", "y": "16"], name)
        for (index, line) in [Quantity.size(item.bytes), "\(Quantity.span(item.cost))/GiB"]
            .enumerated()
        {
            let y = index * 15 + 32
            // What would stand below a gap looks like something else.
            guard line.count <= columns, height >= Double(y + 6) else { return }
            page.element("text", ["class": ink, "x": "6", "y": "\(y)"], line)
        }
    }

    /// 0 to 4: up to a half, one, two and four times the mean of all, and above.
    private func shade(_ item: Item) -> Int {
        guard mean > 0 else { return 0 }
        let share = item.cost / mean
        return Self.steps.firstIndex { share <= $0 } ?? Self.steps.count
    }

    private static let steps = [0.5, 1, 2, 4]

    private func key(_ page: inout PageWriter) {
        guard mean > 0 else { return }
        page.element("ul", ["class": "key"]) { page in
            for shade in 0...Self.steps.count {
                page.element("li") { page in
                    page.element(
                        "svg",
                        ["class": "inner", "width": "22", "height": "14", "aria-hidden": "true"]
                    ) {
                        $0.leaf("rect", ["class": "s s\(shade)", "width": "22", "height": "14"])
                    }
                    page.text(
                        shade < Self.steps.count
                            ? "up to \(Quantity.span(mean * Self.steps[shade]))/GiB" : "more"
                    )
                }
            }
        }
    }

    // MARK: The table

    private func table(_ page: inout PageWriter) {
        let text = text
        PageTable(
            "Branches by space",
            lines: "pass_branch",
            [
                PageTable.Column("branch", "name", .name),
                PageTable.Column("space", "bytes", .number),
                PageTable.Column("entries", "entries", .number),
                PageTable.Column("work", "work_seconds", .number),
                PageTable.Column("work a GiB", nil, .number),
            ]
        ).write(&page, items) { item in
            [
                { $0.name(item.name) },
                { text.size(item.bytes, &$0) },
                { text.count(item.entries, &$0) },
                { text.duration(item.work, &$0) },
                { $0.text(Quantity.span(item.cost)) },
            ]
        }
    }
}
