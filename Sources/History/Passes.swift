// Passes, their branches and their failures.

import LinuxIO

extension History {
    /// The newest pass, whatever became of it.
    /// - Throws: `failed`.
    package func lastPass() throws(HistoryProblem) -> PassRecord? {
        try passes(newest: 1).first
    }

    /// The newest pass of which all was done.
    /// - Throws: `failed`.
    package func lastCompletePass() throws(HistoryProblem) -> PassRecord? {
        try read { try PassRow.select($0, "WHERE is_complete = 1 ORDER BY id DESC LIMIT 1").first }
    }

    /// How many of the passes that are kept were whole, and the newest of them.
    /// - Throws: `failed`.
    package func completePasses() throws(HistoryProblem) -> (count: Int, last: PassRecord?) {
        let last = try lastCompletePass()
        let count = try read { database in
            let query = try Query(database, "SELECT count(*) FROM passes WHERE is_complete = 1")
            defer { query.end() }
            return try query.step() ? Int(query.integer(0)) : 0
        }
        return (count, last)
    }

    /// The newest passes, the newest first.
    /// - Throws: `failed`.
    package func passes(newest limit: Int) throws(HistoryProblem) -> [PassRecord] {
        try read { try PassRow.select($0, "ORDER BY id DESC LIMIT ?", SQLValue(max(limit, 0))) }
    }

    /// The moment (nanoseconds since 1970) from which on what was written to DESTINATION may have
    /// been lost by a power cut or a crash: its contents have to be compared.
    ///
    /// nil: there is none.
    ///
    /// A pass that was cut off, of another boot than the running one or of another mounting of DESTINATION's
    /// filesystem (`instance`), left what it wrote after its watermark
    /// (after its start, where it has none) unsafe. So did, on any boot, one whose syncfs(2) failed, in its middle
    /// or at its end, with all that were cut off before it on that boot: the kernel tells of a lost write once, and
    /// the next syncfs(2) succeeds. What is unsafe stays so until
    /// - of what was cut off, a pass of the same boot and mounting ended after it with all on the disk; or
    /// - a pass of the whole SOURCE completed after it, which compared contents. Where `options`, those
    ///   of the pass that asks, are given, that one must have had these options or those of the pass
    ///   that did not complete: with others it may not have seen all.
    package func unsafeSince(
        bootIdentifier: String,
        instance: String?,
        options: String? = nil
    ) throws(HistoryProblem) -> Int64? {
        let now = Memory(boot: bootIdentifier, instance: instance)
        let passes = try read { try PassRow.select($0, "ORDER BY id DESC") }
        var synced: Set<Memory> = []
        var failedBoots: Set<String> = []
        var comparedOptions: Set<String> = []
        var least: Int64?
        for pass in passes {
            let boot = pass.bootIdentifier
            if pass.isSynchronized {
                if let memory = Memory(pass) { synced.insert(memory) }
                failedBoots.remove(boot)
            } else if pass.endNanoseconds != nil
                || pass.watermarkNanoseconds == PassRecord.lostWrites
            {
                failedBoots.insert(boot)
            }
            if pass.isComplete, !pass.isPartial {
                if options == nil || pass.options == options { break }
                comparedOptions.insert(pass.options)
            }
            if pass.isSynchronized || comparedOptions.contains(pass.options) { continue }
            let isCutOff = Memory(pass).map { $0 != now && !synced.contains($0) } ?? true
            if isCutOff || failedBoots.contains(boot) {
                let since = pass.safeUntilNanoseconds ?? pass.startNanoseconds
                least = min(least ?? since, since)
            }
        }
        return least
    }

    /// What the kernel holds of DESTINATION's filesystem from a mount to the unmount, or to the end of the boot: while
    /// it lasts, all that was written is there, on the disk or not.
    private struct Memory: Hashable {
        let boot: String
        let instance: String

        /// Nil where nothing tells which it is: it is not known to last.
        init?(boot: String, instance: String?) {
            guard !boot.isEmpty, let instance else { return nil }
            (self.boot, self.instance) = (boot, instance)
        }

        init?(_ pass: PassRecord) {
            self.init(boot: pass.bootIdentifier, instance: pass.destinationInstance)
        }
    }

    /// Records a pass that begins, durably, and gives its id.
    ///
    /// Forgets what is over the limits: of passes all but the newest 1,000, of branches and failures
    /// those of all but the newest 50 passes. What `lastCompletePass` and `unsafeSince` need is kept.
    /// - Throws: `failed`.
    package func begin(_ pass: PassRecord) throws(HistoryProblem) -> Int64 {
        try write { database in
            let query = try Query(database, "SELECT max(id) FROM passes")
            let newest = try query.step() ? query.integer(0) : 0
            query.end()
            var row = pass
            row.id = newest + 1
            let totals = try PassTotals.ofAll(database, isOver: true)
            try PassRow.insert(database, row)
            try totals.keep(database, before: row.id)
            try PassRow.prune(database, newest: row.id)
            return row.id
        }
    }

    /// Writes down that this pair was begun by `--new-pair`.
    ///
    /// In a file beside the database: it is there before the first pass is.
    /// - Throws: `cannotUseFolder`.
    package func declare() throws(HistoryProblem) {
        try folder.note(names.declared)
    }

    /// Forgets it: a whole pass did without.
    package func forgetDeclaration() throws(HistoryProblem) {
        try folder.removeUnused(names.declared)
    }

    /// Records up to when DESTINATION is safe.
    /// - Throws: `failed`, also when there is no such pass.
    package func setWatermark(_ nanoseconds: Int64, pass id: Int64) throws(HistoryProblem) {
        try write { database in
            let update = try Query(database, "UPDATE passes SET watermark = ? WHERE id = ?")
            try update.run(SQLValue(nanoseconds), SQLValue(id))
            try PassRow.checkChanged(database, id)
        }
    }

    /// Records the end of a pass with its branches and failures, and what it changes in the record.
    ///
    /// All of it or, when it throws, nothing; when it returns, it is on the disk. Kept are the 1,000
    /// branches that took longest and the first 10,000 failures. No `InodeReader` may be in use.
    /// `begun`: when the commit began (`monotonicNanoseconds`), for the time that it took; `tuned`: the number of workers
    /// that it found.
    /// - Throws: `failed`, and what the sources of `changes` throw as `HistoryProblem`.
    package func finish(  // One for each table, and the moment.
        _ pass: PassRecord,
        branches: [BranchRecord],
        failures: [FailureRecord],
        changes: RecordChanges?,
        tuned: TunedWorkers? = nil,
        begun: UInt64? = nil
    ) throws(HistoryProblem) {
        defer { cache.clear() }
        try write { database in
            try PassRow.replaceBranches(database, pass.id, branches)
            try PassRow.replaceFailures(database, pass.id, failures)
            if let changes {
                var merge = try RecordMerge(database, changes)
                try merge.run(changes)
            }
            if let tuned { try TunedRow.insert(database, tuned, pass: pass.id) }
            // Last, for it says what all else took.
            var row = pass
            if let begun { row.times.commit = monotonicNanoseconds() &- begun }
            try PassRow.update(database, row)
        }
    }

    /// The branches of a pass, those that took longest first.
    /// - Throws: `failed`.
    package func branches(ofPass id: Int64) throws(HistoryProblem) -> [BranchRecord] {
        try read { database in
            let query = try Query(
                database,
                "SELECT name, work, entries, bytes FROM branches WHERE pass = ? ORDER BY position"
            )
            try query.bind(SQLValue(id))
            defer { query.end() }
            var branches: [BranchRecord] = []
            while try query.step() {
                branches.append(
                    BranchRecord(
                        name: query.bytes(0),
                        workNanoseconds: query.bits(1),
                        entries: query.bits(2),
                        bytes: query.bits(3)
                    )
                )
            }
            return branches
        }
    }

    /// The failures of a pass, as they were given.
    /// - Throws: `failed`.
    package func failures(ofPass id: Int64) throws(HistoryProblem) -> [FailureRecord] {
        try read { database in
            let query = try Query(
                database,
                """
                SELECT path, side, activity, error, first_byte, end_byte, detail FROM failures \
                WHERE pass = ? ORDER BY position
                """
            )
            try query.bind(SQLValue(id))
            defer { query.end() }
            var failures: [FailureRecord] = []
            while try query.step() {
                failures.append(
                    FailureRecord(
                        path: query.bytes(0),
                        side: query.text(1),
                        activity: query.text(2),
                        errorNumber: query.optionalInteger(3).map { Int32(truncatingIfNeeded: $0) },
                        firstByte: query.optionalBits(4),
                        endByte: query.optionalBits(5),
                        detail: query.optionalText(6)
                    )
                )
            }
            return failures
        }
    }
}
