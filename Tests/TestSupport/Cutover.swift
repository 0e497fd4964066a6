// The program under test, always run as its users run it: a process with arguments, output and a
// status.

import Glibc
package import Testing

/// Runs the built `cutover`.
package enum Cutover {
    /// The binary: `$CUTOVER_BINARY` when set (a release build, say), else the product beside this
    /// test program.
    package static let binary: [UInt8] = {
        if let named = Environment.value("CUTOVER_BINARY") { return bytes(named) }
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count)
        let program = path.prefix(max(length, 0)).map(UInt8.init(bitPattern:))
        let directory = program.prefix(upTo: program.lastIndex(of: UInt8(ascii: "/")) ?? 0)
        return joined(Array(directory), "cutover")
    }()

    /// Runs it to its end with arguments given as bytes.
    ///
    /// `environment` adds `NAME=value` entries; the test fails when `seconds` are over.
    package static func run(
        bytes arguments: [[UInt8]],
        environment: [String] = [],
        seconds: Int = 120
    ) throws -> Outcome {
        try Subprocess.run(
            [binary] + arguments,
            environment: Environment.inherited + environment.map { bytes($0) },
            seconds: seconds
        )
    }

    /// Runs it to its end with arguments given as text.
    package static func run(
        _ arguments: [String],
        environment: [String] = [],
        seconds: Int = 120
    ) throws -> Outcome {
        try run(bytes: arguments.map { bytes($0) }, environment: environment, seconds: seconds)
    }

    /// Starts it in the background.
    package static func start(
        _ arguments: [[UInt8]],
        environment: [String] = [],
        seconds: Int = 120
    ) throws -> Subprocess {
        try Subprocess(
            [binary] + arguments,
            environment: Environment.inherited + environment.map { bytes($0) },
            seconds: seconds
        )
    }

    /// One pass, `sync OPTIONS SOURCE DESTINATION`, whatever its status.
    package static func sync(
        _ source: [UInt8],
        _ destination: [UInt8],
        _ options: [String] = ["--delete"],
        seconds: Int = 120
    ) throws -> Outcome {
        let words = (["sync"] + options).map { bytes($0) }
        return try run(bytes: words + [source, destination], seconds: seconds)
    }

    /// One pass with `--delete` that must end with status 0; the test fails with its errors shown
    /// otherwise.
    @discardableResult
    package static func pass(
        _ source: [UInt8],
        _ destination: [UInt8],
        _ options: [String] = ["--delete"],
        seconds: Int = 120,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        let outcome = try sync(source, destination, options, seconds: seconds)
        #expect(outcome.status == 0, "\(outcome)", sourceLocation: sourceLocation)
        return outcome
    }
}
