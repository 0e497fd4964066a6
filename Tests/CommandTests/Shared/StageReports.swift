// Passes with a report, passes under limits that a shell sets, and a search for what a pass has left.

import TestSupport
import Testing

extension Stage {
    /// One pass with `--delete`, and what it told as JSON.
    func reported(
        _ options: String...,
        environment: [String] = [],
        seconds: Int = 120
    ) throws -> (outcome: Outcome, report: JSONReport) {
        let file = joined(outside, "report.json")
        let words = (["sync", "--delete"] + options + ["--json"]).map { bytes($0) }
        let outcome = try Cutover.run(
            bytes: words + [file, from, to],
            environment: environment,
            seconds: seconds
        )
        return (outcome, try JSONReport(file))
    }

    /// Starts a pass with `--delete` that tells JSON into `report`.
    func start(_ options: String..., report: [UInt8], seconds: Int = 120) throws -> Subprocess {
        // It is emptied when the pass begins: until then what an earlier one told would be taken for its own.
        try Files.removeTree(report)
        let words = (["sync", "--delete"] + options + ["--json"]).map { bytes($0) }
        return try Cutover.start(words + [report, from, to], seconds: seconds)
    }

    /// One pass with `--delete` under bash, which first runs `setup`: limits, closed streams,
    /// pipes.
    func pass(under setup: String, _ options: String..., seconds: Int = 120) throws -> Outcome {
        let words = (["sync", "--delete"] + options).map { bytes($0) }
        return try Shell.attempt(
            setup,
            [Cutover.binary] + words + [from, to],
            seconds: seconds
        )
    }

    /// Temporary files that a pass has left, found at any depth (S13, S51).
    func leftoversAtAnyDepth() throws -> [String] {
        try Shell.run("find \"$1\" -name '.cutover.*'", to).lines
    }

    /// Independent tools find no difference; only those that walk below PATH_MAX.
    func expectSameAtAnyDepth(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let differences = try Oracle.differences(from, to, deep: true)
        #expect(differences.isEmpty, "\(differences)", sourceLocation: sourceLocation)
        #expect(try leftoversAtAnyDepth() == [], sourceLocation: sourceLocation)
    }
}
