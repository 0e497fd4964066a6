// The census of a tree by a walk: every directory is listed, every entry looked at (`--deep`). For what is no
// whole XFS, and for what only names and contents of directories tell exactly. The pool of a pass does it, with
// one side.
//
// What is kept true: other filesystems mounted below are not entered (S4), no symlink is followed, no access
// time moves where O_NOATIME is allowed; an inode with several names is counted once.

import LinuxIO
import Synchronization

/// One walk.
final class TreeCensus: Sendable {
    /// A directory to be listed, or a run of its entries to be looked at.
    private enum Work: Sendable {
        case directory(Directory)
        case entries(EntryPiece)
    }

    private let roots: Roots
    private let limits: CensusLimits
    private let measure: AttributeMeasure
    private let control: CheckControl
    private let budget: DescriptorBudget
    private let sum = Lock(Census(method: .walk))
    /// Inodes with several names that were counted under one of them.
    private let counted = Lock<Set<InodeIdentity>>([])

    private static let entriesOfPiece = 64

    init(
        roots: Roots,
        limits: CensusLimits,
        measure: AttributeMeasure,
        budget: DescriptorBudget,
        control: CheckControl
    ) {
        self.roots = roots
        self.limits = limits
        self.measure = measure
        self.budget = budget
        self.control = control
        sum.withLock { $0.attributed = 0 }
    }

    /// Walks; blocks.
    func run(workers: Int) -> Census {
        let root = Directory(parent: nil, name: Name("."), purpose: .pair, branch: nil)
        budget.install(
            OpenDirectory(source: roots.source, destination: nil),
            identities: (roots.sourceStatus.identity, nil),
            in: root
        )
        add(roots.sourceStatus, attributes: nil, path: [])
        let pool = WorkerPool<Work>(
            workers: workers,
            makeLane: { pool, lane in
                let buffer = LaneBuffer()
                return { [self] work in
                    switch work {
                    case .directory(let node):
                        list(node, buffer) { pool.push($0, lane: lane) }
                        finishPiece(of: node)
                    case .entries(let piece):
                        look(at: piece, buffer) { pool.push($0, lane: lane) }
                        finishPiece(of: piece.directory)
                    }
                }
            },
            whenQuiet: { [] }
        )
        pool.run(.directory(root))
        return sum.withLock { $0 }
    }

    /// Room for a listing and for names of attributes; belongs to one lane.
    private final class LaneBuffer {
        let listing = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        let names = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 65_536)

        deinit {
            listing.deallocate()
            names.deallocate()
        }
    }

    // MARK: Directories

    private func list(_ node: Directory, _ buffer: LaneBuffer, _ push: (Work) -> Void) {
        guard !control.isInterrupted, open(node) else { return }
        do throws(SystemError) {
            let open = try budget.use(node)
            defer { budget.release(node) }
            guard let source = open.source else { return }
            var listing = Listing()
            // A descriptor of its own for the root: others read through that one too.
            if node.isRoot {
                let directory = try source.descriptor.openDirectory(Name("."))
                try listing.read(directory, buffer: buffer.listing)
            } else {
                try listing.read(source.descriptor, buffer: buffer.listing)
            }
            noteSize(of: listing, node)
            listing.sortByInode()
            let pairing = Pairing(listing)
            for start in stride(from: 0, to: listing.count, by: Self.entriesOfPiece) {
                let range = start..<min(start + Self.entriesOfPiece, listing.count)
                node.addPiece()
                push(.entries(EntryPiece(directory: node, entries: pairing, range: range)))
            }
        } catch {
            noteUnread()
        }
    }

    /// Opens a directory below the root; false where there is nothing to list.
    private func open(_ node: Directory) -> Bool {
        guard let parent = node.parent else { return true }
        do throws(SystemError) {
            let parentOpen = try budget.use(parent)
            defer { budget.release(parent) }
            guard let source = parentOpen.source else { return false }
            let descriptor = try source.descriptor.openDirectory(node.name)
            let status = try descriptor.status()
            if roots.sourceBoundary.isOutside(status) { return false }
            try descriptor.checkNames(status)
            budget.install(
                OpenDirectory(source: SharedDescriptor(descriptor), destination: nil),
                identities: (status.identity, nil),
                in: node
            )
            budget.release(node)
            return true
        } catch {
            // Gone, or something was mounted on it meanwhile.
            if error.code != .noEntry, error.code != .crossDevice { noteUnread() }
            return false
        }
    }

    /// Exactly what ext4 needs for the entries: 8 bytes and the name, in fours (struct ext4_dir_entry_2).
    private func noteSize(of listing: Listing, _ node: Directory) {
        guard let most = limits.directoryBytesMax else { return }
        let bytes = listing.records.reduce(UInt64(0)) {
            $0 + 8 + (UInt64($1.nameLength) + 3) / 4 * 4
        }
        guard bytes > most else { return }
        let inode = node.facts.withLock { $0.source?.inode } ?? 0
        let concern = Concern(
            inode: inode,
            kind: .directory,
            value: Int64(clamping: bytes),
            path: node.path
        )
        sum.withLock { $0.largeDirectories.note(concern) }
    }

    private func finishPiece(of node: Directory) {
        guard node.finishPiece(), !node.isRoot else { return }
        budget.close(node)
    }

    // MARK: Entries

    private func look(at piece: EntryPiece, _ buffer: LaneBuffer, _ push: (Work) -> Void) {
        guard !control.isInterrupted else { return }
        do throws(SystemError) {
            let open = try budget.use(piece.directory)
            defer { budget.release(piece.directory) }
            guard let source = open.source else { return }
            for index in piece.range {
                look(at: index, of: piece, in: source, buffer, push)
            }
        } catch {
            noteUnread()
        }
    }

    private func look(
        at index: Int,
        of piece: EntryPiece,
        in source: SharedDescriptor,
        _ buffer: LaneBuffer,
        _ push: (Work) -> Void
    ) {
        let listing = piece.entries.listing
        let pointer = listing.namePointer(index)
        do throws(SystemError) {
            guard let status = try roots.sourceBoundary.status(of: pointer, in: source.descriptor),
                !roots.sourceBoundary.isOutside(status)
            else { return }
            let name = listing.name(index)
            let isDirectory = status.kind == .directory
            if piece.directory.isRoot, ReservedNames.contains(name, isDirectory: isDirectory) {
                return
            }
            if status.kind != .directory, status.linkCount > 1,
                !counted.withLock({ $0.insert(status.identity).inserted })
            {
                return
            }
            let attributes = try self.attributes(of: pointer, in: source, buffer)
            add(status, attributes: attributes, path: piece.directory.path(of: name))
            if status.kind == .directory {
                let child = Directory(
                    parent: piece.directory,
                    name: name,
                    purpose: .pair,
                    branch: nil
                )
                child.facts.withLock { $0.source = status }
                push(.directory(child))
            }
        } catch {
            if error.code != .noEntry { noteUnread() }
        }
    }

    /// What was found of an entry's attributes.
    private struct Attributes {
        var excessBytes: Int?
    }

    /// Nil when it has none.
    private func attributes(
        of name: NamePointer,
        in source: SharedDescriptor,
        _ buffer: LaneBuffer
    ) throws(SystemError) -> Attributes? {
        let length = try source.descriptor.attributeNames(of: name, into: buffer.names) ?? 0
        guard length > 0 else { return nil }
        guard limits.measuresAttributes else { return Attributes() }
        let list = UnsafeBufferPointer(rebasing: buffer.names[..<length])
        return Attributes(
            excessBytes: try measure.excess(of: name, in: source.descriptor, names: list)
        )
    }

    private func add(_ status: FileStatus, attributes: Attributes?, path: [UInt8]) {
        let entry = CountedEntry(
            inode: status.inode,
            kind: status.kind,
            sizeBytes: status.sizeBytes,
            heldBytes: status.allocatedBytes,
            linkCount: status.linkCount,
            modified: status.modified,
            hasAttributeBlocks: attributes?.excessBytes != nil,
            path: path
        )
        sum.withLock { sum in
            sum.count(entry, limits)
            guard let attributes else { return }
            sum.attributed = (sum.attributed ?? 0) + 1
            if let bytes = attributes.excessBytes {
                sum.largeAttributes.note(entry.concern(bytes))
            }
        }
    }

    private func noteUnread() { sum.withLock { $0.unread += 1 } }
}
