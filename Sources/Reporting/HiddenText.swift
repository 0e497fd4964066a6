// What effective uid 0 cannot see (S54), as sentences: why, and the ways out.

package import Migration

/// The sentences for parts that are hidden.
package enum HiddenText {
    /// Why a run does not start, and what to do.
    package static func sentence(_ hidden: HiddenParts) -> String {
        facts(hidden) + "; " + hidden.parts.map(wayOut).joined(separator: ", ")
            + ", or --no-check goes on without and ends with 23"
    }

    /// What is hidden, and why.
    static func facts(_ hidden: HiddenParts) -> String {
        hidden.parts.map { part in
            part == .trustedAttributes
                ? "trusted.* attributes are invisible without CAP_SYS_ADMIN"
                : "owners that this user namespace does not map are all shown as one"
        }.joined(separator: "; ")
    }

    /// What to do, as whole sentences.
    static func advice(_ hidden: HiddenParts) -> String {
        hidden.parts.map { part in
            part == .trustedAttributes
                ? "Give the container CAP_SYS_ADMIN, run it outside, or leave them out on purpose: "
                    + "--xattrs user,security."
                : "Run it outside of the user namespace, or leave owners out on purpose: sync "
                    + "--no-owner --no-group."
        }.joined(separator: " ")
    }

    /// The same for the failure that a run with `--no-check` begins with.
    static func wayOut(of activity: Failure.Activity) -> String {
        advice(activity == .readAttributes ? .trustedAttributes : .owners)
    }

    /// Stable words for programs.
    static func words(_ hidden: HiddenParts) -> [String] {
        hidden.parts.map { $0 == .trustedAttributes ? "trusted" : "owners" }
    }

    private static func wayOut(_ part: HiddenParts) -> String {
        part == .trustedAttributes
            ? "give it that capability, or say --xattrs user,security if they are not meant to be carried"
            : "run it outside, or say --no-owner --no-group (sync)"
    }
}
