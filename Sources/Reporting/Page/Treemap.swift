// A rectangle cut into rectangles, each as large as its part of the whole and as square as can be (Bruls, Huizing and
// van Wijk, "Squarified Treemaps", 2000). Pure.

/// Where the parts of a treemap lie.
enum Treemap {
    /// A rectangle, with its corner above on the left.
    struct Tile: Equatable {
        var x: Double
        var y: Double
        var width: Double
        var height: Double
    }

    /// A tile for each part, in their order; together they fill the whole.
    ///
    /// `parts`: above 0, the largest first.
    static func tiles(_ parts: [Double], width: Double, height: Double) -> [Tile] {
        let total = parts.reduce(0, +)
        guard total > 0, width > 0, height > 0 else {
            return parts.map { _ in Tile(x: 0, y: 0, width: 0, height: 0) }
        }
        let areas = parts.map { $0 / total * width * height }
        var free = Tile(x: 0, y: 0, width: width, height: height)
        var tiles: [Tile] = []
        var row: [Double] = []
        for area in areas {
            let side = min(free.width, free.height)
            if !row.isEmpty, worst(row + [area], side) > worst(row, side) {
                place(row, in: &free, &tiles)
                row = []
            }
            row.append(area)
        }
        place(row, in: &free, &tiles)
        return tiles
    }

    /// How far from square the worst tile of a row along a side would be: 1 is square.
    private static func worst(_ row: [Double], _ side: Double) -> Double {
        let sum = row.reduce(0, +)
        guard sum > 0, side > 0, let least = row.min(), let most = row.max(), least > 0 else {
            return .infinity
        }
        let squared = sum * sum
        return max(side * side * most / squared, squared / (side * side * least))
    }

    /// Puts a row along the shorter side of what is free, and takes it from there.
    private static func place(_ row: [Double], in free: inout Tile, _ tiles: inout [Tile]) {
        let sum = row.reduce(0, +)
        guard sum > 0 else { return }
        if free.width >= free.height {
            let width = free.height > 0 ? min(sum / free.height, free.width) : 0
            var y = free.y
            for area in row {
                let height = free.height * area / sum
                tiles.append(Tile(x: free.x, y: y, width: width, height: height))
                y += height
            }
            free.x += width
            free.width -= width
        } else {
            let height = free.width > 0 ? min(sum / free.width, free.height) : 0
            var x = free.x
            for area in row {
                let width = free.width * area / sum
                tiles.append(Tile(x: x, y: free.y, width: width, height: height))
                x += width
            }
            free.y += height
            free.height -= height
        }
    }
}
