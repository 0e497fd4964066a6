// Attributes of inodes that a scan told of, read by inode number and measured: those that DESTINATION may not
// hold are named later.

import LinuxIO
import Synchronization

/// Measures attributes of many inodes.
struct AttributeCensus {
    let volume: SharedDescriptor
    let measure: AttributeMeasure
    let workers: Int
    let control: RunControl

    /// Blocks; the inodes are shared out among the workers in runs.
    func run(_ inodes: [InodeCensus.Attributed]) -> (large: NotableEntries, unread: UInt64) {
        let result = Lock((large: NotableEntries(), unread: UInt64(0)))
        let next = Atomic<Int>(0)
        let runLength = 64
        let runs = (inodes.count + runLength - 1) / runLength
        inLanes(min(runs, workers)) { _ in
            while !control.isInterrupted {
                let run = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard run < runs else { return }
                for inode in inodes[run * runLength..<min((run + 1) * runLength, inodes.count)] {
                    measure(inode, result)
                }
            }
        }
        return result.withLock { $0 }
    }

    private func measure(
        _ inode: InodeCensus.Attributed,
        _ result: borrowing Lock<(large: NotableEntries, unread: UInt64)>
    ) {
        do throws(SystemError) {
            let handle = try volume.descriptor.openHandle(
                inode: inode.inode,
                generation: inode.generation
            )
            guard let bytes = try measure.excess(of: handle) else { return }
            let entry = NotableEntry(
                inode: inode.inode,
                generation: inode.generation,
                kind: inode.kind,
                value: Int64(bytes)
            )
            result.withLock { $0.large.note(entry) }
        } catch {
            // It was removed meanwhile.
            if error.code == .stale || error.code == .noEntry { return }
            result.withLock { $0.unread += 1 }
        }
    }
}
