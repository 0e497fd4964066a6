// Every option there is: how it is written, whether a value follows, and which subcommands have it. What the parser
// knows of it stands beside its declaration; a test keeps both alike.

/// The subcommands, by the word that is typed.
enum Subcommand: String, CaseIterable, Sendable {
    case sync
    case follow
    case check
    case verify
    case tune
    case plan
    case history
    case report
}

/// One option.
struct CommandOption: Sendable {
    /// The long name without its dashes; empty where there are letters only.
    let name: String
    /// Letters that mean the same.
    let letters: String
    /// What the value is, for people; nil when none is taken.
    let value: String?
    /// A value may look like letters of options: `--xattrs -trusted`.
    let valueLeavesOut: Bool
    let commands: Set<Subcommand>

    init(
        _ name: String,
        _ letters: String = "",
        takes value: String? = nil,
        leavesOut: Bool = false,
        of commands: Subcommand...
    ) {
        self.name = name
        self.letters = letters
        self.value = value
        valueLeavesOut = leavesOut
        self.commands = Set(commands)
    }

    /// As it is written out in full.
    var spelling: String { name.isEmpty ? "-\(letters.prefix(1))" : "--\(name)" }

    /// The option of that long name, without its dashes, if the subcommand has it.
    static func named(_ name: String, of command: Subcommand) -> CommandOption? {
        all.first { !name.isEmpty && $0.name == name && $0.commands.contains(command) }
    }

    /// The option of that letter, if the subcommand has it.
    static func lettered(_ letter: Character, of command: Subcommand) -> CommandOption? {
        all.first { $0.letters.contains(letter) && $0.commands.contains(command) }
    }

    static let all: [CommandOption] = [
        // What is copied.
        CommandOption("", "raXASHlptgoD", of: .sync, .follow, .tune, .plan),
        CommandOption("no-xattrs", of: .sync, .follow, .tune, .plan),
        CommandOption(
            "xattrs",
            takes: "a list of namespaces",
            leavesOut: true,
            of: .sync,
            .follow,
            .tune,
            .check,
            .verify,
            .plan
        ),
        CommandOption("no-acls", of: .sync, .follow, .tune, .plan),
        CommandOption("no-sparse", of: .sync, .follow, .tune, .plan),
        CommandOption("no-hard-links", of: .sync, .follow, .tune, .plan),
        CommandOption("no-owner", of: .sync, .follow, .tune, .plan),
        CommandOption("no-group", of: .sync, .follow, .tune, .plan),
        CommandOption("no-perms", of: .sync, .follow, .tune, .plan),
        CommandOption("no-times", of: .sync, .follow, .tune, .plan),
        CommandOption("no-devices", of: .sync, .follow, .tune, .plan),
        CommandOption("no-specials", of: .sync, .follow, .tune, .plan),
        CommandOption("exclude", takes: "a pattern", of: .sync, .follow, .tune, .verify, .plan),
        CommandOption("exclude-from", takes: "a file", of: .sync, .follow, .tune, .verify, .plan),
        CommandOption(
            "branch",
            takes: "a top-level name",
            of: .sync,
            .follow,
            .tune,
            .verify,
            .plan
        ),
        CommandOption(
            "quotas",
            takes: "auto, on or off",
            of: .sync,
            .follow,
            .tune,
            .verify,
            .plan
        ),
        CommandOption("cross-mounts", of: .sync, .follow, .tune, .plan),
        CommandOption("allow-empty-source", of: .sync, .follow, .tune, .plan),
        CommandOption("new-pair", of: .sync, .follow, .tune, .plan),
        CommandOption("salvage", of: .sync, .follow, .tune, .plan),
        // What counts as changed.
        CommandOption("checksum", "c", of: .sync, .follow, .tune, .plan),
        CommandOption("size-only", of: .sync, .follow, .tune, .plan),
        CommandOption("ignore-times", "I", of: .sync, .follow, .tune, .plan),
        CommandOption("changes", takes: "auto, scan or walk", of: .sync, .follow, .tune, .plan),
        // Deleting and trying.
        CommandOption("delete", of: .sync, .follow, .tune, .plan),
        CommandOption("max-delete", takes: "a number", of: .sync, .follow, .tune, .plan),
        CommandOption("dry-run", "n", of: .sync),
        CommandOption("itemize", "i", of: .sync),
        // The last pass.
        CommandOption("final", of: .sync),
        CommandOption("allow-writers", of: .sync),
        // One part of a plan.
        CommandOption("plan", takes: "a folder", of: .sync, .verify),
        CommandOption("shard", takes: "a number", of: .sync, .verify),
        CommandOption("close", of: .sync, .verify),
        CommandOption("accept-failed", of: .sync, .verify),
        // How.
        CommandOption(
            "workers",
            "w",
            takes: "a number",
            of: .sync,
            .follow,
            .check,
            .verify,
            .plan
        ),
        CommandOption("bwlimit", takes: "a rate", of: .sync, .follow),
        CommandOption("stop-at", takes: "a time", of: .sync, .follow, .tune, .verify),
        CommandOption("max-duration", takes: "a duration", of: .sync, .follow, .tune, .verify),
        CommandOption(
            "state",
            takes: "a directory",
            of: .sync,
            .follow,
            .tune,
            .check,
            .verify,
            .history,
            .report,
            .plan
        ),
        CommandOption("no-check", of: .sync, .follow, .tune, .verify, .plan),
        CommandOption("idle", of: .sync),
        // Telling.
        CommandOption("progress", takes: "auto, none or plain", of: .sync, .follow, .tune, .verify),
        CommandOption("quiet", "q", of: .sync, .follow, .tune, .verify),
        CommandOption("verbose", "v", of: .sync, .follow, .tune, .verify, .check, .history),
        CommandOption(
            "json",
            takes: "a file",
            of: .sync,
            .follow,
            .tune,
            .check,
            .verify,
            .history,
            .plan
        ),
        CommandOption("failures", takes: "a file", of: .sync, .follow, .tune, .verify),
        CommandOption("metrics", takes: "a file", of: .sync, .follow, .tune, .verify),
        // Of `follow`.
        CommandOption("pause", takes: "a duration", of: .follow),
        CommandOption("hours", takes: "from and to, as 22:00-06:00", of: .follow),
        CommandOption("ready-below", takes: "a duration", of: .follow),
        CommandOption("until-ready", of: .follow),
        CommandOption("passes", takes: "a number", of: .follow),
        CommandOption("before", takes: "a command", of: .follow),
        CommandOption("after", takes: "a command", of: .follow),
        CommandOption("no-back-off", of: .follow),
        CommandOption("probe", takes: "a command", of: .follow),
        CommandOption("probe-limit", takes: "a duration", of: .follow),
        CommandOption("no-idle", of: .follow),
        // Of `tune`.
        CommandOption("from", takes: "a number", of: .tune),
        CommandOption("to", takes: "a number", of: .tune),
        CommandOption("step", takes: "a duration", of: .tune),
        // Of `plan`.
        CommandOption("shards", takes: "a number", of: .plan),
        CommandOption("out", takes: "a folder", of: .plan),
        CommandOption("print", takes: "slurm or kubernetes", of: .plan),
        // Of one subcommand other than `sync`.
        CommandOption("deep", of: .check),
        CommandOption("time", of: .check),
        CommandOption("content", of: .verify),
        CommandOption("metadata", of: .verify),
        CommandOption("strict", of: .verify),
        CommandOption("sample", takes: "a percentage", of: .verify),
        CommandOption("seed", takes: "a number", of: .verify, .tune),
        CommandOption("manifest", takes: "a file", of: .verify),
        CommandOption("limit", takes: "a number", of: .history),
        CommandOption("pass", takes: "the id of a pass", of: .history),
        CommandOption("output", "o", takes: "a file", of: .report),
        CommandOption("no-names", of: .report),
        CommandOption("last", takes: "a number", of: .report),
    ]
}
