// "Change scan": a pass that scans leaves what a pass that reads everything would leave. Seeded
// scripts of edits between passes, on trees in which most files look like others, judged after each
// pass by contents, attributes and link groups, and by a walk that must find nothing to do.
//
// CUTOVER_SEEDS=2000 tries so many instead of a few; CUTOVER_SEED=n tries that one alone;
// CUTOVER_SEED_BASE=n begins there, CUTOVER_SEED_BASE=random at a number taken from the clock.

import TestSupport
import Testing

/// Which seeds this run tries.
extension Seeds {
    /// Scripts run in so many lanes at once, each on volumes of its own.
    static let lanes = 2

    /// The seeds of a lane.
    static func ofLane(_ lane: Int, few: Int) -> [UInt64] {
        if let only = number("CUTOVER_SEED") { return lane == 0 ? [only] : [] }
        let count = number("CUTOVER_SEEDS") ?? UInt64(few)
        let all = (0..<count).map { base &+ $0 }
        if lane == 0 { print("scripts of edits: seeds \(base) to \(base &+ count &- 1)") }
        return all.filter { $0 % UInt64(lanes) == UInt64(lane) }
    }
}

@Suite(
    "Change scan: a pass that remembers is as good as one that reads everything",
    .requiresVolumes,
    .timeLimit(.minutes(360))
)
struct ScanEquivalence {
    @Test(
        "Change scan: after any edits a scan leaves no difference, and a walk nothing to do",
        arguments: 0..<Seeds.lanes
    )
    func anyEdits(lane: Int) throws {
        let seeds = Seeds.ofLane(lane, few: 24)
        let results = try play(seeds, ScanTheatre.Ways())
        let passes = results.reduce(0) { $0 + $1.passes }
        let scans = results.reduce(0) { $0 + $1.scans }
        let reasons = Set(results.flatMap(\.walkReasons))
        // Passes that walk prove nothing about the scan.
        #expect(scans * 10 >= passes * 9, "\(scans) of \(passes) passes scanned; \(reasons)")
        #expect(passes > 0 || seeds.isEmpty)
    }

    @Test(
        "Change scan: nor after passes that were killed, failed, or left something out",
        arguments: 0..<Seeds.lanes
    )
    func disturbedPasses(lane: Int) throws {
        let seeds = Seeds.ofLane(lane, few: 12)
        let results = try play(seeds, ScanTheatre.Ways(disturbs: true))
        let scans = results.reduce(0) { $0 + $1.scans }
        #expect(scans > 0 || seeds.count < 4, "none of the passes scanned")
    }

    @Test("Change scan: these scripts do find what a pass without a memory misses")
    func theJudgementCanFail() throws {
        let theatre = try ScanTheatre()
        let ways = ScanTheatre.Ways(forgets: true)
        let seeds = (1...12).map { UInt64($0) }
        let missed = try seeds.filter { try theatre.play(seed: $0, ways).problem != nil }
        #expect(missed.count * 2 > seeds.count, "only seeds \(missed) of \(seeds) found anything")
    }

    /// Plays seeds and tells those that fail, with the script that failed, made shorter.
    private func play(_ seeds: [UInt64], _ ways: ScanTheatre.Ways) throws -> [ScanResult] {
        if seeds.isEmpty { return [] }
        let theatre = try ScanTheatre()
        var results: [ScanResult] = []
        var failed = 0
        for seed in seeds {
            let result = try theatre.play(seed: seed, ways)
            results.append(result)
            guard let problem = result.problem else { continue }
            failed += 1
            let shorter = failed <= 2 ? try theatre.shorten(result, ways) : nil
            Issue.record(
                """
                seed \(seed) (again: CUTOVER_SEED=\(seed)): \(problem)
                \(result.script)
                made shorter: \(shorter.map { "\($0.problem ?? "")\n\($0.script)" } ?? "no")
                """
            )
            if failed == 5 { break }
        }
        return results
    }
}
