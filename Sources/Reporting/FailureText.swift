// A failure as a sentence: what could not be done, why, and what the person does next. The one place
// that makes text of (activity, side, errno, detail); the advice is a table in FailureAdvice.swift, and for
// what was only read in VerificationAdvice.swift.
// Sentences are for people and may change; programs read the fields beside them.

import LinuxIO
package import Migration

/// The sentences for one failure.
package struct FailureText: Sendable {
    /// What kind of run it happened in: what to do next differs.
    package enum Run: String, Sendable {
        case pass, verification
    }

    private let failure: Failure
    private let run: Run

    package init(_ failure: Failure, in run: Run = .pass) {
        self.failure = failure
        self.run = run
    }

    /// What failed and why: "cannot read bytes 4096-8191 of SOURCE: Input/output error (EIO)".
    package var message: String {
        message(detail: failure.detail)
    }

    /// The same for people: what an attribute or an ACL could not be set to is cut (S66).
    package var shortMessage: String {
        switch failure.activity {
        case .setAttribute, .setAccessControl, .readAttributes, .readAccessControl:
            message(detail: failure.detail.map(Self.short))
        default: message
        }
    }

    private func message(detail: String?) -> String {
        var message = "cannot " + Self.phrase(failure)
        if let detail { message += " (\(detail))" }
        guard let error = failure.error else { return message }
        return message + ": \(error.code.sentence) (\(error.code.name))"
    }

    /// Characters of a detail that people are shown; programs get all.
    private static let detailShownMax = 200

    private static func short(_ detail: String) -> String {
        // Scalars, for any number of them can stand on one another as one character.
        let scalars = detail.unicodeScalars
        if scalars.count <= detailShownMax { return detail }
        return String(scalars.prefix(detailShownMax - 3)) + "..."
    }

    /// What to do about it, in whole sentences.
    package var advice: String {
        switch run {
        case .pass: FailureAdvice.advice(for: failure)
        case .verification: VerificationAdvice.advice(for: failure)
        }
    }

    /// The line for people, path first; names are escaped by `shown`.
    package func line(_ shown: ShownName) -> String {
        "\(Self.subject(failure, shown)): \(shown.line(shortMessage)). \(shown.message(advice))"
    }

    /// What the sentence is about: the entry; of quotas the volume.
    static func subject(_ failure: Failure, _ shown: ShownName) -> String {
        failure.activity.isOfQuotas ? failure.side.shown : shown.path(failure.path)
    }

    /// What was being done, read after "cannot".
    private static func phrase(_ failure: Failure) -> String {
        let side = failure.side.shown
        let known = failure.bytes.flatMap { $0.isEmpty ? nil : $0 }
        let bytes = known.map { "bytes \($0.lowerBound)-\($0.upperBound - 1)" }
        switch failure.activity {
        case .examine: return "examine it on \(side)"
        case .list: return "list this directory of \(side)"
        case .open: return "open it on \(side)"
        case .read:
            if let report = failure.damage {
                return "read \(DamageText(report.damage).ranges) of \(side)"
            }
            return bytes.map { "read \($0) of \(side)" } ?? "read it from \(side)"
        case .write: return bytes.map { "write \($0) to \(side)" } ?? "write it to \(side)"
        case .create: return "create a file on \(side)"
        case .publish: return "rename the finished copy into place on \(side)"
        case .remove: return "remove it from \(side)"
        case .link: return "make a hard link on \(side)"
        case .synchronize: return "bring \(side) to its disk"
        case .makeDirectory: return "make this directory on \(side)"
        case .makeSymlink: return "make this symlink on \(side)"
        case .makeSpecial: return "make this device, FIFO or socket on \(side)"
        case .readAttributes: return "read extended attributes on \(side)"
        case .readAccessControl: return "read the ACL on \(side)"
        case .setOwner: return "set owner and group on \(side)"
        case .setMode: return "set the mode on \(side)"
        case .setTimes: return "set times on \(side)"
        case .setAttribute: return "set an extended attribute on \(side)"
        case .setAccessControl: return "set the ACL on \(side)"
        case .setFlags: return "set inode flags on \(side)"
        case .replaceType: return "replace it by an entry of another type on \(side)"
        case .enter: return "enter another filesystem on \(side)"
        case .readQuota: return "read its quotas"
        case .setQuota: return "set its quotas"
        }
    }
}

extension Failure.Side {
    /// The word of the command line.
    var shown: String { self == .source ? "SOURCE" : "DESTINATION" }
}
