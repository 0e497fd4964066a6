// Files that options name for reports: judged before the first of them is made. They are emptied when a run begins, so
// that one which is refused destroys no report.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// A file that an option names to be written.
struct ReportFile {
    let option: String
    /// Nil where the option was not given.
    let path: BytesArgument?

    init(_ option: String, _ path: BytesArgument?) {
        self.option = option
        self.path = path
    }
}

/// All of them that one command has.
enum ReportFiles {
    /// Refuses those that would lie on one of the volumes, and `-` where it is not standard output.
    static func judge(_ files: [ReportFile], _ place: ReportPlace) throws {
        for file in files {
            guard let path = file.path else { continue }
            if path.bytes == [0x2D] {
                try judgeDash(file)
                continue
            }
            let reason: String
            switch place.side(of: path.name) {
            case .source: reason = "on SOURCE, which is never written to"
            case .destination: reason = "on DESTINATION, where it would be an extra"
            case nil: continue
            }
            throw ValidationError(
                "\(file.option): '\(SyncPlan.shown(path))' would lie \(reason); name a file elsewhere."
            )
        }
    }

    /// Refuses a folder that `--state` names on SOURCE; where a pass finds one on DESTINATION, it is refused as the roots
    /// are.
    ///
    /// The folder that holds without `--state` may lie there: SOURCE may be `/`.
    static func judge(state option: StateOption, _ place: ReportPlace) throws {
        guard let folder = option.state, place.side(of: folder.name) == .source else { return }
        throw ValidationError(
            "--state: '\(SyncPlan.shown(folder))' would lie on SOURCE, which is never written to; "
                + "name a folder elsewhere."
        )
    }

    /// Only `--json` writes to standard output; a file called `-` would be one by accident.
    static func judgeDash(_ file: ReportFile) throws {
        guard file.path?.bytes == [0x2D], file.option != "--json" else { return }
        throw ValidationError(
            "\(file.option): '-' is standard output only for --json; './-' names a file of that name."
        )
    }

    /// Refuses a manifest, to be written or read, that is one of the reports too.
    static func judge(manifest path: BytesArgument, _ reporting: ReporterConfiguration) throws {
        for (option, report) in [
            ("--json", reporting.json), ("--failures", reporting.failures),
        ] where report?.isFile(named: path.name) == true {
            throw ValidationError("\(option) and --manifest name the same file.")
        }
    }

    /// Refuses those that another run writes; asked when the roots have been judged, which may tell more of that run.
    static func judgeUse(
        of files: [ReportFile],
        _ reporting: ReporterConfiguration
    ) throws(Refusal) {
        let opened = ["--json": reporting.json, "--failures": reporting.failures]
        for file in files {
            guard let path = file.path, opened[file.option]??.isUsedByAnother == true else {
                continue
            }
            throw .reportInUse(option: file.option, path: path.bytes)
        }
    }
}
