// The failures of shards, which closing puts into its own list: `17.failures` in PLAN, a line for each.
//
// Which run wrote such a file its lines do not say. So a run that begins empties it, also where its failures go to
// another file; and how it ended says how many lines there were and what their digest is.

import LinuxIO

/// A file of failures as it was when its run ended.
struct PartFailures: Equatable {
    /// Lines.
    var count: UInt64 = 0
    /// SHA-256 of all of it, in hexadecimal.
    var digest: String

    /// Reads all of it, a piece at a time; nil: there is none.
    init?(_ file: String, in folder: PartFolder) throws(PlanProblem) {
        var hash = SHA256()
        var count: UInt64 = 0
        let isThere = try folder.read(file) { bytes in
            bytes.withUnsafeBytes { hash.update($0) }
            count += UInt64(bytes.count { $0 == 0x0A })
        }
        if !isThere { return nil }
        self.count = count
        digest = String(decoding: hash.bytes.flatMap(PlanDigits.pair), as: UTF8.self)
    }
}

extension PlannedRun {
    /// What of this part's failures lies in PLAN; nil: nothing that could be read.
    var ownFailures: PartFailures? {
        // Closing tells it, where there were any.
        try? PartFailures(PartFiles(part, request.work).failures, in: folder)
    }

    /// Gives the failures of all shards that closing joins, shard by shard, in pieces that end anywhere; where a shard's are
    /// not those that it ended with, they are left out, which is told at the end.
    package func joinFailures(into append: ([UInt8]) -> Void) {
        let key = "failures"
        var unread: [Int] = []
        for result in joined {
            guard let shard = result.part.shard, result.counts[key, default: 0] > 0 else {
                continue
            }
            let file = PartFiles(result.part, request.work).failures
            do throws(PlanProblem) {
                guard let found = try PartFailures(file, in: folder),
                    found.digest == result.failuresDigest, found.count == result.counts[key]
                else { throw .damaged }
                // No run of the shard can begin meanwhile: closing has the lock.
                if try !folder.read(file, append) { throw .damaged }
            } catch {
                // Why does not matter: the shard is to run again.
                unread.append(shard)
            }
        }
        failuresUnread.withLock { $0 = unread }
    }
}
