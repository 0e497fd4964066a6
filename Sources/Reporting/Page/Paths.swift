// The marks of a picture, as one path for each kind: a page of a thousand passes stays small.

/// Paths while they are drawn; x counts places, y pixels.
struct Paths {
    /// What a mark means; what comes later lies above.
    enum Kind: Int, CaseIterable {
        case band, foreseen, none, stem, curve, range, ring, gap, walk, scan, days, top, running
        /// Of numbers of workers.
        case tried, taken
    }

    private var texts = [String](repeating: "", count: Kind.allCases.count)
    /// The more places, the smaller the marks: a class of the style sheet, which makes them smaller still on a narrow page.
    let size: String

    init(count: Int) {
        size = count <= 60 ? "m9" : count <= 200 ? "m6" : "m4"
    }

    /// A dot: a line of nearly no length, with ends that are round or square.
    ///
    /// Of no length at all square ends have no direction, and some printers leave them out.
    mutating func add(_ kind: Kind, _ x: Double, _ y: Double) {
        texts[kind.rawValue] += "M\(Coordinate.text(x)) \(Coordinate.text(y))h.01"
        if kind == .ring { add(.gap, x, y) }
    }

    /// A line upwards.
    mutating func addLine(_ kind: Kind, _ x: Double, _ from: Double, _ to: Double) {
        texts[kind.rawValue] +=
            "M\(Coordinate.text(x)) \(Coordinate.text(from))V\(Coordinate.text(to))"
    }

    /// A line through points, from left to right.
    mutating func addCurve(_ points: [(x: Double, y: Double)]) {
        let texts = points.map { "\(Coordinate.text($0.x)) \(Coordinate.text($0.y))" }
        self.texts[Kind.curve.rawValue] += "M" + texts.joined(separator: "L")
    }

    mutating func addAcross(
        _ left: Double,
        _ right: Double,
        _ y: Double,
        _ kind: Kind = .foreseen
    ) {
        texts[kind.rawValue] +=
            "M\(Coordinate.text(left)) \(Coordinate.text(y))H\(Coordinate.text(right))"
    }

    mutating func addBox(_ left: Double, _ right: Double, _ bottom: Double, _ top: Double) {
        // What is very narrow is still to be seen.
        let top = min(top, bottom - 2)
        texts[Kind.band.rawValue] +=
            "M\(Coordinate.text(left)) \(Coordinate.text(bottom))H\(Coordinate.text(right))"
            + "V\(Coordinate.text(top))H\(Coordinate.text(left))z"
    }

    func write(_ page: inout PageWriter) {
        for kind in Kind.allCases where !texts[kind.rawValue].isEmpty {
            Self.write(&page, kind, texts[kind.rawValue])
        }
    }

    private static func write(_ page: inout PageWriter, _ kind: Kind, _ path: String) {
        let style =
            switch kind {
            case .band: "band"
            case .foreseen, .curve: "fore"
            case .none: "none"
            case .stem: "stem"
            case .range: "range"
            case .ring: "ring"
            case .gap: "gap"
            case .walk, .tried: "walk"
            case .scan, .taken: "scan"
            case .days: "median"
            case .top: "top"
            case .running: "runs"
            }
        page.leaf("path", ["class": style, "d": path])
    }

    /// What the marks of a picture mean.
    static func key(of kinds: [(kind: Kind, label: String)], _ page: inout PageWriter) {
        page.element("ul", ["class": "key"]) { page in
            for (kind, label) in kinds {
                page.element("li") { page in
                    sample(of: kind, &page)
                    page.text(label)
                }
            }
        }
    }

    private static func sample(of kind: Kind, _ page: inout PageWriter) {
        page.element(
            "svg",
            ["class": "inner m9", "width": "22", "height": "14", "aria-hidden": "true"]
        ) { page in
            switch kind {
            case .band: write(&page, kind, "M0 1H22V13H0z")
            case .foreseen: write(&page, kind, "M2 7H20")
            case .ring:
                write(&page, .ring, "M11 7h.01")
                write(&page, .gap, "M11 7h.01")
                write(&page, .walk, "M11 7h.01")
            case .running:
                write(&page, .walk, "M11 7h.01")
                write(&page, .running, "M11 7h.01")
            case .range: write(&page, kind, "M11 0V14")
            case .days:
                write(&page, .range, "M11 0V14")
                write(&page, .days, "M11 7h.01")
            default: write(&page, kind, "M11 7h.01")
            }
        }
    }
}
