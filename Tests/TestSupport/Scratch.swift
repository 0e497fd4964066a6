// One directory per test process for images and mount points, and the promise that nothing of it
// outlives the process: a watcher outside it notices the end, however it came, unmounts, detaches
// and removes.
//
// The watcher waits for end-of-file on a pipe whose other end only this process holds, so SIGKILL
// counts too. What a killed machine or a killed watcher left is found by the next process: a
// directory whose lock is free has no owner.

import Glibc

/// The test process's own directory below `$TMPDIR` or /tmp.
package enum Scratch {
    private static let prefix = "cutover-tests-"

    /// The directory's path, made at first use.
    ///
    /// - Throws: `CallError` or `ScriptFailure` when it cannot be made.
    package static func directory() throws -> [UInt8] { try made.get() }

    /// A name that no other test of this process uses.
    package static func uniqueName(_ word: String) -> String {
        var random = SystemRandomNumberGenerator()
        return word + "-" + String(random.next() as UInt64, radix: 36)
    }

    /// A path below the directory at which nothing is, nor will be.
    ///
    /// - Throws: what `directory` throws.
    package static func missingPath() throws -> [UInt8] {
        joined(try directory(), uniqueName("missing"))
    }

    private static let made: Result<[UInt8], any Error> = Result { try make() }

    private static func make() throws -> [UInt8] {
        let base = Environment.temporaryFolder
        let path = bytes(base + "/" + uniqueName(prefix + "\(getpid())"))
        try Files.makeDirectory(path, mode: 0o755)
        let lock = withBytes(joined(path, "lock")) { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
        if lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0 {
            throw CallError(call: "flock", name: shown(path), errno: errno)
        }
        try startWatcher(path)
        let script =
            cleaning + """
                for old in "$1"/\(prefix)*; do
                    if [ "$old" != "$2" ] && [ -e "$old/lock" ]; then
                        flock --nonblock "$old/lock" true || continue
                        clean "$old"
                    fi
                done
                """
        let outcome = try Shell.attempt(script, [bytes(base), path], environment: Environment.ours)
        if outcome.status != 0 { throw ScriptFailure(script: script, outcome: outcome) }
        return path
    }

    /// Bash: `clean DIRECTORY` unmounts and detaches all below a scratch directory and removes it.
    private static let cleaning = """
        clean() {
            local loop mounted process
            # Children lead process groups of their own and outlive a test process that is killed.
            # Only those that name this directory are ours.
            for process in /proc/[0-9]*; do
                if tr '\\0' '\\n' <"$process/cmdline" 2>/dev/null | grep -qF -- "$1/"; then
                    kill -KILL "${process#/proc/}" 2>/dev/null || true
                fi
            done
            for turn in 1 2 3; do
                cut -d' ' -f5 /proc/self/mountinfo | grep -F -- "$1/" | sort -r |
                    while read -r mounted; do
                        mounted=$(printf '%b' "$mounted")
                        umount -- "$mounted" || umount -l -- "$mounted"
                    done || true
                for loop in /sys/block/loop*/loop/backing_file; do
                    [[ "$(cat "$loop" 2>/dev/null)" == "$1"/* ]] || continue
                    loop=${loop%/loop/backing_file}
                    losetup -d "/dev/${loop##*/}" || true
                done
                grep -qF -- "$1/" /proc/self/mountinfo || break
                sleep 0.2
            done
            if ! grep -qF -- "$1/" /proc/self/mountinfo; then rm -rf --one-file-system -- "$1"; fi
        }

        """

    private static func startWatcher(_ path: [UInt8]) throws {
        var ends: [Int32] = [0, 0]
        if pipe(&ends) != 0 { throw CallError(call: "pipe", name: "watcher", errno: errno) }
        for end in ends where fcntl(end, F_SETFD, FD_CLOEXEC) != 0 {
            throw CallError(call: "fcntl", name: "watcher", errno: errno)
        }
        let watch = cleaning + "trap '' INT TERM HUP; cat >/dev/null; clean \"$1\" 2>/dev/null"
        let watcher = try Subprocess.detached(
            [bytes("setsid"), bytes("bash"), bytes("-c"), bytes(watch), bytes("watcher"), path],
            input: ends[0]
        )
        close(ends[0])
        if watcher <= 0 { throw CallError(call: "posix_spawnp", name: "watcher", errno: ESRCH) }
    }
}
