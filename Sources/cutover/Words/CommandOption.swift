// Every option there is: how it is written, whether a value follows, and which subcommands have it. What the parser
// knows of it stands beside its declaration; a test keeps both alike.

/// The subcommands, by the word that is typed.
enum Subcommand: String, CaseIterable, Sendable {
    case sync
    case check
    case verify
    case history
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

    static let all: [CommandOption] = [
        // What is copied.
        CommandOption("", "raXASHlptgoD", of: .sync),
        CommandOption("no-xattrs", of: .sync),
        CommandOption(
            "xattrs",
            takes: "a list of namespaces",
            leavesOut: true,
            of: .sync,
            .check,
            .verify
        ),
        CommandOption("no-acls", of: .sync),
        CommandOption("no-sparse", of: .sync),
        CommandOption("no-hard-links", of: .sync),
        CommandOption("no-owner", of: .sync),
        CommandOption("no-group", of: .sync),
        CommandOption("no-perms", of: .sync),
        CommandOption("no-times", of: .sync),
        CommandOption("no-devices", of: .sync),
        CommandOption("no-specials", of: .sync),
        CommandOption("exclude", takes: "a pattern", of: .sync),
        CommandOption("exclude-from", takes: "a file", of: .sync),
        CommandOption("branch", takes: "a top-level name", of: .sync, .verify),
        CommandOption("quotas", takes: "auto, on or off", of: .sync, .verify),
        CommandOption("cross-mounts", of: .sync),
        CommandOption("allow-empty-source", of: .sync),
        CommandOption("new-pair", of: .sync),
        CommandOption("salvage", of: .sync),
        // What counts as changed.
        CommandOption("checksum", "c", of: .sync),
        CommandOption("size-only", of: .sync),
        CommandOption("ignore-times", "I", of: .sync),
        CommandOption("changes", takes: "auto, scan or walk", of: .sync),
        // Deleting and trying.
        CommandOption("delete", of: .sync),
        CommandOption("max-delete", takes: "a number", of: .sync),
        CommandOption("dry-run", "n", of: .sync),
        CommandOption("itemize", "i", of: .sync),
        // How.
        CommandOption("workers", "w", takes: "a number", of: .sync, .check, .verify),
        CommandOption("bwlimit", takes: "a rate", of: .sync),
        CommandOption("stop-at", takes: "a time", of: .sync, .verify),
        CommandOption("max-duration", takes: "a duration", of: .sync, .verify),
        CommandOption("state", takes: "a directory", of: .sync, .check, .history),
        CommandOption("no-check", of: .sync, .verify),
        CommandOption("idle", of: .sync),
        // Telling.
        CommandOption("progress", takes: "auto, none or plain", of: .sync, .verify),
        CommandOption("quiet", "q", of: .sync, .verify),
        CommandOption("verbose", "v", of: .sync, .verify, .check, .history),
        CommandOption("json", takes: "a file", of: .sync, .check, .verify, .history),
        CommandOption("failures", takes: "a file", of: .sync, .verify),
        // Of one subcommand other than `sync`.
        CommandOption("deep", of: .check),
        CommandOption("content", of: .verify),
        CommandOption("metadata", of: .verify),
        CommandOption("sample", takes: "a percentage", of: .verify),
        CommandOption("seed", takes: "a number", of: .verify),
        CommandOption("manifest", takes: "a file", of: .verify),
        CommandOption("limit", takes: "a number", of: .history),
        CommandOption("pass", takes: "the id of a pass", of: .history),
    ]
}
