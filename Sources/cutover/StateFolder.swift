// Where the state between passes is kept unless `--state` says otherwise.

import LinuxIO

/// The folder for state.
enum StateFolder {
    /// `$CUTOVER_STATE`, else one of the machine and not of a user: whoever runs the next pass has to find it.
    static var standard: Name {
        ProcessLimits.environment("CUTOVER_STATE") ?? Name("/var/lib/cutover")
    }
}
