// The outcome of a check as lines of JSON: the one place that knows their keys, which docs/OUTPUT.md lists. As in
// EventJSON, keys and types may be added; none changes its meaning or goes away.

import LinuxIO
package import Migration

/// The lines of `cutover check --json`.
package enum CheckJSON {
    /// All lines: `check`, a `finding` for each question, `copy_time` where it was asked for, `mkfs`, `check_summary`.
    package static func lines(_ outcome: CheckOutcome, time: UInt64) -> [JSONLine] {
        [check(outcome, time)] + outcome.findings.map { finding($0, time) }
            + (outcome.timing.map { [CopyTimingText($0).line(time: time)] } ?? [])
            + [make(outcome.advice, time), summary(outcome, time)]
    }

    private static func begin(_ type: String, _ time: UInt64) -> JSONLine {
        var line = JSONLine(type: type)
        line.add("time", seconds: time)
        return line
    }

    private static func check(_ outcome: CheckOutcome, _ time: UInt64) -> JSONLine {
        let source = outcome.facts.source
        let destination = outcome.facts.destination
        let census = source.census
        var line = begin("check", time)
        line.add("format", EventJSON.format)
        line.add("source", name: source.path)
        line.add("destination", name: destination.path)
        line.add("source_type", source.typeName)
        line.add("destination_type", destination.typeName)
        line.add("counted_by", census.method.rawValue)
        line.add("source_is_whole", source.isWhole)
        line.add("source_used_bytes", source.usedBytes)
        line.add("inodes", census.inodes)
        line.add("held_bytes", census.heldBytes)
        line.add("needed_bytes", census.neededBytes)
        line.add("destination_is_empty", destination.isEmpty)
        line.add("destination_holds_copy", destination.holdsCopy)
        if let error = outcome.scanError {
            line.add("scan_errno_name", error.code.name)
        }
        return line
    }

    private static func finding(_ finding: Finding, _ time: UInt64) -> JSONLine {
        let text = FindingText(finding)
        var line = begin("finding", time)
        line.add("finding", finding.matter.name)
        line.add("severity", finding.severity.rawValue)
        addNumbers(finding.matter, to: &line)
        line.add("entries_concerned", finding.notable.total)
        line.add(
            "entries",
            finding.notable.entries.map { entry in
                var object = JSONLine()
                object.add("inode", entry.inode)
                if let path = entry.path { object.add("path", name: path) }
                object.add("value", entry.value)
                return object
            }
        )
        line.add("message", text.message)
        line.add("advice", text.advice)
        return line
    }

    private static func add(
        _ wrong: WrongRoots?,
        isSourceEmpty: Bool? = nil,
        to line: inout JSONLine
    ) {
        line.add("reason", wrong?.word)
        if let isSourceEmpty { line.add("source_empty", isSourceEmpty) }
    }

    private static func addNumbers(_ matter: Finding.Matter, to line: inout JSONLine) {
        switch matter {
        case .privileges(let isRoot, let missing, let hidden):
            line.add("root", isRoot)
            line.add("capabilities_missing", missing.joined(separator: ","))
            line.add("hidden", HiddenText.words(hidden).joined(separator: ","))
        case .pair(let wrong): add(wrong, to: &line)
        case .mounted(let wrong, let isEmpty): add(wrong, isSourceEmpty: isEmpty, to: &line)
        case .writable(let cause): line.add("read_only", cause?.rawValue)
        case .probe(let problem): line.add("probe", probe(problem))
        case .errors(let side, let health):
            line.add("side", side.rawValue)
            line.add("errors", health.errors)
            line.add("sick", health.isSick)
            line.add("shut_down", health.isShutDown)
        case .mounts(let quotas, let before, let differences):
            line.add("destination_quotas", quotas.joined(separator: ","))
            line.add("source_quotas", before.joined(separator: ","))
            line.add("differences", differences.joined(separator: ","))
        case .unknownMounts(let sides, let error):
            line.add("unknown_sides", sides.map(\.rawValue).joined(separator: ","))
            line.add("errno_name", error?.code.name)
        case .space(let balance, let shared, let reserved):
            if let balance { add(balance, to: &line) }
            line.add("shared", shared)
            line.add("reserved", reserved)
        case .inodes(let balance?): add(balance, to: &line)
        case .fileSize(let limit): line.add("limit", limit)
        case .directories(let limit, _): line.add("limit", limit)
        case .links(let limit, let support):
            line.add("limit", limit)
            line.add("hard_links", word(support))
        case .attributeSizes(let support, let unmeasured):
            line.add("large", word(support))
            line.add("unmeasured", unmeasured)
        case .accessControl(let support, let asked, _), .flags(let support, let asked),
            .projects(let support, let asked):
            line.add("support", word(support))
            line.add("asked", asked)
        case .attributes(let user, let trusted, let security, let asked):
            line.add("user", word(user))
            line.add("trusted", word(trusted))
            line.add("security", word(security))
            line.add("asked", asked)
        case .times(let times):
            line.add("step_nanoseconds", times?.stepNanoseconds)
            line.add(
                "earliest_seconds",
                times.flatMap { $0.earliestSeconds == .min ? nil : $0.earliestSeconds }
            )
            line.add(
                "latest_seconds",
                times.flatMap { $0.latestSeconds == .max ? nil : $0.latestSeconds }
            )
        case .names(let support), .holes(let support): line.add("support", word(support))
        case .types(let symlinks, let devices, let fifos):
            line.add("symlinks", word(symlinks))
            line.add("devices", word(devices))
            line.add("fifos", word(fifos))
        case .extents(let realtime, let directAccess, let sizes):
            line.add("realtime", realtime)
            line.add("dax", directAccess)
            line.add("extent_sizes", sizes)
        case .entries(let reason): line.add("reason", reason.rawValue)
        case .unread(let count): line.add("unread", count)
        case .quotas(let forecast): QuotaForecastText(forecast).addFields(to: &line)
        case .leftOut(let leftOut): LeftOutText.add(leftOut, to: &line)
        case .inodes(nil), .damaged: break
        }
    }

    private static func add(_ balance: Finding.Balance, to line: inout JSONLine) {
        line.add("needed", balance.needed)
        line.add("knowledge", balance.knowledge.rawValue)
        line.add("held", balance.held)
        line.add("missing", balance.missing)
        line.add("free", balance.free)
        line.add("total", balance.total)
    }

    /// `yes`, `untried`, or the name of the error.
    private static func word(_ support: Support) -> String {
        switch support {
        case .yes: "yes"
        case .untried: "untried"
        case .no(let code): code.name
        }
    }

    private static func probe(_ problem: ProbeProblem) -> String {
        switch problem {
        case .busy: "busy"
        case .readOnly: "EROFS"
        case .failed(let error): error.code.name
        case .untouched: "untouched"
        }
    }

    private static func make(_ advice: MakeAdvice, _ time: UInt64) -> JSONLine {
        var line = begin("mkfs", time)
        line.add("command", advice.command)
        line.add(
            "options",
            advice.options.map { option in
                let text = MakeOptionText(option)
                var object = JSONLine()
                object.add("option", text.option)
                object.add("message", text.reason)
                return object
            }
        )
        return line
    }

    private static func summary(_ outcome: CheckOutcome, _ time: UInt64) -> JSONLine {
        var line = begin("check_summary", time)
        line.add("status", outcome.status.rawValue)
        line.add("fatal", outcome.count(.fatal))
        line.add("warnings", outcome.count(.warning))
        return line
    }
}
