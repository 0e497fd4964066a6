// Tables of a page: a header that stays, rows, and a box that scrolls where there are many.

/// A table while it is written.
struct PageTable {
    /// A column: its title, what programs call it, and whether numbers stand in it.
    struct Column {
        let title: String
        /// The key in the lines of `cutover history --json`; nil: it has none there.
        let key: String?
        let isNumber: Bool

        init(_ title: String, _ key: String? = nil, isNumber: Bool = false) {
            self.title = title
            self.key = key
            self.isNumber = isNumber
        }
    }

    private let columns: [Column]
    private let label: String
    /// Stands in the attribute `data-lines`.
    private let lines: String

    init(_ label: String, lines: String, _ columns: [Column]) {
        self.columns = columns
        self.label = label
        self.lines = lines
    }

    /// Cells of one row, in the order of the columns.
    typealias Cell = (inout PageWriter) -> Void

    /// Writes it; the first cell of each row is its head.
    func write<Rows: Sequence>(
        _ page: inout PageWriter,
        _ rows: Rows,
        _ cells: (Rows.Element) -> [Cell]
    ) {
        page.element(
            "div",
            ["class": "scroll", "tabindex": "0", "role": "region", "aria-label": label]
        ) { page in
            page.element("table", ["data-lines": lines]) { page in
                page.element("thead") { page in
                    page.element("tr") { page in head(&page) }
                }
                page.element("tbody") { page in
                    for row in rows {
                        page.newline()
                        page.element("tr") { page in self.row(&page, cells(row)) }
                    }
                }
            }
        }
        page.newline()
    }

    private func head(_ page: inout PageWriter) {
        for column in columns {
            switch (column.key, column.isNumber) {
            case (let key?, true):
                page.element(
                    "th",
                    ["scope": "col", "class": "n", "data-key": key],
                    column.title
                )
            case (let key?, false):
                page.element("th", ["scope": "col", "data-key": key], column.title)
            case (nil, true): page.element("th", ["scope": "col", "class": "n"], column.title)
            case (nil, false): page.element("th", ["scope": "col"], column.title)
            }
        }
    }

    private func row(_ page: inout PageWriter, _ cells: [Cell]) {
        for (index, (column, cell)) in zip(columns, cells).enumerated() {
            let style = column.isNumber ? "n" : ""
            if index == 0 {
                page.element(
                    "th",
                    style.isEmpty ? ["scope": "row"] : ["scope": "row", "class": style],
                    cell
                )
            } else {
                page.element("td", style.isEmpty ? [:] : ["class": style], cell)
            }
        }
    }
}
