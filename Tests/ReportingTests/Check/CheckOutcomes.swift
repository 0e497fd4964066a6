// Outcomes of checks made up for reports: every finding that there can be.

import LinuxIO
import Migration

/// One finding of each kind, with all that can be told of it.
func everyFinding() -> [Finding] {
    let balance = Finding.Balance(
        needed: 800 << 30,
        knowledge: .counted,
        held: 100 << 30,
        free: 600 << 30,
        total: 700 << 30,
        holdsCopy: false
    )
    let no = Support.no(.notSupported)
    var notable = NotableEntries()
    for index in 0..<12 as Range<Int64> {
        let name = index == 3 ? [0x61, 0xFF, 0x0A] : Array("home/user/\(index)".utf8)
        notable.note(NotableEntry(inode: UInt64(index), value: 70_000 + index, path: name))
    }
    notable.note(NotableEntry(inode: 99, value: 1, path: nil))
    var errors = FilesystemHealth()
    errors.errors = 3
    var sick = FilesystemHealth()
    sick.isSick = true
    let matters: [(Finding.Severity, Finding.Matter)] = [
        (.warning, .privileges(isRoot: true, missing: ["CAP_MKNOD"], hidden: [])),
        (.ok, .pair(nil)), (.fatal, .mounted(nil, isSourceEmpty: true)),
        (
            .fatal,
            .mounted(.notMounted(path: Array("/new".utf8), typeName: "ext4"), isSourceEmpty: false)
        ),
        (.fatal, .privileges(isRoot: true, missing: ["CAP_SYS_ADMIN"], hidden: .trustedAttributes)),
        (.fatal, .privileges(isRoot: true, missing: [], hidden: .owners)),
        (.warning, .privileges(isRoot: false, missing: [], hidden: [])),
        (.fatal, .writable(.mount)), (.fatal, .writable(.filesystem)), (.fatal, .writable(.device)),
        (.fatal, .writable(.shutdown)), (.ok, .probe(.untouched(pass: 25))),
        (.warning, .probe(.busy)), (.fatal, .probe(.readOnly)),
        (.fatal, .probe(.failed(SystemError(.open, .inputOutput)))),
        (.fatal, .errors(.destination, errors)), (.warning, .errors(.source, sick)),
        (.warning, .damaged),
        (
            .warning,
            .mounts(
                quotas: ["usrquota"],
                sourceQuotas: ["uquota"],
                differences: ["SOURCE: noatime"]
            )
        ),
        (.warning, .quotas(quotaForecast())),
        (.warning, .unknownMounts([.source, .destination], nil)),
        (.warning, .unknownMounts([.destination], SystemError(.open, .accessDenied))),
        (.fatal, .space(balance, shared: 5 << 30, reserved: 30 << 30)),
        (.warning, .space(nil, shared: nil, reserved: 0)), (.fatal, .inodes(balance)),
        (.ok, .inodes(nil)), (.fatal, .fileSize(limit: 17_592_186_040_320)),
        (.warning, .directories(limit: 529_551_360, isKnown: false)),
        (.warning, .links(limit: 65_000, .yes)), (.warning, .attributeSizes(no, unmeasured: 4)),
        (.warning, .accessControl(no, asked: 1_204, isMountedWithout: true)),
        (.warning, .attributes(user: no, trusted: .yes, security: .untried, asked: 12)),
        (.warning, .times(.wholeSecondsUntil2038)), (.warning, .times(nil)),
        (.warning, .names(no)), (.warning, .types(symlinks: .yes, devices: no, fifos: no)),
        (.warning, .holes(no)), (.warning, .flags(no, asked: 1)),
        (.warning, .projects(no, asked: 2)),
        (.warning, .extents(realtime: 1, directAccess: 2, extentSizes: 3)),
        (.warning, .entries(.part)), (.warning, .entries(.notRoot)),
        (.warning, .entries(.mountsUnread)), (.warning, .entries(.notXFS)),
        (.warning, .entries(.scanFailed)), (.warning, .unread(7)),
        (.warning, .leftOut(LeftOut(lostAndFound: 3, quotaFiles: [Name("aquota.user")]))),
    ]
    return matters.map { Finding($0.0, $0.1, notable) }
}

/// Quotas of which nothing is as it should be.
func quotaForecast() -> QuotaForecast {
    var forecast = QuotaForecast()
    forecast.source = QuotaState(accounted: [.user, .project], enforced: [.user])
    forecast.destination = QuotaState(accounted: [.user])
    forecast.limits = [.user: 1204, .project: 1]
    forecast.refused = 2
    forecast.firstRefused = QuotaOwner(.user, 1005)
    forecast.defaults = [QuotaDefault(.user, QuotaLimits(inodesHard: 1))]
    forecast.realtimeLimits = 3
    forecast.excess = QuotaExcess(
        owners: 4,
        first: QuotaOwner(.user, 7),
        used: 2,
        hard: 1,
        isOfInodes: false
    )
    return forecast
}

/// A check that found all of it.
func checkOutcome(
    _ findings: [Finding] = everyFinding(),
    timing: CopyTiming? = nil
) -> CheckOutcome {
    var census = Census(method: .bulkstat)
    census.inodes = 20_000_000
    census.projects = 3
    let source = SourceFacts(
        path: Array("/mnt/old".utf8),
        typeName: "xfs",
        isWhole: true,
        usedBytes: 1 << 40,
        census: census
    )
    var destination = DestinationFacts(
        path: Array("/mnt/new".utf8),
        typeName: "ext4",
        totalBytes: 256 << 20,
        freeBytes: 1 << 20,
        availableBytes: 0,
        isEmpty: false
    )
    destination.blockBytes = 1024
    let facts = CheckFacts(source: source, destination: destination, isRoot: true)
    return CheckOutcome(
        facts: facts,
        findings: findings,
        advice: MakeAdvice(facts),
        scanError: SystemError(.bulkStatus, .inputOutput),
        timing: timing
    )
}

/// A copy of 734 GiB in 284,000 files, timed for ten seconds each.
func copyTiming(
    reading: Result<CopyTiming.Work, Untimed> = .success(
        .init(amount: 1 << 30, nanoseconds: 10_000_000_000)
    ),
    making: Result<CopyTiming.Work, Untimed> = .success(
        .init(amount: 120_000, nanoseconds: 9_600_000_000)
    )
) -> CopyTiming {
    CopyTiming(
        reading: reading,
        making: making,
        workers: 30,
        bytes: 734 << 30,
        inodes: 284_000
    )
}
