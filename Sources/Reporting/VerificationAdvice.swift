// What a person does next about something that `cutover verify` could not read: it was not compared, and only that
// is wrong for certain. A table, searched from its top, with a last resort.

import Migration

/// The table of advice for verifications.
enum VerificationAdvice {
    /// The advice for one failure.
    static func advice(for failure: Failure) -> String {
        guard let error = failure.error else {
            switch failure.activity {
            case .enter: return mounted
            case .readAttributes, .examine:
                return failure.path.isEmpty ? HiddenText.wayOut(of: failure.activity) : unknown
            default: return unknown
            }
        }
        return FailureAdvice.Row.advice(in: rows, for: failure, error) ?? unknown
    }

    static let mounted =
        "Another filesystem is mounted there: unmount it, or compare that one by itself."
    static let unknown =
        "It was not compared. The kernel's log (dmesg) may tell more; then verify again."

    private static let failing = [
        "EIO", "ENXIO", "ENODATA", "EUCLEAN", "EILSEQ", "EREMOTEIO", "ETIMEDOUT",
    ]

    private static let rows: [FailureAdvice.Row] = [
        FailureAdvice.Row(
            codes: failing,
            side: .source,
            advice:
                "SOURCE's disk or filesystem fails here: see dmesg. What cannot be read was not "
                + "compared; restore it from a backup before the switch."
        ),
        FailureAdvice.Row(
            codes: failing,
            side: .destination,
            advice:
                "DESTINATION's disk or filesystem fails here: see dmesg. Do not switch to it; check the "
                + "disk with smartctl, the filesystem with e2fsck -f."
        ),
        FailureAdvice.Row(
            codes: ["EACCES", "EPERM"],
            advice:
                "Run as root. As root: a security module or a container's limits forbid it; see the "
                + "audit log."
        ),
        FailureAdvice.Row(
            codes: ["ENOENT", "ENOTDIR", "ELOOP", "EISDIR"],
            advice: "It changed while it was compared. Verify again."
        ),
        FailureAdvice.Row(
            codes: ["EMFILE"],
            advice:
                "This process may open no more files: raise ulimit -n (at least 4096), or lower "
                + "--workers, then verify again."
        ),
        FailureAdvice.Row(
            codes: ["ENFILE", "ENOMEM"],
            advice: "The machine is short of files or memory: lower --workers, then verify again."
        ),
        FailureAdvice.Row(
            codes: ["ESTALE"],
            advice: "A network filesystem lost it: mount it again, then verify again."
        ),
    ]
}
