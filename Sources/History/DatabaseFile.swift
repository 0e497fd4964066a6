// What must be known of a database file before SQLite opens it.

extension StateFolder {
    /// Why the database of `names`, which is there, must not be opened; nil: it may be.
    /// - Throws: `cannotUseFolder`.
    func damage(of names: FileNames) throws(HistoryProblem) -> String? {
        if try kind(of: names.damage) == .file {
            let text = try read(names.damage, count: 200)
            return "an earlier pass found it damaged: \(String(decoding: text, as: UTF8.self))"
        }
        return try damageOfHeader(names.database)
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
