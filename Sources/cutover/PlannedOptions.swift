// `--plan` and what goes with it: which part of which plan a run does.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// One part of a plan.
struct PlannedOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Do one part of the plan in this folder, made by 'cutover plan', with its options.",
            valueName: "folder"
        )
    )
    var plan: BytesArgument?

    @Option(
        help: ArgumentHelp(
            "Which part: 0 to one less than the plan has. Default: $SLURM_ARRAY_TASK_ID, else $JOB_COMPLETION_INDEX.",
            valueName: "number"
        )
    )
    var shard: Int?

    @Flag(help: "Join what all shards have done, and do what is left; refused until all are done.")
    var close = false

    @Flag(help: "With --close: go on though shards are missing or have failed (status 23).")
    var acceptFailed = false

    func validate() throws {
        let given = [
            ("--shard", shard != nil), ("--close", close), ("--accept-failed", acceptFailed),
        ]
        if plan == nil {
            for (option, isGiven) in given where isGiven {
                throw ValidationError("\(option) needs --plan.")
            }
        }
        if shard != nil, close {
            throw ValidationError("Give only one of --shard and --close.")
        }
        if acceptFailed, !close { throw ValidationError("--accept-failed needs --close.") }
        if let shard, shard < 0 {
            throw ValidationError("--shard takes a number from 0 on, not \(shard).")
        }
    }

    /// What is to be done of which plan; nil: there is none.
    func request(_ work: PartRequest.Work) throws -> PartRequest? {
        guard let plan else { return nil }
        let part = close ? RunPart.closing : .shard(try number())
        return PartRequest(plan.name, part, work, acceptsFailed: acceptFailed)
    }

    /// What schedulers say which task of an array this is.
    private static let variables = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"]

    private func number() throws -> Int {
        if let shard { return shard }
        for variable in Self.variables {
            guard let text = ProcessLimits.environment(variable) else { continue }
            let word = String(decoding: text.bytes, as: UTF8.self)
            guard let number = Int(word), number >= 0 else {
                throw ValidationError(
                    "\(variable) is '\(SyncPlan.shown(text))', which is no number of a shard; give --shard."
                )
            }
            return number
        }
        throw ValidationError(
            "--plan needs --shard NUMBER or --close; \(Self.variables.joined(separator: " and ")) are not set."
        )
    }
}

extension SyncOptions {
    /// Refuses what a plan has decided, or what makes no sense of a part of it.
    func judgePlanned() throws {
        guard planned.plan != nil else { return }
        let given = [
            ("--dry-run", trying.dryRun), ("--branch", !copied.branch.isEmpty),
            ("--final", last.isFinal), ("--new-pair", copied.newPair),
            ("--state", how.work.place.state != nil), ("--changes scan", changed.changes == .scan),
        ]
        for (option, isGiven) in given where isGiven {
            throw ValidationError("--plan and \(option) cannot both be had.")
        }
        let typed = try PassOptions(copied, changed, deleting)
        guard let word = RecordedOptions(typed).words.first else { return }
        let option = String(decoding: word.prefix { $0 != 0x3D }, as: UTF8.self)
        throw ValidationError(
            "--plan and \(option) cannot both be had: a plan has its options; give it to 'cutover plan'."
        )
    }
}

extension PassOptions {
    /// Takes over what the plan was asked for; nil where its words are of a later version.
    init?(_ planned: PlannedRun, typed: PassOptions) {
        guard let asked = PlannedWords.pass(planned.plan.options), !asked.crossesMounts,
            asked.deletionsMax == nil
        else { return nil }
        self = asked
        workers = typed.workers
        bytesPerSecondMax = typed.bytesPerSecondMax
        isIdle = typed.isIdle
        itemizes = typed.itemizes
        checksFirst = asked.checksFirst && typed.checksFirst
        allowsEmptySource = asked.allowsEmptySource || typed.allowsEmptySource
        // A scan tells of all of SOURCE.
        changeSearch = .walk
        // Contents are compared, or copied, where that was typed: that leaves the same, and more surely.
        if typed.changeTest != .sizeAndTime { changeTest = typed.changeTest }
        stateFolder = planned.stateFolder
        share = planned.share
    }
}

/// The pass of a part of a plan.
struct PlannedPassMaker {
    let names: RootNames
    let request: PartRequest
    let typed: PassOptions

    /// Opens and locks the plan, then the roots.
    func make(
        _ setting: Session.RunSetting,
        _ counters: Counters,
        emit: @escaping @Sendable (PassEvent) -> Void
    ) throws(Refusal) -> (run: PlannedPass, pass: Pass) {
        let planned = try Self.open(request, names)
        guard let options = PassOptions(planned, typed: typed) else {
            throw Self.unknownOptions(request)
        }
        let pass = try Pass(
            setting.process,
            names,
            options,
            planned: planned,
            counters: counters,
            opened: { setting.watch.know($0) },
            emit: emit
        )
        return (PlannedPass(pass, planned), pass)
    }

    static func unknownOptions(_ request: PartRequest) -> Refusal {
        .planUnusable(
            path: Array(request.folder.bytes),
            reason: "it has options that this cutover does not know"
        )
    }

    /// Refuses a plan that lies on one of the volumes, before anything is made in it.
    static func open(
        _ request: PartRequest,
        _ names: RootNames
    ) throws(Refusal) -> PlannedRun {
        let place = ReportPlace(source: names.source, destination: names.destination)
        if let side = place.side(of: request.folder) {
            throw .badPlan(path: Array(request.folder.bytes), .onVolume(side))
        }
        return try PlannedRun(request)
    }
}

/// The comparison of a part of a plan.
struct PlannedComparisonMaker {
    let names: RootNames
    let request: PartRequest
    let typed: VerificationOptions

    /// Opens and locks the plan, then the roots.
    func make(
        _ setting: Session.RunSetting,
        _ counters: VerificationCounters,
        emit: @escaping @Sendable (VerificationEvent) -> Void
    ) throws(Refusal) -> PlannedVerification {
        let planned = try PlannedPassMaker.open(request, names)
        guard let pass = PlannedWords.pass(planned.plan.options) else {
            throw PlannedPassMaker.unknownOptions(request)
        }
        var options = typed
        options.share = planned.share
        options.filter = pass.filter
        options.hasOtherFilter = false
        options.preserved = pass.preserved
        options.attributes = pass.attributes
        options.crossesMounts = pass.crossesMounts
        options.checksFirst = pass.checksFirst && typed.checksFirst
        // They are those of a whole volume: closing carries them, and compares them.
        options.comparesQuotas =
            planned.part == .closing && pass.quotas != .off && typed.comparesQuotas
        // Closing has no record of passes on which anything could rest.
        options.stateFolder = planned.part == .closing ? nil : planned.stateFolder
        options.namesStateFolder = false
        options.recordFolder = planned.stateFolder
        let run = try Verification(
            setting.process,
            names,
            options,
            planned: planned,
            counters: counters,
            manifest: nil,
            emit: emit
        )
        setting.watch.know(run.places)
        return PlannedVerification(run, planned)
    }
}
