// The marks of a picture, as one path for each kind: a page of a thousand passes stays small.

/// Paths while they are drawn; x counts places, y pixels.
struct Paths {
    /// What a mark means; what comes later lies above.
    enum Kind: Int, CaseIterable {
        case band, foreseen, none, stem, range, ring, gap, walk, scan, days, top, running
    }

    private var texts = [String](repeating: "", count: Kind.allCases.count)
    /// The width of a mark in pixels: the more places, the less.
    private let size: Double

    init(count: Int) {
        size = count <= 60 ? 9 : count <= 200 ? 6 : 4
    }

    /// A dot: a line of no length, with ends that are round or square.
    mutating func add(_ kind: Kind, _ x: Double, _ y: Double) {
        texts[kind.rawValue] += "M\(Coordinate.text(x)) \(Coordinate.text(y))h0"
        if kind == .ring { add(.gap, x, y) }
    }

    /// A line upwards.
    mutating func addLine(_ kind: Kind, _ x: Double, _ from: Double, _ to: Double) {
        texts[kind.rawValue] +=
            "M\(Coordinate.text(x)) \(Coordinate.text(from))V\(Coordinate.text(to))"
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
            Self.write(&page, kind, texts[kind.rawValue], size: size)
        }
    }

    private static func write(
        _ page: inout PageWriter,
        _ kind: Kind,
        _ path: String,
        size: Double
    ) {
        let (style, width): (String, Double?) =
            switch kind {
            case .band: ("band", nil)
            case .foreseen: ("fore", 2)
            case .none: ("none", 2)
            case .stem: ("stem", max(1, size / 4))
            case .range: ("days", 1.5)
            case .ring: ("ring", size * 1.9)
            case .gap: ("gap", size * 1.45)
            case .walk: ("walk", size)
            // A square looks larger than a circle as wide.
            case .scan: ("scan", size * 0.8)
            case .days: ("median", size * 0.8)
            case .top: ("walk", size * 0.75)
            case .running: ("gap", size * 0.45)
            }
        guard let width else { return page.leaf("path", ["class": style, "d": path]) }
        page.leaf(
            "path",
            ["class": style, "stroke-width": Coordinate.text(width), "d": path]
        )
    }

    /// One mark, for a key.
    static func sample(of kind: Kind, _ page: inout PageWriter) {
        page.element(
            "svg",
            ["class": "inner", "width": "22", "height": "14", "aria-hidden": "true"]
        ) { page in
            switch kind {
            case .band: write(&page, kind, "M0 1H22V13H0z", size: 9)
            case .foreseen: write(&page, kind, "M2 7H20", size: 9)
            case .ring:
                write(&page, .ring, "M11 7h0", size: 8)
                write(&page, .gap, "M11 7h0", size: 8)
                write(&page, .walk, "M11 7h0", size: 8)
            case .running:
                write(&page, .walk, "M11 7h0", size: 9)
                write(&page, .running, "M11 7h0", size: 9)
            case .days:
                write(&page, .range, "M11 0V14", size: 9)
                write(&page, .days, "M11 7h0", size: 8)
            default: write(&page, kind, "M11 7h0", size: 9)
            }
        }
    }
}
