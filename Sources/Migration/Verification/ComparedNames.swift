// Which names of a directory are compared: not what is reserved, nor what filters leave out; in a run of a plan only its own.

import LinuxIO

/// The names that one lane compares.
///
/// Belongs to one worker.
struct ComparedNames {
    private let context: VerificationContext
    private let reports: VerificationReports

    init(_ reports: VerificationReports) {
        context = reports.context
        self.reports = reports
    }

    /// Whether an entry is compared: at the roots not a reserved one (S5, S62), and not another branch; anywhere not
    /// what the filter excludes, as in a pass.
    func isSelected(
        _ index: Int,
        of listing: Listing,
        in node: VerifiedDirectory,
        _ side: Failure.Side,
        _ directory: borrowing Descriptor
    ) -> Bool {
        let name = listing.name(index)
        guard let spine = node.state.spine else {
            return isLookedAt(index, of: listing, in: node, side, directory)
        }
        if side == .destination {
            return spine.hasExtra(name) && isLookedAt(index, of: listing, in: node, side, directory)
        }
        // Before the plan takes note that SOURCE has it: under a name that is left out DESTINATION may have an extra.
        if spine.plan.children[name] != nil,
            !isLookedAt(index, of: listing, in: node, side, directory)
        {
            return false
        }
        return spine.holds(name, isDirectory: isDirectory(index, of: listing, side, directory))
            && isLookedAt(index, of: listing, in: node, side, directory)
    }

    /// The same without a plan.
    private func isLookedAt(
        _ index: Int,
        of listing: Listing,
        in node: VerifiedDirectory,
        _ side: Failure.Side,
        _ directory: borrowing Descriptor
    ) -> Bool {
        let name = listing.name(index)
        if node.isRoot {
            let isHeld = context.scope.holds(name) {
                isDirectory(index, of: listing, side, directory)
            }
            if !isHeld { return false }
        }
        return context.filter.isEmpty
            || !context.filter.excludes(
                path: node.path(of: name),
                isDirectory: isDirectory(index, of: listing, side, directory)
            )
    }

    /// What cannot be examined now is met again, and its failure recorded, when it is compared.
    private func isDirectory(
        _ index: Int,
        of listing: Listing,
        _ side: Failure.Side,
        _ directory: borrowing Descriptor
    ) -> Bool {
        (try? context.boundary(side).isDirectory(index, of: listing, in: directory)) ?? false
    }
}

// MARK: Plans

extension ComparedNames {
    /// Tells what the plan has in a directory of the spine for this shard, and SOURCE has no more: it may be back, and not
    /// compared, when closing comes.
    func reportVanished(of node: VerifiedDirectory, _ source: borrowing Descriptor) {
        guard let spine = node.state.spine, spine.isShared else { return }
        for name in spine.vanished {
            do throws(SystemError) {
                // It may be there, and left out.
                if try status(of: name, in: source) == nil {
                    context.log.reportVanished(node.path(of: name))
                }
            } catch {
                reports.fail(.examine, .source, error, path: node.path(of: name))
            }
        }
    }

    /// What closing has to go through in a directory whose names are dealt out by hash: it need not list millions.
    func opened(
        of spine: SpineDirectory,
        in node: VerifiedDirectory,
        _ source: borrowing Descriptor
    ) -> Listing {
        var left = Listing()
        for (name, _) in spine.plan.openedChildren {
            do throws(SystemError) {
                guard let status = try status(of: name, in: source) else { continue }
                try left.append(onBothSides: name, inode: status.inode)
            } catch {
                reports.fail(.examine, .source, error, path: node.path(of: name))
            }
        }
        let all = left
        left.retain { isSelected($0, of: all, in: node, .source, source) }
        return left
    }

    private func status(
        of name: Name,
        in source: borrowing Descriptor
    ) throws(SystemError) -> FileStatus? {
        try name.withPointer { pointer throws(SystemError) in
            try context.boundary(.source).status(of: pointer, in: source)
        }
    }

    /// Whether a shard can go through a directory of the spine to what it has below; the directory itself is closing's.
    ///
    /// Where it cannot, closing tells what is wrong, once for all shards. It may be right again by then: so this shard says
    /// for itself that it could not judge what is below.
    func canGoThrough(
        _ entry: VerifiedEntry,
        _ status: FileStatus,
        _ destination: borrowing Descriptor
    ) -> Bool {
        do throws(SystemError) {
            let boundary = context.boundary(.destination)
            let other = try boundary.status(of: entry.pointer, in: destination)
            if context.boundary(.source).crossing(at: status) == nil, let other,
                other.kind == .directory, boundary.crossing(at: other) == nil
            {
                return true
            }
            context.log.reportVanished(entry.path)
        } catch {
            reports.fail(.examine, .destination, error, path: entry.path)
        }
        return false
    }
}
