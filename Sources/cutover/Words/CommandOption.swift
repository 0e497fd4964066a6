// Every option there is: how it is written, whether a value follows, and which subcommands have it. What the parser
// knows of it stands beside its declaration; a test keeps both alike.

/// The subcommands, by the word that is typed.
enum Subcommand: String, CaseIterable, Sendable {
    case sync
    case follow
    case check
    case verify
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
        CommandOption("", "raXASHlptgoD", of: .sync, .follow),
        CommandOption("no-xattrs", of: .sync, .follow),
        CommandOption(
            "xattrs",
            takes: "a list of namespaces",
            leavesOut: true,
            of: .sync,
            .follow,
            .check,
            .verify
        ),
        CommandOption("no-acls", of: .sync, .follow),
        CommandOption("no-sparse", of: .sync, .follow),
        CommandOption("no-hard-links", of: .sync, .follow),
        CommandOption("no-owner", of: .sync, .follow),
        CommandOption("no-group", of: .sync, .follow),
        CommandOption("no-perms", of: .sync, .follow),
        CommandOption("no-times", of: .sync, .follow),
        CommandOption("no-devices", of: .sync, .follow),
        CommandOption("no-specials", of: .sync, .follow),
        CommandOption("exclude", takes: "a pattern", of: .sync, .follow, .verify),
        CommandOption("exclude-from", takes: "a file", of: .sync, .follow, .verify),
        CommandOption("branch", takes: "a top-level name", of: .sync, .follow, .verify),
        CommandOption("quotas", takes: "auto, on or off", of: .sync, .follow, .verify),
        CommandOption("cross-mounts", of: .sync, .follow),
        CommandOption("allow-empty-source", of: .sync, .follow),
        CommandOption("new-pair", of: .sync, .follow),
        CommandOption("salvage", of: .sync, .follow),
        // What counts as changed.
        CommandOption("checksum", "c", of: .sync, .follow),
        CommandOption("size-only", of: .sync, .follow),
        CommandOption("ignore-times", "I", of: .sync, .follow),
        CommandOption("changes", takes: "auto, scan or walk", of: .sync, .follow),
        // Deleting and trying.
        CommandOption("delete", of: .sync, .follow),
        CommandOption("max-delete", takes: "a number", of: .sync, .follow),
        CommandOption("dry-run", "n", of: .sync),
        CommandOption("itemize", "i", of: .sync),
        // The last pass.
        CommandOption("final", of: .sync),
        CommandOption("allow-writers", of: .sync),
        // How.
        CommandOption("workers", "w", takes: "a number", of: .sync, .follow, .check, .verify),
        CommandOption("bwlimit", takes: "a rate", of: .sync, .follow),
        CommandOption("stop-at", takes: "a time", of: .sync, .follow, .verify),
        CommandOption("max-duration", takes: "a duration", of: .sync, .follow, .verify),
        CommandOption(
            "state",
            takes: "a directory",
            of: .sync,
            .follow,
            .check,
            .verify,
            .history,
            .report
        ),
        CommandOption("no-check", of: .sync, .follow, .verify),
        CommandOption("idle", of: .sync),
        // Telling.
        CommandOption("progress", takes: "auto, none or plain", of: .sync, .follow, .verify),
        CommandOption("quiet", "q", of: .sync, .follow, .verify),
        CommandOption("verbose", "v", of: .sync, .follow, .verify, .check, .history),
        CommandOption("json", takes: "a file", of: .sync, .follow, .check, .verify, .history),
        CommandOption("failures", takes: "a file", of: .sync, .follow, .verify),
        CommandOption("metrics", takes: "a file", of: .sync, .follow, .verify),
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
        // Of one subcommand other than `sync`.
        CommandOption("deep", of: .check),
        CommandOption("time", of: .check),
        CommandOption("content", of: .verify),
        CommandOption("metadata", of: .verify),
        CommandOption("strict", of: .verify),
        CommandOption("sample", takes: "a percentage", of: .verify),
        CommandOption("seed", takes: "a number", of: .verify),
        CommandOption("manifest", takes: "a file", of: .verify),
        CommandOption("limit", takes: "a number", of: .history),
        CommandOption("pass", takes: "the id of a pass", of: .history),
        CommandOption("output", "o", takes: "a file", of: .report),
        CommandOption("no-names", of: .report),
        CommandOption("last", takes: "a number", of: .report),
    ]
}
