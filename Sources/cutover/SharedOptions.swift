// Options that several commands have, each with its limits in one place.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// How many work at the same time on what is no pass.
struct WorkersOption: ParsableArguments {
    @Option(
        name: [.customShort("w", allowingJoined: true), .long],
        help: ArgumentHelp("Workers at the same time, 1 to 250.", valueName: "number")
    )
    var workers = WorkersWanted.usual

    func validate() throws { try Self.judge(workers, "--workers") }

    /// Refuses a number that no run can have.
    static func judge(_ workers: Int, _ option: String) throws {
        let most = PassOptions.workersMax
        if !(1...most).contains(workers) {
            throw ValidationError("\(option) takes 1 to \(most), not \(workers).")
        }
    }
}

/// How many work at the same time on a pass.
struct PassWorkersOption: ParsableArguments {
    @Option(
        name: [.customShort("w", allowingJoined: true), .long],
        help: ArgumentHelp(
            "Workers at the same time, 1 to 250. Default: what 'cutover tune' found for these volumes, else 30.",
            valueName: "number"
        )
    )
    var workers: Int?

    func validate() throws {
        if let workers { try WorkersOption.judge(workers, "--workers") }
    }
}

/// Which extended attributes there are to carry (S54).
struct AttributesOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Copy and compare only these namespaces of extended attributes: user, trusted, security, separated by "
                + "commas; -NAME leaves one attribute out. Default: all.",
            valueName: "list"
        )
    )
    var xattrs: BytesArgument?

    func validate() throws {
        // What cannot be read is told before anything is touched.
        _ = try selection()
    }

    func selection() throws -> AttributeSelection {
        guard let xattrs else { return .all }
        do throws(AttributeSelection.Mistake) {
            return try AttributeSelection(parsing: xattrs.bytes)
        } catch {
            throw ValidationError("--xattrs: " + Self.sentence(error))
        }
    }

    private static func sentence(_ mistake: AttributeSelection.Mistake) -> String {
        switch mistake {
        case .nothingLeft: "nothing is left; sync --no-xattrs leaves out all of them."
        case .emptyWord: "there is nothing between two commas."
        case .unknownNamespace(let word):
            "'\(shown(word))' is none of user, trusted, security"
                + (word == Array("system".utf8) ? " (for ACLs there is --no-acls)." : ".")
        case .notAnAttribute(let word):
            "'\(shown(word))' names no attribute; write all of it: -security.selinux."
        }
    }

    private static func shown(_ word: [UInt8]) -> String {
        String(decoding: ShownName(isForTerminal: true).escaped(word), as: UTF8.self)
    }
}

/// What is left alone on both sides (S45).
struct FilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Neither copy, delete nor compare what matches (rsync's rules). Repeatable.",
            valueName: "pattern"
        )
    )
    var exclude: [BytesArgument] = []

    @Option(
        help: ArgumentHelp(
            "The same for each line of a file, applied after every --exclude; '-' is standard input.",
            valueName: "file"
        )
    )
    var excludeFrom: [BytesArgument] = []

    /// 64 MiB of patterns: more is a mistake.
    private static let patternBytesMax = 64 << 20

    /// The option that was given; nil: none was.
    var given: String? {
        if !exclude.isEmpty { return "--exclude" }
        return excludeFrom.isEmpty ? nil : "--exclude-from"
    }

    /// Reads pattern files, in which every mistake is a usage error; nil: nothing was given.
    func filter() throws -> Filter? {
        if given == nil { return nil }
        var filter = Filter()
        do {
            for pattern in exclude { try filter.exclude(pattern: pattern.bytes) }
        } catch {
            throw ValidationError("--exclude: \(error)")
        }
        for file in excludeFrom {
            do {
                try filter.addRules(
                    fromFile: InputFile.contents(of: file.name, bytesMax: Self.patternBytesMax)
                )
            } catch let error as SystemError {
                throw ValidationError(
                    "--exclude-from: cannot read '\(SyncPlan.shown(file))': \(error.code.sentence)."
                )
            } catch {
                throw ValidationError("--exclude-from '\(SyncPlan.shown(file))': \(error)")
            }
        }
        return filter
    }
}

/// Where the state between passes is kept.
struct StateOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the state between passes is kept (/var/lib/cutover).",
            valueName: "directory"
        )
    )
    var state: BytesArgument?

    /// `--state`, else `$CUTOVER_STATE`, else a folder of the machine and not of a user: whoever runs the next pass
    /// has to find it.
    var folder: Name {
        state?.name ?? ProcessLimits.environment("CUTOVER_STATE") ?? Name("/var/lib/cutover")
    }
}

/// Both volumes of a pass.
struct VolumesOptions: ParsableArguments {
    @Argument(help: "The volume to copy from. A trailing slash changes nothing.")
    var source: BytesArgument

    @Argument(help: "The volume to make like SOURCE. It is created if missing, its parent is not.")
    var destination: BytesArgument

    var names: RootNames { RootNames(source: source.name, destination: destination.name) }
}

/// How the work of passes is done.
struct WorkOptions: ParsableArguments {
    @OptionGroup var pool: PassWorkersOption

    @Option(
        help: ArgumentHelp(
            "Read at most this many bytes a second: 50M (MiB), 50MB, 1.5G; 0 or off is no limit.",
            valueName: "rate"
        ),
        transform: ByteRate.init(parsing:)
    )
    var bwlimit: ByteRate?

    @OptionGroup var run: RunOptions

    var time: TimeLimitOptions { run.time }
    var place: StateOption { run.place }
}

/// What has nothing to do with how fast a pass is.
struct RunOptions: ParsableArguments {
    @OptionGroup var time: TimeLimitOptions
    @OptionGroup var place: StateOption

    @Flag(
        name: .customLong("no-check"),
        help:
            "Begin even if DESTINATION is too small or read-only, or part of SOURCE is invisible (see 'cutover check')."
    )
    var skipsCheck = false
}
