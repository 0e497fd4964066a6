// What the slowest branches of a pass cost, as a table below its counts.

import Migration

/// The lines for some branches.
enum BranchTable {
    /// A title and a line for each, in 80 columns; none for none.
    static func lines(_ branches: [PassSummary.BranchTime], shown: ShownName) -> [String] {
        guard !branches.isEmpty else { return [] }
        let columns = branches.map { branch in
            [
                Quantity.duration(branch.workNanoseconds),
                Quantity.count(branch.entries, "entry", "entries"), Quantity.size(branch.bytes),
            ]
        }
        let widths = (0..<3).map { column in columns.map { $0[column].count }.max() ?? 0 }
        // Four blanks before the name, two before each column.
        let room = SummaryText.width - 4 - widths.reduce(0) { $0 + $1 + 2 }
        let names = branches.map { TextLayout.cut(shown.path($0.name), to: room) }
        let nameWidth = names.map(TextLayout.columns).max() ?? 0
        let lines = zip(names, columns).map { name, columns in
            zip(columns, widths).reduce("    " + TextLayout.padded(name, to: nameWidth)) {
                line,
                column in
                line + "  " + TextLayout.rightAligned(column.0, to: column.1)
            }
        }
        return ["  slowest branches (time of all workers together)"] + lines
    }
}
