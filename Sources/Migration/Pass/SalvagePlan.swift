// Whether a salvaged copy may take a name on DESTINATION (S16); the table stands at the head of Salvager.swift.

/// What may become of a salvaged copy.
enum SalvagePlan {
    /// Without `--salvage`, where DESTINATION has no whole file.
    case notAsked
    case keepsWhole
    case replaces
    case replacesIfBetter(than: DamageMark)

    var mayReplace: Bool {
        switch self {
        case .notAsked, .keepsWhole: false
        case .replaces, .replacesIfBetter: true
        }
    }

    func outcome(for damage: Damage) -> DamageReport.Outcome {
        switch self {
        case .notAsked: .kept
        case .keepsWhole: .keptWhole
        case .replaces: .salvaged
        case .replacesIfBetter(let mark): mark.isKept(by: damage) ? .salvaged : .keptSalvaged
        }
    }
}
