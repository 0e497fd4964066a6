// What was typed after `cutover sync`. Parsing touches no filesystem; SyncPlan makes a plan of it.

import ArgumentParser
import Migration
import Reporting

/// The options of one pass, grouped as `--help` shows them.
struct SyncOptions: ParsableArguments {
    @OptionGroup var volumes: VolumesOptions

    @OptionGroup(title: "What is copied") var copied: CopyOptions
    @OptionGroup(title: "What counts as changed") var changed: ChangeOptions
    @OptionGroup(title: "Deleting") var deleting: DeleteOptions
    @OptionGroup(title: "Dry run and output") var trying: TryOptions
    @OptionGroup(title: "The last pass") var last: FinalOptions
    @OptionGroup(title: "One part of a plan") var planned: PlannedOptions
    @OptionGroup(title: "How") var how: HowOptions
    @OptionGroup(title: "Reporting") var telling: TellOptions
}

/// What is carried over.
///
/// Everything is on; rsync's letters are taken and change nothing.
struct CopyOptions: ParsableArguments {
    @Flag(
        name: [
            .customShort("r"), .customShort("a"), .customShort("X"), .customShort("A"),
            .customShort("S"),
            .customShort("H"), .customShort("l"), .customShort("p"), .customShort("t"),
            .customShort("g"),
            .customShort("o"), .customShort("D"),
        ],
        help: "Accepted for rsync compatibility; always on."
    )
    var rsyncLetters: Int

    @Flag(name: .customLong("no-xattrs"), help: "Leave out extended attributes.") var noAttributes =
        false
    @OptionGroup var attributes: AttributesOption
    @Flag(name: .customLong("no-acls"), help: "Leave out ACLs.") var noAccessControl = false
    @Flag(help: "Do not turn runs of zeros into holes.") var noSparse = false
    @Flag(help: "Copy each name of a hard-linked file as a separate file.") var noHardLinks = false
    @Flag(help: "Leave out owners.") var noOwner = false
    @Flag(help: "Leave out groups.") var noGroup = false
    @Flag(help: "Leave out permissions.") var noPerms = false
    @Flag(help: "Leave out times of modification.") var noTimes = false
    @Flag(help: "Leave out devices.") var noDevices = false
    @Flag(help: "Leave out FIFOs and sockets.") var noSpecials = false

    @OptionGroup var filters: FilterOptions

    @Option(
        help: ArgumentHelp(
            "Copy only this top-level entry; nothing else is touched or deleted. Repeatable.",
            valueName: "name"
        )
    )
    var branch: [BytesArgument] = []

    @Option(
        help: ArgumentHelp(
            "Limits and grace times of quotas: carried where both volumes have quotas, refused where that cannot be done, or left.",
            valueName: "auto|on|off"
        )
    )
    var quotas = PassOptions.QuotaChoice.auto

    @Flag(help: "Enter filesystems that are mounted below SOURCE.") var crossMounts = false
    @Flag(help: "Allow an empty SOURCE.") var allowEmptySource = false

    @Flag(
        help:
            "Confirm that these two volumes are meant, although recorded passes had others at these paths, or the other direction."
    )
    var newPair = false

    @Flag(
        help:
            "Copy the readable parts of files with unreadable blocks, and mark the copies as damaged."
    )
    var salvage = false

    func validate() throws {
        if noAttributes, attributes.xattrs != nil {
            throw ValidationError("Give only one of --no-xattrs and --xattrs.")
        }
        if quotas == .on, !branch.isEmpty {
            throw ValidationError(
                "--quotas on and --branch cannot both be had: limits are those of a whole volume."
            )
        }
    }

    var preserved: PassOptions.Preserved {
        let switches: [(Bool, PassOptions.Preserved)] = [
            (noAttributes, .attributes), (noAccessControl, .accessControl), (noSparse, .sparse),
            (noHardLinks, .hardLinks), (noOwner, .owner), (noGroup, .group), (noPerms, .mode),
            (noTimes, .times), (noDevices, .devices), (noSpecials, .specials),
        ]
        var preserved = PassOptions.Preserved.all
        for (isOff, part) in switches where isOff { preserved.remove(part) }
        return preserved
    }
}

/// How files that both sides have are judged.
struct ChangeOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Compare the contents of files with equal size.")
    var checksum = false
    @Flag(help: "Compare sizes only.") var sizeOnly = false
    @Flag(
        name: [.customShort("I"), .long],
        help: "Copy every file, even with equal size and time."
    )
    var ignoreTimes = false
    @Option(
        help: ArgumentHelp(
            "How to find changes: by a scan of SOURCE's inodes (XFS, from the second pass on) or by a walk.",
            valueName: "auto|scan|walk"
        )
    )
    var changes = PassOptions.ChangeSearch.auto

    func validate() throws {
        if [checksum, sizeOnly, ignoreTimes].filter({ $0 }).count > 1 {
            throw ValidationError("Give only one of --checksum, --size-only and --ignore-times.")
        }
    }

    var test: PassOptions.ChangeTest {
        if checksum { return .contents }
        if sizeOnly { return .sizeOnly }
        return ignoreTimes ? .always : .sizeAndTime
    }
}

/// Deletion is never a default.
struct DeleteOptions: ParsableArguments {
    @Flag(help: "Delete at DESTINATION what SOURCE lacks.") var delete = false
    @Option(help: ArgumentHelp("Stop deleting after this many entries.", valueName: "number"))
    var maxDelete: UInt64?

    func validate() throws {
        if maxDelete != nil, !delete { throw ValidationError("--max-delete needs --delete.") }
    }
}

/// Trying without changing.
struct TryOptions: ParsableArguments {
    @Flag(name: [.customShort("n"), .long], help: "Write nothing at all.") var dryRun = false
    @Flag(name: .shortAndLong, help: "Print a line for each change, with rsync's letters.")
    var itemize = false
}

/// How the work is done.
struct HowOptions: ParsableArguments {
    @OptionGroup var work: WorkOptions

    @Flag(help: "Use the disk only when nobody else does (idle I/O class, nice 19).") var idle =
        false
}

/// When a run ends by itself, done or not.
struct TimeLimitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Begin nothing new from this time on: 05:45, the next one, or 2026-11-30T05:45. Files in hand get 30 s.",
            valueName: "time"
        ),
        transform: { try StopMoment(parsing: $0) }
    )
    var stopAt: StopMoment?

    @Option(
        help: ArgumentHelp(
            "The same after so long: 90m, 2h30m, 45s.",
            valueName: "duration"
        ),
        transform: RunDuration.init(parsing:)
    )
    var maxDuration: RunDuration?
}

/// What is told, and where.
struct TellOptions: ParsableArguments {
    @Option(help: "Progress on standard error: auto, none or plain.")
    var progress = ReporterConfiguration.ProgressMode.auto
    @Flag(name: .shortAndLong, help: "Print only what went wrong.") var quiet = false
    @Flag(name: .shortAndLong, help: "Print more details.") var verbose: Int
    @Option(
        help: ArgumentHelp("Write events as JSON lines; '-' is standard output.", valueName: "file")
    )
    var json: BytesArgument?
    @Option(help: ArgumentHelp("Write each failure as a line of JSON.", valueName: "file"))
    var failures: BytesArgument?

    @Option(
        help: ArgumentHelp(
            "Keep figures in this file, NAME.prom, for Prometheus' node exporter; written anew each 15 s.",
            valueName: "file"
        )
    )
    var metrics: BytesArgument?

    var files: [ReportFile] {
        [
            ReportFile("--json", json), ReportFile("--failures", failures),
            ReportFile("--metrics", metrics),
        ]
    }

    func validate() throws {
        if let metrics, !metrics.bytes.suffix(5).elementsEqual(".prom".utf8) {
            throw ValidationError(
                "--metrics: '\(SyncPlan.shown(metrics))' does not end in .prom; the collector reads no other files."
            )
        }
    }
}

extension ReporterConfiguration.ProgressMode: ExpressibleByArgument {}
extension PassOptions.ChangeSearch: ExpressibleByArgument {}
extension PassOptions.QuotaChoice: ExpressibleByArgument {}
