// What will be done: the options, read and checked, and the files for reports, opened but not yet emptied.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// The plan of one pass and of its reports.
struct SyncPlan {
    let pass: PassOptions
    let reporting: ReporterConfiguration
    /// `--stop-at`, `--max-duration`.
    let limit: TimeLimit?

    /// The part of a plan that it is; nil: it has none.
    let planned: PartRequest?

    /// Seconds in which a look at what the next pass would have to do must be done; nil: there is none.
    let looksAhead: Int?

    /// A look takes as long as the scan of a pass; who waits for more than that wants the shell back.
    private static let lookSeconds = 10

    /// Reads pattern files and opens the files for reports; every mistake in them is a usage error.
    init(_ options: SyncOptions) throws {
        var pass = try PassOptions(options.copied, options.changed, options.deleting)
        pass.take(options.how.work)
        pass.isDryRun = options.trying.dryRun
        pass.itemizes = options.trying.itemize
        pass.isIdle = options.how.idle
        if pass.isDryRun, options.telling.metrics != nil {
            throw ValidationError("--metrics is about passes, and --dry-run makes none.")
        }
        self.pass = pass
        planned = try options.planned.request(.pass)
        let isTold = !options.telling.quiet || options.telling.metrics != nil
        looksAhead =
            isTold && !pass.isDryRun && pass.branches.isEmpty && planned == nil
            ? Self.lookSeconds : nil
        limit = TimeLimit(options.how.work.time)
        var reporting = try Self.reporting(
            options.telling,
            of: pass,
            options.volumes.names,
            options.how.work.place,
            limit
        )
        if let planned { Self.takeFailures(of: planned, options.volumes.names, &reporting) }
        self.reporting = reporting
    }

    /// Failures of a part of a plan go to PLAN, unless another file is named.
    ///
    /// Where that cannot be the run is refused, which tells why.
    static func takeFailures(
        of planned: PartRequest,
        _ names: RootNames,
        _ reporting: inout ReporterConfiguration
    ) {
        let place = ReportPlace(source: names.source, destination: names.destination)
        guard reporting.failures == nil, place.side(of: planned.folder) == nil,
            let file = try? OutputFile(report: planned.failuresFile), !file.isUsedByAnother
        else { return }
        reporting.failures = file
        reporting.failuresName = Array(planned.failuresFile.bytes)
    }

    /// The same of a pass that tries numbers of workers.
    init(_ options: TuneOptions) throws {
        let tuning = options.tuning.plan
        pass = try options.pass(tuning)
        planned = nil
        // It was held back for most of its time, and says little of the next one.
        looksAhead = nil
        limit = TimeLimit(options.run.time)
        var reporting = try Self.reporting(
            options.telling,
            of: pass,
            options.volumes.names,
            options.run.place,
            limit
        )
        reporting.tuning = tuning
        self.reporting = reporting
    }

    /// Judges where reports and state would lie, and opens the files for reports of passes.
    static func reporting(
        _ telling: TellOptions,
        of pass: PassOptions,
        _ names: RootNames,
        _ state: StateOption,
        _ limit: TimeLimit?
    ) throws -> ReporterConfiguration {
        let place = ReportPlace(
            source: names.source,
            destination: names.destination,
            crossesMounts: pass.crossesMounts
        )
        try ReportFiles.judge(telling.files, place)
        try ReportFiles.judge(state: state, place)
        var reporting = try reporting(telling, itemizes: pass.itemizes)
        reporting.stateName = state.state?.bytes ?? []
        reporting.timeLimit = limit?.told
        return reporting
    }

    /// `--idle`; before threads exist, for they inherit it.
    static func setIdlePriority(
        _ mistake: (String) -> String = { "--idle cannot be had here: \($0)." }
    ) throws {
        do throws(SystemError) { try ProcessLimits.setIdlePriority() } catch {
            throw ValidationError(mistake(error.code.sentence))
        }
    }

    static func branches(_ names: [BytesArgument]) throws -> Set<Name> {
        var branches: Set<Name> = []
        for argument in names {
            var bytes = argument.bytes
            while bytes.last == 0x2F { bytes.removeLast() }
            if bytes.isEmpty || bytes.contains(0x2F) || bytes == [0x2E] || bytes == [0x2E, 0x2E] {
                throw ValidationError(
                    "--branch takes the name of a top-level entry of SOURCE, not '\(shown(argument))'."
                )
            }
            branches.insert(Name(bytes))
        }
        return branches
    }

    /// Opens the files for reports; what they hold stays there until the run begins.
    static func reporting(
        _ telling: TellOptions,
        itemizes: Bool
    ) throws -> ReporterConfiguration {
        var reporting = ReporterConfiguration()
        reporting.progress = telling.progress
        reporting.isQuiet = telling.quiet
        reporting.isVerbose = telling.verbose > 0
        reporting.itemizes = itemizes
        if let json = telling.json {
            reporting.json = try output(json, "--json")
        }
        if let failures = telling.failures {
            let file = try create(failures, "--failures")
            if reporting.json?.isSameFile(as: file) == true {
                throw ValidationError("--json and --failures name the same file.")
            }
            reporting.failures = file
            reporting.failuresName = failures.bytes
        }
        if let metrics = telling.metrics {
            if reporting.json?.isFile(named: metrics.name) == true
                || reporting.failures?.isFile(named: metrics.name) == true
            {
                throw ValidationError("--metrics names the same file as another option.")
            }
            reporting.metrics = try metricsFile(metrics)
        }
        return reporting
    }

    /// Figures that could not be written at the first moment are a mistake in what was typed.
    private static func metricsFile(_ path: BytesArgument) throws -> MetricsFile {
        do throws(SystemError) {
            return try MetricsFile(path.name, version: Cutover.configuration.version)
        } catch {
            throw ValidationError(
                "--metrics: cannot write '\(shown(path))': \(error.code.sentence)."
            )
        }
    }

    /// The file that an option names for a report; `-` is standard output.
    static func output(_ path: BytesArgument, _ option: String) throws -> OutputFile {
        path.bytes == [0x2D] ? .standardOutput : try create(path, option)
    }

    private static func create(_ path: BytesArgument, _ option: String) throws -> OutputFile {
        do throws(SystemError) { return try OutputFile(report: path.name) } catch {
            let reason =
                error.code == .noDevice
                ? "It is a FIFO that nobody reads, or no file for reports" : error.code.sentence
            throw ValidationError("\(option): cannot write '\(shown(path))': \(reason).")
        }
    }

    /// A name in a message: control characters must not reach the terminal.
    static func shown(_ argument: BytesArgument) -> String { shown(Name(argument.bytes)) }

    static func shown(_ name: Name) -> String {
        String(
            decoding: ShownName(isForTerminal: true).escaped(Array(name.bytes)),
            as: UTF8.self
        )
    }
}

extension PassOptions {
    /// What `sync` and `follow` are asked alike; a mistake in it is a usage error.
    init(_ copied: CopyOptions, _ changed: ChangeOptions, _ deleting: DeleteOptions) throws {
        self.init()
        version = Cutover.configuration.version
        changeSearch = changed.changes
        allowsEmptySource = copied.allowEmptySource
        isNewPair = copied.newPair
        branches = try SyncPlan.branches(copied.branch)
        try decide(copied, changed, deleting)
    }

    /// Takes over how the work is done.
    mutating func take(_ work: WorkOptions) {
        take(work.run)
        workers = WorkersWanted(work.pool.workers)
        bytesPerSecondMax = work.bwlimit?.bytesPerSecond
    }

    mutating func take(_ run: RunOptions) {
        stateFolder = run.place.folder
        checksFirst = !run.skipsCheck
    }

    /// Takes over what decides what a pass leaves at DESTINATION: what RecordedOptions has words for, and no more but
    /// how files are judged.
    mutating func decide(
        _ copied: CopyOptions,
        _ changed: ChangeOptions,
        _ deleting: DeleteOptions
    ) throws {
        preserved = copied.preserved
        attributes = try copied.attributes.selection()
        changeTest = changed.test
        deletesExtras = deleting.delete
        deletionsMax = deleting.maxDelete
        quotas = copied.quotas
        crossesMounts = copied.crossMounts
        salvages = copied.salvage
        filter = try copied.filters.filter() ?? Filter()
    }
}
