// What the tests of `check` share: a check of two trees, and its findings by name.

import Glibc
import TestSupport
import Testing

/// One check and what it told.
struct CheckRun {
    let outcome: Outcome
    private let report: JSONReport

    /// Checks two roots; `environment` adds `NAME=value` entries.
    init(
        _ from: [UInt8],
        _ to: [UInt8],
        _ options: [String] = [],
        state: [UInt8]? = nil,
        environment: [String] = []
    ) throws {
        let file = joined(try Scratch.directory(), Scratch.uniqueName("check"))
        // What cannot be removed goes with the scratch directory.
        defer { try? Files.unlink(file) }
        var words = (["check"] + options + ["--json"]).map { bytes($0) } + [file]
        if let state { words += [bytes("--state"), state] }
        outcome = try Cutover.run(bytes: words + [from, to], environment: environment)
        report = try JSONReport(file)
    }

    /// The lines of one question.
    func lines(_ name: String) -> [JSON] {
        report.of("finding").filter { $0.text("finding") == name }
    }

    /// The verdict on one question; the worst where there are several.
    func severity(_ name: String) -> String {
        let found = lines(name).compactMap { $0.text("severity") }
        return ["fatal", "warning", "ok"].first { found.contains($0) } ?? "no finding \(name)"
    }

    func number(_ key: String, of name: String) -> Int? {
        lines(name).first?.number(key)
    }

    /// The entries that a finding names.
    func paths(_ name: String) -> Set<[UInt8]> {
        Set(lines(name).flatMap { $0["entries"]?.elements ?? [] }.compactMap(\.path))
    }

    /// Verdicts other than ok, by question; but for capabilities that the tests' own process lacks.
    var troubles: [String: String] {
        report.of("finding").reduce(into: [:]) { troubles, line in
            guard let name = line.text("finding"),
                let severity = line.text("severity"), severity != "ok",
                name != "privileges" || severity != "warning" || OwnCapabilities.areWhole
            else { return }
            troubles[name] = severity
        }
    }

    var command: String {
        report.of("mkfs").first?.text("command") ?? ""
    }

    /// What `--time` measured.
    var copyTime: JSON? { report.of("copy_time").first }
    var summary: JSON? { report.of("check_summary").first }
    var head: JSON? { report.of("check").first }
}

/// The time of a root that a check must leave, and what stands in it.
struct RootState: Equatable {
    private let text: String

    init(_ root: [UInt8]) throws {
        let status = try Files.status(root)
        let names = try Files.tree(root).map { shown($0) }.sorted()
        text =
            "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) "
            + "\(status.st_mode) \(status.st_nlink) \(names)"
    }
}
