// Sentences for findings about entries of SOURCE, and about what was tried out on DESTINATION.

import LinuxIO
import Migration

extension FindingText {
    var supportMessage: String {
        let concerned = entries(finding.notable.total)
        let hasEntries = finding.notable.total > 0
        switch finding.matter {
        case .fileSize(let limit):
            let most =
                limit.map { "files of up to \(Quantity.size($0)) fit" } ?? "files of any size fit"
            return hasEntries
                ? "\(concerned) of SOURCE are larger than \(limit.map(Quantity.size) ?? "that")"
                : most
        case .directories(let limit, let isKnown): return directories(limit, isKnown)
        case .links(let limit, let support): return links(limit, support)
        case .attributeSizes(let support, let unmeasured):
            return attributeSizes(support, unmeasured)
        case .accessControl(let support, let asked, let isMountedWithout):
            let why = isMountedWithout ? ": it is mounted with noacl" : Self.reason(support)
            return Self.answer(support, "ACLs", why)
                + Self.asked(asked, "attributes or ACLs", support)
        case .attributes(let user, let trusted, let security, let asked):
            return attributes(
                [("user", user), ("trusted", trusted), ("security", security)],
                asked
            )
        case .times(let times): return Self.times(times, finding.notable.total)
        case .names(let support):
            return support == .yes
                ? "names of 255 bytes are taken"
                : "names of 255 bytes are refused" + Self.reason(support)
        case .types(let symlinks, let devices, let fifos):
            return Self.types([("symlinks", symlinks), ("devices", devices), ("FIFOs", fifos)])
        case .holes(let support):
            switch support {
            case .yes: return "holes take no space"
            case .no: return "holes take space: files grow to their full size"
            case .untried: return "holes were not tried out"
            }
        case .flags(let support, let asked):
            return Self.answer(support, "inode flags i, a, d, S, A", Self.reason(support))
                + Self.asked(asked, "some", support)
        case .projects(let support, let asked):
            return Self.answer(support, "project ids", Self.reason(support))
                + Self.asked(asked, "one", support)
        case .extents(let realtime, let directAccess, let sizes):
            return Self.extents(realtime, directAccess, sizes)
        case .entries(let reason): return Self.notLookedAt(reason)
        case .unread(let count): return "\(entries(count)) of SOURCE could not be examined"
        case .leftOut(let leftOut): return LeftOutText.clause(leftOut)
        default: return ""
        }
    }

    var supportAdvice: String? {
        switch finding.matter {
        case .fileSize:
            "No ext4 with blocks of 4 KiB holds more than 16 TiB in a file: split these, or take another filesystem."
        case .directories:
            "mkfs.ext4 -O large_dir, below; on an unmounted DESTINATION tune2fs -O large_dir."
        case .links: "A pass makes a second copy for the names beyond that, and says so."
        case .attributeSizes:
            "mkfs.ext4 -O ea_inode, below; on an unmounted DESTINATION tune2fs -O ea_inode. Else these attributes fail."
        case .accessControl(_, _, let isMountedWithout):
            isMountedWithout
                ? "mount -o remount,acl. Else each entry with an ACL fails."
                : "Each entry with an ACL will fail: take another filesystem, or copy with --no-acls."
        case .attributes:
            "mount -o remount,user_xattr, or take another filesystem. Else each entry with such an attribute fails."
        case .times: "mkfs.ext4 -I 256, below, keeps nanoseconds and years to 2446."
        case .names: "Shorten such names on SOURCE, or take another filesystem."
        case .types: "Take another filesystem, or copy with --no-devices and --no-specials."
        case .holes:
            "Compare sizes and not blocks with DESTINATION's room, or take another filesystem."
        case .flags: "Nothing, unless you rely on them (chattr(1))."
        case .projects: "mkfs.ext4 -O project,quota, below. Else ids and their limits are lost."
        case .extents: "Nothing: contents are copied, these settings are not."
        case .entries(.notRoot): "Run as root, or with --deep, which walks SOURCE."
        case .entries: "--deep walks SOURCE and looks at each."
        case .leftOut: LeftOutText.advice
        case .unread:
            "Run as root; as root, see dmesg and run xfs_repair -n on the unmounted volume."
        default: nil
        }
    }

    // MARK: Entries

    private func directories(_ limit: UInt64?, _ isKnown: Bool) -> String {
        guard let limit else { return "a directory holds any number of entries" }
        let most = Quantity.size(limit)
        let unsure =
            isKnown ? "" : " (its superblock cannot be read, so large_dir is taken for missing)"
        if finding.notable.total == 0 {
            return
                "the largest directory fits; without large_dir \(most) of names are sure to\(unsure)"
        }
        let count = Quantity.count(finding.notable.total, "directory", "directories")
        return
            "\(count) may be too large for ext4 without large_dir, which holds \(most) of names for sure\(unsure)"
    }

    private func links(_ limit: UInt32?, _ support: Support) -> String {
        if case .no(let code) = support {
            return "DESTINATION takes no hard links: \(code.sentence) (\(code.name))"
        }
        let most = limit.map { Quantity.count(UInt64($0)) }
        guard finding.notable.total > 0 else {
            return most.map { "one file can have \($0) names" } ?? "hard links are taken"
        }
        let count = Quantity.count(finding.notable.total, "file has", "files have")
        return "\(count) more than the \(most ?? "few") names that DESTINATION allows"
    }

    private func attributeSizes(_ support: Support, _ unmeasured: UInt64) -> String {
        if support == .yes { return "an attribute of 8 KiB is taken" }
        let small = "attributes of 8 KiB are refused (no ea_inode)"
        if finding.notable.total > 0 {
            return "\(small); those of \(entries(finding.notable.total)) do not fit"
        }
        if unmeasured > 0 {
            return "\(small); those of \(entries(unmeasured)) were not measured"
        }
        return finding.severity == .ok
            ? "\(small); all that SOURCE has fit" : "\(small); whether SOURCE's fit is not known"
    }

    private func attributes(_ rows: [(String, Support)], _ asked: UInt64?) -> String {
        let refused = rows.filter(\.1.isRefused)
        let taken = rows.filter { $0.1 == .yes }.map(\.0)
        guard let first = refused.first else {
            return taken.isEmpty
                ? "attributes were not tried out"
                : "attributes of \(taken.joined(separator: ", ")) are taken"
        }
        let names = refused.map(\.0).joined(separator: ", ")
        return "attributes of \(names) are refused" + Self.reason(first.1)
            + Self.asked(asked, "attributes or ACLs", first.1)
    }

    private static func notLookedAt(_ reason: Finding.NotLookedAt) -> String {
        let why =
            switch reason {
            case .notXFS: "SOURCE is no XFS"
            case .notRoot: "you are not root"
            case .part: "SOURCE is a part of its filesystem"
            case .mountsUnread:
                "whether SOURCE is a whole filesystem could not be read (/proc/self/mountinfo)"
            case .scanFailed: "the scan of SOURCE's inodes failed"
            }
        return "sizes, names and attributes of single entries are not known: \(why)"
    }

    // MARK: Features

    static func reason(_ support: Support) -> String {
        if case .no(let code) = support { return ": \(code.sentence) (\(code.name))" }
        return ""
    }

    private static func answer(_ support: Support, _ what: String, _ why: String) -> String {
        switch support {
        case .yes: "\(what) are taken"
        case .no: "\(what) are refused\(why)"
        case .untried: "\(what) were not tried out"
        }
    }

    /// How many entries of SOURCE need what is refused.
    private static func asked(_ count: UInt64?, _ what: String, _ support: Support) -> String {
        guard case .no = support, let count else { return "" }
        if count == 0 { return "; no entry of SOURCE has any" }
        return "; up to \(Quantity.count(count, "entry", "entries")) of SOURCE have \(what)"
    }

    private static func times(_ times: TimeStorage?, _ far: UInt64) -> String {
        guard let times else {
            return "how exactly DESTINATION stores times could not be tried out"
        }
        let step =
            switch times.stepNanoseconds {
            case 1: "nanoseconds"
            case 1_000_000_000: "whole seconds only"
            default: "steps of \(Quantity.count(UInt64(times.stepNanoseconds))) ns"
            }
        let range =
            times.latestSeconds == .max
            ? "any year"
            : "the years \(year(times.earliestSeconds)) to \(year(times.latestSeconds))"
        let text = "times are kept in \(step), for \(range)"
        return far == 0
            ? text : text + "; \(Quantity.count(far, "entry has", "entries have")) another"
    }

    /// The year of a moment, by the mean year of the Gregorian calendar: right but for hours around New Year.
    static func year(_ seconds: Int64) -> Int64 {
        1970 + Int64((Double(seconds) / 31_556_952).rounded(.down))
    }

    private static func types(_ rows: [(String, Support)]) -> String {
        let refused = rows.filter(\.1.isRefused)
        let taken = rows.filter { $0.1 == .yes }.map(\.0)
        guard let first = refused.first else {
            return taken.isEmpty
                ? "symlinks, devices, FIFOs were not tried out"
                : "\(taken.joined(separator: ", ")) are taken"
        }
        return "\(refused.map(\.0).joined(separator: ", ")) are refused" + reason(first.1)
    }

    private static func extents(
        _ realtime: UInt64,
        _ directAccess: UInt64,
        _ sizes: UInt64
    ) -> String {
        let parts = [
            (realtime, "lie on the realtime device"), (directAccess, "ask for DAX"),
            (sizes, "have an extent size"),
        ]
        let texts = parts.filter { $0.0 > 0 }.map { "\(Quantity.count($0.0)) \($0.1)" }
        return "of SOURCE's files " + texts.joined(separator: ", ") + ", which ext4 has not"
    }
}
