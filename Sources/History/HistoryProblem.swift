// What can go wrong with the record, and what a failed call of SQLite comes to.
//
// Only three things matter to a pass: it cannot remember anything, it must not run, it will not
// remember any more. Texts are for people; SQLite's own come with that of errno where there is one.

import CSQLite
import LinuxIO

/// Why there is no record, or none any more.
package enum HistoryProblem: Error, Equatable, Sendable {
    /// The folder is missing and cannot be made, cannot be written, is full, or is open to others: the
    /// pass can run, and nothing of it is remembered.
    case cannotUseFolder(path: String, reason: String)
    /// Another pass on this pair holds the lock: this one must not run.
    case busy
    /// A later statement failed (disk full, input/output, damage): nothing more will be remembered.
    case failed(String)

    /// For people, without a full stop.
    package var sentence: String {
        switch self {
        case .cannotUseFolder(_, let reason), .failed(let reason): reason
        case .busy: "another process uses it just now"
        }
    }
}

/// Why an existing database was put aside, renamed to NAME.set-aside-<UTC time>, in a read-only opening
/// ignored: the pass starts without a record.
package enum SetAside: Hashable, Sendable {
    /// With the reason.
    case corrupt(String)
    /// Of another format, with its number.
    case otherVersion(Int)
    /// Of roots that bear the same numbers and are others.
    case otherPair

    /// For people, without a full stop.
    package var sentence: String {
        switch self {
        case .corrupt(let what): "it is damaged: \(what)"
        case .otherVersion(let version): "its format is \(version), of another version of cutover"
        case .otherPair: "it is of two other volumes"
        }
    }
}

/// What a failed access comes to.
enum StorageError: Error {
    /// What is stored is not what was stored.
    case damaged(String)
    /// The journal of a killed process has to be rolled back, which a read-only opening cannot do.
    case interrupted
    case failed(String)
    /// Thrown by whoever gave the changes.
    case problem(HistoryProblem)

    /// Reads what an access threw.
    init(_ error: any Error) {
        switch error {
        case let error as StorageError: self = error
        case let error as HistoryProblem: self = .problem(error)
        case let error as DatabaseError: self.init(error)
        default: self = .failed("\(error)")
        }
    }

    private init(_ error: DatabaseError) {
        let text = error.message
        switch error.primaryCode {
        case SQLITE_CORRUPT, SQLITE_NOTADB,
            // Our statements are always the same and are well formed: where SQLite cannot do one ("unsupported
            // file format", "string or blob too big"), what is stored is not what was stored.
            SQLITE_ERROR, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_CONSTRAINT, SQLITE_SCHEMA,
            SQLITE_FORMAT:
            self = .damaged(text)
        // SQLITE_READONLY_ROLLBACK, which is not imported.
        case SQLITE_READONLY where error.code == SQLITE_READONLY | (3 << 8):
            self = .interrupted
        case SQLITE_BUSY:
            self = .failed("another process uses it just now (\(text)): try again")
        case SQLITE_FULL:
            self = .failed(ErrorCode.noSpace.sentence)
        case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM:
            let number = error.systemError
            let reason = number == 0 ? "" : ": " + ErrorCode(rawValue: number).sentence
            self = .failed(text + reason)
        default:
            self = .failed(text)
        }
    }
}
