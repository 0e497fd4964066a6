// Small files in the order in which they lie on the disks. The walk meets files in an order that is nobody's: thirty
// workers wrote DESTINATION at the same time, and an aged SOURCE has its files where there was room. So what all workers
// meet is collected, open on both sides, until there are some thousand: a window. Each side of it is read in its own
// order, and a file is compared when both sides of it have come (docs/design/verify.md).
//
//   FileWindows      the window that is being collected, and the one that is being read
//   WindowFile       a file of a window
//   WindowUnit       files that one worker reads in one submission: a run of SOURCE's order, one of DESTINATION's
//
// Nobody is given the work of a window: whoever comes with a file takes a part of it first. So a window is read by as
// many workers as there are, nothing is collected faster than it is read, and one worker alone gets on, too. A worker
// waits for others only where all parts are taken and no further file has room.
//
// What is kept true: a descriptor that was opened is read, no name and no handle is used again; memory and descriptors
// have bounds, whatever the files are.

import Dispatch
import LinuxIO
import Synchronization

/// A small file that is open on both sides.
///
/// Shared by the two workers that read its sides. Closed when both have let go of it.
final class WindowFile: Sendable {
    let pair: FilePair
    /// Where its data begins; where that cannot be told the inode number, which is an order too.
    let places: (source: UInt64, destination: UInt64)
    /// What is read of each side: its size in whole blocks of direct reads.
    let lengthBytes: Int
    /// Where its bytes stand in the window's memory.
    let sourceOffset = Atomic<Int>(0)
    let destinationOffset = Atomic<Int>(0)
    /// The sides that have come.
    private let sides = Atomic<Int>(0)
    private let isIncompleteValue = Atomic<Bool>(false)
    /// How many of them are open; nil while it is the worker's who opened it.
    private let openFiles = Lock<SharedCount?>(nil)

    init(_ pair: FilePair) {
        self.pair = pair
        places = (Self.place(of: pair.source), Self.place(of: pair.destination))
        lengthBytes = Int(ContentCopier.roundedUp(pair.source.status.sizeBytes))
    }

    deinit { openFiles.withLock { $0 }?.value.wrappingSubtract(1, ordering: .relaxed) }

    /// It is a window's now, which counts it until it is closed.
    func beTaken(_ openFiles: SharedCount) {
        openFiles.value.wrappingAdd(1, ordering: .relaxed)
        self.openFiles.withLock { $0 = openFiles }
    }

    private static func place(of file: ComparedFile) -> UInt64 {
        file.reader.descriptor.firstPlace() ?? file.status.inode
    }

    /// One side of it was not read whole.
    func noteIncomplete() { isIncompleteValue.store(true, ordering: .relaxed) }
    var isIncomplete: Bool { isIncompleteValue.load(ordering: .relaxed) }

    /// One side has come, whatever came of it.
    ///
    /// True for the second: all that was read or noted of the other side is then visible.
    func arrive() -> Bool { sides.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == 2 }
}

/// A count that objects share.
final class SharedCount: Sendable {
    let value = Atomic<Int>(0)
}

/// What one worker reads in one submission.
///
/// The files of the two sides are different ones, as a rule: each side has its own order.
struct WindowUnit: Sendable {
    let sources: [WindowFile]
    let destinations: [WindowFile]
}

/// The small files of all workers.
///
/// Thread-safe.
final class FileWindows: Sendable {
    /// Files of a window: what thirty workers wrote at the same time lies within it.
    static let filesMax = 4096
    /// Contents of a window, for each side.
    static let sideBytesMax = 24 << 20
    /// Files of each side in one submission.
    static let unitFiles = 64

    /// What a worker is to do next.
    enum Turn {
        /// Its file was taken, or nothing is left that it could do.
        case done
        /// Read these.
        case read(WindowUnit)
        /// Put these in their orders, then `begin`.
        case order([WindowFile])
        /// Wait at the semaphore, then ask again.
        case wait
    }

    private struct State: Sendable {
        var collected: [WindowFile] = []
        var collectedBytes = 0
        /// A window is being put in order, or read.
        var isReading = false
        /// Units of it that nobody has taken, the last first.
        var units: [WindowUnit] = []
        /// Units that are not done.
        var unitsLeft = 0
        var waiting: [DispatchSemaphore] = []
    }

    private let state = Lock(State())
    /// Files of a window, as the descriptors allow.
    private let filesMax: Int
    /// Files that are open: two windows, and what workers still have of earlier ones.
    private let openFiles = SharedCount()
    let memory: WindowMemory

    /// `files`: descriptors that there are for them, see `DescriptorBudget`.
    init(files: Int) {
        filesMax = max(1, min(Self.filesMax, files / 4))
        memory = WindowMemory(sideBytes: Self.sideBytesMax)
    }

    /// Descriptors that windows have use for.
    static var descriptorsMax: Int { 4 * filesMax }

    /// What the worker who has that file is to do first; `.done`: the file was taken.
    func turn(for file: WindowFile, _ semaphore: DispatchSemaphore) -> Turn {
        state.withLock { state in
            if let unit = state.units.popLast() { return .read(unit) }
            let isFull =
                state.collected.count >= filesMax
                || state.collectedBytes + file.lengthBytes > Self.sideBytesMax
            let isOpen = openFiles.value.load(ordering: .relaxed)
            if isOpen < 2 * filesMax, !isFull {
                file.beTaken(openFiles)
                state.collected.append(file)
                state.collectedBytes += file.lengthBytes
                return .done
            }
            if !state.isReading, !state.collected.isEmpty { return Self.close(&state) }
            // Who was not called within its time is there already.
            if !state.waiting.contains(where: { $0 === semaphore }) {
                state.waiting.append(semaphore)
            }
            return .wait
        }
    }

    /// What a worker without a file is to do; `isLast`: nobody else has work, and what was collected is all there is.
    func turn(isLast: Bool) -> Turn {
        state.withLock { state in
            if let unit = state.units.popLast() { return .read(unit) }
            if isLast, !state.isReading, !state.collected.isEmpty { return Self.close(&state) }
            return .done
        }
    }

    private static func close(_ state: inout State) -> Turn {
        state.isReading = true
        let files = state.collected
        state.collected = []
        state.collected.reserveCapacity(files.count)
        state.collectedBytes = 0
        return .order(files)
    }

    /// Puts the files of a window in the two orders and hands out its units; returns how many there are.
    func begin(_ files: [WindowFile]) -> Int {
        let sources = files.sorted { $0.places.source < $1.places.source }
        let destinations = files.sorted { $0.places.destination < $1.places.destination }
        var offset = 0
        for file in sources {
            file.sourceOffset.store(offset, ordering: .relaxed)
            offset += file.lengthBytes
        }
        offset = 0
        for file in destinations {
            file.destinationOffset.store(offset, ordering: .relaxed)
            offset += file.lengthBytes
        }
        var units: [WindowUnit] = []
        var end = files.count
        while end > 0 {
            let start = (end - 1) / Self.unitFiles * Self.unitFiles
            // Arrays of their own: a unit keeps no file of another one open.
            units.append(
                WindowUnit(
                    sources: Array(sources[start..<end]),
                    destinations: Array(destinations[start..<end])
                )
            )
            end = start
        }
        let count = units.count
        state.withLock { state in
            state.units = units
            state.unitsLeft = count
            Self.wake(&state)
        }
        return count
    }

    /// A unit is done: none of its files needs the window's memory any more.
    func end() {
        state.withLock { state in
            state.unitsLeft -= 1
            if state.unitsLeft > 0 { return }
            state.isReading = false
            Self.wake(&state)
        }
    }

    /// Files were closed that no window held any more.
    func wakeWaiting() { state.withLock { Self.wake(&$0) } }

    private static func wake(_ state: inout State) {
        for semaphore in state.waiting { semaphore.signal() }
        state.waiting.removeAll(keepingCapacity: true)
    }

    /// Whether files wait that no window has yet.
    var hasCollected: Bool { state.withLock { !$0.collected.isEmpty } }

    /// Whether all that was taken was read.
    var isDone: Bool {
        state.withLock { $0.collected.isEmpty && $0.units.isEmpty && !$0.isReading }
    }
}

/// Room for the contents of one window, for each side; pages that are never used cost nothing.
///
/// Sendable though it is mutable: each part belongs to one file and side of the window that is being read, first to
/// the worker who reads it, then to the one for whom `WindowFile.arrive` was true.
final class WindowMemory: @unchecked Sendable {
    private let source: UnsafeMutableRawBufferPointer
    private let destination: UnsafeMutableRawBufferPointer

    init(sideBytes: Int) {
        source = allocateForDirectReads(byteCount: sideBytes)
        destination = allocateForDirectReads(byteCount: sideBytes)
    }

    deinit {
        source.deallocate()
        destination.deallocate()
    }

    func bytes(of file: WindowFile, _ side: Failure.Side) -> UnsafeMutableRawBufferPointer {
        let (half, offset) =
            side == .source
            ? (source, file.sourceOffset.load(ordering: .relaxed))
            : (destination, file.destinationOffset.load(ordering: .relaxed))
        return UnsafeMutableRawBufferPointer(rebasing: half[offset..<offset + file.lengthBytes])
    }
}
