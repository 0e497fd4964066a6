// The program run by somebody who is not root.

import Glibc
import TestSupport

enum Unprivileged {
    /// Nobody's user id.
    static let user: uid_t = 65534

    /// One pass with `--delete` by nobody, who owns DESTINATION.
    static func sync(_ stage: Stage, _ options: [String] = []) throws -> Outcome {
        try Shell.run("chown -R \(user):\(user) \"$1\"; chmod 755 \"$1\"", stage.to)
        return try run(["sync", "--delete"] + options, stage)
    }

    /// One subcommand by nobody on both roots.
    static func run(_ words: [String], _ stage: Stage) throws -> Outcome {
        let setpriv = [
            "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--inh-caps=-all",
        ]
        return try Subprocess.run(
            setpriv.map { bytes($0) } + [Cutover.binary] + words.map { bytes($0) }
                + [stage.from, stage.to]
        )
    }
}
