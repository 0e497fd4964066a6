// One lane's worker of a check against a manifest: walks to each file, reads it, compares its digest.

import LinuxIO

/// One piece of work of a check.
enum ManifestWork: Sendable {
    /// Take the next lines of the manifest and check them.
    case lines
    /// Check one file, which is large.
    case file(ManifestLine, ComparedFile)
}

/// Does the work of one lane.
///
/// Made and used on that lane's thread only, so nothing in it is guarded.
final class ManifestVerifier {
    /// Lines taken at a time: enough to spread the reading of the manifest thinly, few enough to end together.
    private static let linesTaken = 32

    private let context: ManifestContext
    private let push: (ManifestWork) -> Void
    private let comparer: ContentComparer
    /// The directory that was walked to last: a manifest names the files of one directory one after the other.
    private var lastDirectory: (path: ArraySlice<UInt8>, directory: SharedDescriptor)?

    init(context: ManifestContext, push: @escaping (ManifestWork) -> Void) {
        self.context = context
        self.push = push
        comparer = ContentComparer(
            context.log.reading,
            blockBytes: min(max(context.root.volume.blockBytes, 512), 65_536)
        )
    }

    private var log: VerificationFindings { context.log }

    func perform(_ work: ManifestWork) {
        switch work {
        case .file(let line, let file): if log.mayBegin { check(line, file) }
        case .lines:
            let lines = context.nextLines(Self.linesTaken)
            if lines.isEmpty || !log.mayBegin { return }
            // Before these are checked: whoever has nothing to do takes what follows.
            push(.lines)
            for line in lines where log.mayBegin { check(line) }
        }
    }

    private func check(_ line: ManifestLine) {
        log.counters.entriesSeen.count()
        guard let file = open(line) else { return }
        if file.status.sizeBytes >= FileRanges.largeFileBytes {
            push(.file(line, file))
        } else {
            check(line, file)
        }
    }

    private func check(_ line: ManifestLine, _ file: ComparedFile) {
        guard let found = digest(of: file, line) else { return }
        log.counters.filesCompared.count()
        if found == line.digest { return }
        // Once more before it is told.
        file.reader.descriptor.forgetCachedPages()
        guard let again = digest(of: file, line) else { return }
        let isChanged = hasChanged(file, line)
        if again == line.digest, !isChanged {
            tell(.unsteady, line, isChanged: false)
        } else {
            tell(.digest(line.digest, again), line, isChanged: isChanged)
        }
    }

    private func digest(of file: ComparedFile, _ line: ManifestLine) -> [UInt8]? {
        let (digest, findings) = comparer.digest(of: file)
        for range in findings.unreadable { reportUnreadable(range, of: file, line) }
        return digest?.bytes
    }

    /// A digest ends at the first read that fails; what the disk has lost is told of the whole file, to the block.
    private func reportUnreadable(
        _ range: UnreadableRange,
        of file: ComparedFile,
        _ line: ManifestLine
    ) {
        var failure = Failure(
            path: line.path,
            side: .destination,
            activity: .read,
            error: range.error,
            bytes: range.bytes
        )
        // If that fails as well, the range of the read is what is known.
        if range.error.isDamage, let damage = try? damage(of: file), !damage.isEmpty {
            failure.bytes = damage.bounds
            failure.damage = DamageReport(damage, .kept)
        }
        log.record(failure)
    }

    /// Nil when interrupted.
    private func damage(of file: ComparedFile) throws(ContentFailure) -> Damage? {
        file.reader.descriptor.forgetCachedPages()
        return try DamagedFile(file.reader.descriptor, side: .destination).read(
            sizeBytes: file.status.sizeBytes,
            into: comparer.left,
            mayGoOn: { _ in !log.isInterrupted },
            take: { _, _ in }
        )?.damage
    }

    private func hasChanged(_ file: ComparedFile, _ line: ManifestLine) -> Bool {
        do throws(SystemError) {
            let now = try file.reader.descriptor.status()
            return context.beginning.showsChange(of: now)
                || now.changed != file.status.changed || now.sizeBytes != file.status.sizeBytes
        } catch {
            log.record(
                Failure(path: line.path, side: .destination, activity: .examine, error: error)
            )
            return false
        }
    }

    private func tell(
        _ aspect: FoundDifference.Aspect,
        _ line: ManifestLine,
        isChanged: Bool
    ) {
        log.tell(
            FoundDifference(path: line.path, kind: .regular, aspect: aspect),
            isChanged: isChanged
        )
    }

    // MARK: Opening

    /// Walks to a file and opens it; nil when that failed, which was recorded, or it is not there, which was told.
    private func open(_ line: ManifestLine) -> ComparedFile? {
        let slash = line.path.lastIndex(of: 0x2F)
        let name = Name(line.path[(slash.map { $0 + 1 } ?? 0)...])
        do throws(SystemError) {
            let directory = try directory(line.path[..<(slash ?? 0)])
            return try name.withPointer { name throws(SystemError) in
                let opened = try directory.descriptor.openRegularFile(name, isDirect: true)
                if let opened {
                    if context.root.boundary.isOutside(opened.status) {
                        throw SystemError(.open, .crossDevice)
                    }
                    return ComparedFile(.destination, opened)
                }
                guard let status = try directory.descriptor.status(of: name) else {
                    throw SystemError(.open, .noEntry)
                }
                // A regular file now: it has just been put there.
                let isChanged = status.kind == .regular
                tell(.type(.regular, status.kind), line, isChanged: isChanged)
                return nil
            }
        } catch {
            switch error.code {
            case .noEntry, .notDirectory, .symlinkLoop: tell(.missing, line, isChanged: false)
            case .crossDevice:
                log.record(Failure(path: line.path, side: .destination, activity: .enter))
            default:
                log.record(
                    Failure(path: line.path, side: .destination, activity: .open, error: error)
                )
            }
            return nil
        }
    }

    /// The directory at a path below the root; EXDEV where something is mounted on the way.
    private func directory(_ path: ArraySlice<UInt8>) throws(SystemError) -> SharedDescriptor {
        if let lastDirectory, lastDirectory.path == path { return lastDirectory.directory }
        var directory = context.root.root
        for component in path.split(separator: 0x2F) {
            let next = try directory.descriptor.openDirectory(Name(component))
            if context.root.boundary.isOutside(try next.status()) {
                throw SystemError(.open, .crossDevice)
            }
            directory = SharedDescriptor(next)
        }
        lastDirectory = (path, directory)
        return directory
    }
}
