// The two locks of one pair of roots: files in the state folder that are only ever locked, never written, and that stay.
//
//   .lock      a pass has it to its end, and keeps other passes of the pair away; dry runs share it
//   .opening   held for a moment while a database is judged, set aside, made or brought to a newer format. Who holds it
//              may write a row beside a running pass: no database is renamed under it, nor its journal left behind
//
// Who takes both takes the first one first.

import LinuxIO

/// The lock of one pair, until it is released or this object is gone; another process sees it, and another opening of
/// the same process.
final class PairLock: Sendable {
    private let file: Descriptor

    /// Takes the lock; nil: read-only, and nobody has ever locked.
    ///
    /// Exclusive to write, shared to read: readers make nothing. It is tried for so many `seconds`: 1 is enough where
    /// others have it for a moment only (`observedPasses`), which a busy machine can make long; no pass is refused for
    /// a look.
    /// - Throws: `busy`, `cannotUseFolder`.
    static func take(
        in folder: StateFolder,
        name: String,
        isReadOnly: Bool,
        waiting seconds: Int
    ) throws(HistoryProblem) -> PairLock? {
        if isReadOnly, try folder.kind(of: name) == .missing { return nil }
        let opened = try folder.calling(name) { () throws(SystemError) in
            isReadOnly ? try existing(name, folder) : try existingOrNew(name, folder)
        }
        guard let lock = opened else { throw folder.unusable(name, "it is not a regular file") }
        var triesLeft = seconds * 100
        while try folder.calling(
            name,
            { () throws(SystemError) in
                try lock.file.lock(isReadOnly ? .shared : .exclusive) == false
            }
        ) {
            if triesLeft == 0 { throw .busy }
            triesLeft -= 1
            pauseThread(nanoseconds: 10_000_000)
        }
        return lock
    }

    private static func existing(
        _ name: String,
        _ folder: StateFolder
    ) throws(SystemError) -> PairLock? {
        let found = try folder.descriptor.openRegularFile(name, isDirect: false)
        guard let found else { return nil }
        return PairLock(found.takeReader())
    }

    private static func existingOrNew(
        _ name: String,
        _ folder: StateFolder
    ) throws(SystemError) -> PairLock? {
        let found = try folder.descriptor.openOrCreateRegularFile(Name(name), mode: 0o600)
        guard let found else { return nil }
        return PairLock(found)
    }

    private init(_ file: consuming Descriptor) { self.file = file }

    /// Lets others have it.
    func release() {
        // Where it cannot be taken away it goes with this object.
        try? file.unlock()
    }
}
