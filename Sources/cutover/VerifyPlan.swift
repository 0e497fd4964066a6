// What will be compared: the options, read and checked, and the files for reports and the manifest, opened.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// The plan of one verification and of its reports.
struct VerifyPlan {
    /// Of two trees, or of one and a manifest.
    enum Work {
        case trees(source: Name, destination: Name, VerificationOptions, ManifestWriter?)
        case manifest(Name, destination: Name)
    }

    let work: Work
    /// The part of a plan that is compared; nil: there is none.
    let planned: PartRequest?
    let workers: Int
    let reporting: ReporterConfiguration
    /// `--stop-at`, `--max-duration`.
    let limit: TimeLimit?
    /// The name of the manifest that is written.
    let manifestName: [UInt8]?

    /// Opens the files for reports; every mistake is a usage error.
    init(_ options: VerifyOptions) throws {
        workers = options.how.workers
        planned = try options.planned.request(.verification)
        let volumes = options.volumes.map(\.name)
        let compared = options.compared
        if let metrics = options.telling.metrics, metrics.bytes == compared.manifest?.bytes {
            throw ValidationError("--metrics and --manifest name the same file.")
        }
        // A manifest that is only read may lie anywhere.
        let manifest = volumes.count > 1 ? compared.manifest : nil
        try ReportFiles.judge(
            options.telling.files + [ReportFile("--manifest", manifest)],
            ReportPlace(source: volumes.count > 1 ? volumes[0] : nil, destination: volumes.last)
        )
        try ReportFiles.judgeDash(ReportFile("--manifest", compared.manifest))
        limit = TimeLimit(options.time)
        var reporting = try SyncPlan.reporting(options.telling, itemizes: false)
        reporting.timeLimit = limit?.told
        if let planned, volumes.count == 2 {
            let names = RootNames(source: volumes[0], destination: volumes[1])
            SyncPlan.takeFailures(of: planned, names, &reporting)
        }
        self.reporting = reporting
        if let manifest = compared.manifest {
            try ReportFiles.judge(manifest: manifest, reporting)
        }
        if volumes.count == 1, let manifest = compared.manifest {
            work = .manifest(manifest.name, destination: volumes[0])
            manifestName = nil
        } else {
            var verification = VerificationOptions()
            verification.comparesContents = !compared.metadata
            verification.sample = compared.sample.map {
                FileSample(percent: $0, seed: compared.seed ?? Self.randomSeed())
            }
            verification.filter = try compared.filters.filter()
            verification.stateFolder = options.place.folder
            verification.namesStateFolder = options.place.state != nil
            // Passes may have carried more or less.
            verification.hasOtherFilter = verification.filter != nil
            verification.recordFolder = options.place.folder
            verification.version = Cutover.configuration.version
            verification.isStrict = compared.strict
            verification.branches = try SyncPlan.branches(compared.branch)
            verification.attributes = try compared.attributes.selection()
            verification.checksFirst = !compared.skipsCheck
            verification.comparesQuotas = compared.quotas == .auto
            verification.workers = workers
            work = .trees(
                source: volumes[0],
                destination: volumes[1],
                verification,
                try compared.manifest.map(Self.manifest)
            )
            manifestName = compared.manifest?.bytes
        }
    }

    /// `--metrics`: what is known when it is over, in the file of the two volumes' passes.
    func writeMetrics(of summary: VerificationSummary) {
        guard let file = reporting.metrics else { return }
        switch work {
        case .trees(let source, let destination, let options, _):
            let names = RootNames(source: source, destination: destination)
            PassMetrics(file, names, stateFolder: options.recordFolder, planned: planned)?
                .end(summary)
        case .manifest(_, let destination):
            // Nothing is recorded of it, and there is no SOURCE.
            file.begin([], Array(destination.bytes))
            file.publish { $0.note(summary) }
        }
    }

    /// Short enough to be typed again.
    private static func randomSeed() -> UInt32 {
        var random = SystemRandomNumberGenerator()
        return random.next()
    }

    private static func manifest(_ path: BytesArgument) throws -> ManifestWriter {
        do throws(SystemError) { return try ManifestWriter(path.name) } catch {
            let reason =
                error.code == .exists ? "It is there and no regular file" : error.code.sentence
            throw ValidationError(
                "--manifest: cannot write '\(SyncPlan.shown(path))': \(reason)."
            )
        }
    }
}
