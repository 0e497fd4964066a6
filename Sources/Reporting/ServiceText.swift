// What a service manager shows of this process, in one line (`systemctl status`). Pure.

import Migration

/// Statuses for a service manager.
enum ServiceText {
    /// Of a pass: "pass 43: 61%, 4,512 files, 2m left, 12 workers".
    static func pass(_ progress: Progress, isSynchronizing: Bool) -> String {
        let name = progress.pass.map { "pass \($0)" } ?? "pass"
        if isSynchronizing { return "\(name): waiting for DESTINATION's disk, or looking ahead" }
        let files = Quantity.count(progress.latest.filesCopied, "file", "files")
        let workers = Quantity.count(UInt64(max(progress.workers, 0)), "worker", "workers")
        return name + ": " + joined(progress, files, workers)
    }

    /// Of a comparison: "verify: 61%, 4,512 files, 3 differences, 2m left, 12 workers".
    static func verification(_ progress: Progress) -> String {
        let now = progress.latest
        let files = Quantity.count(now.filesCopied, "file", "files")
        let workers = Quantity.count(UInt64(max(progress.workers, 0)), "worker", "workers")
        let found =
            now.differences > 0
            ? [Quantity.count(now.differences, "difference", "differences")] : []
        return "verify: " + joined(progress, ([files] + found).joined(separator: ", "), workers)
    }

    private static func joined(_ progress: Progress, _ done: String, _ workers: String) -> String {
        var parts: [String] = []
        if let share = progress.shareDone { parts.append(share) }
        parts.append(done)
        let failures = progress.latest.failures
        if failures > 0 { parts.append(Quantity.count(failures, "failure", "failures")) }
        if let left = progress.remainingNanoseconds {
            parts.append(Quantity.span(Double(left) / 1e9) + " left")
        }
        parts.append(workers)
        return parts.joined(separator: ", ")
    }

    /// Of a loop between passes: "waiting 38s; the switch would take 3m30s (2m50s-5m)".
    static func waiting(
        _ reason: FollowReporter.WaitReason,
        nanoseconds: UInt64,
        _ next: SwitchEstimate?
    ) -> String {
        // When another pass ends nobody knows.
        let left = reason == .lock ? "" : " " + FollowText.left(nanoseconds: nanoseconds)
        let what = FollowText.what(reason) + left
        guard let next else { return what }
        return what + "; the switch would take \(EstimateText(next).span)"
    }

    /// Of any run that is over: "the loop ended with 3: SOURCE is empty".
    static func ended(_ run: String, _ status: ExitStatus, _ reason: String?) -> String {
        "\(run) ended with \(status.rawValue): \(reason ?? status.word)"
    }
}
