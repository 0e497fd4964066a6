// Options of rsync's that are none here. What they ask for is true of every pass, and they change nothing; or it is
// not, and they are refused with the reason: an option that was dropped in silence would be believed.

/// What is answered to an option that rsync has.
struct RsyncOption: Sendable {
    /// Long names without their dashes.
    let names: [String]
    let letters: String
    /// Why it is refused; nil when it is true of every pass.
    let refusal: String?
    /// Whether rsync takes a value for it; looked for only where the option is accepted.
    var takesValue = false

    private static func accepted(_ names: [String], _ letters: String = "") -> RsyncOption {
        RsyncOption(names: names, letters: letters, refusal: nil)
    }

    private static func refused(
        _ names: [String],
        _ letters: String = "",
        _ refusal: String
    ) -> RsyncOption {
        RsyncOption(names: names, letters: letters, refusal: refusal)
    }

    /// `-h` is not among them: alone it is help.
    static let all: [RsyncOption] = trueOfEveryPass + ofFiles + ofChoice + ofPlace

    /// The name that has its counterpart `--cross-mounts` here.
    static let oneFilesystem = "one-file-system"

    private static let trueOfEveryPass: [RsyncOption] = [
        accepted([oneFilesystem], "x"),
        accepted(["numeric-ids"]),
        accepted(["whole-file"], "W"),
        accepted(["partial"], "P"),
        RsyncOption(names: ["info"], letters: "", refusal: nil, takesValue: true),
        accepted(["stats", "human-readable", "open-noatime", "fsync"]),
        accepted(["executability"], "E"),
        // The long names of the letters that are accepted.
        accepted([
            "recursive", "archive", "acls", "sparse", "hard-links", "links", "perms", "times",
            "group", "owner", "devices", "specials",
        ]),
    ]

    private static let ofFiles: [RsyncOption] = [
        refused(
            ["inplace", "append", "append-verify"],
            "files are replaced whole, under a temporary name first"
        ),
        refused(
            ["no-whole-file", "block-size", "fuzzy"],
            "yB",
            "files are copied whole, not by blocks that differ"
        ),
        refused(
            ["partial-dir", "delay-updates", "temp-dir"],
            "T",
            "each file is put in place when it is complete, and no part of one is kept"
        ),
        refused(["preallocate"], "holes stay holes, and what was only reserved becomes one"),
        refused(
            ["copy-links", "copy-dirlinks", "copy-unsafe-links", "safe-links", "munge-links"],
            "Lk",
            "symlinks are copied as they are"
        ),
        refused(
            ["keep-dirlinks"],
            "K",
            "a symlink where SOURCE has a directory is replaced, never followed"
        ),
        refused(["copy-devices", "write-devices"], "devices are copied as devices"),
        refused(["fake-super"], "owners, devices and attributes are set as they are"),
        refused(
            ["chmod", "chown", "usermap", "groupmap", "copy-as"],
            "owners and permissions are copied as they are"
        ),
        refused(["atimes"], "U", "times of access are not copied"),
        refused(["crtimes"], "N", "Linux has no call that sets a time of birth"),
        refused(
            ["omit-dir-times", "omit-link-times"],
            "OJ",
            "times are set on every entry; --no-times leaves all of them out"
        ),
        refused(["modify-window"], "@", "times are compared to what DESTINATION can store"),
        refused(
            ["iconv", "8-bit-output"],
            "8",
            "names are bytes and are copied as they are"
        ),
        refused(
            ["no-recursive", "no-r", "no-links", "no-l", "no-D"],
            "everything is copied; --no-devices and --no-specials leave out what they name"
        ),
        refused(["no-p"], "write --no-perms"),
        refused(["no-o"], "write --no-owner"),
        refused(["no-g"], "write --no-group"),
        refused(["no-t"], "write --no-times"),
        refused(["no-A"], "write --no-acls"),
        refused(["no-X"], "write --no-xattrs"),
        refused(["no-H"], "write --no-hard-links"),
        refused(["no-S"], "write --no-sparse"),
    ]

    private static let ofChoice: [RsyncOption] = [
        refused(
            ["update", "existing", "ignore-non-existing", "ignore-existing"],
            "u",
            "DESTINATION is made like SOURCE, whatever is there and however new it is"
        ),
        refused(["max-size", "min-size"], "files of every size are copied"),
        refused(["prune-empty-dirs"], "m", "empty directories are copied, too"),
        refused(["dirs", "old-dirs"], "d", "every directory is entered"),
        refused(
            ["relative", "files-from"],
            "R",
            "whole volumes are copied; --branch chooses top-level entries"
        ),
        refused(
            ["include", "include-from", "filter", "cvs-exclude", "from0"],
            "fFC0",
            "--exclude and --exclude-from take rsync's rules, '+ PATTERN' for an include"
        ),
        refused(
            [
                "del", "delete-before", "delete-during", "delete-delay", "delete-after",
                "delete-missing-args", "ignore-missing-args",
            ],
            "write --delete: extras go while the pass runs"
        ),
        refused(["delete-excluded"], "what is excluded is never deleted"),
        refused(
            ["ignore-errors"],
            "--delete goes on after an error, except where a directory could not be listed"
        ),
        refused(["force"], "a directory gives way to another type with --delete"),
        refused(["remove-source-files"], "SOURCE is never written to"),
        refused(
            ["backup", "backup-dir", "suffix"],
            "b",
            "what is replaced or deleted is not kept"
        ),
        refused(
            ["compare-dest", "copy-dest", "link-dest"],
            "there is SOURCE and DESTINATION, and no third tree"
        ),
        refused(["no-one-file-system", "no-x"], "write --cross-mounts"),
    ]

    private static let ofPlace: [RsyncOption] = [
        refused(
            [
                "compress", "compress-choice", "compress-level", "zc", "zl", "skip-compress",
                "rsh", "rsync-path", "remote-option", "blocking-io", "protocol", "timeout",
                "contimeout", "port", "address", "sockopts", "ipv4", "ipv6", "daemon",
                "password-file", "secluded-args", "protect-args", "old-args", "trust-sender",
            ],
            "zesM46",
            "both volumes are of this machine, and nothing goes over a network"
        ),
        refused(
            ["write-batch", "only-write-batch", "read-batch"],
            "a pass copies from SOURCE to DESTINATION, not to or from a batch file"
        ),
        refused(
            ["log-file", "log-file-format", "out-format"],
            "--json FILE writes the events of a pass, --failures FILE what failed"
        ),
        refused(["list-only"], "-n -i prints what a pass would do"),
        refused(["itemize-changes"], "write -i or --itemize"),
        refused(["mkpath"], "DESTINATION is made when missing, one level; mount it first"),
    ]
}

extension RsyncOption {
    private static func refused(_ names: [String], _ refusal: String) -> RsyncOption {
        refused(names, "", refusal)
    }
}
