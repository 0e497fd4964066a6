// Reading what the comparison must know before it can say what is to be done: targets of symlinks, contents of files.

import LinuxIO

/// Compares contents of both sides of one name.
///
/// Belongs to one worker.
final class ContentInspector {
    private let reports: PassReports
    private let equality: ContentEquality
    private let salvager: Salvager
    /// Targets of symlinks: PATH_MAX and one byte more.
    private let sourceTarget = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)
    private let destinationTarget = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)

    init(_ reports: PassReports, _ equality: ContentEquality, _ salvager: Salvager) {
        self.reports = reports
        self.equality = equality
        self.salvager = salvager
    }

    deinit {
        sourceTarget.deallocate()
        destinationTarget.deallocate()
    }

    /// Whether both sides have the same contents, or targets.
    ///
    /// Nil when that could not be read, which was recorded, or the pass is interrupted.
    func areEqual(_ pair: EntryPair) -> Bool? {
        guard let source = pair.open.source, let target = pair.open.destination,
            let destination = pair.destination
        else { return nil }
        if pair.kind == .symlink { return haveSameTargets(pair, source, target) }
        var side = Failure.Side.source
        do throws(SystemError) {
            let sourceFile = try open(pair, source, pair.source)
            side = .destination
            let targetFile = try open(pair, target, destination)
            guard let sourceFile else {
                reports.reportVanished(pair)
                return nil
            }
            // Somebody else writes to DESTINATION.
            guard let targetFile else { throw SystemError(.open, .noEntry) }
            // What the disk has lost may still be whole in memory, clean as after a write that succeeded.
            targetFile.descriptor.forgetCachedPages()
            return haveSameContents(pair, sourceFile, targetFile)
        } catch {
            if error.code == .noEntry, side == .source {
                reports.reportVanished(pair)
            } else {
                reports.of(pair).fail(.open, side, error)
            }
            return nil
        }
    }

    private func haveSameContents(
        _ pair: EntryPair,
        _ source: SharedDescriptor,
        _ target: SharedDescriptor
    ) -> Bool? {
        // A disk may give at the second reading what it did not at the first; no third time.
        for isLast in [false, true] {
            do throws(ContentFailure) {
                return try equality.areEqual(
                    source.descriptor,
                    target.descriptor,
                    sizeBytes: pair.source.sizeBytes
                )
            } catch {
                let file = error.side == .source ? source : target
                guard salvager.examine(pair, file.descriptor, after: error) else { return nil }
                if isLast { salvager.failRead(error, pair) }
            }
        }
        return nil
    }

    /// Nil when the name no longer means the entry whose status was taken.
    private func open(
        _ pair: EntryPair,
        _ directory: SharedDescriptor,
        _ status: FileStatus
    ) throws(SystemError) -> SharedDescriptor? {
        let opened = try directory.descriptor.openRegularFile(pair.pointer, isDirect: false)
        guard let opened, opened.status.identity == status.identity else { return nil }
        return SharedDescriptor(opened.takeReader())
    }

    private func haveSameTargets(
        _ pair: EntryPair,
        _ source: SharedDescriptor,
        _ target: SharedDescriptor
    ) -> Bool? {
        var side = Failure.Side.source
        do throws(SystemError) {
            let sourceLength = try source.descriptor.readSymlink(pair.pointer, into: sourceTarget)
            side = .destination
            let targetLength = try target.descriptor.readSymlink(
                pair.pointer,
                into: destinationTarget
            )
            return sourceLength == targetLength
                && sourceTarget.prefix(sourceLength).elementsEqual(
                    destinationTarget.prefix(targetLength)
                )
        } catch {
            reportUnreadTarget(error, side, pair)
            return nil
        }
    }

    /// What a symlink of SOURCE says, NUL-terminated, and valid until the next is read; nil when it is gone.
    func target(_ pair: EntryPair) throws(SystemError) -> UnsafePointer<CChar>? {
        guard let source = pair.open.source else { return nil }
        let length: Int
        do throws(SystemError) {
            if let handle = pair.handle {
                length = try handle.descriptor.readHeldSymlink(into: sourceTarget)
            } else {
                length = try source.descriptor.readSymlink(pair.pointer, into: sourceTarget)
            }
        } catch {
            if Self.isGone(error) { return nil }
            throw error
        }
        sourceTarget[min(length, sourceTarget.count - 1)] = 0
        return sourceTarget.baseAddress.map { UnsafePointer($0) }
    }

    /// What a symlink of SOURCE says; nil for other entries, and when it cannot be read, which is recorded.
    func targetText(_ pair: EntryPair) -> [UInt8]? {
        guard pair.kind == .symlink, let source = pair.open.source else { return nil }
        do throws(SystemError) {
            let length = try source.descriptor.readSymlink(pair.pointer, into: sourceTarget)
            return sourceTarget.prefix(length).map { UInt8(bitPattern: $0) }
        } catch {
            reportUnreadTarget(error, .source, pair)
            return nil
        }
    }

    private func reportUnreadTarget(_ error: SystemError, _ side: Failure.Side, _ pair: EntryPair) {
        if side == .source, Self.isGone(error) {
            reports.reportVanished(pair)
        } else {
            reports.of(pair).fail(.examine, side, error)
        }
    }

    /// Gone, or no symlink any more.
    private static func isGone(_ error: SystemError) -> Bool {
        error.code == .noEntry || error.code == .invalid
    }
}
