// The program run by root with fewer capabilities than root has, and trees with something for each of them.

import Glibc
import TestSupport
import Testing

enum FewerCapabilities {
    /// What Docker leaves a container's root by default.
    static let docker = [
        "chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
        "net_bind_service", "net_raw", "sys_chroot", "mknod", "audit_write", "setfcap",
    ]

    /// Words before a command that take away all but these.
    static func only(_ names: [String]) -> [String] {
        ["setpriv", "--bounding-set=-all," + names.map { "+" + $0 }.joined(separator: ",")]
    }

    /// Words before a command that take away these.
    static func without(_ names: [String]) -> [String] {
        ["setpriv", "--bounding-set=" + names.map { "-" + $0 }.joined(separator: ",")]
    }

    /// Words before a command that make it root of a user namespace in which all ids are mapped; nobody inside could
    /// write that map.
    static let mappedNamespace = [
        "bash", "-c",
        """
        unshare --user bash -c 'until [ -n "$(cat /proc/self/uid_map)" ]; do :; done; exec "$@"' bash "$@" &
        until [ "$(readlink /proc/$!/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do :; done
        echo "0 0 4294967295" >/proc/$!/gid_map
        echo "0 0 4294967295" >/proc/$!/uid_map
        wait $!
        """, "bash",
    ]

    /// Runs a subcommand on both roots after those words.
    static func run(
        _ prefix: [String],
        _ words: [String],
        _ stage: Stage,
        environment: [String] = []
    ) throws -> Outcome {
        try Subprocess.run(
            prefix.map { bytes($0) } + [Cutover.binary] + words.map { bytes($0) }
                + [stage.from, stage.to],
            environment: Environment.inherited + environment.map { bytes($0) }
        )
    }

    /// One pass with `--delete`, and what it told as JSON.
    static func reported(
        _ prefix: [String],
        _ options: [String],
        _ stage: Stage
    ) throws -> (outcome: Outcome, report: JSONReport) {
        let file = joined(stage.outside, "report.json")
        let path = String(decoding: file, as: UTF8.self)
        let words = ["sync", "--delete", "--json", path] + options
        return (try run(prefix, words, stage), try JSONReport(file))
    }

    /// Something for every capability, by its name: owners, closed entries, special bits, devices, attributes of
    /// all namespaces, ACLs, inode flags.
    static func fill(_ root: [UInt8]) throws {
        for (name, make) in StandardTree.all
        where ["permissions", "links", "unreadable", "attributes", "special"].contains(name) {
            try Files.makeDirectory(joined(root, name))
            try make(joined(root, name))
        }
        try Shell.run(
            """
            cd "$1"
            echo x >mark; setfattr -n security.mark -v 1 mark; setfattr -n trusted.mark -v 1 mark
            mkdir sticky; chmod 1777 sticky; echo x >sticky/f; chown -R 1000:1001 sticky
            mkdir shared; chown 1000:1001 shared; chmod 2775 shared; echo x >shared/f
            mkfifo fifo; chown 1000:1001 fifo; chmod 2640 fifo
            echo x >acl; chown 1000:1001 acl; setfacl -m u:1005:rw acl; chmod g+s,g+x acl
            mkdir frozen; echo x >frozen/f; echo x >append; echo x >immutable; chown 1000 immutable
            echo x >nodump; chattr +dA nodump; chattr +a append; chattr +i immutable frozen
            """,
            root
        )
    }

    /// Lifts what keeps the trees from being removed.
    static func thaw(_ stage: Stage) {
        for root in [stage.from, stage.to] { cleanUp("chattr -R -ia \"$1\" || true", root) }
    }

    /// The names whose state differs, by tools that are not ours, run with all capabilities.
    ///
    /// Left out of the comparison: the shadows that XFS shows of ACLs (S33), and attributes that match `ignoring`.
    static func differing(_ stage: Stage, ignoring pattern: String = "^$") throws -> Set<String> {
        let states = try [stage.from, stage.to].map { root in
            try Shell.run(
                """
                cd "$1"
                find . -print0 | sort -z | while IFS= read -r -d '' f; do
                    hash=$({
                        stat -c '%A %u:%g %t:%T %F %Y' -- "$f"
                        [ -d "$f" ] || stat -c '%s %h' -- "$f"
                        getfattr -hd -m '^(user|trusted|security)\\.' -e hex -- "$f" |
                            grep -Ev "SGI_ACL|^#|^$|$2" | sort || true
                        [ -L "$f" ] || getfacl -nc -- "$f"
                        if [ ! -L "$f" ] && { [ -f "$f" ] || [ -d "$f" ]; }; then
                            lsattr -d -- "$f" | cut -d' ' -f1 | tr -cd iadSA
                        fi
                        if [ ! -L "$f" ] && [ -f "$f" ]; then cat -- "$f"; fi
                    } 2>/dev/null | sha256sum)
                    echo "$f $hash"
                done
                """,
                root,
                bytes(pattern)
            ).lines
        }
        #expect(states[0].count > 40, "the tree is there")
        let differing = Set(states[0]).symmetricDifference(states[1])
        return Set(differing.map { String($0.dropFirst(2).prefix { $0 != " " }) })
    }
}

/// What this machine's own root lacks: some containers in which tests run are like those that are tested.
enum OwnCapabilities {
    /// The effective capabilities, as the kernel prints them (proc(5)).
    static let effective: UInt64 = {
        let text = (try? Files.read(bytes("/proc/self/status"))) ?? []
        let line = text.split(separator: 0x0A).first { $0.starts(with: Array("CapEff:".utf8)) }
        let digits = line?.split(separator: 0x09).last.map { String(decoding: $0, as: UTF8.self) }
        return digits.flatMap { UInt64($0, radix: 16) } ?? 0
    }()

    static func has(_ number: UInt64) -> Bool { effective & 1 << number != 0 }

    /// Whether `check` has nothing to say of them.
    static let areWhole = [0, 1, 2, 3, 4, 9, 21, 24, 27, 31].allSatisfy { has($0) }
}
