// One lane's worker: its buffers and what it does with each piece of work. The steps stand in extensions:
//
//   Worker+Directories   open, list, pair, hand out, finish a directory
//   Worker+Removal       extras, leftovers, trees that are in the way
//   Worker+Entries       status of both sides, the comparison, the action
//   Worker+Files         a regular file: copy beside its place, publish
//   Worker+FileBatch     small ones of a directory, read together
//   Worker+Damage        what SOURCE's disk does not give whole: read again, salvaged, marked
//   Worker+LargeFiles    the same for one that several workers copy
//   Worker+Specials      symlinks, devices, FIFOs, sockets
//   Worker+Links         hard links
//   Worker+Attributes    comparing and carrying owner, mode, xattrs, ACLs, times, flags
//   Worker+ExtendedAttributes  reading and setting xattrs and ACLs
//   Worker+Flags         inode flags, and taking off those that freeze
//   Worker+Projects      project ids that differ from what a directory gives
//   Worker+Keeping       an entry that is up to date but for attributes
//   Worker+Opening       both sides of a directory, made where DESTINATION lacks it
//   Worker+Mounts        what is mounted below the roots: it stays, is listed, and is asked nothing
//   Worker+Evidence      what earlier passes prove of an entry, and what this one writes down
//   Worker+Visits        a scan pass: which entries of a directory are looked at
//   Worker+Itemizing     lines of --itemize for what is made

import History
import LinuxIO

/// A pass's visitor of a tree: does the work of one lane.
///
/// Made and used on that lane's thread only, so nothing in it is guarded.
final class Worker: TreeVisitor {
    let context: PassContext
    let lane: PassLane
    let copier: ContentCopier
    let attributes: AttributeComparer
    /// Targets of symlinks: PATH_MAX and one byte more.
    let sourceTarget = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)
    let destinationTarget = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)

    /// The record of the last whole pass; nil: there is none.
    let record: RecordCursor?
    /// Notes for the next pass; nil: nothing is written down.
    let notes: NoteBuffer?

    /// Small files that wait to be read together; made at the first one.
    var fileBatch: FileBatch?
    /// Whether files may wait: only while a piece goes through its entries.
    var isCollecting = false

    init(context: PassContext, lane: PassLane) {
        self.context = context
        self.lane = lane
        copier = ContentCopier(context: context)
        attributes = AttributeComparer(
            AttributeScope(
                isRoot: context.isRoot,
                preserved: context.options.preserved,
                selection: context.options.attributes
            )
        )
        record = context.recordTable.withLock { $0 }.map(RecordCursor.init)
        notes = context.recorder?.makeBuffer()
    }

    deinit {
        sourceTarget.deallocate()
        destinationTarget.deallocate()
    }

    var counters: Counters { context.counters }
    var preserved: PassOptions.Preserved { context.options.preserved }

    /// Does one piece of work, to its end or until the pass is interrupted.
    func take(_ work: PassWork) {
        let start = monotonicNanoseconds()
        walk(work)
        work.branch?.workNanoseconds.count(monotonicNanoseconds() &- start)
    }

    func perform(_ task: PassTask) {
        switch task {
        case .linked(let entry, let role):
            handleLinked(entry, role)
            finishPiece(of: entry.directory)
        case .ranges(let file): copyRanges(of: file)
        }
    }

    /// Records a failure of one entry.
    ///
    /// Of calls that write to DESTINATION, one may end all writing (S18).
    func fail(
        _ activity: Failure.Activity,
        _ side: Failure.Side,
        _ error: SystemError?,
        isWrite: Bool = false,
        bytes: Range<UInt64>? = nil,
        detail: String? = nil,
        of affected: AffectedEntry
    ) {
        doubt(affected)
        let failure = Failure(
            path: affected.path,
            side: side,
            activity: activity,
            error: error,
            bytes: bytes,
            detail: detail
        )
        if isWrite { context.recordWrite(failure) } else { context.record(failure) }
    }

    /// Records that a directory in hand cannot be used any more: it went away, or opening it again failed.
    func noteUnusable(_ error: SystemError, _ node: PassDirectory) {
        switch error.code {
        case .noEntry, .notDirectory, .symlinkLoop: noteVanished(.directory(node))
        default:
            fail(
                .open,
                node.state.purpose == .pair ? .source : .destination,
                error,
                of: .directory(node)
            )
        }
    }

    /// Records that an entry went away between its listing and its opening (S47).
    func noteVanished(_ affected: AffectedEntry) {
        doubt(affected)
        counters.vanished.count()
        context.emit(.vanished(path: affected.path))
    }

    /// Emits one line of `--itemize`, if any are wanted.
    func itemize(_ item: @autoclosure () -> Itemization) {
        if context.itemizes { context.emit(.changed(item())) }
    }
}
