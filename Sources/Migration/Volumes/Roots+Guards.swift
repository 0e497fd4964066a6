// The accidents with mount points (S61), asked before anything is touched: another volume by a name that the record
// knows, the wrong direction, a DESTINATION or a SOURCE that is not mounted.

import History
import LinuxIO

/// Both roots as they are before anything is made.
struct RootsBeforehand {
    var source: OpenRoot
    var sourceStatus: FileStatus
    /// DESTINATION, or the directory that it is to be made in.
    var judged: OpenRoot
    var judgedStatus: FileStatus
    /// DESTINATION as it was named, where it is to be made.
    var missing: Name?

    init(
        _ source: OpenRoot,
        _ sourceStatus: FileStatus,
        _ judged: OpenRoot,
        _ judgedStatus: FileStatus,
        _ missing: Name?
    ) {
        self.source = source
        self.sourceStatus = sourceStatus
        self.judged = judged
        self.judgedStatus = judgedStatus
        self.missing = missing
    }

    /// What speaks against them, by what a state folder knows among others; nil: nothing.
    func wrong(stateFolder: Name?) throws(Refusal) -> WrongRoots? {
        let left = try present(source, [])
        let right = try present(judged, missing.map(Self.lastName) ?? [])
        let pairs =
            stateFolder.map { KnownPairs(folder: $0, left, right) } ?? KnownPairs([])
        if let conflict = pairs.conflict(left, right) {
            let isSource = conflict.kind == .otherSource
            let root = isSource ? source : judged
            let volume = PresentVolume(
                path: isSource ? left.path : right.path,
                typeName: try root.volume().typeName,
                isRootFilesystem: Self.isOnRoot(isSource ? sourceStatus : judgedStatus)
            )
            return .conflict(conflict, present: volume)
        }
        guard sourceStatus.isMountRoot, Self.isOnRoot(judgedStatus), !pairs.know(left, right) else {
            return nil
        }
        // A directory that is bound here is a mount point that somebody made.
        if judgedStatus.isMountRoot, missing == nil { return nil }
        let typeName = try judged.volume().typeName
        return .notMounted(path: right.path, typeName: typeName, isMissing: missing != nil)
    }

    private static func isOnRoot(_ status: FileStatus) -> Bool {
        // Where `/` cannot be asked nothing lies on it for certain.
        (try? Descriptor.openRoot(Name("/")).status().device) == status.device
    }

    private static func lastName(_ name: Name) -> [UInt8] {
        var bytes = Array(name.bytes)
        while bytes.last == 0x2F { bytes.removeLast() }
        return bytes.lastIndex(of: 0x2F).map { Array(bytes[($0 + 1)...]) } ?? bytes
    }

    /// `missing`: the name that is to be made in that root.
    private func present(
        _ root: OpenRoot,
        _ missing: [UInt8]
    ) throws(Refusal) -> PresentRoot {
        var path: [UInt8]
        do throws(SystemError) { path = try root.descriptor.path() } catch {
            throw .cannotExamine(root.side, error)
        }
        let identity = try root.identity(path)
        if !missing.isEmpty { path += (path == [0x2F] ? [] : [0x2F]) + missing }
        return PresentRoot(
            filesystem: identity?.filesystem,
            identity: missing.isEmpty ? identity : nil,
            path: path
        )
    }
}

extension Roots {
    /// Refuses roots that are not those that are meant, as far as anything tells (S61).
    ///
    /// `--new-pair` says that they are. Not where the passes that speak against them were begun by it themselves: then
    /// it stands in a script, and says nothing any more.
    static func judgeMeant(
        _ roots: RootsBeforehand,
        _ options: PassOptions
    ) throws(Refusal) {
        // A plan says which roots are meant, and is asked as soon as they are open.
        guard options.guardsPair, options.share == nil else { return }
        guard let wrong = try roots.wrong(stateFolder: options.stateFolder) else { return }
        guard options.isNewPair else { throw .wrongRoots(wrong, isDeclared: false) }
        if case .conflict(let conflict, _) = wrong, conflict.kind != .reversed,
            conflict.recorded.isDeclared
        {
            throw .wrongRoots(wrong, isDeclared: true)
        }
    }

    static func judgeContents(
        of source: OpenRoot,
        _ destination: OpenRoot?,
        _ options: PassOptions
    ) throws(Refusal) {
        let names = try source.names()
        if options.guardsPair, !options.allowsEmptySource, ReservedNames.hold(all: names) {
            throw .emptySource(isDeleting: options.deletesExtras)
        }
        // It was there when the plan was made; several shards would make it at once.
        if destination == nil, options.share != nil {
            throw .planOfOtherRoot(.destination, path: [])
        }
        for branch in options.branches where !names.contains(branch) {
            guard try isThere(branch, in: destination) else {
                throw .noSuchBranch(Array(branch.bytes))
            }
        }
    }

    private static func isThere(
        _ name: Name,
        in destination: OpenRoot?
    ) throws(Refusal) -> Bool {
        guard let destination else { return false }
        do throws(SystemError) {
            return try name.withPointer { pointer throws(SystemError) in
                try destination.descriptor.status(of: pointer) != nil
            }
        } catch {
            throw .cannotExamine(.destination, error)
        }
    }
}
