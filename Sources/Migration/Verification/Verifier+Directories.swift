// A directory of both sides: opened, its own attributes compared, listed, paired, its entries handed out. A
// node is closed when the last piece of it is done.

import LinuxIO

extension Verifier {
    /// Does a directory's own task.
    func enter(_ node: VerifiedDirectory) {
        guard context.mayBegin else { return }
        guard let statuses = open(node) else { return }
        let open: OpenDirectory
        do throws(LostDirectory) { open = try lane.directories.use(node) } catch {
            reports.report(error.error, .open, error.side, path: node.path)
            return
        }
        defer { lane.directories.release(node) }
        guard let source = open.source, let destination = open.destination else { return }
        account(statuses.destination)
        if node.state.spine.map({ !$0.isShared }) ?? (!node.isRoot || context.scope.isWhole) {
            compareDirectory(node, source.descriptor, destination.descriptor, statuses)
        }
        if let contents = list(node, source.descriptor, destination.descriptor) {
            node.setContents(contents)
        }
    }

    func leave(_ node: VerifiedDirectory) {}

    // MARK: Opening

    /// Opens both sides and returns their statuses; nil when that failed, which was recorded.
    private func open(
        _ node: VerifiedDirectory
    ) -> (source: FileStatus, destination: FileStatus)? {
        // The roots were opened at the start.
        guard let parent = node.parent else { return context.roots }
        let parentOpen: OpenDirectory
        do throws(LostDirectory) { parentOpen = try lane.directories.use(parent) } catch {
            reports.report(error.error, .open, error.side, path: node.path)
            return nil
        }
        defer { lane.directories.release(parent) }
        guard let source = open(node, .source, in: parentOpen.source),
            let destination = open(node, .destination, in: parentOpen.destination)
        else { return nil }
        lane.install(source, destination, in: node)
        return (source.status, destination.status)
    }

    private func open(
        _ node: VerifiedDirectory,
        _ side: Failure.Side,
        in parent: SharedDescriptor?
    ) -> OpenedDirectory? {
        guard let parent else { return nil }
        do throws(NotEntered) {
            return try context.boundary(side).enter(node.name, in: parent.descriptor)
        } catch {
            switch error {
            case .crossing(let crossing): reportMount(crossing, side, path: node.path)
            case .failed(let cause): reports.report(cause, .open, side, path: node.path)
            }
            return nil
        }
    }

    /// S4: what is mounted on SOURCE was not copied; what is mounted on DESTINATION hides the copy.
    private func reportMount(
        _ crossing: MountBoundary.Crossing,
        _ side: Failure.Side,
        path: [UInt8]
    ) {
        if side == .destination {
            reports.fail(.enter, .destination, nil, path: path)
        } else {
            reportSkippedMount(crossing, .source, path: path)
        }
    }

    /// A mount point that nothing of SOURCE is hidden by.
    func reportSkippedMount(
        _ crossing: MountBoundary.Crossing,
        _ side: Failure.Side,
        path: [UInt8]
    ) {
        counters.mountsSkipped.count()
        log.emit(.mountSkipped(path: path, side: side, crossing: crossing))
    }

    /// What is mounted on DESTINATION over an entry: it hides the copy, unless that is an empty directory.
    func reportMountOver(
        _ entry: VerifiedEntry,
        _ crossing: MountBoundary.Crossing,
        _ status: FileStatus,
        _ source: borrowing Descriptor
    ) {
        do throws(SystemError) {
            if status.kind == .directory, try lane.isEmptyDirectory(entry.name, in: source) {
                reportSkippedMount(crossing, .destination, path: entry.path)
            } else {
                reports.fail(.enter, .destination, nil, path: entry.path)
            }
        } catch {
            reports.report(error, .list, .source, path: entry.path)
        }
    }

    // MARK: Listing

    /// Lists and pairs both sides, and tells what only DESTINATION has; nil when SOURCE cannot be listed at all.
    private func list(
        _ node: VerifiedDirectory,
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor
    ) -> Listing? {
        if let spine = node.state.spine, spine.isOnlyPassed {
            return names.opened(of: spine, in: node, source)
        }
        var left = Listing()
        var isWhole = true
        do throws(SystemError) {
            if try !lane.read(&left, of: node, source) {
                log.reportVanished(node.path)
                return nil
            }
        } catch {
            reports.fail(.list, .source, error, path: node.path)
            isWhole = false
        }
        if node.isRoot || node.state.spine != nil || !context.filter.isEmpty {
            let all = left
            left.retain { names.isSelected($0, of: all, in: node, .source, source) }
        }
        if left.count > 1 { left.sortByInode() }
        let right: Listing
        do throws(SystemError) { right = try lane.names(in: destination) } catch {
            // Which names it has is then unknown: each is asked for, none is called missing for that.
            reports.fail(.list, .destination, error, path: node.path)
            for index in 0..<left.count { left.markOnBothSides(index) }
            return left
        }
        if isWhole { names.reportVanished(of: node, source) }
        let pairs = NamePairs(source: left, destination: right)
        // What SOURCE has beyond the place where its listing failed is not known.
        if isWhole {
            for index in pairs.extras {
                reportExtra(index, of: right, in: node, source, destination)
            }
        }
        return pairs.source
    }

    private func reportExtra(
        _ index: Int,
        of listing: Listing,
        in node: VerifiedDirectory,
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor
    ) {
        guard context.mayBegin else { return }
        let name = listing.name(index)
        guard names.isSelected(index, of: listing, in: node, .destination, destination) else {
            return
        }
        do throws(SystemError) {
            let boundary = context.boundary(.destination)
            guard let status = try boundary.status(of: listing.namePointer(index), in: destination)
            else {
                log.reportVanished(node.path(of: name))
                return
            }
            if let crossing = boundary.crossing(at: status) {
                reportSkippedMount(crossing, .destination, path: node.path(of: name))
                return
            }
            // It came meanwhile, or SOURCE's was removed or renamed meanwhile, which only its directory shows.
            let place = try source.status()
            var isChanged = context.isRecent(status) || context.isRecent(place)
            let difference = FoundDifference(
                path: node.path(of: name),
                kind: status.kind,
                aspect: .extra
            )
            if !isChanged, let pending = context.pending, !pending.mayStay(difference.path, status),
                pending.judge.mayExtraBePending(
                    destination: status.changed.nanosecondsSince1970,
                    sourceDirectory: place.changed.nanosecondsSince1970
                )
            {
                let below =
                    status.kind == .directory
                    ? extras.look(below: name, in: destination, path: difference.path, pending)
                    : .untouched
                switch below {
                case .notLookedAt: return
                case .untouched:
                    if pending.hold(difference, name: name, parent: place) { return }
                case .changedMeanwhile: isChanged = true
                case .touched: break
                }
            }
            log.tell(difference, isChanged: isChanged)
        } catch {
            reports.fail(.examine, .destination, error, path: node.path(of: name))
        }
    }
}
