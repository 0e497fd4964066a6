// Sentences and advice for failures: every row of the table, by what it tells a person to do.

import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite struct FailureTextTests {
    /// One failure and words of the advice that it must get.
    struct Row: Sendable, CustomTestStringConvertible {
        var code: String
        var side: Failure.Side
        var activity: Failure.Activity
        var call: SystemError.Operation
        var advice: String

        init(
            _ code: String,
            _ side: Failure.Side,
            _ activity: Failure.Activity,
            _ call: SystemError.Operation,
            _ advice: String
        ) {
            self.code = code
            self.side = side
            self.activity = activity
            self.call = call
            self.advice = advice
        }

        var testDescription: String { "\(code), \(activity.rawValue), \(side.rawValue)" }
    }

    static let rows: [Row] = [
        // SOURCE
        Row("EIO", .source, .read, .read, "Restore this file from a backup"),
        Row("ENXIO", .source, .read, .read, "Restore this file from a backup"),
        Row("ENODATA", .source, .read, .read, "--salvage"),
        Row("EILSEQ", .source, .read, .read, "--salvage"),
        Row("EREMOTEIO", .source, .read, .read, "--salvage"),
        Row("ETIMEDOUT", .source, .read, .read, "--salvage"),
        Row("EREMOTEIO", .destination, .read, .read, "Do not switch to it"),
        Row("EIO", .source, .list, .getdents64, "nothing was deleted in this directory"),
        Row("EIO", .source, .examine, .statx, "xfs_repair -n"),
        Row("EUCLEAN", .source, .examine, .statx, "run xfs_repair"),
        Row("EACCES", .source, .open, .open, "Run as root"),
        Row("EPERM", .source, .open, .open, "a security module or a container's limits"),
        Row("ENOENT", .source, .open, .open, "It changed while"),
        Row("ENOTDIR", .source, .list, .open, "It changed while"),
        Row("ELOOP", .source, .open, .open, "It changed while"),
        Row("EINVAL", .source, .list, .getdents64, "returned invalid names"),
        Row("E2BIG", .source, .readAttributes, .listxattr, "setfattr -x"),
        Row("ERANGE", .source, .readAttributes, .getxattr, "setfattr -x"),
        Row("ERANGE", .source, .readAccessControl, .getACL, "setfattr -x"),
        // Attributes on DESTINATION
        Row("ENOSPC", .destination, .setAttribute, .setxattr, "mkfs.ext4 -O ea_inode"),
        Row("ENOSPC", .destination, .setAccessControl, .setACL, "mkfs.ext4 -O ea_inode"),
        Row("E2BIG", .destination, .setAttribute, .setxattr, "no attribute of this size"),
        Row("ERANGE", .destination, .setAttribute, .setxattr, "no attribute of this size"),
        Row("ENOTSUP", .destination, .setAccessControl, .setACL, "--no-acls"),
        Row("EINVAL", .destination, .setAccessControl, .setACL, "--no-acls"),
        Row("ENOTSUP", .destination, .setAttribute, .setxattr, "--no-xattrs"),
        Row("EINVAL", .destination, .setAttribute, .setxattr, "--no-xattrs"),
        Row("ENOTSUP", .destination, .setFlags, .setFlags, "chattr(1)"),
        Row("ENOTTY", .destination, .setFlags, .setFlags, "chattr(1)"),
        Row("EINVAL", .destination, .setFlags, .setFlags, "chattr(1)"),
        Row("EPERM", .destination, .setAttribute, .setxattr, "trusted.*, security.*"),
        Row("EACCES", .destination, .setAccessControl, .setACL, "trusted.*, security.*"),
        Row("EPERM", .destination, .setOwner, .chown, "--no-owner"),
        Row("EPERM", .destination, .setTimes, .utimensat, "immutable"),
        Row("EACCES", .destination, .setMode, .chmod, "Run as root"),
        Row("EPERM", .destination, .setFlags, .setFlags, "CAP_LINUX_IMMUTABLE"),
        Row("EINVAL", .destination, .setOwner, .chown, "ids outside the mount's mapping"),
        Row("EOVERFLOW", .destination, .setTimes, .utimensat, "after 2038"),
        // DESTINATION
        Row("ENOSPC", .destination, .write, .write, "df -i on both sides"),
        Row("ENOSPC", .destination, .create, .open, "tune2fs -O large_dir"),
        Row("EDQUOT", .destination, .write, .write, "repquota"),
        Row("EROFS", .destination, .create, .open, "remount,rw"),
        Row("EIO", .destination, .write, .write, "Do not switch to it"),
        Row("ENXIO", .destination, .write, .write, "Do not switch to it"),
        Row("EUCLEAN", .destination, .makeDirectory, .mkdir, "e2fsck -f"),
        Row("EIO", .destination, .synchronize, .syncfs, "smartctl"),
        Row("EPERM", .destination, .remove, .unlink, "chattr -ia"),
        Row("EPERM", .destination, .remove, .unlink, "swapoff"),
        Row("ETXTBSY", .destination, .write, .open, "swapoff"),
        Row("EPERM", .destination, .publish, .rename, "lsattr"),
        Row("EACCES", .destination, .create, .open, "may write there"),
        Row("EFBIG", .destination, .write, .write, "16 TiB"),
        Row("ENAMETOOLONG", .destination, .create, .open, "255 bytes"),
        Row("EMLINK", .destination, .makeDirectory, .mkdir, "dir_nlink"),
        Row("EMLINK", .destination, .link, .link, "65,000 names"),
        Row("ENOTEMPTY", .destination, .remove, .rmdir, "Stop other writers"),
        Row("EEXIST", .destination, .create, .open, "Stop other writers"),
        Row("EBUSY", .destination, .remove, .rmdir, "mount point"),
        Row("ETXTBSY", .destination, .write, .open, "before the cutover"),
        Row("ENOENT", .destination, .publish, .rename, "changed DESTINATION during the pass"),
        Row("ENOTDIR", .destination, .open, .open, "changed DESTINATION during the pass"),
        Row("EISDIR", .destination, .publish, .rename, "changed DESTINATION during the pass"),
        Row("ELOOP", .destination, .open, .open, "changed DESTINATION during the pass"),
        Row("ENOTSUP", .destination, .makeSpecial, .mknod, "--no-devices"),
        Row("EINVAL", .destination, .makeSpecial, .mknod, "--no-specials"),
        Row("EINVAL", .destination, .create, .open, "refuses this name"),
        Row("EXDEV", .destination, .publish, .rename, "project quota"),
        // Both
        Row("EMFILE", .source, .open, .open, "ulimit -n"),
        Row("EMFILE", .destination, .create, .open, "ulimit -n"),
        Row("ENFILE", .source, .open, .open, "fs.file-max"),
        Row("ENOMEM", .destination, .write, .write, "lower --workers"),
        Row("ESTALE", .source, .read, .read, "network filesystem"),
        Row("ESTALE", .destination, .write, .write, "network filesystem"),
        Row("ENOTSUP", .destination, .setOwner, .chown, "mount options"),
        Row("ENOSYS", .source, .examine, .statx, "kernel cannot do that"),
        Row("EINVAL", .source, .read, .read, "refuses a value"),
        Row("EOVERFLOW", .source, .examine, .statx, "refuses a value"),
        Row("EBUSY", .source, .open, .open, "in use by another program"),
        Row("ETXTBSY", .source, .open, .open, "in use by another program"),
        Row("EAGAIN", .source, .read, .read, "in use by another program"),
        Row("ENODATA", .source, .readAttributes, .getxattr, "It changed while"),
        // An errno that has no row.
        Row("ENAMETOOLONG", .source, .open, .open, "dmesg"),
    ]

    @Test("S66: of a long ACL or name people are shown 200 characters, programs all")
    func longDetails() throws {
        let text = (0..<5_000).map { "u:\($0):rw-" }.joined(separator: ",")
        let failure = Failure(
            path: Array("file".utf8),
            side: .destination,
            activity: .setAccessControl,
            error: SystemError(.setACL, .noSpace),
            detail: text
        )
        let sentence = FailureText(failure)
        let line = sentence.line(ShownName(isForTerminal: true))
        #expect(line.contains(text.prefix(197) + "...)"))
        #expect(!line.contains(text.prefix(198)))
        #expect(sentence.message.contains(text))
        let json = try JSON(parsing: EventJSON.line(.failed(failure), time: 0).object)
        #expect(json.text("detail") == text)
        // Marks that stand on one character are cut all the same.
        var marked = failure
        marked.detail = "a" + String(repeating: "\u{301}", count: 10_000)
        #expect(FailureText(marked).shortMessage.unicodeScalars.count < 350)
    }

    @Test("S50: a newline in the name of an attribute begins no line of ours") func newline() {
        var failure = failure("file", .destination, .setAttribute, .setxattr, "ENOSPC")
        failure.detail = "user.a\ncutover: done in 1.0 s, status 0\r\nb, 5 bytes"
        for shown in [ShownName(isForTerminal: true), ShownName(isForTerminal: false)] {
            let line = FailureText(failure).line(shown)
            #expect(!line.contains { $0.isNewline }, "\(line)")
            #expect(line.contains("user.a\\#012cutover: done"), "\(line)")
        }
    }

    @Test("S54: a mode that lost bits, and what could not be seen, say which capability it takes")
    func capabilities() {
        let mode = Failure(path: [], side: .destination, activity: .setMode, detail: "set to 2755")
        #expect(FailureText(mode).advice.contains("CAP_FSETID"))
        let hidden = Failure(
            path: [],
            side: .source,
            activity: .readAttributes,
            detail: "trusted.*"
        )
        for run in [FailureText.Run.pass, .verification] {
            #expect(FailureText(hidden, in: run).advice.contains("--xattrs user,security"))
        }
    }

    @Test("every row of the table: what a person is told to do", arguments: rows)
    func advice(row: Row) {
        let failure = failure("a", row.side, row.activity, row.call, row.code)
        let text = FailureText(failure)
        #expect(text.advice.contains(row.advice), "\(text.advice)")
        #expect(text.advice.hasSuffix(".") && text.advice.count < 260)
        #expect(text.message.hasPrefix("cannot "))
        #expect(text.message.hasSuffix("(\(row.code))"), "\(text.message)")
        #expect(text.message.contains(row.side == .source ? "SOURCE" : "DESTINATION"))
    }

    static let verificationRows: [Row] = [
        Row("EIO", .source, .read, .read, "restore it from a backup"),
        Row("EUCLEAN", .source, .list, .getdents64, "restore it from a backup"),
        Row("EIO", .destination, .read, .read, "Do not switch to it"),
        Row("EACCES", .source, .open, .open, "Run as root"),
        Row("EPERM", .destination, .readAttributes, .getxattr, "Run as root"),
        Row("ENOENT", .destination, .open, .open, "It changed while"),
        Row("EMFILE", .source, .open, .open, "ulimit -n"),
        Row("ENOMEM", .source, .read, .read, "lower --workers"),
        Row("ESTALE", .source, .read, .read, "network filesystem"),
        // An errno that has no row.
        Row("EINVAL", .source, .read, .read, "It was not compared"),
    ]

    @Test(
        "what verify could not read: nothing is said of copies, or of another pass",
        arguments: verificationRows
    )
    func verificationAdvice(row: Row) {
        let failure = failure("a", row.side, row.activity, row.call, row.code)
        let advice = FailureText(failure, in: .verification).advice
        #expect(advice.contains(row.advice), "\(advice)")
        #expect(advice.hasSuffix(".") && advice.count < 260)
        #expect(!advice.contains(" pass") && !advice.contains("copied"), "\(advice)")
    }

    @Test("the sentence for people, with path, bytes and detail (S16, S35, S26)")
    func lines() {
        let shown = ShownName(isForTerminal: true, isUTF8: true)
        let unreadable = FailureText(failure("home/x\n", bytes: 4096..<8192))
        #expect(
            unreadable.line(shown).hasPrefix(
                "home/x\\#012: cannot read bytes 4096-8191 of SOURCE: Input/output error (EIO). SOURCE's disk"
            )
        )
        let attribute = failure(
            "a",
            .destination,
            .setAttribute,
            .setxattr,
            "ENOSPC",
            detail: "user.\u{1B}big, 5000 bytes"
        )
        #expect(
            FailureText(attribute).message
                == "cannot set an extended attribute on DESTINATION (user.\u{1B}big, 5000 bytes): "
                + "No space left on device (ENOSPC)"
        )
        #expect(FailureText(attribute).line(shown).contains("(user.\\#033big, 5000 bytes)"))
        let typeChange = Failure(
            path: [],
            side: .destination,
            activity: .replaceType,
            detail: "directory by regular file"
        )
        #expect(
            FailureText(typeChange).line(shown)
                == ".: cannot replace it by an entry of another type on DESTINATION "
                + "(directory by regular file). A directory is replaced by another type only with --delete. "
                + "Or move it away by hand."
        )
    }

    @Test(
        "S18: ENOSPC of a directory at its limit says so first, and how to lift it; of data, the project"
    )
    func limits() {
        var full = failure("d/name", .destination, .create, .open, "ENOSPC")
        #expect(FailureText(full).advice.hasPrefix("DESTINATION is full"))
        full.volumeHasRoom = true
        let advice = FailureText(full).advice
        #expect(advice.hasPrefix("DESTINATION has room: the directory is at ext4's limit."))
        #expect(advice.contains("tune2fs -O large_dir"))
        full.activity = .write
        #expect(
            FailureText(full).advice.hasPrefix("DESTINATION has room: a project is at its limit")
        )
    }

    @Test("every activity has a phrase of its own")
    func phrases() {
        let activities: [Failure.Activity] = [
            .examine, .list, .open, .read, .write, .create, .publish, .remove, .link, .synchronize,
            .makeDirectory, .makeSymlink, .makeSpecial, .readAttributes, .readAccessControl,
            .setOwner,
            .setMode, .setTimes, .setAttribute, .setAccessControl, .setFlags, .replaceType, .enter,
        ]
        let phrases = activities.map {
            FailureText(Failure(path: [], side: .destination, activity: $0)).message
        }
        #expect(Set(phrases).count == activities.count)
    }
}
