// Q1 and Q10 as far as a kernel without quotas can show them: when nothing is carried, what is said and what is refused.
// What is carried is tried by scripts/quota-trial, in a machine that has quotas.

import TestSupport
import Testing

@Suite("Quotas, Q1 and Q10", .requiresVolumes, .timeLimit(.minutes(5))) struct RulesQuotas {
    private func volumes() throws -> (source: LoopVolume, destination: LoopVolume) {
        let source = try LoopVolume(.xfs(), megabytes: 320)
        try Files.write(joined(source.mountPoint, "file"), bytes("text"))
        return (source, try LoopVolume(.ext4(), megabytes: 16))
    }

    @Test(
        "Q1: between directories of volumes nothing is carried or said; on is refused, and writes nothing"
    )
    func partOfVolume() throws {
        let stage = try Stage()
        try Files.write(stage.source("file"), bytes("text"))
        let refused = try stage.attempt("--quotas", "on")
        #expect(
            refused.status == 3 && refused.errors.contains("not the root of its volume"),
            "\(refused)"
        )
        #expect(!Files.exists(stage.destination("file")))
        let missing = joined(stage.outside, "missing")
        let unmade = try Cutover.sync(stage.from, missing, ["--quotas", "on"])
        #expect(unmade.status == 3 && !Files.exists(missing), "\(unmade)")
        let outcome = try stage.pass("--quotas", "auto")
        #expect(!outcome.errors.contains("quotas"), "\(outcome)")
    }

    @Test("Q1: --quotas on and --branch contradict each other, which is a usage error")
    func branches() throws {
        let stage = try Stage()
        try Files.write(stage.source("file"), bytes("text"))
        let outcome = try stage.attempt("--quotas", "on", "--branch", "file")
        #expect(outcome.status == 64 && outcome.errors.contains("--branch"), "\(outcome)")
        #expect(try stage.attempt("--quotas", "auto", "--branch", "file").status == 0)
        #expect(try stage.attempt("--quotas", "maybe").status == 64)
    }

    @Test("Q10: volumes without quotas have nothing to carry: on goes on")
    func withoutQuotas() throws {
        let volumes = try volumes()
        let stage = Stage(volumes.source.mountPoint, volumes.destination.mountPoint)
        let outcome = try stage.pass("--quotas", "on")
        #expect(!outcome.errors.contains("quotas"), "\(outcome)")
    }

    @Test(
        "Q10: quotas that cannot be asked for are said, on refuses, off does not ask",
        .requiresFaultTable
    )
    func unread() throws {
        let volumes = try volumes()
        let stage = Stage(volumes.source.mountPoint, volumes.destination.mountPoint)
        func run(_ choice: String, _ error: String = "EPERM") throws -> Outcome {
            let environment = ["CUTOVER_FAULTS=quota_state:1:\(error)"]
            return try Cutover.run(
                bytes: ["sync", "--quotas", choice].map { bytes($0) } + [stage.from, stage.to],
                environment: environment
            )
        }
        let refused = try run("on")
        #expect(refused.status == 3 && refused.errors.contains("(EPERM)"), "\(refused)")
        #expect(!Files.exists(stage.destination("file")))
        let told = try run("auto")
        #expect(
            told.status == 0 && told.errors.contains("quotas of SOURCE cannot be read"),
            "\(told)"
        )
        // Any other error is none of a container: it is a failure.
        let failed = try run("auto", "EIO")
        #expect(
            failed.status == 23 && failed.errors.contains("SOURCE: cannot read its quotas"),
            "\(failed)"
        )
        let off = try run("off")
        #expect(off.status == 0 && !off.errors.contains("quotas"), "\(off)")
    }
}
