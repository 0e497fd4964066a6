// S54: root with fewer capabilities. What it cannot see, or would lose without an error, is never called done.

import Glibc
import TestSupport
import Testing

@Suite(
    "Capabilities, S54",
    .requiresVolumes,
    .requiresTool("setpriv"),
    .requiresTool("chattr"),
    .timeLimit(.minutes(15))
)
struct RulesCapabilities {
    let stage: Stage
    private let docker = FewerCapabilities.only(FewerCapabilities.docker)

    init() throws { stage = try Stage() }

    /// Whatever differs afterwards is named by a failure, or lies above or below what is named.
    private func expectNothingSilent(
        _ prefix: [String],
        options: [String] = [],
        verifying: [String] = [],
        ignoring: String = "^$"
    ) throws -> Set<String> {
        let (outcome, report) = try FewerCapabilities.reported(prefix, options, stage)
        let named = report.of("failure").compactMap { $0.path.map(shown) }
        let differing = try FewerCapabilities.differing(stage, ignoring: ignoring)
        let silent = differing.filter { name in
            !named.contains { $0 == name || name.hasPrefix($0 + "/") || $0.hasPrefix(name + "/") }
        }
        #expect(silent.isEmpty, "not told: \(silent.sorted()) \(outcome)")
        let expected: Int32 = differing.isEmpty ? 0 : 23
        #expect(outcome.status == expected, "\(differing.sorted()) \(outcome)")
        let verified = try FewerCapabilities.run(prefix, ["verify"] + verifying, stage)
        #expect((verified.status == 0) == differing.isEmpty, "\(differing.sorted()) \(verified)")
        return differing
    }

    @Test(
        "each capability that is missing: what differs afterwards is named, and verify sees it",
        arguments: [
            (["chown"], true), (["dac_override"], true), (["dac_read_search"], false),
            (["dac_override", "dac_read_search"], true), (["fowner"], true), (["fsetid"], true),
            (["setfcap"], true), (["linux_immutable"], true), (["mknod"], true),
            (["sys_resource"], false),
        ]
    )
    func oneMissing(names: [String], loses: Bool) throws {
        defer { FewerCapabilities.thaw(stage) }
        try FewerCapabilities.fill(stage.from)
        let differing = try expectNothingSilent(FewerCapabilities.without(names))
        // Where nothing is lost without it the capability was not what this is about.
        #expect(differing.isEmpty == !loses, "\(differing.sorted())")
        FewerCapabilities.thaw(stage)
        try Shell.run("cd \"$1\"; chattr +a append; chattr +i immutable frozen", stage.from)
        try stage.pass()
        #expect(try FewerCapabilities.differing(stage) == [], "the next whole pass makes good")
    }

    @Test("the default set of a container, with all that it does not carry left out on purpose")
    func container() throws {
        defer { FewerCapabilities.thaw(stage) }
        try FewerCapabilities.fill(stage.from)
        let list = ["--xattrs", "user,security,-security.mark"]
        let differing = try expectNothingSilent(
            docker,
            options: list,
            verifying: list,
            ignoring: "trusted|security.mark"
        )
        #expect(differing == ["append", "immutable", "frozen"])
    }

    @Test("without SYS_ADMIN sync, its dry run and verify refuse, and name both ways out")
    func trustedIsInvisible() throws {
        try Shell.run("echo x >\"$1/f\"; setfattr -n trusted.a -v 1 \"$1/f\"", stage.from)
        for words in [["sync"], ["sync", "-n"], ["verify"]] {
            let outcome = try FewerCapabilities.run(docker, words, stage)
            #expect(outcome.status == 3, "\(words) \(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
            for word in ["CAP_SYS_ADMIN", "--xattrs user,security", "--no-check"] {
                #expect(outcome.errors.contains(word), "\(words): \(word) \(outcome)")
            }
        }
        #expect(try Files.tree(stage.to) == [], "nothing was touched")
        let check = try FewerCapabilities.run(docker, ["check", "--json", "-"], stage)
        let line = try privileges(check)
        #expect(check.status == 3 && line.text("severity") == "fatal", "\(check)")
        let missing = line.text("capabilities_missing")?.split(separator: ",") ?? []
        #expect(missing.contains("CAP_SYS_RESOURCE"), "\(line)")
        #expect(line.text("hidden") == "trusted")
        let left = ["check", "--xattrs", "user,security", "--json", "-"]
        #expect(try FewerCapabilities.run(docker, left, stage).status == 0)
    }

    /// The finding of a check on what it may do.
    private func privileges(_ check: Outcome) throws -> JSON {
        let findings = try check.report().of("finding")
        return try #require(findings.first { $0.text("finding") == "privileges" }, "\(check)")
    }

    @Test("--xattrs without trusted is honest: 0, and verify says equal")
    func trustedIsLeftOut() throws {
        try Shell.run("echo x >\"$1/f\"; setfattr -n trusted.a -v 1 \"$1/f\"", stage.from)
        for words in [["sync", "--delete"], ["verify"]] {
            let outcome = try FewerCapabilities.run(
                docker,
                words + ["--xattrs", "user,security"],
                stage
            )
            #expect(outcome.status == 0, "\(outcome)")
        }
        #expect(try Files.attribute(stage.destination("f"), "trusted.a") == nil)
    }

    @Test("--no-check goes on: 23 by one failure, never equal; a pass that sees them copies them")
    func noCheck() throws {
        try Shell.run("echo x >\"$1/f\"; setfattr -n trusted.a -v 1 \"$1/f\"", stage.from)
        for _ in 1...2 {
            let (outcome, report) = try FewerCapabilities.reported(docker, ["--no-check"], stage)
            #expect(outcome.status == 23 && report.of("failure").count == 1, "\(outcome)")
            let failure = try #require(report.of("failure").first)
            #expect(failure.text("message")?.contains("CAP_SYS_ADMIN") == true, "\(failure)")
            #expect(failure.text("advice")?.contains("--xattrs") == true, "\(failure)")
        }
        #expect(try text(stage.destination("f")) == "x\n")
        let verified = try FewerCapabilities.run(docker, ["verify", "--no-check"], stage)
        #expect(verified.status == 23, "\(verified)")
        #expect(!(verified.output + verified.errors).contains("equal"), "\(verified)")
        try stage.pass()
        #expect(try Files.attribute(stage.destination("f"), "trusted.a") == bytes("1"))
    }

    @Test("the root of a user namespace: all capabilities by number, and no trusted.*")
    func userNamespace() throws {
        try Shell.run("echo x >\"$1/f\"; setfattr -n trusted.a -v 1 \"$1/f\"", stage.from)
        let all = FewerCapabilities.mappedNamespace
        let outcome = try FewerCapabilities.run(all, ["sync"], stage)
        #expect(outcome.status == 3 && outcome.errors.contains("CAP_SYS_ADMIN"), "\(outcome)")
        let one = try FewerCapabilities.run(["unshare", "-Ur"], ["sync"], stage)
        #expect(one.status == 3 && one.errors.contains("--no-owner"), "\(one)")
        // Of owners alone, too.
        let words = ["sync", "--xattrs", "user"]
        #expect(try FewerCapabilities.run(["unshare", "-Ur"], words, stage).status == 3)
        #expect(try FewerCapabilities.run(all, words, stage).status == 0)
    }

    @Test("setgid that chmod drops without an error is a failure: of what is made, and repaired")
    func setgidIsReadBack() throws {
        let names = ["file", "directory", "fifo", "acl"]
        try Shell.run(
            """
            cd "$1"; echo x >file; mkdir directory; mkfifo fifo; echo x >acl; echo x >plain
            chown 1000:1001 *; chmod 2770 file directory fifo acl; setfacl -m u:1005:rwx acl
            """,
            stage.from
        )
        let without = FewerCapabilities.without(["fsetid"])
        for round in ["made", "repaired"] {
            for workers in ["1", "30"] {
                let (outcome, report) = try FewerCapabilities.reported(
                    without,
                    ["-w", workers],
                    stage
                )
                let told = Set(report.of("failure").compactMap { $0.text("path") })
                #expect(outcome.status == 23 && told == Set(names), "\(round) \(outcome)")
                let advices = report.of("failure").map { $0.text("advice") ?? "" }
                #expect(advices.allSatisfy { $0.contains("CAP_FSETID") }, "\(advices)")
            }
            for name in names {
                try #require(try mode(stage.destination(name)) == 0o770, "\(name)")
            }
        }
        try stage.pass()
        try stage.expectSame()
        for name in names { #expect(try mode(stage.destination(name)) == 0o2770, "\(name)") }
    }

    @Test("special bits cost one call each, and entries without them none")
    func onlySpecialBitsAreReadBack() throws {
        func looksAtWhatIsWritten(_ change: String) throws -> Int {
            try Shell.run("rm -rf \"$2\"/*; cd \"$1\"; rm -f *; \(change)", stage.from, stage.to)
            let calls = try stage.trace(calls: ["statx"]).calls
            return calls.count { $0.text.contains("/.cutover.") }
        }
        let files = "for i in 1 2 3 4 5 6 7 8 9; do echo x >f$i; done"
        #expect(try looksAtWhatIsWritten(files) == 0)
        #expect(try looksAtWhatIsWritten("\(files); chmod 1600 *") == 9)
    }

    @Test("missing capabilities are one notice that says what each makes fail; check asks for all")
    func notice() throws {
        try Files.write(stage.source("f"), bytes("x"))
        let without = FewerCapabilities.without(["mknod", "sys_resource", "linux_immutable"])
        let (outcome, report) = try FewerCapabilities.reported(without, [], stage)
        let notices = report.notices("capabilities_missing")
        #expect(outcome.status == 0 && notices.count == 1, "\(outcome)")
        #expect(
            notices.first?.text("capabilities_missing")
                == "CAP_LINUX_IMMUTABLE,CAP_SYS_RESOURCE,CAP_MKNOD"
        )
        let told = outcome.errors.split(separator: "\n").filter { $0.contains("CAP_MKNOD") }
        #expect(told.count == 1 && told.first?.contains("devices") == true, "\(outcome)")
        let check = try FewerCapabilities.run(without, ["check", "--json", "-"], stage)
        let line = try privileges(check)
        #expect(
            line.text("capabilities_missing") == "CAP_LINUX_IMMUTABLE,CAP_SYS_RESOURCE,CAP_MKNOD"
        )
        // What is left out on purpose needs no capability.
        let (_, other) = try FewerCapabilities.reported(
            FewerCapabilities.without(["chown", "mknod", "setfcap", "sys_admin", "fsetid"]),
            ["--no-owner", "--no-group", "--no-devices", "--no-perms", "--xattrs", "user"],
            stage
        )
        let rest = other.notices("capabilities_missing")
        #expect(rest.count == (OwnCapabilities.has(24) ? 0 : 1), "\(rest)")
    }

    @Test("a scan without its capabilities is a walk that says why")
    func scanNeedsCapabilities() throws {
        try Files.write(stage.source("f"), bytes("x"))
        for names in [["dac_read_search"], ["sys_admin"]] {
            let prefix = FewerCapabilities.without(names)
            let (outcome, report) = try FewerCapabilities.reported(
                prefix,
                ["--xattrs", "user,security"],
                stage
            )
            let reasons = report.of("notice").compactMap { $0.text("reason") }
            #expect(outcome.status == 0 && reasons == ["capabilities_missing"], "\(outcome)")
        }
    }

    @Test(
        "a kernel that does not tell what is visible counts as one that hides it",
        .requiresFaultTable
    )
    func unknownIsHidden() throws {
        try Files.write(stage.source("f"), bytes("x"))
        let fault = ["CUTOVER_FAULTS=memfd_create:1:ENOSYS"]
        let outcome = try FewerCapabilities.run([], ["sync"], stage, environment: fault)
        #expect(outcome.status == 3, "\(outcome)")
    }
}
