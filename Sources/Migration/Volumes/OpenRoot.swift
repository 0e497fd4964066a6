// One of the two roots, open: whatever cannot be asked of it is a refusal with its side.

import History
import LinuxIO

/// A root that is open.
struct OpenRoot: Sendable {
    let side: Failure.Side
    let handle: SharedDescriptor
    var descriptor: Descriptor { _read { yield handle.descriptor } }

    init(_ side: Failure.Side, _ handle: SharedDescriptor) {
        self.side = side
        self.handle = handle
    }

    // MARK: Opening

    /// Opens a root by the name that was given.
    init(_ side: Failure.Side, _ path: Name) throws(Refusal) {
        do throws(SystemError) {
            self.init(side, SharedDescriptor(try Descriptor.openRoot(path)))
        } catch {
            if error.code == .notDirectory { throw .notDirectory(side, path: Array(path.bytes)) }
            throw .cannotOpen(side, path: Array(path.bytes), error)
        }
    }

    /// Opens DESTINATION; nil: it is missing.
    static func destinationIfThere(_ path: Name) throws(Refusal) -> OpenRoot? {
        do throws(Refusal) {
            return try OpenRoot(.destination, path)
        } catch {
            if case .cannotOpen(_, _, let cause) = error, cause.code == .noEntry, path.count > 0 {
                return nil
            }
            throw error
        }
    }

    /// Opens the directory that a missing DESTINATION is to be made in.
    static func parent(of path: Name) throws(Refusal) -> OpenRoot {
        var bytes = Array(path.bytes)
        while bytes.last == 0x2F { bytes.removeLast() }
        let parent: [UInt8]
        if let slash = bytes.lastIndex(of: 0x2F) {
            parent = slash == 0 ? [0x2F] : Array(bytes[..<slash])
        } else {
            parent = [0x2E]
        }
        return try OpenRoot(.destination, Name(parent))
    }

    /// Makes DESTINATION, one level, and opens it.
    static func made(_ path: Name) throws(Refusal) -> OpenRoot {
        do throws(SystemError) {
            return OpenRoot(.destination, SharedDescriptor(try Descriptor.makeRoot(path)))
        } catch {
            throw .cannotCreate(path: Array(path.bytes), error)
        }
    }

    /// The root as a run uses it: through a view if one can be had, else itself.
    ///
    /// `views` keeps it there.
    func view(
        isReadOnly: Bool,
        keeping views: inout [SharedDescriptor]
    ) throws(Refusal) -> OpenRoot {
        do throws(SystemError) {
            guard ProcessLimits.isRoot,
                let view = try descriptor.privateView(isReadOnly: isReadOnly)
            else { return self }
            let opened = SharedDescriptor(try view.openDirectory(Name(".")))
            views.append(SharedDescriptor(view))
            return OpenRoot(side, opened)
        } catch {
            throw .cannotExamine(side, error)
        }
    }

    // MARK: Asking

    /// As the kernel shows it, for people; nil where it does not.
    var path: [UInt8]? { try? descriptor.path() }

    func status() throws(Refusal) -> FileStatus {
        do throws(SystemError) { return try descriptor.status() } catch {
            throw .cannotExamine(side, error)
        }
    }

    func volume() throws(Refusal) -> VolumeStatus {
        do throws(SystemError) { return try VolumeStatus(of: descriptor) } catch {
            throw .cannotExamine(side, error)
        }
    }

    /// The names in it, through a descriptor of its own: a listing moves the position of the one it reads.
    func names() throws(Refusal) -> [Name] {
        let listing: Listing
        do throws(SystemError) {
            listing = try Listing(of: try descriptor.openDirectory(Name(".")))
        } catch {
            throw .cannotExamine(side, error)
        }
        return (0..<listing.count).map { listing.name($0) }
    }

    /// S63: names that cannot be told are not copied, and not deleted.
    func checkNames() throws(Refusal) {
        do throws(SystemError) { try descriptor.checkNames(try descriptor.status()) } catch {
            throw .cannotExamine(side, error)
        }
    }

    /// What tells it from all others; nil where its filesystem has no name that lasts.
    ///
    /// Refused for an error: a pass that takes itself for the first one does not know what earlier ones could
    /// not finish (S52).
    func identity(_ path: [UInt8]) throws(Refusal) -> RootIdentity? {
        do throws(SystemError) { return try RootIdentity.read(from: handle, path) } catch {
            throw .cannotExamine(side, error)
        }
    }

    // MARK: Locking

    /// Keeps other passes from DESTINATION, until the lock is taken away or the process is done.
    ///
    /// Shards of one plan write to it at the same time.
    func lock(for options: PassOptions) throws(Refusal) {
        let kind: FileLock = options.share?.part.shard == nil ? .exclusive : .shared
        let isMine: Bool
        do throws(SystemError) { isMine = try descriptor.lock(kind) } catch {
            throw .cannotExamine(side, error)
        }
        if isMine { return }
        throw .destinationBusy(
            BusyPass(LockHolder(of: descriptor), stateFolder: options.stateFolder)
        )
    }
}

extension RootIdentity {
    /// What tells a root from all others; nil where its filesystem has no name that lasts.
    static func read(
        from root: SharedDescriptor,
        _ path: [UInt8]
    ) throws(SystemError) -> RootIdentity? {
        let status = try root.descriptor.status()
        let filesystem: [UInt8]
        do throws(SystemError) {
            filesystem = try root.descriptor.filesystemIdentifier()
        } catch {
            if error.code == .notSupported { return nil }
            throw error
        }
        return RootIdentity(
            filesystem: filesystem,
            inode: status.inode,
            birthNanoseconds: status.birth?.nanosecondsSince1970 ?? 0,
            path: path
        )
    }
}
