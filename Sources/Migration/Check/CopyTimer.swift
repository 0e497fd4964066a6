// Times both disks for some seconds each (`check --time`), with as many workers as a pass has: SOURCE by reading files past
// the page cache, DESTINATION by making files and bringing them to its disk.
//
// What is kept true: SOURCE is read through its view; all that is made on DESTINATION is below one directory in its
// root, which has the name of a temporary file of a pass, holds so many files at most, and is gone at the end, also where a
// signal or an error ends it. A check that is killed (SIGKILL) leaves it.

import LinuxIO
import Synchronization

/// Times reading and making.
struct CopyTimer {
    let source: SharedDescriptor
    let destination: SharedDescriptor
    let workers: Int
    let control: RunControl

    /// Each of both takes so long.
    private static let seconds: UInt64 = 10
    /// Less than this says nothing of a disk.
    private static let readBytesMin: UInt64 = 64 << 20
    /// Of one file: a large one is one place of a disk.
    private static let fileBytesMax: UInt64 = 256 << 20
    private static let chunkBytes = 1 << 20
    /// There at a time; a signal has them removed within a second or two.
    private static let filesMax = 20_000
    private static let filesMin = 1_000
    private static let madeBytes = 4_096
    /// Of what is free, so much is not used up.
    private static let roomShare: UInt64 = 20

    private var limitNanoseconds: UInt64 {
        (givenWaitSeconds.map { UInt64($0) } ?? Self.seconds) * 1_000_000_000
    }

    /// Blocks for some 20 seconds, or until it is interrupted.
    ///
    /// `runs`: files that may be read; nil: SOURCE does not list them.
    func run(_ facts: CheckFacts, _ runs: [[SampledFile]]?) -> CopyTiming {
        let census = facts.source.census
        var timing = CopyTiming(
            reading: .failure(.holdsCopy),
            making: .failure(.holdsCopy),
            workers: workers,
            bytes: min(census.neededBytes, census.heldBytes),
            inodes: census.inodes
        )
        if facts.destination.holdsCopy { return timing }
        timing.reading = Result { () throws(Untimed) in
            guard let runs else { throw .notListed }
            if timing.bytes < Self.readBytesMin { throw .tooSmall(bytes: timing.bytes) }
            return try read(runs.shuffled())
        }
        timing.making = Result { () throws(Untimed) in
            if facts.destination.readOnly != nil { throw .readOnly }
            return try make(filesMost(facts.destination))
        }
        return timing
    }

    // MARK: SOURCE

    private func read(_ runs: [[SampledFile]]) throws(Untimed) -> CopyTiming.Work {
        let begin = monotonicNanoseconds()
        let end = begin &+ limitNanoseconds
        let sum = Atomic<UInt64>(0)
        let next = Atomic<Int>(0)
        let isCached = Atomic<Bool>(false)
        inLanes(min(workers, max(runs.count, 1))) { _ in
            let buffer = UnsafeMutableRawBufferPointer.allocate(
                byteCount: Self.chunkBytes,
                alignment: ContentCopier.directAlignment
            )
            defer { buffer.deallocate() }
            while !isCached.load(ordering: .relaxed) {
                let run = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard run < runs.count else { return }
                for file in runs[run] {
                    if monotonicNanoseconds() >= end || control.isInterrupted { return }
                    do throws(SystemError) {
                        let count = try read(file, buffer, until: end)
                        guard let count else { return isCached.store(true, ordering: .relaxed) }
                        sum.wrappingAdd(count, ordering: .relaxed)
                    } catch {
                        // Gone, replaced or broken: what cannot be read is no speed, and a pass tells it.
                    }
                }
            }
        }
        if isCached.load(ordering: .relaxed) { throw .noDirectReads }
        let took = monotonicNanoseconds() &- begin
        let bytes = sum.load(ordering: .relaxed)
        if bytes < Self.readBytesMin, !control.isInterrupted, took < limitNanoseconds {
            throw .tooSmall(bytes: bytes)
        }
        return CopyTiming.Work(amount: bytes, nanoseconds: took)
    }

    /// Reads one file and gives how many bytes; nil: not past the page cache.
    private func read(
        _ file: SampledFile,
        _ buffer: UnsafeMutableRawBufferPointer,
        until end: UInt64
    ) throws(SystemError) -> UInt64? {
        let handle = try source.descriptor.openHandle(
            inode: file.inode,
            generation: file.generation
        )
        guard let reader = try handle.reopenForDirectReading() else { return nil }
        var position: UInt64 = 0
        while position < Self.fileBytesMax, monotonicNanoseconds() < end, !control.isInterrupted {
            let count = try reader.read(into: buffer, at: position)
            position += UInt64(count)
            if count < buffer.count { break }
        }
        return position
    }

    // MARK: DESTINATION

    private func filesMost(_ facts: DestinationFacts) throws(Untimed) -> Int {
        let bytes = max(facts.blockBytes, UInt64(Self.madeBytes))
        let byRoom = facts.availableBytes / Self.roomShare / bytes
        let byInodes = facts.totalInodes.map { _ in facts.freeInodes / Self.roomShare } ?? .max
        let most = Int(clamping: min(byRoom, byInodes, UInt64(Self.filesMax)))
        if most < Self.filesMin { throw .noRoom }
        return most
    }

    private func make(_ filesMost: Int) throws(Untimed) -> CopyTiming.Work {
        do throws(SystemError) {
            // A lock that ends here, as that of the probe; a pass would take what is made for somebody's.
            let own = try destination.descriptor.openDirectory(Name("."))
            if try own.lock(.exclusive) {
                return try inFolder { folder throws(SystemError) in
                    try makeInRounds(filesMost, in: folder)
                }
            }
        } catch {
            throw Untimed.failed(error)
        }
        throw .busy
    }

    /// Lends a new directory in the root, which is gone afterwards, and the time of the root is as before.
    private func inFolder<Value>(
        _ body: (SharedDescriptor) throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        let root = destination
        let before = try root.descriptor.status()
        let name = TemporaryNames().next()
        try name.withPointer { pointer throws(SystemError) in
            try root.descriptor.makeDirectory(pointer, mode: 0o700)
        }
        let result = Result { () throws(SystemError) in
            try body(SharedDescriptor(try root.descriptor.openDirectory(name)))
        }
        try name.withPointer { pointer throws(SystemError) in
            try root.descriptor.removeDirectory(pointer)
        }
        try root.descriptor.setModified(before.modified)
        return try result.get()
    }

    /// Makes so many files at a time, and removes them again, until the time is over; only making counts.
    private func makeInRounds(
        _ filesMost: Int,
        in folder: SharedDescriptor
    ) throws(SystemError) -> CopyTiming.Work {
        let end = monotonicNanoseconds() &+ limitNanoseconds
        var work = CopyTiming.Work(amount: 0, nanoseconds: 0)
        let lanes = min(workers, filesMost)
        while monotonicNanoseconds() < end, !control.isInterrupted {
            let begin = monotonicNanoseconds()
            let round = MadeFiles(folder, lanes: lanes, filesMost: filesMost / lanes)
            inLanes(lanes) { lane in
                round.make(lane) { monotonicNanoseconds() < end && !control.isInterrupted }
            }
            let isSynchronized = Result { () throws(SystemError) in
                // What is only in memory was not made yet.
                if !control.isInterrupted { try folder.descriptor.synchronizeFilesystem() }
            }
            work.nanoseconds += monotonicNanoseconds() &- begin
            work.amount += round.count
            inLanes(lanes) { round.remove($0) }
            try isSynchronized.get()
            if let error = round.error { throw error }
        }
        return work
    }

    /// What one round made: a directory for each lane.
    private final class MadeFiles: Sendable {
        private let folder: SharedDescriptor
        private let filesMost: Int
        private let made: Lock<[Int?]>
        private let firstError = Lock<SystemError?>(nil)

        init(_ folder: SharedDescriptor, lanes: Int, filesMost: Int) {
            self.folder = folder
            self.filesMost = filesMost
            made = Lock(Array(repeating: nil, count: lanes))
        }

        var error: SystemError? { firstError.withLock { $0 } }
        var count: UInt64 { made.withLock { UInt64($0.reduce(0) { $0 + ($1 ?? 0) }) } }

        private func directory(_ lane: Int) -> Name { Name("d\(lane)") }
        private func file(_ number: Int) -> Name { Name("f\(number)") }

        private func note(_ body: () throws(SystemError) -> Void) {
            do throws(SystemError) { try body() } catch {
                firstError.withLock { $0 = $0 ?? error }
            }
        }

        /// One lane's files, while `goesOn` says so.
        func make(_ lane: Int, goesOn: () -> Bool) {
            note { () throws(SystemError) in
                try directory(lane).withPointer { pointer throws(SystemError) in
                    try folder.descriptor.makeDirectory(pointer, mode: 0o700)
                }
                made.withLock { $0[lane] = 0 }
                let own = try folder.descriptor.openDirectory(directory(lane))
                let bytes = [UInt8](repeating: 0x78, count: CopyTimer.madeBytes)
                for number in 0..<filesMost where error == nil && goesOn() {
                    let file = try own.createFile(file(number), mode: 0o600)
                    made.withLock { $0[lane] = number + 1 }
                    try bytes.withUnsafeBufferPointer { bytes throws(SystemError) in
                        try file.write(UnsafeRawBufferPointer(bytes), at: 0)
                    }
                    try file.close()
                }
            }
        }

        /// Removes them, whatever became of others.
        func remove(_ lane: Int) {
            guard let count = made.withLock({ $0[lane] }) else { return }
            note { () throws(SystemError) in
                let own = try folder.descriptor.openDirectory(directory(lane))
                for number in 0..<count {
                    note { () throws(SystemError) in
                        try file(number).withPointer { pointer throws(SystemError) in
                            try own.removeFile(pointer)
                        }
                    }
                }
                try directory(lane).withPointer { pointer throws(SystemError) in
                    try folder.descriptor.removeDirectory(pointer)
                }
            }
        }
    }
}
