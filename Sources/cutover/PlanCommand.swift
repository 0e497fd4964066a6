// `cutover plan`: cuts the work of a pass for several runs, and prints their job.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// A plan of several runs.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Cut the work for several machines; print their job.",
        usage: """
            cutover plan [OPTIONS] --shards NUMBER --out PLAN SOURCE DESTINATION
            cutover plan --print slurm|kubernetes PLAN
            """,
        discussion: """
            Where one host is the limit and both volumes are mounted on many, a pass is done by an array of tasks. This \
            lists SOURCE, cuts it into shards that have the same to do, in entries and in bytes, and writes that to the \
            folder PLAN. The options of a pass are given here, and hold for all shards. Nothing is written to the volumes.

            Each task runs 'cutover sync --plan PLAN SOURCE DESTINATION'; its number is SLURM_ARRAY_TASK_ID or \
            JOB_COMPLETION_INDEX, or given by --shard. When all are done, 'cutover sync --plan PLAN --close SOURCE \
            DESTINATION' joins what they left open. --print prints a job that does all this.

            Branches that a recorded pass of these volumes knows to be light are not listed.

            Exit status: 0 done, 3 refused, 20 interrupted, 23 a report could not be written, 64 usage.
            """
    )

    @OptionGroup var options: PlanOptions

    func run() throws {
        if let scheduler = options.print { return try printJob(for: scheduler) }
        let pass = try options.pass()
        let place = ReportPlace(
            source: options.names.source,
            destination: options.names.destination,
            crossesMounts: pass.crossesMounts
        )
        try ReportFiles.judge([ReportFile("--json", options.json)], place)
        try ReportFiles.judge(state: options.place, place)
        let output = try TableOutput(json: options.json)
        try output.judgeUse(of: options.json)
        guard let folder = options.out else { return }
        let request = PlanRequest(
            shards: options.shards ?? 1,
            seed: UInt64.random(in: .min ... .max),
            pass: pass,
            words: PlannedWords.words(of: pass)
        )
        let made = try make(request, folder.name, place, output)
        let text = PlanText(made, folder: folder.bytes, shown: output.shown)
        output.show(text.lines, json: [text.line(time: WallClock.nanoseconds)])
        throw ExitCode((output.finish() ? ExitStatus.done : .someFailed).rawValue)
    }

    /// Makes the plan and writes it; ends the process where it is refused or interrupted.
    private func make(
        _ request: PlanRequest,
        _ folder: Name,
        _ place: ReportPlace,
        _ output: TableOutput
    ) throws -> MadePlan {
        let names = options.names
        return try output.supervised(notice: "giving up the plan") {
            control,
            supervision throws(Refusal) in
            let maker = try PlanMaker(
                ProcessSetup(writesTrees: false),
                names,
                request,
                control: control
            )
            supervision.watch.know(maker.places)
            if let workers = maker.threadsLimited { TableOutput.tellThreads(workers) }
            return try Self.write(maker, to: folder, place)
        }
    }

    /// The folder is there before SOURCE is listed, and goes again where there will be no plan.
    private static func write(
        _ maker: PlanMaker,
        to folder: Name,
        _ place: ReportPlace
    ) throws(Refusal) -> MadePlan? {
        let new = try NewPlanFolder(folder, place)
        let made: MadePlan?
        do throws(Refusal) { made = try maker.run() } catch {
            new.giveUp()
            throw error
        }
        guard let made else {
            new.giveUp()
            return nil
        }
        try new.write(made.plan)
        return made
    }

    private func printJob(for scheduler: Scheduler) throws {
        let output = TableOutput()
        let folder = options.paths[0]
        do throws(PlanProblem) {
            let plan = try PlanFolder.read(folder.name)
            // Tasks begin in other directories.
            let path = PlanFolder.absolutePath(folder.name) ?? folder.bytes
            OutputFile.standardOutput.append(JobText(plan, folder: path).contents(for: scheduler))
        } catch {
            let refusal = Refusal.badPlan(path: folder.bytes, error)
            output.refuse(RefusalText(refusal).reason, path: folder.bytes, refusal)
            throw ExitCode(ExitStatus.refused.rawValue)
        }
        throw ExitCode((output.finish() ? ExitStatus.done : .someFailed).rawValue)
    }
}
