// What a loop of passes will do: the options, read and checked, and the files for reports, opened but not yet emptied.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// The plan of a loop of passes.
struct FollowPlan {
    let names: RootNames
    let pass: PassOptions
    let reporting: ReporterConfiguration
    let pauseNanoseconds: UInt64
    let hours: WorkHours
    let readyBelowSeconds: Double?
    let endsWhenReady: Bool
    let passesMax: Int?
    let before: [UInt8]?
    let after: [UInt8]?
    /// `--no-back-off` was not given.
    let givesWay: Bool
    let probe: [UInt8]?
    let probeLimitSeconds: Double?
    /// `--stop-at`, `--max-duration`: the end of the loop.
    let limit: TimeLimit?

    /// Reads pattern files and opens the files for reports; every mistake in them is a usage error.
    init(_ options: FollowOptions) throws {
        names = RootNames(source: options.source.name, destination: options.destination.name)
        var pass = try PassOptions(options.copied, options.changed, options.deleting)
        pass.stateFolder = options.how.place.folder
        pass.needsRecord = true
        pass.checksFirst = !options.how.skipsCheck
        pass.workers = options.how.pool.workers
        pass.isIdle = !options.way.noIdle
        pass.bytesPerSecondMax = options.how.rate.bwlimit?.bytesPerSecond
        self.pass = pass
        let place = ReportPlace(
            source: names.source,
            destination: names.destination,
            crossesMounts: pass.crossesMounts
        )
        try ReportFiles.judge(options.telling.files, place)
        try ReportFiles.judge(state: options.how.place, place)
        var reporting = try SyncPlan.reporting(options.telling, itemizes: false)
        reporting.stateName = options.how.place.state?.bytes ?? []
        limit = TimeLimit(options.how.time)
        reporting.timeLimit = limit?.told
        self.reporting = reporting
        let loop = options.loop
        pauseNanoseconds = loop.pause.nanoseconds
        hours = WorkHours(loop.hours)
        readyBelowSeconds = loop.readyBelow?.seconds
        endsWhenReady = loop.untilReady
        passesMax = loop.passes
        before = loop.before?.bytes
        after = loop.after?.bytes
        givesWay = !options.way.noBackOff
        probe = options.way.probe?.bytes
        probeLimitSeconds = options.way.probeLimit?.seconds
    }
}
