// The quotas of a pass's two volumes: judged before it begins, carried after its last entry.

import LinuxIO

/// Both volumes' quotas.
struct VolumeQuotas: Sendable {
    private let source: Quotas
    private let destination: Quotas
    private let survey: QuotaSurvey
    private let clearsExtras: Bool

    /// Carries what the survey found; nothing where there is nothing.
    ///
    /// Call it when no worker runs any more, before DESTINATION is brought to its disk.
    func carry(_ report: some QuotaReporting) {
        let carrier = QuotaCarrier(
            source: source,
            destination: destination,
            report: report,
            clearsExtras: clearsExtras,
            unenforced: survey.unenforced
        )
        carrier.carry(survey.kinds, nowSeconds: WallClock.nanoseconds / 1_000_000_000)
    }

    /// Asks both volumes; nil where nothing is carried.
    ///
    /// `notice` is what is to be said. Refused where `--quotas on` cannot be done.
    static func surveyed(
        _ roots: Roots,
        _ options: PassOptions
    ) throws(Refusal) -> (quotas: VolumeQuotas?, notice: Notice?) {
        if options.quotas == .off { return (nil, nil) }
        let (quotas, survey) = ask(roots, options)
        if options.quotas == .on, let obstacle = survey.obstacle {
            throw .quotasNotCarried(obstacle)
        }
        return (survey.kinds.isEmpty ? nil : quotas, survey.notice)
    }

    private static func ask(
        _ roots: Roots,
        _ options: PassOptions
    ) -> (VolumeQuotas?, QuotaSurvey) {
        if !options.branches.isEmpty { return (nil, QuotaSurvey(.branches)) }
        guard ProcessLimits.isRoot else { return (nil, QuotaSurvey(.notPrivileged)) }
        guard roots.isVolumeRoot(.source) else {
            return (nil, QuotaSurvey(.notWholeVolume(.source)))
        }
        // A dry run makes no DESTINATION; what would be made is no volume either.
        guard let right = roots.destination, roots.isVolumeRoot(.destination) else {
            return (nil, QuotaSurvey(.notWholeVolume(.destination)))
        }
        var side = Failure.Side.source
        do throws(SystemError) {
            let source = try Quotas(of: roots.source)
            side = .destination
            let destination = try Quotas(of: right)
            let survey = QuotaSurvey(
                source,
                destination,
                wanted: wanted(options),
                isSourceOff: { roots.mayHideQuotas }
            )
            let quotas = VolumeQuotas(
                source: source,
                destination: destination,
                survey: survey,
                clearsExtras: options.deletesExtras
            )
            return (quotas, survey)
        } catch {
            // Without quotactl_fd a filesystem on no block device has no quotas.
            if error.code == .notImplemented { return (nil, QuotaSurvey()) }
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
    fileprivate func isVolumeRoot(_ side: Failure.Side) -> Bool {
        guard let root = side == .source ? sourceItself : destinationItself else { return false }
        // Where the kernel does not tell, nothing is carried.
        return (try? MountTable.pathInFilesystem(of: root.descriptor))?.isEmpty == true
    }

    /// SOURCE is an XFS that was mounted with quotas at some time: limits may be stored there.
    fileprivate var mayHideQuotas: Bool {
        (try? XFSGeometry(of: source.descriptor))?.hasQuotaInodes == true
    }
}
