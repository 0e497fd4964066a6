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
        names = options.volumes.names
        var pass = try PassOptions(options.copied, options.changed, options.deleting)
        pass.take(options.work)
        pass.needsRecord = true
        pass.isIdle = !options.way.noIdle
        self.pass = pass
        limit = TimeLimit(options.work.time)
        reporting = try SyncPlan.reporting(
            options.telling,
            of: pass,
            names,
            options.work.place,
            limit
        )
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
