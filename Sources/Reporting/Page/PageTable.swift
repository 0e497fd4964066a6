// Tables of a page: a header that stays, rows, and a box that scrolls where there are many.

/// A table while it is written.
struct PageTable {
    /// A column: its title, what programs call it, and whether numbers stand in it.
    struct Column {
        /// Names and sentences want room.
        enum Kind { case plain, number, name, words }

        let title: String
        /// The key in the lines of `cutover history --json`; nil: it has none there.
        let key: String?
        let kind: Kind

        init(_ title: String, _ key: String? = nil, _ kind: Kind = .plain) {
            self.title = title
            self.key = key
            self.kind = kind
        }

        /// Its class in the style sheet.
        var style: String {
            switch kind {
            case .plain: ""
            case .number: "n"
            case .name: "path"
            case .words: "words"
            }
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
            let (title, style) = (column.title, column.style)
            if let key = column.key {
                page.element("th", ["scope": "col", "class": style, "data-key": key], title)
            } else {
                page.element("th", ["scope": "col", "class": style], title)
            }
        }
    }

    private func row(_ page: inout PageWriter, _ cells: [Cell]) {
        for (index, (column, cell)) in zip(columns, cells).enumerated() {
            let style = column.style
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
