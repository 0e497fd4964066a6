// The frame of a picture: a grid with what its lines stand for at the left, and lines of letters below.

/// A frame in which marks stand at places of equal width.
struct PlotFrame {
    let title: String
    /// In pixels, without the letters below.
    let height: Double
    /// Heights of the lines of the grid, and their labels.
    let ticks: [(y: Double, label: String)]
    let places: Int
    /// What the lines of letters below stand for.
    let lines: [String]

    /// Holds "100,000,000".
    private static let axisWidth = 76

    private var wholeHeight: String { Coordinate.text(height + Double(lines.count) * 15 + 5) }

    func write(
        _ page: inout PageWriter,
        _ draw: (inout Paths) -> Void,
        labels: (inout PageWriter) -> Void
    ) {
        var paths = Paths(count: places)
        draw(&paths)
        page.element("div", ["class": "plot"]) { page in
            axis(&page)
            page.element(
                "svg",
                ["class": "area", "height": wholeHeight, "role": "img"]
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
                        "viewBox": "0 0 \(max(places, 1)) \(Coordinate.text(height))",
                        "preserveAspectRatio": "none",
                    ]
                ) { paths.write(&$0) }
                labels(&page)
            }
        }
    }

    /// Letters below a place; on a narrow page only where there is room.
    func label(
        _ page: inout PageWriter,
        _ text: String,
        place: Int,
        line: Int,
        isNarrow: Bool
    ) {
        page.element(
            "text",
            [
                "class": isNarrow ? "" : "wide", "text-anchor": "middle",
                "x": Coordinate.percent((Double(place) + 0.5) / Double(max(places, 1))),
                "y": y(ofLine: line),
            ],
            text
        )
    }

    private func axis(_ page: inout PageWriter) {
        page.element(
            "svg",
            [
                "class": "axis", "width": "\(Self.axisWidth)", "height": wholeHeight,
                "aria-hidden": "true",
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
            for (line, label) in lines.enumerated() where !label.isEmpty {
                page.element(
                    "text",
                    [
                        "x": "\(Self.axisWidth - 14)", "y": y(ofLine: line), "text-anchor": "end",
                    ],
                    label
                )
            }
        }
    }

    private func y(ofLine number: Int) -> String {
        Coordinate.text(height + 16 + Double(number) * 15)
    }
}
