// An interactive shell on a terminal of its own: a person's keys go in, and what the shell made of them comes out as the
// words that it would have run.
//
// The shell gets a function with the name of the program under test, which writes its words to a file: so a test is told
// what a line means by the shell itself, whatever quotation marks stand in it. Its start files are the test's own.

import Glibc
import Testing

/// One shell.
package final class ShellSession {
    /// Which shell; its name is that of its program.
    package enum Kind: String, CaseIterable, Sendable { case bash, zsh, fish }

    private let process: pid_t
    private let terminal: PseudoTerminal
    private let words: [UInt8]
    private var received: [UInt8] = []
    private static let prompt = "ready> "

    /// Starts one in `directory`, which it may fill with its start files, and waits for its prompt.
    ///
    /// - Parameters:
    ///   - kind: which shell.
    ///   - script: the script that it reads, put where this shell looks for such by itself.
    ///   - programs: a directory at the head of PATH.
    ///   - directory: where it starts, and its home.
    /// - Throws: when there is no terminal, or the shell cannot be started.
    package init(
        _ kind: Kind,
        completion script: [UInt8],
        programs: [UInt8],
        in directory: [UInt8]
    ) throws {
        words = joined(directory, "words")
        try Self.prepare(kind, script, in: directory)
        terminal = try PseudoTerminal(columns: 200)
        let arguments: [String] =
            switch kind {
            case .bash: ["bash", "--noprofile", "--rcfile", "start", "-i"]
            case .zsh: ["zsh", "-d", "-i"]
            case .fish: ["fish", "-i"]
            }
        let path =
            bytes("PATH=") + programs + bytes(":" + (Environment.value("PATH") ?? "/usr/bin:/bin"))
        let own = [
            "PATH=", "TERM=", "ZDOTDIR=", "XDG_CONFIG_HOME=", "HOME=", "LC_ALL=", "INPUTRC=",
        ]
        .map { bytes($0) }
        let environment =
            Environment.inherited.filter { entry in !own.contains { entry.starts(with: $0) } }
            + [path] + ["TERM=xterm", "LC_ALL=C.UTF-8", "INPUTRC=/dev/null"].map { bytes($0) }
            + ["ZDOTDIR=", "XDG_CONFIG_HOME=", "HOME="].map { bytes($0) + directory }
        process = try Self.spawn(arguments.map { bytes($0) }, environment, directory, terminal.path)
        waitForPrompt()
    }

    deinit {
        kill(-process, SIGKILL)
        var ignored: Int32 = 0
        waitpid(process, &ignored, 0)
    }

    /// Start files.
    ///
    /// What all of them have: the function, the prompt, nothing that needs a person.
    private static func prepare(_ kind: Kind, _ script: [UInt8], in directory: [UInt8]) throws {
        let start: String
        switch kind {
        case .bash:
            try Files.write(joined(directory, "completion"), script)
            start = """
                . ./completion
                bind 'set bell-style none' 'set enable-bracketed-paste off'
                cutover() { printf '%s\\0' "$@" >~/words.new; command mv ~/words.new ~/words; }
                PS1='ready> '
                """
            try Files.write(joined(directory, "start"), bytes(start))
        case .zsh:
            try Files.write(joined(directory, "_cutover"), script)
            start = """
                fpath=(~ $fpath)
                autoload -Uz compinit
                compinit -u -D
                cutover() { printf '%s\\0' "$@" >~/words.new; command mv ~/words.new ~/words; }
                unsetopt prompt_sp
                PS1='ready> '
                """
            try Files.write(joined(directory, ".zshrc"), bytes(start))
        case .fish:
            for folder in ["fish", "fish/completions"] {
                try Files.makeDirectory(joined(directory, folder))
            }
            try Files.write(joined(directory, "fish/completions/cutover.fish"), script)
            start = """
                set -g fish_greeting
                set -g fish_autosuggestion_enabled 0
                function fish_prompt; echo -n 'ready> '; end
                function cutover
                    printf '%s\\0' $argv >~/words.new
                    command mv ~/words.new ~/words
                end
                """
            try Files.write(joined(directory, "fish/config.fish"), bytes(start))
        }
    }

    /// A session of its own, whose terminal the pseudo-terminal becomes.
    ///
    /// Who leads a session gets the first that it opens.
    private static func spawn(
        _ arguments: [[UInt8]],
        _ environment: [[UInt8]],
        _ directory: [UInt8],
        _ terminal: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID is a macro that Swift does not see.
        let setSession: Int32 = 0x80
        setUsualSignals(&attributes, andFlags: setSession)
        var started: pid_t = 0
        // posix_spawn(3) has no step for the directory that Swift sees; env(1) has an option.
        let all = ["env", "-C"].map { bytes($0) } + [directory] + arguments
        let error = withBytes(bytes("env")) { name in
            withVector(all) { argv in
                withVector(environment) { envp in
                    posix_spawnp(&started, name, &actions, &attributes, argv, envp)
                }
            }
        }
        if error != 0 {
            throw CallError(call: "posix_spawnp", name: shown(arguments[0]), errno: error)
        }
        return started
    }

    /// What the shell has printed since the last line was begun, for messages and for lists of candidates.
    package var screen: String {
        drain()
        return String(decoding: received, as: UTF8.self)
    }

    private func drain() { received += terminal.drain() }

    private func waitForPrompt() {
        waitUntil {
            drain()
            return String(decoding: received, as: UTF8.self).contains(Self.prompt)
        }
    }

    /// Presses keys, and no more.
    package func press(_ keys: [UInt8]) throws {
        received = []
        var rest = keys[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(terminal.primary, $0.baseAddress, $0.count) }
            try #require(count > 0)
            rest = rest.dropFirst(count)
            drain()
        }
    }

    /// The words that the program would be given after these keys and Enter; nil: it would not be run.
    package func words(after keys: [UInt8], seconds: Int = 30) throws -> [[UInt8]]? {
        if Files.exists(words) { try Files.unlink(words) }
        try press(keys + [0x0D])
        waitUntil(seconds: seconds) {
            drain()
            return Files.exists(words)
        }
        guard Files.exists(words) else { return nil }
        let all = try Files.read(words)
        return all.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
    }
}
