// Makes a script shorter that has found a mistake, as long as it still finds one: rounds are left
// out, then halves, quarters and single edits (delta debugging, Zeller and Hildebrandt 2002).
//
// Inode numbers, clocks and threads are not in the seed: what fails once may not fail again, and
// then the script stays as it was.

import TestSupport

extension ScanTheatre {
    /// The shortest script found within some seconds, and what it finds; nil when the mistake did
    /// not come again.
    func shorten(_ failed: ScanResult, _ ways: Ways, seconds: Double = 90) throws -> ScanResult? {
        let end = monotonicSeconds() + seconds
        var best: ScanResult?
        func fails(_ script: ScanScript) throws -> Bool {
            if monotonicSeconds() > end { return false }
            let result = try replay(script, ways)
            if result.problem == nil { return false }
            best = result
            return true
        }
        guard try fails(failed.script) || fails(failed.script) else { return nil }
        var index = 0
        while let script = best?.script, index < script.rounds.count - 1 {
            var shorter = script
            shorter.rounds.remove(at: index)
            if try !fails(shorter) { index += 1 }
        }
        var part = max(1, (best?.script.count ?? 0) / 2)
        while monotonicSeconds() < end, let script = best?.script, script.count > 1 {
            var isShorter = false
            var start = 0
            while start < (best?.script ?? script).count {
                let shorter = (best?.script ?? script).without(start..<start + part)
                if try fails(shorter) { isShorter = true } else { start += part }
            }
            if part == 1 && !isShorter { break }
            part = max(1, part / 2)
        }
        return best
    }
}

extension ScanScript {
    /// The script without some of its edits, counted through all rounds.
    func without(_ left: Range<Int>) -> ScanScript {
        var shorter = self
        var index = 0
        func kept(_ edits: [UserEdit]) -> [UserEdit] {
            edits.filter { _ in
                index += 1
                return !left.contains(index - 1)
            }
        }
        for round in rounds.indices {
            shorter.rounds[round].edits = kept(rounds[round].edits)
            shorter.rounds[round].laterEdits = kept(rounds[round].laterEdits)
        }
        return shorter
    }
}
