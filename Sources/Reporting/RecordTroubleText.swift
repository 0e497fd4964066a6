// Why the record of passes says nothing of what users changed since, as a sentence.

import Migration

/// The words of such a reason.
enum RecordTroubleText {
    /// Two sentences for people: why, and what follows.
    static func sentence(_ trouble: RecordTrouble) -> String {
        "the record of passes is not used: \(reason(trouble)). What users changed since the last pass counts as different."
    }

    private static func reason(_ trouble: RecordTrouble) -> String {
        switch trouble {
        case .noFolder(let path): "there is no \(path)"
        case .unreadable(let path, let reason): "\(path): \(reason)"
        case .damaged(let path, let reason):
            "\(path) is damaged (\(reason)); the next pass begins a new one"
        case .otherVersion(let version):
            "it is of format \(version), which this version does not know"
        case .interrupted: "a pass was killed while writing it; the next pass puts it right"
        case .otherPair: "it is of two other volumes with the same numbers"
        case .noWholePass: "no pass of all of SOURCE was done to its end"
        case .passUnfinished(let pass): "pass \(pass) runs just now, or was killed"
        case .clockSetBack(let pass): "the clock was set back during pass \(pass) or since"
        case .unknownOptions(let pass): "another version made pass \(pass)"
        case .failedMoved(let pass):
            "an entry that pass \(pass) failed at was removed or renamed since"
        case .unknownFilter(let pass): "what pass \(pass) left out is not in it"
        case .manyFailures(let pass):
            "pass \(pass) failed at too many entries, or at a root ('cutover history --pass \(pass)')"
        }
    }
}
