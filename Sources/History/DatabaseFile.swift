// What must be known of a database file before SQLite opens it.

import LinuxIO

extension StateFolder {
    /// Why the database of `names`, which is there, must not be opened; nil: it may be.
    /// - Throws: `cannotUseFolder`.
    func damage(of names: FileNames) throws(HistoryProblem) -> String? {
        if try kind(of: names.damage) == .file {
            let text = try read(names.damage, count: 200)
            return "an earlier pass found it damaged: \(String(decoding: text, as: UTF8.self))"
        }
        // SQLite opens what it finds there, and would wait for ever for the other end of a FIFO.
        for companion in FileNames.companions.map({ names.database + $0 })
        where try kind(of: companion) == .other {
            return "\(companion) is not a regular file"
        }
        return try damageOfHeader(names.database)
    }

    /// Whether a killed process left a journal that has to be rolled back before the database is read.
    ///
    /// A journal whose first byte is 0 was never synced, and counts for nothing (`hasHotJournal` in SQLite).
    /// - Throws: `cannotUseFolder`.
    func hasHotJournal(_ names: FileNames) throws(HistoryProblem) -> Bool {
        let journal = names.database + FileNames.companions[0]
        guard let status = try status(of: journal), status.sizeBytes > 0 else { return false }
        return try read(journal, count: 1) != [0]
    }

    /// The rest of the header may be half written, and is read after SQLite has rolled back what a
    /// killed process left.
    private func damageOfHeader(_ database: String) throws(HistoryProblem) -> String? {
        // https://sqlite.org/fileformat2.html, "The Database Header": 100 bytes.
        let header = try read(database, count: 100)
        if header.isEmpty { return "it is empty" }
        guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            return "it is not an SQLite database"
        }
        // 1: with a rollback journal. In the other mode a mere reader makes files.
        guard header[18] == 1, header[19] == 1 else { return "its journal mode is not ours" }
        return nil
    }
}
