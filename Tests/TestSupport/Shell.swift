// Bash scripts in tests: the shortest way to make a tree or to read a volume with tools that are
// not ours.

import Testing

/// Runs bash with `set -euo pipefail`.
package enum Shell {
    /// Runs a script; the test fails, with the script's errors shown, when its status is not zero.
    ///
    /// Names go in as `"$1"`, `"$2"` … by `arguments`, never by interpolation of bytes. It throws
    /// `ScriptFailure`, so that nothing built on a failed script runs.
    @discardableResult
    package static func run(
        _ script: String,
        _ arguments: [UInt8]...,
        seconds: Int = 120
    ) throws -> Outcome {
        try run(script, arguments: arguments, seconds: seconds)
    }

    /// The same with the positional parameters in an array.
    @discardableResult
    package static func run(
        _ script: String,
        arguments: [[UInt8]],
        seconds: Int = 120
    ) throws -> Outcome {
        let outcome = try attempt(script, arguments, seconds: seconds)
        if outcome.status != 0 { throw ScriptFailure(script: script, outcome: outcome) }
        return outcome
    }

    /// Runs a script and answers how it ended, whatever the status.
    package static func attempt(
        _ script: String,
        _ arguments: [[UInt8]] = [],
        environment: [[UInt8]]? = nil,
        seconds: Int = 120
    ) throws -> Outcome {
        try Subprocess.run(
            [bytes("bash"), bytes("-c"), bytes("set -euo pipefail\n" + script), bytes("bash")]
                + arguments,
            environment: environment,
            seconds: seconds
        )
    }
}

/// A script that a test relied on and that failed.
package struct ScriptFailure: Error, CustomStringConvertible {
    /// The script's text.
    package let script: String
    /// How it ended.
    package let outcome: Outcome
    package var description: String { "script failed: \(script)\n\(outcome)" }
}
