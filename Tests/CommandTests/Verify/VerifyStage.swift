// What the tests of `verify` share: verifications of a stage's two trees, and what they told.

import Glibc
import TestSupport
import Testing

extension Stage {
    /// One verification, whatever its status.
    func verify(
        _ options: String...,
        environment: [String] = [],
        seconds: Int = 120
    ) throws -> Outcome {
        let words = (["verify"] + options).map { bytes($0) }
        return try Cutover.run(
            bytes: words + [from, to],
            environment: environment,
            seconds: seconds
        )
    }

    /// What it found, sorted; the status must fit to it: 1 with findings, 0 without.
    func differences(
        _ options: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        let words = (["verify", "-q"] + options).map { bytes($0) }
        let outcome = try Cutover.run(bytes: words + [from, to])
        let expected: Int32 = outcome.lines.isEmpty ? 0 : 1
        #expect(outcome.status == expected, "\(outcome)", sourceLocation: sourceLocation)
        return outcome.lines.sorted()
    }

    /// It finds nothing, also with attributes alone.
    func expectEqual(
        _ options: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try differences(options) == [], sourceLocation: sourceLocation)
        #expect(try differences(["--metadata"]) == [], sourceLocation: sourceLocation)
    }

    /// Where `writeManifest` writes if it is not told.
    var manifest: [UInt8] { joined(outside, "manifest") }

    /// A verification that writes a manifest, outside of both trees.
    func writeManifest(_ name: String = "manifest") throws -> Outcome {
        try Cutover.run(
            bytes: [bytes("verify"), bytes("--manifest"), joined(outside, name), from, to]
        )
    }

    /// DESTINATION checked against that manifest.
    func checkManifest(_ options: String...) throws -> Outcome {
        let words = (["verify"] + options + ["--manifest"]).map { bytes($0) }
        return try Cutover.run(bytes: words + [manifest, to])
    }

    /// Changes DESTINATION by a script with its root as `$1`, and what else it moved back: the times of
    /// modification of the files named and of their directories are SOURCE's again.
    func spoil(_ script: String, keepingTimesOf names: [String]) throws {
        try Shell.run(script, to)
        for name in names {
            try Files.changeTime(destination(name), like: source(name))
        }
        // Older than the verification that follows, whatever the clock's tick.
        usleep(20_000)
    }

    /// Writes one byte over another value of it, and gives the file SOURCE's time.
    func flip(_ name: String, at offset: Int) throws {
        let path = destination(name)
        let byte = try Files.read(path)[offset]
        try Files.overwrite(path, [byte ^ 0x41], at: offset)
        try Files.changeTime(path, like: source(name))
        usleep(20_000)
    }
}

/// Whether a path is a regular file's.
func isRegular(_ path: [UInt8]) throws -> Bool {
    try Files.status(path).st_mode & S_IFMT == S_IFREG
}

/// Runs a script that undoes what a test did; what it cannot undo the workspace does.
func cleanUp(_ script: String, _ path: [UInt8]) {
    do { try Shell.run(script, path) } catch { Issue.record("not undone: \(error)") }
}
