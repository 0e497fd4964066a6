// What a pass finds out before it begins: what both roots can do, what is to be said of that, and the first directory.

import History
import LinuxIO

extension Pass {
    static func notices(_ supply: WorkerSupply) -> [Notice] {
        var notices: [Notice] = []
        if let allowed = supply.fewDescriptors {
            notices.append(.workersLimited(allowed, descriptors: supply.descriptorLimit))
        }
        if let workers = supply.fewThreads { notices.append(.threadsLimited(workers)) }
        return notices
    }

    static func comparison(
        _ options: PassOptions,
        _ times: TimeStorage,
        isRoot: Bool
    ) -> Comparison {
        Comparison(
            preserved: options.preserved,
            changeTest: options.changeTest,
            deletesExtras: options.deletesExtras,
            isRoot: isRoot,
            times: times,
            groups: isRoot ? nil : ProcessLimits.groups
        )
    }

    /// What is said of who runs the pass, and of what is left out.
    static func notices(_ roots: Roots, _ options: PassOptions) -> [Notice] {
        var notices: [Notice] = ProcessLimits.isRoot ? [] : [.notRoot]
        let missing = Privileges.current.missing(for: options)
        if !missing.isEmpty { notices.append(.capabilitiesMissing(missing)) }
        notices.append(roots.reach)
        if options.isIdle, let ignored = roots.idleIgnored { notices.append(ignored) }
        if let left = roots.leftOut(options.branches) { notices.append(.leftOut(left)) }
        return notices
    }

    static func makeWalk(_ context: PassContext, workers: Int) -> TreeWalk<PassVisitor> {
        TreeWalk(
            workers: workers,
            workersMax: context.plan.budget.workersMax,
            directories: context.directories,
            makeVisitor: { PassVisitor(context: context, lane: $0) },
            whenQuiet: {
                // Those that may not begin any more give up their places in their directories, which can be left then.
                context.links.leaderless().map { .linked($0, $1) }
            }
        )
    }

    /// Whether small files can be read together, and what is said of it.
    static func reading(files: Int) -> (isTogether: Bool, notice: Notice) {
        guard files > 0 else {
            return (false, .readsAlone(SystemError(.limit, .tooManyOpenHere)))
        }
        do throws(SystemError) {
            // Made and thrown away: each worker makes its own.
            let ring = try ReadRing(capacity: files)
            return (true, .readsTogether(ring.capacity))
        } catch {
            return (false, .readsAlone(error))
        }
    }

    static func timeStorage(_ roots: Roots, _ options: PassOptions) -> TimeStorage {
        guard let destination = roots.destination, let status = roots.destinationStatus else {
            return .exact
        }
        if !options.isDryRun, let probed = TimeStorage.probed(in: destination.descriptor) {
            return probed
        }
        return .inferred(
            type: roots.destinationVolume.typeName,
            root: status,
            hasBigTimes: roots.holdsBigTimes
        )
    }

    /// Whether DESTINATION holds nothing that could be linked to.
    static func isFirstCopy(_ roots: Roots) throws(Refusal) -> Bool {
        guard let destination = roots.destination else { return true }
        return ReservedNames.hold(all: try OpenRoot(.destination, destination).names())
    }

    /// The node of both roots, open from the start to the end.
    static func openRoot(
        _ roots: Roots,
        _ context: PassContext
    ) throws(Refusal) -> PassDirectory {
        let root = PassDirectory(
            parent: nil,
            name: Name("."),
            state: PassDirectoryState(
                purpose: .pair,
                branch: nil,
                spine: context.plan.scope.spine
            )
        )
        do throws(SystemError) {
            let inherited =
                try roots.destination.map { root throws(SystemError) in
                    try DirectoryChanges.inherited(from: root.descriptor)
                } ?? []
            root.state.facts.withLock { facts in
                facts.source = roots.sourceStatus
                facts.destination = roots.destinationStatus
                facts.isNew = roots.isDestinationNew
                facts.evidence = context.memory.recordTable.withLock { $0 } == nil ? .none : .proven
                if context.memory.earlier.mayBeRolledBack(roots.sourceStatus) {
                    facts.evidence = .doubtful
                }
                facts.isPathUntouched = true
                facts.inherited = inherited
            }
            context.directories.install(
                OpenDirectory(source: roots.source, destination: roots.destination),
                identities: (roots.sourceStatus.identity, roots.destinationStatus?.identity),
                in: root
            )
            // Installed in use and never released: the roots stay open.
            return root
        } catch {
            throw .cannotExamine(.source, error)
        }
    }
}
