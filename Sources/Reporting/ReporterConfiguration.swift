// What a pass tells, and where: the part of the command line that concerns reporting.

package import LinuxIO
package import Migration

/// Where a pass reports to.
package struct ReporterConfiguration: Sendable {
    /// `--progress`.
    package enum ProgressMode: String, Sendable, CaseIterable {
        /// A line that redraws on a terminal, a line every 10 s elsewhere.
        case auto
        case none
        /// A line every 10 s, also on a terminal.
        case plain
    }

    package var progress: ProgressMode = .auto
    /// `-q`: nothing for people but one line when something went wrong.
    package var isQuiet = false
    /// `-v`: failures, vanished entries and what is left alone, each as it happens.
    package var isVerbose = false
    /// Print itemized lines on standard output (`-i`).
    package var itemizes = false
    /// `--json`; may be `standardOutput` itself, and then nothing else is printed there.
    package var json: OutputFile?
    /// `--failures`.
    package var failures: OutputFile?
    /// The name that was given to `--failures`, to be shown.
    package var failuresName: [UInt8] = []
    /// `--metrics`.
    package var metrics: MetricsFile?
    /// The folder that was given to `--state`; empty: none was.
    package var stateName: [UInt8] = []
    /// When the run ends by itself; nil: it does not.
    package var timeLimit: TimeLimit?
    /// What is tried to find the best number of workers; nil: nothing is.
    package var tuning: TunePlan?

    /// A time limit, as it is foreseen when the command begins.
    package struct TimeLimit: Sendable {
        /// Nanoseconds since 1970.
        package var moment: Int64
        /// So long until then.
        package var nanoseconds: UInt64

        package init(moment: Int64, nanoseconds: UInt64) {
            self.moment = moment
            self.nanoseconds = nanoseconds
        }
    }

    package var standardOutput: OutputFile
    package var standardError: OutputFile
    /// Whether the person's locale is UTF-8.
    package var isUTF8: Bool

    /// - Parameters:
    ///   - standardOutput: for itemized lines and JSON.
    ///   - standardError: for everything else.
    ///   - isUTF8: the encoding of the person's locale.
    package init(
        standardOutput: OutputFile = .standardOutput,
        standardError: OutputFile = .standardError,
        isUTF8: Bool = Terminal.isUTF8
    ) {
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.isUTF8 = isUTF8
    }

    /// How progress is told, with the kind of standard error taken into account.
    enum ProgressStyle: Sendable { case redrawn, lines, silent }

    var progressStyle: ProgressStyle {
        if isQuiet { return .silent }
        switch progress {
        case .none: return .silent
        case .plain: return .lines
        case .auto: return standardError.isTerminal && !Terminal.isDumb ? .redrawn : .lines
        }
    }
}
