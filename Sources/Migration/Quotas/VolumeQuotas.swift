// The quotas of a pass's two volumes: judged before it begins, carried after its last entry.

import LinuxIO

/// Both volumes' quotas.
struct VolumeQuotas: Sendable {
    private let source: Quotas
    private let destination: Quotas
    private let destinationRoot: SharedDescriptor
    private let survey: QuotaSurvey
    private let clearsExtras: Bool

    /// Carries what the survey found; nothing where there is nothing.
    ///
    /// Call it when no worker runs any more, before DESTINATION is brought to its disk.
    func carry(_ report: some QuotaReporting) {
        if !report.isDryRun, report.goesOn {
            // Extents are charged when data is written back: who is above a soft limit is not known before. An error is
            // told by the pass's own `syncfs`, through another open file.
            try? destinationRoot.descriptor.openDirectory(Name(".")).synchronizeFilesystem()
        }
        let carrier = QuotaCarrier(
            source: source,
            destination: destination,
            report: report,
            clearsExtras: clearsExtras,
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
        if case .unread(let side, let error) = survey.obstacle {
            var forecast = QuotaForecast()
            forecast.unread = QuotaForecast.UnreadQuotas(side, error)
            return forecast
        }
        guard let quotas else { return nil }
        let forecast = QuotaForecast(
            quotas.source,
            quotas.destination,
            directories: directories,
            isSourceOff: { roots.mayHideQuotas }
        )
        return forecast.isOfInterest ? forecast : nil
    }

    /// What a verification is told (Q14).
    enum Finding {
        case difference(QuotaDifference)
        /// Nothing was compared, or not all.
        case unread(QuotaReadFailure)
        /// Nothing was: SOURCE has limits, maybe, that cannot be read as it is mounted.
        case sourceOff
    }

    /// Compares limits and grace times of both volumes, and what DESTINATION accounts with what was counted there.
    ///
    /// `counted`: nil where what was counted cannot be held against the accounts.
    static func compare(_ roots: Roots, counted: UsageSums?, tell: (Finding) -> Void) {
        let (quotas, survey) = ask(roots, PassOptions())
        switch survey.obstacle {
        case .notKept(let shortage):
            for kind in QuotaKind.allCases {
                guard let limits = shortage.limits[kind] else { continue }
                tell(.difference(.notAccounted(kind, limits: limits)))
            }
        case .unread(let side, let error):
            return tell(.unread(QuotaReadFailure(side: side, error: error)))
        // Limits are not those of what is compared.
        case .sourceOff: tell(.sourceOff)
        case .branches, .notPrivileged, .notWholeVolume, nil: break
        }
        guard let quotas else { return }
        do throws(QuotaReadFailure) {
            let comparison = QuotaComparison(quotas.source, quotas.destination)
            try comparison.compare(survey.kinds) { tell(.difference($0)) }
            if let counted {
                try quotas.check(comparison, roots, counted) { tell(.difference($0)) }
            }
        } catch {
            tell(.unread(error))
        }
    }

    /// Holds DESTINATION's accounts against what was counted there; of ext4 only, where both are exact.
    private func check(
        _ comparison: QuotaComparison<Quotas, Quotas>,
        _ roots: Roots,
        _ sums: UsageSums,
        tell: (QuotaDifference) -> Void
    ) throws(QuotaReadFailure) {
        guard roots.destinationVolume.typeName == "ext4", let root = roots.destinationItself,
            Self.hasEmptyLostAndFound(root)
        else { return }
        let accounted: Set<QuotaKind>
        do throws(SystemError) {
            // What is written but not on the disk is accounted, too, but not all that it needs.
            try root.descriptor.synchronizeFilesystem()
            accounted = try destination.state().accounted
        } catch {
            throw QuotaReadFailure(side: .destination, error: error)
        }
        // Where the superblock cannot be read, attributes may lie in inodes of their own.
        let mayHoldMore =
            Ext4Superblock.read(below: root.descriptor)?.hasLargeAttributes ?? true
        for kind in QuotaKind.allCases where accounted.contains(kind) {
            guard let counted = sums.counted(kind) else { continue }
            try comparison.check(kind, counted: counted, mayHoldMore: mayHoldMore, tell: tell)
        }
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

    /// Asks both volumes what is to be done, and what is to be said of it.
    ///
    /// Refused where `--quotas on` cannot be done.
    static func surveyed(
        _ roots: Roots,
        _ options: PassOptions
    ) throws(Refusal) -> (step: QuotaStep, notice: Notice?) {
        if options.quotas == .off { return (.nothing, nil) }
        let (quotas, survey) = ask(roots, options)
        if options.quotas == .on, let obstacle = survey.obstacle {
            throw .quotasNotCarried(obstacle)
        }
        if case .unread(let side, let error) = survey.obstacle, !error.isRefusalOfQuotas {
            return (.fail(side, error), nil)
        }
        guard let quotas, !survey.kinds.isEmpty else { return (.nothing, survey.notice) }
        return (.carry(quotas), survey.notice)
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
                clearsExtras: options.deletesExtras
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
        // Where the kernel does not tell which mount it is (before Linux 5.8), nothing is carried.
        return try MountTable.pathInFilesystem(of: root.descriptor)?.isEmpty == true
    }

    /// Whether a side is an ext4 that has quotas and accounts nothing now: it is mounted read-only.
    fileprivate func suspendsQuotas(_ side: Failure.Side) -> Bool {
        let (root, volume) =
            side == .source
            ? (sourceItself, sourceVolume) : (destinationItself ?? sourceItself, destinationVolume)
        guard volume.typeName == "ext4" else { return false }
        return Ext4Superblock.read(below: root.descriptor)?.hasQuotas == true
    }

    /// SOURCE is an XFS that was mounted with quotas at some time: limits may be stored there.
    fileprivate var mayHideQuotas: Bool {
        (try? XFSGeometry(of: source.descriptor))?.hasQuotaInodes == true
    }
}
