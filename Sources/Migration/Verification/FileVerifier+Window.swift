// Small files read together, in the order of the disks (FileWindows): what one worker does with a file that it has
// opened, and with the parts of a window that it takes.

import Dispatch
import LinuxIO

extension FileVerifier {
    /// Puts a file into a window; false when it must be read by itself.
    func collect(_ pair: FilePair) -> Bool {
        guard let windows = context.windows, pair.source.isDirect, pair.destination.isDirect,
            SmallFiles.suit(pair.source.status), SmallFiles.suit(pair.destination.status)
        else { return false }
        var pair = pair
        pair.entry = pair.entry.apart
        let file = WindowFile(pair)
        while !context.isInterrupted {
            switch windows.turn(for: file, turnComes) {
            case .done: return true
            case .read(let unit): unitInHand = unit
            case .order(let files): begin(files, of: windows)
            // With a limit: a signal wakes nobody here. Woken or not, it asks again.
            case .wait: _ = turnComes.wait(timeout: .now() + .milliseconds(200))
            }
            readUnitInHand(of: windows)
        }
        // Neither compared nor told: the verification has ended before it.
        return true
    }

    /// Reads what is to be read of windows; `isLast`: also of the one that is not full.
    func readWindows(isLast: Bool) {
        guard let windows = context.windows else { return }
        while true {
            switch windows.turn(isLast: isLast) {
            case .done, .wait: return
            case .read(let unit): unitInHand = unit
            case .order(let files): begin(files, of: windows)
            }
            readUnitInHand(of: windows)
        }
    }

    /// Puts a window in order, and calls those who have nothing to do.
    private func begin(_ files: [WindowFile], of windows: FileWindows) {
        let units = windows.begin(files)
        for _ in 1..<max(1, min(units, lane.workers)) { lane.handOn(.window(isLast: false)) }
    }

    /// Reads files, and compares those of which both sides have come.
    private func readUnitInHand(of windows: FileWindows) {
        guard var complete = readUnit(windows.memory) else { return }
        // Those that must be read by themselves come last: nobody is to wait for them.
        var rest: [WindowFile] = []
        for file in complete where !context.isInterrupted {
            if !compareRead(file, windows.memory) { rest.append(file) }
        }
        // Closed, but for the rest.
        complete = []
        windows.end()
        if rest.isEmpty { return }
        for file in rest where !context.isInterrupted { compareAlone(file.pair) }
        rest = []
        windows.wakeWaiting()
    }

    /// Reads the files of the unit in hand and lets go of it; returns those of which this was the second side.
    private func readUnit(_ memory: WindowMemory) -> [WindowFile]? {
        guard let unit = unitInHand else { return nil }
        unitInHand = nil
        let isRead = !context.isInterrupted && submit(unit, memory)
        var complete: [WindowFile] = []
        complete.reserveCapacity(unit.sources.count)
        var number = 0
        for (files, side) in [
            (unit.sources, Failure.Side.source), (unit.destinations, .destination),
        ] {
            for file in files {
                if !isRead || !hasCome(file, side, number, memory) {
                    file.noteIncomplete()
                }
                number += 1
                if file.arrive() { complete.append(file) }
            }
        }
        return complete
    }

    /// Reads both sides of a unit in one submission, SOURCE's first: the block layer joins a read with the one before
    /// it and no other.
    private func submit(_ unit: WindowUnit, _ memory: WindowMemory) -> Bool {
        guard let ring = readRing() else { return false }
        for file in unit.sources {
            _ = ring.add(  // Numbered in this order.
                file.pair.source.reader.descriptor,
                into: memory.bytes(of: file, .source)
            )
        }
        for file in unit.destinations {
            _ = ring.add(  // Likewise.
                file.pair.destination.reader.descriptor,
                into: memory.bytes(of: file, .destination)
            )
        }
        do throws(SystemError) { try ring.run() } catch {
            // The ring is of no use any more; each file is read by itself.
            self.ring = nil
            return false
        }
        return true
    }

    /// This worker's ring, made at its first use; nil where io_uring cannot be had.
    private func readRing() -> ReadRing? {
        if let ring { return ring }
        // Refused to this worker though not to all (memory): it reads file by file, which is only slower.
        ring = try? ReadRing(capacity: 2 * FileWindows.unitFiles)
        return ring
    }

    /// Whether one side of a file was read whole.
    private func hasCome(
        _ file: WindowFile,
        _ side: Failure.Side,
        _ number: Int,
        _ memory: WindowMemory
    ) -> Bool {
        let opened = side == .source ? file.pair.source : file.pair.destination
        do throws(SystemError) {
            return try UInt64(ring?.result(of: number) ?? 0) >= opened.status.sizeBytes
        } catch {
            // The device's queue was full, and nothing waits in the ring.
            guard error.code == .wouldBlock else { return false }
            let bytes = memory.bytes(of: file, side)
            let count = try? opened.reader.descriptor.read(into: bytes, at: 0)
            return UInt64(count ?? 0) >= opened.status.sizeBytes
        }
    }

    /// Compares a file that was read with others; false when it was not read whole, or differs: reading it by
    /// itself finds out what is wrong, and where.
    private func compareRead(_ file: WindowFile, _ memory: WindowMemory) -> Bool {
        if file.isIncomplete { return false }
        let size = Int(file.pair.source.status.sizeBytes)
        let source = UnsafeRawBufferPointer(rebasing: memory.bytes(of: file, .source)[..<size])
        let destination = memory.bytes(of: file, .destination)[..<size]
        guard haveSameBytes(source, UnsafeRawBufferPointer(rebasing: destination)) else {
            return false
        }
        context.counters.bytesRead.count(2 * UInt64(size))
        var digest: SHA256?
        if context.manifest != nil {
            var made = SHA256()
            made.update(source)
            digest = made
        }
        conclude(file.pair, ContentFindings(), digest)
        return true
    }
}
