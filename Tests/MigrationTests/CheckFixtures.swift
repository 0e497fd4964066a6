// Facts of a check made up for its judge: a pair that is well, to be spoiled by each row.

import LinuxIO
import Migration

/// An XFS of a million inodes and 100 GiB, and an empty ext4 of 200 GiB that takes all.
func checkFacts(_ change: (inout CheckFacts) -> Void = { _ in }) -> CheckFacts {
    var census = Census(method: .bulkstat)
    census.inodes = 1_000_000
    census.heldBytes = 100 << 30
    census.neededBytes = 100 << 30
    census.attributed = 10
    census.projects = 0
    census.flagged = 0
    census.realtime = 0
    census.directAccess = 0
    census.extentSizes = 0
    var source = SourceFacts(
        path: Array("/mnt/old".utf8),
        typeName: "xfs",
        isWhole: true,
        usedBytes: 110 << 30,
        census: census
    )
    source.mount = MountEntry(
        mountPoint: Array("/mnt/old".utf8),
        options: ["rw", "relatime"],
        device: Array("/dev/vg/old".utf8),
        filesystemOptions: ["rw", "inode64"]
    )
    var destination = DestinationFacts(
        path: Array("/mnt/new".utf8),
        typeName: "ext4",
        totalBytes: 200 << 30,
        freeBytes: 200 << 30,
        availableBytes: 190 << 30,
        isEmpty: true
    )
    destination.totalInodes = 13_107_200
    destination.freeInodes = 13_107_189
    destination.linkCountMax = 65_000
    destination.mount = source.mount
    destination.superblock = Ext4Superblock()
    var probe = ProbeResult()
    for path in supports { probe[keyPath: path] = .yes }
    probe.times = TimeStorage(
        stepNanoseconds: 1,
        earliestSeconds: -2_147_483_648,
        latestSeconds: 15_032_385_535
    )
    probe.fileBytesMax = 17_592_186_040_320
    destination.probe = probe
    var facts = CheckFacts(source: source, destination: destination, isRoot: true)
    change(&facts)
    return facts
}

/// Quotas of users on both sides, with limits that can be carried.
func quotaForecast(_ change: (inout QuotaForecast) -> Void = { _ in }) -> QuotaForecast {
    var forecast = QuotaForecast()
    forecast.source = QuotaState(accounted: [.user], enforced: [.user])
    forecast.destination = forecast.source
    forecast.limits = [.user: 2]
    change(&forecast)
    return forecast
}

/// Everything that is tried out.
var supports: [WritableKeyPath<ProbeResult, Support>] {
    [
        \.accessControl, \.userAttributes, \.trustedAttributes, \.securityAttributes,
        \.largeAttributes, \.longNames, \.hardLinks, \.symlinks, \.devices, \.fifos, \.holes,
        \.flags, \.projects,
    ]
}

/// NotableEntries with these values.
func notable(_ values: Int64...) -> NotableEntries {
    var notable = NotableEntries()
    for (index, value) in values.enumerated() {
        notable.note(
            NotableEntry(inode: UInt64(index), value: value, path: Array("e\(index)".utf8))
        )
    }
    return notable
}
