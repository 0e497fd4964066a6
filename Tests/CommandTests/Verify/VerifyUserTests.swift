// `verify` by somebody who is not root: what may be read is compared, and what may not is said, never passed over.

import Glibc
import TestSupport
import Testing

@Suite("Verify, not root", .requiresVolumes, .requiresTool("setpriv"))
struct VerifyUserTests {
    private let stage: Stage

    init() throws { stage = try Stage() }

    /// A copy of a few entries that everybody may read.
    private func copyPublicTree() throws {
        try Shell.run(
            "chmod 755 \"$1\"; cd \"$1\"; mkdir open; printf 'some words' > open/file; ln open/file name; "
                + "ln -s open link; mkfifo pipe; setfattr -n user.note -v 1 open/file; chmod -R go+rX .",
            stage.from
        )
        try stage.pass()
        usleep(20_000)
    }

    @Test("What everybody may read is compared to the last byte, and that this is not all is said")
    func readable() throws {
        try copyPublicTree()
        let equal = try Unprivileged.run(["verify"], stage)
        #expect(equal.status == 0, "\(equal)")
        #expect(
            equal.errors.contains(
                "not root: attributes that only root can read (trusted, security) are not compared"
            )
        )
        try stage.flip("open/file", at: 4)
        let different = try Unprivileged.run(["verify", "-q"], stage)
        #expect(different.status == 1, "\(different)")
        #expect(different.lines.count == 1)
        #expect(different.output.contains("contents: differ from byte 4 on"), "\(different)")
    }

    @Test("What may not be read is named and fails: 23, also beside something wrong")
    func unreadable() throws {
        try copyPublicTree()
        try Shell.run(
            "cd \"$1\"; mkdir -m 700 closed; echo x > closed/inside; echo x > secret; chmod 600 secret",
            stage.from
        )
        try stage.pass()
        try stage.flip("open/file", at: 4)
        let list = joined(stage.outside, "failures")
        try Shell.run("touch \"$1\"; chmod 666 \"$1\"; chmod 777 \"$2\"", list, stage.outside)
        let words = ["verify", "--json", "-", "--failures", String(decoding: list, as: UTF8.self)]
        let outcome = try Unprivileged.run(words, stage)
        #expect(outcome.status == 23, "\(outcome)")
        let report = try outcome.report()
        #expect(report.of("difference").count == 1, "\(outcome)")
        let failures = report.of("failure")
        #expect(
            Set(failures.map(\.path)) == [bytes("closed"), bytes("secret")],
            "\(outcome)"
        )
        for failure in failures {
            #expect(failure.text("errno_name") == "EACCES")
            // A verification leaves no file as it was: the advice is its own.
            let advice = failure.text("advice") ?? ""
            #expect(advice.hasPrefix("Run as root. As root: a security module"), "\(failure)")
        }
        // Both are the same but for the moment in which they were written.
        func withoutTime(_ lines: [JSON]) -> Set<String> {
            Set(
                lines.map { line in
                    guard case .object(var members) = line else { return "\(line)" }
                    members["time"] = nil
                    return "\(JSON.object(members))"
                }
            )
        }
        let listed = try JSONReport(list).of("failure")
        #expect(listed.count == failures.count && withoutTime(listed) == withoutTime(failures))
    }
}
