// The named trees of the tests, each made for one kind of trouble, all deterministic.
//
// Each function fills an existing directory. `everything` puts each of them into a branch of its
// own; `deep` stays out, because most tools cannot follow it: compare it with `Oracle(deep: true)`.

import Glibc

/// Trees with one purpose each.
package enum StandardTree {
    /// All trees that ordinary tools can walk, by name.
    package static let all: [(name: String, make: @Sendable ([UInt8]) throws -> Void)] = [
        ("plain", plain), ("permissions", permissions), ("links", links), ("loops", loops),
        ("unreadable", unreadable), ("times", times), ("strangeNames", strangeNames),
        ("wide", wide), ("sparse", sparse), ("attributes", attributes), ("special", special),
    ]

    /// Files of ordinary sizes, around block boundaries, in a few nested and some empty
    /// directories.
    package static func plain(_ root: [UInt8]) throws {
        var random = SeededRandom(seed: 1)
        for branch in ["a", "b", ".hidden"] {
            try Files.makeDirectory(joined(root, branch))
            for sub in ["", "/x", "/x/y", "/empty"] {
                let directory = joined(root, branch + sub)
                if !sub.isEmpty { try Files.makeDirectory(directory) }
                if sub == "/empty" { continue }
                for size in [0, 1, 4095, 4096, 4097, 70_000] {
                    try Files.write(joined(directory, "f\(size)"), random.bytes(size))
                }
            }
        }
        try Files.write(joined(root, "loose"), bytes("a file at the root\n"))
        try Files.write(joined(root, ".dotfile"), bytes("hidden at the root\n"))
        try Files.write(joined(root, "large"), random.bytes(3 << 20))
    }

    /// Every special mode bit, no bits at all, foreign owners and groups (S14, S29).
    package static func permissions(_ root: [UInt8]) throws {
        for mode in [0, 0o400, 0o644, 0o777, 0o1644, 0o2755, 0o4755, 0o6711, 0o7777] as [mode_t] {
            let name = String(mode, radix: 8)
            let file = joined(root, "f" + name)
            try Files.write(file, bytes(name))
            try Files.changeOwner(file, 1000 + mode, 2000 + mode)
            try Files.changeMode(file, mode)
            let directory = joined(root, "d" + name)
            try Files.makeDirectory(directory)
            try Files.write(joined(directory, "inside"), bytes(name))
            try Files.changeOwner(directory, 4_000_000_000, 70_000)
            try Files.changeMode(directory, mode)
        }
    }

    /// Hard links within a directory, across directories, of symlinks and of specials (S40).
    package static func links(_ root: [UInt8]) throws {
        for name in ["one", "two", "two/deeper"] { try Files.makeDirectory(joined(root, name)) }
        try Files.write(joined(root, "one/a"), bytes("shared"))
        for name in ["one/b", "two/a", "two/deeper/a", "top"] {
            try Files.link(joined(root, name), to: joined(root, "one/a"))
        }
        try Files.write(joined(root, "empty"), [])
        try Files.link(joined(root, "two/empty"), to: joined(root, "empty"))
        try Files.link(symbolic: joined(root, "symbolic"), to: bytes("one/a"))
        try Files.link(joined(root, "two/symbolic"), to: joined(root, "symbolic"))
        try Files.makeNode(joined(root, "pipe"), S_IFIFO | 0o640)
        try Files.link(joined(root, "one/pipe"), to: joined(root, "pipe"))
        try Files.makeNode(joined(root, "device"), S_IFCHR | 0o600, device: 0x103)
        try Files.link(joined(root, "two/device"), to: joined(root, "device"))
    }

    /// Symlinks to themselves, to parents, to nothing, to very long and to strange targets (S28).
    package static func loops(_ root: [UInt8]) throws {
        try Files.makeDirectory(joined(root, "d"))
        let targets: [(String, [UInt8])] = [
            ("self", bytes("self")), ("ping", bytes("pong")), ("pong", bytes("ping")),
            ("d/parent", bytes("..")), ("d/root", bytes("/")), ("dangling", bytes("no/such/name")),
            ("toDirectory", bytes("d")), ("absolute", bytes("/etc/passwd")),
            ("long", [UInt8](repeating: UInt8(ascii: "x"), count: 1000)),
            ("bytes", [0xff, 0x0a, 0x2f, 0xfe]),
        ]
        for (name, target) in targets {
            try Files.link(symbolic: joined(root, name), to: target)
        }
    }

    /// What no user may read or enter, which root copies all the same.
    package static func unreadable(_ root: [UInt8]) throws {
        try Files.makeDirectory(joined(root, "closed"))
        try Files.write(joined(root, "closed/inside"), bytes("inside"))
        try Files.write(joined(root, "closed/secret"), bytes("secret"))
        try Files.changeMode(joined(root, "closed/secret"), 0)
        try Files.changeOwner(joined(root, "closed"), 12_345, 12_345)
        try Files.changeMode(joined(root, "closed"), 0)
    }

    /// mtimes before 1970, after 2038 and with odd nanoseconds, on every type of entry (S6, S30).
    package static func times(_ root: [UInt8]) throws {
        let moments = [
            (-2_000_000_000, 1), (-1, 999_999_999), (0, 0), (0, 1), (1_700_000_000, 123_456_789),
            (2_147_483_647, 999_999_999), (2_147_483_648, 7), (5_000_000_000, 987_654_321),
        ]
        for (index, moment) in moments.enumerated() {
            let names = ["f", "l", "p", "c", "b", "s", "d"].map { joined(root, $0 + "\(index)") }
            try Files.write(names[0], bytes("\(moment)"))
            try Files.link(symbolic: names[1], to: bytes("f\(index)"))
            try Files.makeNode(names[2], S_IFIFO | 0o600)
            try Files.makeNode(names[3], S_IFCHR | 0o600, device: 0x501)
            try Files.makeNode(names[4], S_IFBLK | 0o600, device: 0x7f0)
            try Files.makeNode(names[5], S_IFSOCK | 0o600)
            try Files.makeDirectory(names[6])
            try Files.write(joined(names[6], "inside"), [])
            for name in names {
                try Files.changeTime(name, seconds: moment.0, nanoseconds: moment.1)
            }
        }
    }

    /// Names of every single byte, of 255 bytes, with newlines, escapes, blanks; none of them
    /// UTF-8's business (S13, S50).
    package static func strangeNames(_ root: [UInt8]) throws {
        for byte in UInt8.min...UInt8.max where byte != 0 && byte != UInt8(ascii: "/") {
            // "." alone is the directory itself.
            let name = byte == UInt8(ascii: ".") ? [byte, byte, byte] : [byte]
            try Files.write(joined(root, name), [byte])
        }
        let long = [UInt8](repeating: UInt8(ascii: "n"), count: 255)
        let others: [[UInt8]] = [
            bytes("-n"), bytes("--delete"), bytes(" "), bytes("a b\tc\nd"), bytes("\u{1b}[31mred"),
            bytes("*"), bytes("$(id)"), bytes("back\\slash"), bytes("\\#012"), bytes("…ünï"),
            [0xc3, 0x28, 0xff], bytes("..."), bytes(".cutover"), bytes("#f~"),
        ]
        for name in others { try Files.write(joined(root, name), name) }
        try Files.makeDirectory(joined(root, long))
        try Files.write(joined(joined(root, long), long), long)
        try Files.makeDirectory(joined(root, [0xfe, 0x0a, 0xff]))
        try Files.write(joined(joined(root, [0xfe, 0x0a, 0xff]), [0x80]), [1])
    }

    /// A chain of directories longer than PATH_MAX, with a file at every step (S51).
    package static func deep(_ root: [UInt8]) throws {
        try Shell.run(
            """
            cd -- "$1"
            name=$(printf 'd%.0s' {1..200})
            for step in {1..40}; do
                echo "$step" >file
                mkdir "$name"
                cd -P "$name" 2>/dev/null || cd "./$name"
            done
            echo bottom >file
            ln -s file link
            """,
            root
        )
    }

    /// Many entries in one directory: more than one block of names on either side.
    package static func wide(_ root: [UInt8]) throws {
        try Files.makeDirectory(joined(root, "many"))
        for index in 0..<1500 {
            try Files.write(joined(root, "many/file-with-a-long-name-\(index)"), bytes("\(index)"))
        }
    }

    /// Holes before, between and after data, zeros written as data, unwritten extents (S20-S22).
    package static func sparse(_ root: [UInt8]) throws {
        var random = SeededRandom(seed: 2)
        let data = random.bytes(10_000)
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        try Files.write(joined(root, "allHole"), [])
        try Files.truncate(joined(root, "allHole"), to: 5 << 20)
        try Files.write(joined(root, "allZero"), zeros)
        try Files.write(joined(root, "zerosInside"), data + zeros + data + zeros)
        try Files.write(joined(root, "oddZeros"), data + zeros.prefix(5000) + [1])
        try Files.write(joined(root, "holes"), data)
        try Files.overwrite(joined(root, "holes"), data, at: 3 << 20)
        try Files.overwrite(joined(root, "holes"), data, at: (9 << 20) + 17)
        try Files.truncate(joined(root, "holes"), to: (12 << 20) + 1)
        try Files.write(joined(root, "large"), [])
        try Files.truncate(joined(root, "large"), to: 64 << 20)
        try Files.overwrite(joined(root, "large"), data, at: 48 << 20)
        try Shell.run(
            """
            cd -- "$1"
            fallocate -l 2M unwritten
            cp holes partly
            fallocate -o 20M -l 1M partly
            """,
            root
        )
    }

    /// ACLs and extended attributes in every namespace, on every type that may hold them (S32-S37).
    package static func attributes(_ root: [UInt8]) throws {
        let parent = joined(root, "parent")
        try Files.makeDirectory(parent)
        let list = AccessList(
            users: [(10, 7), (1_000_000, 4)],
            groups: [(20, 5)],
            mask: 5,
            other: 1
        )
        try Files.write(joined(parent, "before"), bytes("made before the default ACL"))
        try Files.setACL(parent, list, isDefault: true)
        try Files.setACL(parent, AccessList(users: [(11, 6)], mask: 6))
        try Files.write(joined(parent, "inherited"), bytes("has an ACL from its parent"))
        try Files.makeDirectory(joined(parent, "below"))
        let file = joined(root, "file")
        try Files.write(file, bytes("#!"))
        try Files.changeOwner(file, 1001, 1002)
        try Files.changeMode(file, 0o4750)
        try Files.setAttribute(file, "user.text", bytes("value"))
        try Files.setAttribute(file, "user.empty", [])
        try Files.setAttribute(file, "user.binary", [0, 1, 0xff, 0x0a])
        try Files.setAttribute(file, "user.long", [UInt8](repeating: 0x61, count: 2000))
        try Files.setAttribute(file, "trusted.mark", bytes("root only"))
        // cap_net_raw+ep, revision 2 (linux/capability.h).
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20] + [UInt8](repeating: 0, count: 14)
        try Files.setAttribute(file, "security.capability", capability)
        try Files.setAttribute(parent, "user.directory", bytes("yes"))
        try Files.link(symbolic: joined(root, "symbolic"), to: bytes("file"))
        try Files.setAttribute(
            joined(root, "symbolic"),
            "trusted.link",
            bytes("on the link itself")
        )
        try Files.makeNode(joined(root, "pipe"), S_IFIFO | 0o600)
        try Files.setAttribute(joined(root, "pipe"), "trusted.pipe", bytes("on a FIFO"))
        try Files.setACL(
            joined(root, "pipe"),
            AccessList(owner: 6, users: [(33, 4)], group: 0, mask: 4)
        )
    }

    /// FIFOs, sockets, character and block devices with large numbers, with owners and modes (S39).
    package static func special(_ root: [UInt8]) throws {
        let nodes: [(String, mode_t, dev_t)] = [
            ("fifo", S_IFIFO | 0o640, 0), ("socket", S_IFSOCK | 0o755, 0),
            ("null", S_IFCHR | 0o666, 0x103), ("block", S_IFBLK | 0o660, 0x8f1),
            // makedev(300, 70000): both halves beyond eight bits.
            ("largeNumbers", S_IFCHR | 0o600, 0x1101_2c70), ("mode0", S_IFBLK, 0x7f0),
        ]
        for (name, mode, device) in nodes {
            try Files.makeNode(joined(root, name), mode, device: device)
            try Files.changeOwner(joined(root, name), 7, 8)
            try Files.changeTime(joined(root, name), seconds: 1_234_567_890, nanoseconds: 5)
        }
    }

    /// All of the above except `deep`, each in its own branch.
    package static func everything(_ root: [UInt8]) throws {
        for tree in all {
            try Files.makeDirectory(joined(root, tree.name))
            try tree.make(joined(root, tree.name))
        }
    }
}
