// The arithmetic of pictures: scales and treemaps.

import TestSupport
import Testing

@testable import Reporting

@Suite("Pictures of a page") struct PictureTests {
    @Test(
        "a scale holds all values, and its labels never touch",
        arguments: [
            [0.0012], [1.0, 1.2, 1.4], [0.3, 40_000.0], [5.0, 90, 2_592_000], [], [0.0],
            [Double.infinity, 3],
        ] as [[Double]]
    )
    func scales(values: [Double]) {
        for unit in [LogScale.Unit.seconds, .bytes, .count] {
            let scale = LogScale(unit, holding: values, top: 10, bottom: 272)
            for value in values where value > 0 && value.isFinite {
                #expect(
                    value >= scale.low * 0.999 && value <= scale.high * 1.001 || value < 0.001
                        || unit != .seconds
                )
                #expect((10...272).contains(scale.position(value)))
            }
            let heights = scale.ticks.map { scale.position($0.value) }
            #expect(heights.count >= 2, "\(unit) \(values)")
            for (lower, upper) in zip(heights, heights.dropFirst()) { #expect(lower - upper >= 14) }
            #expect(Set(scale.ticks.map(\.label)).count == heights.count, "\(scale.ticks)")
        }
    }

    @Test(
        "a linear scale begins at 0, holds all, and its labels are round and never touch",
        arguments: [0.034, 0.9, 11_150, 11_999.5, 3e8, 1e300, 0, .infinity]
    )
    func linear(most: Double) {
        for isOfBytes in [false, true] {
            let scale = LinearScale(holding: most, isOfBytes: isOfBytes, top: 10, bottom: 218)
            let ticks = scale.ticks
            #expect(ticks.first?.y == 218 && ticks.last?.y == 10 && ticks.count >= 2, "\(ticks)")
            for (low, high) in zip(ticks, ticks.dropFirst()) { #expect(low.y - high.y >= 24) }
            #expect(Set(ticks.map(\.label)).count == ticks.count, "\(ticks)")
            #expect(ticks.allSatisfy { $0.label.utf8.count <= 26 })
            if most.isFinite { #expect(scale.high >= most * 0.999_999) }
        }
        let labels = LinearScale(holding: 11_150, isOfBytes: false, top: 10, bottom: 218).ticks
        #expect(
            labels.map(\.label) == ["0", "2,000", "4,000", "6,000", "8,000", "10,000", "12,000"]
        )
    }

    @Test("logarithms are right to ten digits") func logarithms() {
        for (number, logarithm) in [
            (1.0, 0.0), (2, 1), (1_024, 10), (10, 3.321_928_094_887_362),
            (0.1, -3.321_928_094_887_362),
            (3, 1.584_962_500_721_156),
        ] {
            #expect(abs(log2(number) - logarithm) < 1e-10)
        }
    }

    @Test("coordinates have two decimals and no exponent") func coordinates() {
        #expect(
            [0.0, 1.5, -2.05, 1.0 / 3, 1e-9, -.infinity].map(Coordinate.text) == [
                "0", "1.5", "-2.05", "0.33", "0", "0",
            ]
        )
    }

    @Test(
        "tiles fill the whole, none over another, each as large as its part",
        arguments: [1, 2, 7, 200]
    )
    func treemap(count: Int) throws {
        var random = SeededRandom(seed: UInt64(count))
        let parts = (0..<count).map { _ in Double(random.next() % 1_000_000 + 1) }.sorted(by: >)
        let tiles = Treemap.tiles(parts, width: 1_000, height: 400)
        #expect(tiles.count == count)
        let total = parts.reduce(0, +)
        for (tile, part) in zip(tiles, parts) {
            #expect(abs(tile.width * tile.height - part / total * 400_000) < 1)
            #expect(tile.x >= -0.01 && tile.y >= -0.01)
            #expect(tile.x + tile.width <= 1_000.01 && tile.y + tile.height <= 400.01)
        }
        for (index, one) in tiles.enumerated() {
            for other in tiles[(index + 1)...] {
                let width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
                let height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
                #expect(width < 0.01 || height < 0.01)
            }
        }
    }
}
