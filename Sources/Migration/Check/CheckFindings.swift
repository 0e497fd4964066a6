// Findings from facts. Pure: no call, no clock; every row can be tested without a disk.
//
// *Fatal* is what keeps any pass from ending complete: no room, no inodes, no writes, a file that is too large, a
// DESTINATION that is damaged, attributes that this process cannot see. All else is a warning: a pass runs, and its failures name what was lost.

import LinuxIO

/// The judge.
package struct CheckFindings: Sendable {
    private let facts: CheckFacts
    private var source: SourceFacts { facts.source }
    private var destination: DestinationFacts { facts.destination }
    private var census: Census { facts.source.census }

    /// - Parameters:
    ///   - facts: of both volumes.
    ///   - notLookedAt: why entries were not looked at one by one, if they were not.
    package init(_ facts: CheckFacts, notLookedAt: Finding.NotLookedAt?) {
        self.facts = facts
        self.notLookedAt = notLookedAt
    }

    private let notLookedAt: Finding.NotLookedAt?

    /// One finding for each question, always in the same order.
    package var findings: [Finding] {
        var findings = [privileges, pair, mounted, writable]
        findings += errors + [mounts]
        if let quotas = facts.quotas {
            findings.append(Finding(quotas.isWell ? .ok : .warning, .quotas(quotas)))
        }
        findings += [space, inodes]
        findings += entries
        findings += support
        return findings
    }

    // MARK: The volumes

    private var privileges: Finding {
        let isWhole = facts.isRoot && facts.missingCapabilities.isEmpty
        return Finding(
            !facts.hidden.isEmpty ? .fatal : isWhole ? .ok : .warning,
            .privileges(
                isRoot: facts.isRoot,
                missing: facts.missingCapabilities,
                hidden: facts.hidden
            )
        )
    }

    private var pair: Finding {
        guard case .conflict? = facts.wrongRoots else { return Finding(.ok, .pair(nil)) }
        return Finding(.fatal, .pair(facts.wrongRoots))
    }

    private var mounted: Finding {
        var wrong = facts.wrongRoots
        // Told as `pair`.
        if case .conflict? = wrong { wrong = nil }
        let isGood = wrong == nil && !facts.isSourceEmpty
        return Finding(
            isGood ? .ok : .fatal,
            .mounted(wrong, isSourceEmpty: facts.isSourceEmpty)
        )
    }

    private var writable: Finding {
        if let cause = destination.readOnly { return Finding(.fatal, .writable(cause)) }
        if let problem = destination.probeProblem {
            switch problem {
            case .busy: return Finding(.warning, .probe(problem))
            case .readOnly, .failed: return Finding(.fatal, .probe(problem))
            case .untouched: return Finding(.ok, .probe(problem))
            }
        }
        return Finding(.ok, .writable(nil))
    }

    private var errors: [Finding] {
        let left = source.health
        let right = destination.health
        var findings = [
            Finding(
                left.isShutDown ? .fatal : left.isGood ? .ok : .warning,
                .errors(.source, left)
            ),
            // Whatever is copied there may be lost with what is damaged already.
            Finding(right.isGood ? .ok : .fatal, .errors(.destination, right)),
        ]
        if census.damaged.total > 0 {
            findings.append(Finding(.warning, .damaged, census.damaged))
        }
        return findings
    }

    /// Options that mean the same on both sides and change what programs see.
    private static let compared: Set<String> = [
        "noatime", "nodiratime", "strictatime", "nosuid", "nodev", "noexec", "sync", "dirsync",
        "lazytime",
    ]
    private static let quotas: Set<String> = [
        "quota", "usrquota", "grpquota", "prjquota", "uquota", "gquota", "pquota", "uqnoenforce",
        "gqnoenforce", "pqnoenforce",
    ]

    private var mounts: Finding {
        func options(_ entry: MountEntry?) -> Set<String> {
            Set((entry?.options ?? []) + (entry?.filesystemOptions ?? []))
        }
        let left = options(source.mount)
        let right = options(destination.mount)
        // `usrjquota=aquota.user` of ext4 is a quota, too.
        func quotas(_ options: Set<String>) -> [String] {
            options.filter {
                Self.quotas.contains($0) || $0.hasPrefix("usrjquota=")
                    || $0.hasPrefix("grpjquota=")
            }.sorted()
        }
        guard source.mount != nil, destination.mount != nil else {
            var sides: [Failure.Side] = source.mount == nil ? [.source] : []
            if destination.mount == nil { sides.append(.destination) }
            let error = source.mountError ?? destination.mountError
            return Finding(.warning, .unknownMounts(sides, error))
        }
        let differences = left.symmetricDifference(right).intersection(Self.compared).sorted()
        let active = quotas(right)
        let before = quotas(left)
        // Options do not say what is accounted: `quotas` asks the filesystems (Q2).
        return Finding(
            differences.isEmpty ? .ok : .warning,
            .mounts(
                quotas: active,
                sourceQuotas: before,
                differences: differences.map {
                    left.contains($0) ? "SOURCE: \($0)" : "DESTINATION: \($0)"
                }
            )
        )
    }

    // MARK: Room

    private var knowledge: Finding.Knowledge {
        census.method == .counts && !source.isWhole ? .upperLimit : .counted
    }

    private var space: Finding {
        guard destination.totalBytes > 0 else {
            return Finding(.warning, .space(nil, shared: nil, reserved: 0))
        }
        let held =
            destination.isEmpty
            ? 0 : destination.totalBytes - min(destination.freeBytes, destination.totalBytes)
        let free = facts.isRoot ? destination.freeBytes : destination.availableBytes
        let balance = Finding.Balance(
            needed: census.neededBytes,
            knowledge: census.method == .counts && source.isWhole ? .lowerLimit : knowledge,
            held: held,
            free: free,
            total: destination.totalBytes,
            holdsCopy: destination.holdsCopy,
            isForRoot: facts.isRoot
        )
        let isShared = census.method == .bulkstat && census.heldBytes > source.usedBytes
        // A twentieth stays for changed files, whose new copy stands beside the old one for a while; and attributes
        // that XFS keeps in its inodes may need a block each in ext4's smaller ones.
        let margin =
            destination.totalBytes / 20 &+ (census.attributed ?? 0) &* destination.blockBytes
        let severity = Self.severity(balance, margin: margin)
        return Finding(
            severity,
            .space(
                balance,
                shared: isShared ? census.heldBytes - source.usedBytes : nil,
                reserved: destination.freeBytes
                    - min(destination.availableBytes, destination.freeBytes)
            )
        )
    }

    private var inodes: Finding {
        guard let total = destination.totalInodes else { return Finding(.ok, .inodes(nil)) }
        let used = total - min(destination.freeInodes, total)
        let balance = Finding.Balance(
            needed: census.inodes,
            knowledge: knowledge,
            held: destination.isEmpty ? 0 : used,
            free: destination.freeInodes,
            total: total,
            holdsCopy: destination.holdsCopy
        )
        return Finding(Self.severity(balance, margin: census.inodes / 10), .inodes(balance))
    }

    /// The verdict on one kind of room; `margin` should be left when all is copied.
    private static func severity(
        _ balance: Finding.Balance,
        margin: UInt64
    ) -> Finding.Severity {
        if balance.missing > balance.free {
            return balance.knowledge == .upperLimit ? .warning : .fatal
        }
        // What is there need not be the copy.
        if !balance.holdsCopy, balance.needed > balance.free { return .warning }
        return balance.free - balance.missing < margin ? .warning : .ok
    }

    // MARK: Entries

    private var entries: [Finding] {
        var findings: [Finding] = []
        if let notLookedAt { findings.append(Finding(.warning, .entries(notLookedAt))) }
        if let leftOut = source.leftOut { findings.append(Finding(.warning, .leftOut(leftOut))) }
        if census.unread > 0 { findings.append(Finding(.warning, .unread(census.unread))) }
        if census.method != .counts {
            findings += [fileSize, directories]
        }
        findings.append(links)
        if let probe = destination.probe { findings.append(attributeSizes(probe)) }
        return findings
    }

    private var fileSize: Finding {
        Finding(
            census.largeFiles.total > 0 ? .fatal : .ok,
            .fileSize(limit: destination.probe?.fileBytesMax),
            census.largeFiles
        )
    }

    private var directories: Finding {
        let isExt4 = destination.typeName == "ext4"
        let limit = Self.directoryBytesMax(destination)
        // Of ext4 whose superblock cannot be read the smaller limit is assumed.
        return Finding(
            census.largeDirectories.total > 0 ? .warning : .ok,
            .directories(limit: limit, isKnown: !isExt4 || destination.superblock != nil),
            census.largeDirectories
        )
    }

    /// Bytes of entries that a directory of DESTINATION holds for sure; nil: no limit that matters.
    static func directoryBytesMax(_ destination: DestinationFacts) -> UInt64? {
        guard destination.typeName == "ext4" else { return nil }
        guard let superblock = destination.superblock else {
            return Ext4Superblock(blockBytes: destination.blockBytes).directoryBytesMax
        }
        return superblock.hasLargeDirectories ? nil : superblock.directoryBytesMax
    }

    private var links: Finding {
        let support = destination.probe?.hardLinks ?? .untried
        let isMissing = support.isRefused
        return Finding(
            census.manyNames.total > 0 || isMissing ? .warning : .ok,
            .links(limit: destination.linkCountMax, support),
            census.manyNames
        )
    }

    private func attributeSizes(_ probe: ProbeResult) -> Finding {
        let isKnown = census.method != .counts && census.unmeasured == 0
        let isWarning: Bool
        switch probe.largeAttributes {
        case .yes: isWarning = false
        case .no, .untried: isWarning = census.largeAttributes.total > 0 || !isKnown
        }
        return Finding(
            isWarning ? .warning : .ok,
            .attributeSizes(probe.largeAttributes, unmeasured: census.unmeasured),
            census.largeAttributes
        )
    }

    // MARK: What was tried out

    private var support: [Finding] {
        guard let probe = destination.probe else { return [] }
        let isMountedWithout = destination.mount?.filesystemOptions.contains("noacl") ?? false
        let asked = census.attributed
        func severity(_ supports: Support..., asked: UInt64? = nil) -> Finding.Severity {
            let isMissing = supports.contains(where: \.isRefused)
            return isMissing && asked != 0 ? .warning : .ok
        }
        var findings = [
            Finding(
                severity(probe.accessControl, asked: asked),
                .accessControl(
                    probe.accessControl,
                    asked: asked,
                    isMountedWithout: isMountedWithout
                )
            ),
            Finding(
                severity(
                    probe.userAttributes,
                    probe.trustedAttributes,
                    probe.securityAttributes,
                    asked: asked
                ),
                .attributes(
                    user: probe.userAttributes,
                    trusted: probe.trustedAttributes,
                    security: probe.securityAttributes,
                    asked: asked
                )
            ),
            times(probe),
            Finding(severity(probe.longNames), .names(probe.longNames)),
            Finding(
                severity(probe.symlinks, probe.devices, probe.fifos),
                .types(symlinks: probe.symlinks, devices: probe.devices, fifos: probe.fifos)
            ),
            Finding(severity(probe.holes), .holes(probe.holes)),
            Finding(
                severity(probe.flags, asked: census.flagged),
                .flags(probe.flags, asked: census.flagged),
                census.flaggedEntries
            ),
            Finding(
                // Most volumes have none; where it is not known, saying so once is enough.
                severity(probe.projects, asked: census.projects ?? 0),
                .projects(probe.projects, asked: census.projects),
                census.projectEntries
            ),
        ]
        if let realtime = census.realtime, let direct = census.directAccess,
            let sizes = census.extentSizes, realtime + direct + sizes > 0
        {
            findings.append(
                Finding(
                    .warning,
                    .extents(realtime: realtime, directAccess: direct, extentSizes: sizes),
                    census.xfsOnlyEntries
                )
            )
        }
        return findings
    }

    private func times(_ probe: ProbeResult) -> Finding {
        guard let times = probe.times else { return Finding(.warning, .times(nil)) }
        // 2^31 seconds is 2038; whoever stores no more has it to do again.
        let isShort = times.latestSeconds <= Int64(Int32.max)
        let isWarning = times.stepNanoseconds > 1 || isShort || census.farTimes.total > 0
        return Finding(isWarning ? .warning : .ok, .times(times), census.farTimes)
    }
}
