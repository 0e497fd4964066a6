// What holds for a whole verification and is said once, as sentences and as lines of JSON.

import LinuxIO
import Migration

/// What one notice says.
enum VerificationNoticeText {
    /// One or two sentences for people.
    static func sentence(_ notice: VerificationNotice) -> String {
        switch notice {
        case .notRoot:
            "not root: attributes that only root can read (trusted, security) are not compared; closed entries fail."
        case .closedEntriesFail:
            "root without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: entries that are closed to others cannot "
                + "be read, and fail."
        case .workersLimited(let workers, let descriptors):
            NoticeText.sentence(.workersLimited(workers, descriptors: descriptors))
        case .clampedTimes(let entries, let first): NoticeText.clampedTimes(entries, first)
        case .threadsLimited(let workers): NoticeText.threads(workers)
        case .projectsNotKept:
            "DESTINATION shows no project id at all, though SOURCE has some: they are not compared."
        case .leftOut(let leftOut): LeftOutText.clause(leftOut) + ". " + LeftOutText.advice
        case .quotasSuspended(let side):
            QuotaText.suspended(side) + ", or compare with --quotas off."
        case .quotasUnread(let side, let error):
            "quotas of \(side.shown) cannot be read, so they are not compared: "
                + "\(QuotaText.reason(error))."
        case .sourceQuotasOff(let kinds): QuotaText.sourceOff(kinds) + "to compare them."
        case .quotasNotEnforced(let kinds): QuotaText.notEnforced(kinds)
        case .recordNotUsed(let trouble): RecordTroubleText.sentence(trouble)
        case .filtersUnknown:
            "what the last whole pass left out is not known, so nothing is left out; --exclude says what is to be."
        case .nothingRecorded(let path, let reason):
            "how this comparison ended is not recorded: \(path): \(reason). 'cutover history' and 'report' do not know it."
        case .nothingCompared:
            "no entry was compared: what is left out leaves nothing of SOURCE, so 'equal' proves nothing."
        case .emptySource: "SOURCE is empty: nothing was compared. Is it mounted?"
        }
    }

    /// The line of JSON: what belongs to the word stands beside it.
    static func line(_ notice: VerificationNotice, time: UInt64) -> JSONLine {
        var line = EventJSON.begin("notice", time)
        line.add("notice", notice.word.rawValue)
        switch notice {
        case .clampedTimes(let entries, let first):
            line.add("entries", entries)
            line.add("path", name: first)
        case .quotasSuspended(let side): line.add("side", side.rawValue)
        case .quotasUnread(let side, let error):
            line.add("side", side.rawValue)
            line.add("errno_name", error.code.name)
        case .sourceQuotasOff(let kinds), .quotasNotEnforced(let kinds):
            line.add("kinds", QuotaText.words(kinds))
        case .recordNotUsed(let trouble): line.add("reason", trouble.word.rawValue)
        case .nothingRecorded(let path, _): line.add("state_path", path)
        case .notRoot, .closedEntriesFail, .workersLimited, .threadsLimited, .projectsNotKept,
            .leftOut, .emptySource, .nothingCompared, .filtersUnknown:
            break
        }
        line.add("message", sentence(notice))
        return line
    }
}
