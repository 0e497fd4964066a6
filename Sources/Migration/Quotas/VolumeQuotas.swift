// The quotas of a pass's two volumes: judged before it begins, carried after its last entry.

import LinuxIO

/// Both volumes' quotas.
struct VolumeQuotas: Sendable {
    private let source: Quotas
    private let destination: Quotas
    private let destinationRoot: SharedDescriptor
    private let survey: QuotaSurvey
    private let clearing: QuotaClearing

    /// Carries what the survey found; nothing where there is nothing.
    ///
    /// Call it when no worker runs any more, before DESTINATION is brought to its disk; `willSynchronize` is called
    /// before it waits for that disk.
    func carry(_ report: some QuotaReporting, willSynchronize: () -> Void) {
        if !report.isDryRun, report.goesOn {
            willSynchronize()
            // Extents are charged when data is written back: who is above a soft limit is not known before. An error is
            // told by the pass's own `syncfs`, through another open file.
            try? destinationRoot.descriptor.openDirectory(Name(".")).synchronizeFilesystem()
        }
        let carrier = QuotaCarrier(
            source: source,
            destination: destination,
            report: report,
            clearing: clearing,
            unenforced: survey.unenforced
        )
        carrier.carry(survey.kinds, nowSeconds: WallClock.nanoseconds / 1_000_000_000)
    }

    /// What a pass would find (Q15); nil: none would be carried between these roots, whatever they account.
    static func forecast(
        _ roots: Roots,
        directories: [QuotaOwner: UInt64]
    ) -> QuotaForecast? {
        let (quotas, survey) = ask(roots, PassOptions())
        if let unread = survey.unread {
            var forecast = QuotaForecast()
            forecast.unread = QuotaForecast.UnreadQuotas(unread.side, unread.error)
            return forecast
        }
        for case .suspended(let side) in survey.obstacles {
            var forecast = QuotaForecast()
            forecast.suspended = side
            return forecast
        }
        guard let quotas else { return nil }
        let forecast = QuotaForecast(
            quotas.source,
            quotas.destination,
            directories: directories,
            isToXFS: roots.destinationVolume.typeName == "xfs",
            isSourceOff: { roots.mayHideQuotas }
        )
        return forecast.isOfInterest ? forecast : nil
    }

    /// What SOURCE accounts, whatever DESTINATION is; empty where it does not say so.
    ///
    /// For advice only: that it cannot be asked is told by `forecast`.
    static func accountedBySource(_ roots: Roots) -> Set<QuotaKind> {
        (try? Quotas(of: roots.source).state().accounted) ?? []
    }

    // MARK: Verifying

    /// What a verification is told (Q14).
    enum Finding {
        case difference(QuotaDifference)
        /// Nothing was compared, or not all.
        case unread(QuotaReadFailure)
        /// Nothing was compared: this side accounts nothing while it is mounted read-only.
        case suspended(Failure.Side)
        /// SOURCE has limits of these kinds, maybe, that cannot be read as it is mounted.
        case sourceOff([QuotaKind])
        /// Limits of these kinds are enforced on SOURCE only.
        case notEnforced([QuotaKind])
    }

    /// What DESTINATION accounts before anything of it is counted, to be given to `compare`; nil where that is not
    /// judged.
    static func accounts(_ roots: Roots) throws(QuotaReadFailure) -> QuotaAccounts? {
        // What cannot be asked at all, `compare` tells.
        guard exactness(roots) != nil, let quotas = ask(roots, PassOptions()).0,
            !quotas.survey.kinds.isEmpty
        else { return nil }
        return try quotas.comparison.accounts(of: quotas.accountedKinds(roots))
    }

    /// Compares limits, grace times and state of both volumes, and what DESTINATION accounts with what was counted there.
    ///
    /// `counted`: nil where what was counted cannot be held against the accounts; `before`: see `accounts`.
    static func compare(
        _ roots: Roots,
        counted: UsageSums?,
        before: QuotaAccounts?,
        tell: (Finding) -> Void
    ) {
        let (quotas, survey) = ask(roots, PassOptions())
        var limits: [QuotaKind: UInt64] = [:]
        for obstacle in survey.obstacles {
            switch obstacle {
            case .notKept(let shortage): limits = shortage.limits
            case .unread(let side, let error):
                return tell(.unread(QuotaReadFailure(side: side, error: error)))
            case .suspended(let side): return tell(.suspended(side))
            case .sourceOff(let kinds): tell(.sourceOff(kinds))
            // Limits are not those of what is compared.
            case .branches, .notPrivileged, .notWholeVolume: return
            case .ownersNotCarried, .beyondFormat, .defaults: break
            }
        }
        for kind in survey.unaccounted {
            tell(.difference(.notAccounted(kind, limits: limits[kind] ?? 0)))
        }
        guard let quotas else { return }
        do throws(QuotaReadFailure) {
            let limited = try quotas.comparison.compare(survey.kinds) { tell(.difference($0)) }
            let unenforced = survey.kinds.filter {
                limited.contains($0) && survey.unenforced.contains($0)
            }
            if !unenforced.isEmpty { tell(.notEnforced(unenforced)) }
            if let counted, let before {
                try quotas.check(roots, counted, before) { tell(.difference($0)) }
            }
        } catch {
            tell(.unread(error))
        }
    }

    private var comparison: QuotaComparison<Quotas, Quotas> {
        QuotaComparison(source, destination)
    }

    /// How exact accounts are; nil where they are not judged: of others than ext4; with quota files of the old style, which
    /// know nothing of what is written while they are off; and where something is left out that is charged to somebody.
    private static func exactness(_ roots: Roots) -> AccountExactness? {
        guard roots.destinationVolume.typeName == "ext4", let root = roots.destinationItself,
            let superblock = Ext4Superblock.read(below: root.descriptor), superblock.hasQuotas,
            hasEmptyLostAndFound(root)
        else { return nil }
        return AccountExactness(
            mayHoldMore: superblock.hasLargeAttributes,
            countsBytes: !superblock.hasInlineData
        )
    }

    /// The kinds that DESTINATION accounts, when all that it needs for what was written is accounted, too.
    private func accountedKinds(_ roots: Roots) throws(QuotaReadFailure) -> [QuotaKind] {
        do throws(SystemError) {
            try roots.destinationItself?.descriptor.synchronizeFilesystem()
            let accounted = try destination.state().accounted
            return QuotaKind.allCases.filter(accounted.contains)
        } catch {
            throw QuotaReadFailure(side: .destination, error: error)
        }
    }

    /// Holds DESTINATION's accounts against what was counted there.
    private func check(
        _ roots: Roots,
        _ sums: UsageSums,
        _ before: QuotaAccounts,
        tell: (QuotaDifference) -> Void
    ) throws(QuotaReadFailure) {
        guard let exactness = Self.exactness(roots) else { return }
        let kinds = try accountedKinds(roots)
        try comparison.check(
            kinds,
            before: before,
            counted: sums.counted,
            exactness,
            tell: tell
        )
    }

    /// Whether nothing lies in `lost+found`, which is not walked: what e2fsck saved there is charged to somebody.
    private static func hasEmptyLostAndFound(_ root: SharedDescriptor) -> Bool {
        do throws(SystemError) {
            let folder = try root.descriptor.openDirectory(ReservedNames.lostAndFound)
            return try Listing(of: folder).count == 0
        } catch {
            // Missing: empty. What cannot be seen may be full.
            return error.code == .noEntry
        }
    }

    // MARK: Asking

    /// Asks both volumes what is to be done, and what is to be said of it.
    ///
    /// Refused where `--quotas on` cannot be done.
    static func surveyed(
        _ roots: Roots,
        _ options: PassOptions
    ) throws(Refusal) -> (step: QuotaStep, notices: [Notice]) {
        if options.quotas == .off { return (.nothing, []) }
        let (quotas, survey) = ask(roots, options)
        if options.quotas == .on,
            let obstacle = survey.obstacles.first ?? quotas?.strictObstacle(roots, options)
        {
            throw .quotasNotCarried(obstacle)
        }
        if let unread = survey.unread, !unread.error.isRefusalOfQuotas {
            return (.fail(unread.side, unread.error), [])
        }
        for case .notWholeVolume(let side) in survey.obstacles {
            return (.nothing, accountedBySource(roots).isEmpty ? [] : [.quotasNotCarried(side)])
        }
        guard let quotas, !survey.kinds.isEmpty else { return (.nothing, survey.notices) }
        return (.carry(quotas), survey.notices)
    }

    /// What of SOURCE's quotas would be left out, or fail.
    private func strictObstacle(_ roots: Roots, _ options: PassOptions) -> QuotaObstacle? {
        QuotaForecast(
            source,
            destination,
            directories: [:],
            isToXFS: roots.destinationVolume.typeName == "xfs",
            isSourceOff: { roots.mayHideQuotas }
        ).obstacle(wanted: Self.wanted(options))
    }

    private static func ask(
        _ roots: Roots,
        _ options: PassOptions
    ) -> (VolumeQuotas?, QuotaSurvey) {
        if !options.branches.isEmpty { return (nil, QuotaSurvey(.branches)) }
        guard ProcessLimits.isRoot else { return (nil, QuotaSurvey(.notPrivileged)) }
        var side = Failure.Side.source
        do throws(SystemError) {
            guard try roots.isVolumeRoot(.source) else {
                return (nil, QuotaSurvey(.notWholeVolume(.source)))
            }
            side = .destination
            // A dry run makes no DESTINATION; what would be made is no volume either.
            guard let right = roots.destination, try roots.isVolumeRoot(.destination) else {
                return (nil, QuotaSurvey(.notWholeVolume(.destination)))
            }
            side = .source
            let source = try Quotas(of: roots.source)
            side = .destination
            let destination = try Quotas(of: right)
            let survey = QuotaSurvey(
                source,
                destination,
                wanted: wanted(options),
                isSourceOff: { roots.mayHideQuotas },
                isSuspended: { roots.suspendsQuotas($0) }
            )
            let quotas = VolumeQuotas(
                source: source,
                destination: destination,
                destinationRoot: right,
                survey: survey,
                clearing: !options.deletesExtras
                    ? .none : options.allowsEmptySource ? .all : .whereSourceHasLimits
            )
            return (quotas, survey)
        } catch {
            // Without quotactl_fd a filesystem on no block device has no quotas; of others the node was not found.
            let status = side == .source ? roots.sourceStatus : roots.destinationStatus
            let isOnNoDevice = (status?.device ?? 0) >> 32 == 0
            if error.code == .notImplemented, isOnNoDevice { return (nil, QuotaSurvey()) }
            return (nil, QuotaSurvey(.unread(side, error)))
        }
    }

    /// Limits of owners that are not carried would be of others.
    private static func wanted(_ options: PassOptions) -> Set<QuotaKind> {
        var kinds: Set<QuotaKind> = [.project]
        if options.preserved.contains(.owner) { kinds.insert(.user) }
        if options.preserved.contains(.group) { kinds.insert(.group) }
        return kinds
    }
}

extension Roots {
    /// Whether a root is its filesystem's root: limits are of all that lies there.
    fileprivate func isVolumeRoot(_ side: Failure.Side) throws(SystemError) -> Bool {
        guard let root = side == .source ? sourceItself : destinationItself else { return false }
        // A mount that the table does not name (of another namespace) is nobody's volume.
        return try MountTable.pathInFilesystem(of: root.descriptor)?.isEmpty == true
    }

    /// Whether a side is an ext4 that has quotas, maybe, and accounts nothing for it is mounted read-only.
    fileprivate func suspendsQuotas(_ side: Failure.Side) -> Bool {
        let (root, volume) =
            side == .source
            ? (sourceItself, sourceVolume) : (destinationItself ?? sourceItself, destinationVolume)
        guard volume.typeName == "ext4" else { return false }
        // Unlike the feature, quota files of the old style are on by options only, and may be off by quotaoff.
        guard let mount = try? MountTable.entry(of: root.descriptor) else { return false }
        let isReadOnly = mount.options.contains("ro") || mount.filesystemOptions.contains("ro")
        if isReadOnly, mount.filesystemOptions.contains(where: Self.namesQuotas) { return true }
        guard let superblock = Ext4Superblock.read(below: root.descriptor) else {
            return isReadOnly
        }
        return superblock.hasQuotas
    }

    private static func namesQuotas(_ option: String) -> Bool {
        ["usrquota", "grpquota", "prjquota", "quota"].contains(option)
            || option.hasPrefix("usrjquota=") || option.hasPrefix("grpjquota=")
    }

    /// SOURCE is an XFS that was mounted with quotas at some time: limits may be stored there.
    fileprivate var mayHideQuotas: Bool {
        (try? XFSGeometry(of: source.descriptor))?.hasQuotaInodes == true
    }
}
