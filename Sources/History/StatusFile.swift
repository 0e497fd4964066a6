// What a running pass tells of itself every two seconds, for who looks on (`cutover history`, a pass that is refused
// because of it): PAIR.status beside the database, renamed into place.
//
// It keeps true: a reader sees one whole text or another. What it does not promise: that it is there, or new; it is
// not synchronised, and a pass that is killed leaves it. Who reads it asks first whether that pass runs.

package import LinuxIO

/// The status file of one pair.
///
/// Any thread may call it.
package final class StatusFile: Sendable {
    private let folder: StateFolder
    private let names: FileNames
    /// Held while writing, so that nothing is written after it was withdrawn.
    private let isWithdrawn = Lock(false)

    static let bytesMax = 4_096

    init(folder: StateFolder, names: FileNames) {
        self.folder = folder
        self.names = names
    }

    /// Replaces what stands there.
    package func publish(_ text: [UInt8]) {
        isWithdrawn.withLock { isWithdrawn in
            if isWithdrawn { return }
            do throws(HistoryProblem) { try folder.replace(names.status, text) } catch {
                // It is an aid: what fails here does so again where the state itself is written, which is told.
            }
        }
    }

    /// Removes it, for good.
    package func withdraw() {
        isWithdrawn.withLock { isWithdrawn in
            isWithdrawn = true
            for name in [StateFolder.unfinished(names.status), names.status] {
                do throws(HistoryProblem) { try folder.removeUnused(name) } catch {
                    // What is left says nothing without a pass that runs.
                }
            }
        }
    }
}

extension History {
    /// Where a pass of this pair tells of itself.
    package var statusFile: StatusFile? {
        isReadOnly ? nil : StatusFile(folder: folder, names: names)
    }

    /// What a pass of this pair told last; nil: nothing.
    package var runningStatus: [UInt8]? {
        // An aid: without it the pass is shown without figures.
        guard let text = try? folder.read(names.status, count: StatusFile.bytesMax) else {
            return nil
        }
        return text.isEmpty ? nil : text
    }

    /// Which process holds the lock of a pair; nil: nobody, or it cannot be told.
    package static func lockHolder(folder: [UInt8], pair: PairIdentity) -> LockHolder? {
        guard !folder.isEmpty, let place = try? Descriptor.openRoot(Name(folder)),
            let found = try? place.openRegularFile(FileNames(pair).lock, isDirect: false)
        else { return nil }
        return LockHolder(of: found.takeReader())
    }
}

extension Archive {
    /// What passes of this folder told last, whether they run or not.
    package var runningStatuses: [[UInt8]] {
        // An aid, as above.
        let names = (try? folder.names()) ?? []
        return names.filter { $0.hasSuffix(FileNames.statusEnding) }.compactMap {
            try? folder.read($0, count: StatusFile.bytesMax)
        }
    }
}
