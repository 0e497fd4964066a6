// What holds for a whole pass and is said once, as sentences and as lines of JSON.

import History
import LinuxIO
import Migration

/// What one notice says.
enum NoticeText {
    /// Whether it is told only to those who asked for more (`-v`); programs are always told.
    static func isDetail(_ notice: Notice) -> Bool {
        switch notice {
        case .readsTogether, .readsAlone, .reaches: true
        case .walks(let reason): WalkReasonText.isExpected(reason)
        default: false
        }
    }

    /// The line of JSON: what belongs to the word stands beside it.
    static func line(_ notice: Notice, time: UInt64) -> JSONLine {
        var line = EventJSON.begin("notice", time)
        line.add("notice", notice.word.rawValue)
        switch notice {
        case .workersLimited(let workers, let descriptors):
            line.add("workers", workers)
            line.add("descriptors", descriptors)
        case .capabilitiesMissing(let missing):
            line.add("capabilities_missing", missing.names.joined(separator: ","))
        case .reaches(let capabilities, _, let source, let destination):
            line.add("capabilities", capabilities.names.joined(separator: ","))
            line.add("source_view", source)
            line.add("destination_view", destination)
        case .idleIgnored(let device, let scheduler):
            line.add("device", device)
            line.add("scheduler", scheduler)
        case .threadsLimited(let workers): line.add("workers", workers)
        case .coarseTimes(let step): line.add("step_nanoseconds", step)
        case .clampedTimes(let entries, let first):
            line.add("entries", entries)
            line.add("path", name: first)
        case .linkLimitReached(let limit): line.add("limit", limit)
        case .readsTogether(let files): line.add("files", files)
        case .readsAlone(let error): line.add("errno_name", error.code.name)
        case .walks(let reason): line.add("reason", reason.word.rawValue)
        case .nothingRemembered(let path, _): line.add("state_path", path)
        case .leftOut(let leftOut): LeftOutText.add(leftOut, to: &line)
        case .quotasNotKept, .sourceQuotasOff, .noLimitsOnSource, .quotasNotCarried,
            .quotasSuspended, .quotasUnread,
            .defaultLimitsNotKept, .quotasNotEnforced, .overLimit:
            QuotaText.add(notice, to: &line)
        case .notRoot, .projectsNotKept, .flagsNotKept, .protectedByFilter,
            .stateSetAside, .comparesAfterPowerCut, .comparesAfterRollback,
            .comparesWithoutState, .trustsSizeAndTime:
            break
        }
        line.add("message", sentence(notice))
        return line
    }

    /// One or two sentences for people.
    static func sentence(_ notice: Notice) -> String {
        switch notice {
        case .notRoot:
            "not root: owners stay as they are, devices are skipped. Run as root for a whole copy."
        case .capabilitiesMissing(let missing): capabilities(missing)
        case .reaches(let capabilities, let isRoot, let source, let destination):
            reach(capabilities, isRoot, source, destination)
        case .idleIgnored(let device, let scheduler):
            "--idle has no effect on the disk \(device): its I/O scheduler is \(scheduler). "
                + "echo bfq >/sys/block/\(disk(device))/queue/scheduler, or --bwlimit."
        case .workersLimited(let workers, let descriptors):
            "only \(Quantity.count(UInt64(max(workers, 0)), "worker", "workers")): "
                + "RLIMIT_NOFILE is \(descriptors). Raise ulimit -n for more."
        case .threadsLimited(let workers): threads(workers)
        case .coarseTimes(let step):
            "DESTINATION stores times in steps of \(Quantity.count(UInt64(step))) ns, or in a "
                + "smaller range of years: times are compared as it can store them. "
                + "mkfs.ext4 -I 256 stores them all."
        case .clampedTimes(let entries, let first): clampedTimes(entries, first)
        case .projectsNotKept:
            "DESTINATION stores no project ids: they are not kept. "
                + "With mkfs.ext4 -O project,quota it would."
        case .flagsNotKept:
            "DESTINATION has no inode flags (chattr): they are not kept."
        case .linkLimitReached(let limit):
            "a file has more names than DESTINATION allows (\(Quantity.count(UInt64(max(limit, 0))))): "
                + "the other names are linked to another copy."
        case .protectedByFilter:
            "an extra directory stays on DESTINATION: a filter protects something in it."
        case .readsTogether(let files):
            "small files are read \(Quantity.count(UInt64(max(files, 0)))) at a time (io_uring)."
        case .walks(let reason): "both trees are walked: \(WalkReasonText.clause(reason))."
        case .nothingRemembered(let path, let reason):
            "nothing will be remembered for the next pass: \(path): \(reason). "
                + "--state names another folder."
        case .stateSetAside(let reason):
            "the record of earlier passes was set aside (\(reason.sentence)): this pass walks and "
                + "begins a new one. --checksum also finds changed contents whose time was put back."
        case .comparesAfterPowerCut:
            "the machine went down during an earlier pass, DESTINATION was unmounted under it, or its "
                + "writes were lost: files written then are compared byte by byte."
        case .comparesAfterRollback:
            "DESTINATION is older than an earlier pass left it; was a backup or snapshot restored? "
                + "Everything that passes may have written since then is compared byte by byte."
        case .comparesWithoutState:
            "the record of earlier passes cannot be read: all files are compared byte by byte, which "
                + "takes long. If the record becomes readable again, start a new pass: it is faster."
        case .trustsSizeAndTime:
            "DESTINATION is not empty and no earlier pass to it is known: files with equal size and time "
                + "are treated as equal. --checksum compares their contents."
        case .leftOut(let leftOut): LeftOutText.clause(leftOut) + ". " + LeftOutText.advice
        case .quotasNotKept, .sourceQuotasOff, .noLimitsOnSource, .quotasNotCarried,
            .quotasSuspended, .quotasUnread,
            .defaultLimitsNotKept, .quotasNotEnforced, .overLimit:
            QuotaText.sentence(notice)
        case .readsAlone(let error):
            "small files are read one at a time: \(error.operation.rawValue): "
                + "\(error.code.sentence) (\(error.code.name))."
        }
    }

    private static func reach(
        _ capabilities: Capabilities,
        _ isRoot: Bool,
        _ viewsSource: Bool,
        _ viewsDestination: Bool
    ) -> String {
        let names = capabilities.names
        var text = isRoot ? "root with " : "not root; "
        text +=
            capabilities == .allNeeded
            ? "all capabilities that a whole copy needs"
            : names.isEmpty ? "no capabilities" : names.joined(separator: ", ")
        text += viewsSource ? "; SOURCE through a read-only view" : "; SOURCE without a view"
        return text
            + (viewsDestination
                ? ", DESTINATION through a view of its own." : ", DESTINATION without a view.")
    }

    /// The disk of a partition, as far as its name tells: sda of sda1, nvme0n1 of nvme0n1p2.
    private static func disk(_ device: String) -> String {
        let base = device.prefix { !$0.isNumber }
        if device.hasPrefix("nvme") || device.hasPrefix("mmcblk") {
            return device.firstIndex(of: "p").map { String(device[..<$0]) } ?? device
        }
        return ["sd", "vd", "hd", "xvd"].contains { device.hasPrefix($0) } ? String(base) : device
    }

    /// The same for a pass and for a verification.
    static func clampedTimes(_ entries: UInt64, _ first: [UInt8]) -> String {
        let shown = ShownName(isForTerminal: true)
        return Quantity.count(entries, "entry has a time", "entries have times")
            + " of modification that DESTINATION cannot hold; the nearest possible time is stored. The first: "
            + shown.path(first)
            + ". mkfs.ext4 -I 256 holds times until 2446, mkfs.xfs -m bigtime=1 until 2486."
    }

    private static let failing: [(without: Capabilities, what: String)] = [
        (.changeOwner, "owners and groups"),
        (.overridePermissions, "closed files and directories"),
        (.actAsOwner, "modes, times and attributes of others' entries"),
        (.keepSetID, "setgid bits"), (.freeze, "immutable and append-only"),
        (.administer, "security attributes other than file capabilities"),
        (.exceedLimits, "entries of owners whose quota is used up"),
        (.makeDevices, "devices"), (.setFileCapabilities, "file capabilities"),
    ]

    /// The name of a capability, and what fails without it where that is told.
    static func capability(_ name: String) -> String {
        let row = failing.first { $0.without.names == [name] }
        return row.map { "\(name) (\($0.what))" } ?? name
    }

    /// What each missing capability makes fail.
    private static func capabilities(_ missing: Capabilities) -> String {
        let parts = failing.filter { missing.contains($0.without) }.map { row in
            "\(row.without.names.joined()) (\(row.what))"
        }
        return "root without " + parts.joined(separator: ", ")
            + ": what needs them fails. Run it outside of the container, or give it these."
    }

    /// Of a pass and of a verification.
    static func threads(_ workers: Int) -> String {
        "only \(Quantity.count(UInt64(max(workers, 0)), "worker", "workers")): no more threads can be "
            + "started. Raise pids.max of the cgroup, ulimit -u or ulimit -v for more."
    }
}
