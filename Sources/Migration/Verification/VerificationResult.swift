// How a comparison of two trees ended, written down beside the passes of the two: the only thing that a verification
// writes beside a manifest.

import History
import LinuxIO

/// What is recorded of one comparison, and where.
struct VerificationResult {
    private let folder: Name
    private let pair: PairIdentity
    private let options: VerificationOptions
    private let start: Int64

    /// Nil where nothing is to be recorded: nobody asked, or the two cannot be told from others.
    init?(_ options: VerificationOptions, _ pair: PairIdentity?, start: Int64) {
        guard let folder = options.recordFolder, let pair else { return nil }
        self.folder = folder
        self.pair = pair
        self.options = options
        self.start = start
    }

    /// Records it where passes of the two are recorded; what is said where that fails.
    ///
    /// `isComplete`: neither a signal nor a time limit ended it.
    func write(_ summary: VerificationSummary, isComplete: Bool) -> VerificationNotice? {
        do throws(HistoryProblem) {
            // Where no pass is recorded nothing is: a record begins with a pass.
            _ = try History.add(row(summary, isComplete), folder: Array(folder.bytes), pair: pair)
            return nil
        } catch {
            let path = String(decoding: folder.bytes, as: UTF8.self)
            switch error {
            case .cannotUseFolder(let path, let reason):
                return .nothingRecorded(path: path, reason: reason)
            case .busy, .failed: return .nothingRecorded(path: path, reason: error.sentence)
            }
        }
    }

    private func row(
        _ summary: VerificationSummary,
        _ isComplete: Bool
    ) -> RecordedVerification {
        let counters = summary.counters
        var row = RecordedVerification(
            startNanoseconds: start,
            durationNanoseconds: summary.durationNanoseconds,
            status: Int(summary.status.rawValue),
            comparesContents: summary.comparesContents,
            samplePercent: summary.sample.map { String($0.percent) },
            isPartial: !options.branches.isEmpty || options.share != nil,
            isFiltered: options.hasOtherFilter,
            isComplete: isComplete,
            isStrict: options.isStrict,
            lastPass: summary.lastPass?.id,
            machine: Machine.identifier,
            cutoverVersion: options.version,
            loginUser: Self.loginUser
        )
        let words = RecordedOptions(leftAside: summary.aside)
        if let recorded = words.recorded { row.leftAside = recorded } else { row.isFiltered = true }
        row.counts.entriesSeen = counters.entriesSeen.value()
        row.counts.filesCompared = counters.filesCompared.value()
        row.counts.bytesRead = counters.bytesRead.value()
        row.counts.differences = counters.differences.value()
        row.counts.pending = counters.pending.value()
        row.counts.changed = counters.changed.value()
        row.counts.failures = counters.failures.value()
        row.counts.vanished = counters.vanished.value()
        return row
    }

    /// Who logged in before becoming root (`/proc/self/loginuid`); nil where nobody did, as in a timer, or nothing tells.
    private static var loginUser: UInt32? {
        guard let text = try? InputFile.contents(of: Name("/proc/self/loginuid"), bytesMax: 64),
            let number = UInt32(String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self))
        else { return nil }
        // (uid_t) -1.
        return number == .max ? nil : number
    }
}
