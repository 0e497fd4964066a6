// Jobs for the schedulers that people have: the shards of a plan as an array, closing after them. Printed for a person
// to complete: which partition, image or volumes, nobody here knows.

package import Migration

/// A scheduler that there is a job for.
package enum Scheduler: String, Sendable, CaseIterable {
    case slurm
    case kubernetes
}

/// The job of one plan.
package struct JobText: Sendable {
    private let plan: TreePlan
    private let folder: [UInt8]

    /// `folder`: the absolute path of the plan, the same on all hosts.
    package init(_ plan: TreePlan, folder: [UInt8]) {
        self.plan = plan
        self.folder = folder
    }

    /// The file, in bytes: paths are any.
    package func contents(for scheduler: Scheduler) -> [UInt8] {
        switch scheduler {
        case .slurm: slurm
        case .kubernetes: kubernetes
        }
    }

    private var last: Int { plan.shards - 1 }
    /// Enough to tell two plans apart.
    private var shortIdentifier: String { String(plan.identifier.prefix(8)) }

    // MARK: Slurm

    private var slurm: [UInt8] {
        // Longer than any line of a path is likely to be equal to.
        let end = "END_OF_JOB_\(plan.identifier)"
        let name = "cutover-\(shortIdentifier)"
        var job = JobLines()
        job.add("#!/bin/sh")
        job.add(
            "# Submits plan \(plan.identifier): \(plan.shards) shards, and closing after them. Run it"
        )
        job.add(
            "# with sh on a host that may submit jobs; options for both follow: sh FILE --partition=long"
        )
        job.add("#")
        job.add(
            "# --array=0-\(last)%16 would let 16 shards run at a time. Beyond 1,000 shards the cluster's"
        )
        job.add("# MaxArraySize decides.")
        job.add(
            "# --requeue: the task of a node that failed is started again, and goes on where it was."
        )
        job.add(
            "# --dependency=afterany: closing starts when all tasks have ended, well or not. It looks at"
        )
        job.add(
            "# their results itself and refuses (3), with the list, until each shard has one. afterok would"
        )
        job.add(
            "# never start it on a volume in use, where shards end with 24: some entries vanished. After a"
        )
        job.add(
            "# refusal: start what is missing again (the same with --array=17), and then closing."
        )
        job.add("set -eu")
        job.add(
            "array=$(sbatch --parsable --job-name=\(name) --array=0-\(last) --requeue \"$@\" <<'\(end)'"
        )
        job.add("#!/bin/sh")
        job.add("# The shard's number is SLURM_ARRAY_TASK_ID.")
        job.add("exec cutover sync --plan=", words)
        job.add(end)
        job.add(")")
        job.add("# With several clusters it is ID;CLUSTER.")
        job.add("array=${array%%;*}")
        job.add(
            "sbatch --job-name=\(name)-closing --dependency=\"afterany:$array\" --requeue \"$@\" <<'\(end)'"
        )
        job.add("#!/bin/sh")
        job.add("exec cutover sync --close --plan=", words)
        job.add(end)
        return job.bytes
    }

    /// The plan's folder and both roots, for a shell.
    private var words: [UInt8] {
        Self.shellWord(folder) + [0x20] + Self.shellWord(plan.source.path) + [0x20]
            + Self.shellWord(plan.destination.path)
    }

    /// One word for sh(1), whatever is in it.
    private static func shellWord(_ bytes: [UInt8]) -> [UInt8] {
        let plain = Set("+,-./:@_".utf8)
        let isPlain = bytes.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || plain.contains($0)
        }
        if isPlain, !bytes.isEmpty { return bytes }
        var word: [UInt8] = [0x27]
        for byte in bytes { word += byte == 0x27 ? Array("'\\''".utf8) : [byte] }
        return word + [0x27]
    }

    // MARK: Kubernetes

    private var kubernetes: [UInt8] {
        let name = "cutover-\(shortIdentifier)"
        var job = JobLines()
        job.add(
            "# Plan \(plan.identifier): \(plan.shards) shards, and closing after them. Complete it: IMAGE, and the"
        )
        job.add(
            "# three claims, which all nodes must be able to mount (ReadOnlyMany, ReadWriteMany). Then:"
        )
        job.add("#")
        job.add("#   kubectl apply -f FILE")
        job.add("#   kubectl wait --for=condition=complete --timeout=-1s job/\(name)")
        job.add(
            "#   kubectl patch job/\(name)-closing --type=merge -p '{\"spec\":{\"suspend\":false}}'"
        )
        job.add("#")
        job.add(
            "# parallelism: so many shards at a time. backoffLimitPerIndex (Kubernetes 1.29, stable in 1.33): a"
        )
        job.add(
            "# shard that failed is started again so often, and goes on where it was; one that was refused (3)"
        )
        job.add(
            "# or asked wrongly (64) is not, and what a drained node takes away does not count. 24 is success"
        )
        job.add(
            "# here: some entries vanished from a volume in use. Closing looks at the results itself, and refuses"
        )
        job.add("# (3), with the list, until each shard has one.")
        job.addJob(name)
        job.add("  completionMode: Indexed")
        job.add("  completions: \(plan.shards)")
        job.add("  parallelism: \(min(plan.shards, 16))")
        job.add("  backoffLimitPerIndex: 3")
        job.add("  podFailurePolicy:")
        job.add("    rules:")
        job.add("    - action: Ignore")
        job.add("      onPodConditions:")
        job.add("      - type: DisruptionTarget")
        job.add("    - action: FailIndex")
        job.add("      onExitCodes:")
        job.add("        containerName: cutover")
        job.add("        operator: In")
        job.add("        values: [3, 64]")
        addTemplate(to: &job, isClosing: false)
        job.add("---")
        job.addJob(name + "-closing")
        job.add("  suspend: true")
        job.add("  backoffLimit: 3")
        addTemplate(to: &job, isClosing: true)
        return job.bytes
    }

    /// What both jobs run; a shard's number is JOB_COMPLETION_INDEX, which Kubernetes sets.
    private func addTemplate(to job: inout JobLines, isClosing: Bool) {
        let volumes = [
            ("source", plan.source.path), ("destination", plan.destination.path), ("plan", folder),
        ]
        job.add("  template:")
        job.add("    spec:")
        job.add("      restartPolicy: Never")
        job.add("      containers:")
        job.add("      - name: cutover")
        job.add("        image: IMAGE")
        job.add("        command:")
        job.add("        - sh")
        job.add("        - -c")
        // The shell is process 1: it hands on the signal that ends a pod, and 24 is success.
        job.add("        - |")
        job.add("          cutover sync \"$@\" &")
        job.add("          trap \"kill $!\" TERM INT")
        job.add("          while wait $!; s=$?; kill -0 $! 2>/dev/null; do :; done")
        job.add("          if [ $s -eq 24 ]; then s=0; fi")
        job.add("          exit $s")
        job.add("        - sh")
        if isClosing { job.add("        - --close") }
        job.add("        - ", Self.yamlWord(Array("--plan=".utf8) + folder))
        for (_, path) in volumes.dropLast() { job.add("        - ", Self.yamlWord(path)) }
        job.add("        securityContext:")
        job.add("          runAsUser: 0")
        job.add("          capabilities:")
        job.add("            add: [SYS_ADMIN, LINUX_IMMUTABLE, DAC_READ_SEARCH, SYS_RESOURCE]")
        job.add("        volumeMounts:")
        for (volume, path) in volumes {
            job.add("        - name: \(volume)")
            job.add("          mountPath: ", Self.yamlWord(path))
            if volume == "source" { job.add("          readOnly: true") }
        }
        job.add("      volumes:")
        for (volume, _) in volumes {
            job.add("      - name: \(volume)")
            job.add("        persistentVolumeClaim:")
            job.add("          claimName: CLAIM-OF-\(volume.uppercased())")
        }
    }

    /// A text in double quotes as YAML has it, which is JSON's; bytes that are no UTF-8 become U+FFFD, for Kubernetes has no
    /// other paths.
    private static func yamlWord(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        PlanJSON(String(decoding: bytes, as: UTF8.self)).write(to: &text)
        return text
    }
}

/// Lines under way.
private struct JobLines {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ text: String, _ tail: [UInt8] = []) {
        bytes += Array(text.utf8) + tail + [0x0A]
    }

    mutating func addJob(_ name: String) {
        add("apiVersion: batch/v1")
        add("kind: Job")
        add("metadata:")
        add("  name: \(name)")
        add("spec:")
    }
}
