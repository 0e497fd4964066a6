// Why a pass did not start, and what to do: one line each.

import LinuxIO
import Migration
import Reporting

/// The sentence for a refusal, and the path that belongs before it.
struct RefusalText {
    let reason: String
    let path: [UInt8]?

    init(_ refusal: Refusal) {
        switch refusal {
        case .cannotOpen(let side, let path, let error):
            self.path = path
            reason = Self.cannotOpen(side, path, error)
        case .notDirectory(let side, let path):
            self.path = path
            reason = "\(Self.name(side)) is not a directory; name the mount points of two volumes"
        case .cannotCreate(let path, let error):
            self.path = path
            reason = "cannot make DESTINATION: \(error.code.sentence); make or mount it first"
        case .sameDirectory:
            path = nil
            reason = "SOURCE and DESTINATION are the same directory; name two volumes"
        case .nested(let inner):
            path = nil
            let outer: Failure.Side = inner == .source ? .destination : .source
            reason =
                "\(Self.name(inner)) lies inside \(Self.name(outer)); name two separate volumes"
                + (inner == .destination
                    ? " (another filesystem may be mounted inside SOURCE, without --cross-mounts)"
                    : "")
        case .emptySource, .wrongRoots, .quotasNotCarried, .optionsUnknown, .sizesAlone,
            .sourceWritable, .planOfOtherRoot, .noSuchShard, .planBusy, .shardsNotDone:
            (reason, path) = (Self.notMeant(refusal), nil)
        case .noSuchBranch(let name):
            path = name
            reason = "neither SOURCE nor DESTINATION has this top-level entry (--branch)"
        case .noDescriptorPaths:
            path = nil
            reason =
                "/proc is not mounted, and cutover needs /proc/self/fd; mount it: mount -t proc proc /proc"
        case .noAttributeRules:
            path = nil
            reason =
                "/etc/xattr.conf is missing, which lists the attributes that are not copied; "
                + "install libattr1 (sync --no-xattrs does not need it)"
        case .cannotSee(let hidden):
            (reason, path) = (HiddenText.sentence(hidden), nil)
        case .cannotExamine(let side, let error):
            path = nil
            reason =
                "cannot examine \(Self.name(side)): \(error.code.sentence) (\(error.operation.rawValue))"
        case .destinationBusy(let busy):
            (reason, path) = ("another pass writes to DESTINATION" + Self.told(busy), nil)
        case .stateOnDestination(let folder): (reason, path) = (Self.onDestination, folder)
        case .stateUnusable(let folder, let problem):
            (reason, path) = (Self.noRecord(problem), folder)
        case .stateBusy(let busy):
            (reason, path) = ("another pass on these two volumes is running" + Self.told(busy), nil)
        case .destinationMissing, .destinationReadOnly, .tooLittleSpace, .tooFewInodes:
            (reason, path) = Self.unfit(refusal)
        case .badManifest(let name, let refusal):
            path = name
            reason = Self.reason(refusal) + "; nothing of DESTINATION was read"
        case .badPlan(let name, let problem):
            (reason, path) = (PlanText.sentence(problem), name)
        case .reportInUse(let option, let name):
            path = name
            reason = "another run writes this file; name another one for \(option)"
        case .planUnusable(let file, let problem): (reason, path) = (problem, file)
        case .tooFewThreads:
            (reason, path) = (Self.threads, nil)
        case .tooFewDescriptors(let limit):
            path = nil
            reason =
                "only \(limit) descriptors are allowed; raise the limit with 'ulimit -n 1024' or more"
        }
    }

    private static let onDestination =
        "the state would lie on DESTINATION, where --delete would remove it; --state names another folder"

    private static func noRecord(_ problem: String) -> String {
        "the record of passes cannot be kept: \(problem); without it each pass would walk, and nothing could be "
            + "foreseen. --state names another folder"
    }

    private static func cannotOpen(
        _ side: Failure.Side,
        _ path: [UInt8],
        _ error: SystemError
    ) -> String {
        "cannot open \(name(side)): \(error.code.sentence); "
            + (error.code == .noEntry && namesHost(path)
                ? "cutover copies within one host: mount what HOST:PATH names, or use rsync"
                : "nothing was touched")
    }

    /// Whether a path is written as rsync writes one of another host.
    private static func namesHost(_ path: [UInt8]) -> Bool {
        guard let colon = path.firstIndex(of: 0x3A), colon > 0 else { return false }
        return !path[..<colon].contains(0x2F)
    }

    /// Something says that other roots are meant, or cannot be had as it was meant.
    private static func notMeant(_ refusal: Refusal) -> String {
        switch refusal {
        case .emptySource(let isDeleting):
            "SOURCE is empty: is it mounted? If it is meant: --allow-empty-source"
                + (isDeleting ? ", which deletes everything at DESTINATION" : "")
        case .wrongRoots(let wrong, let isDeclared):
            WrongRootsText.sentence(wrong, isDeclared: isDeclared)
        case .quotasNotCarried(let obstacle): QuotaText.refusal(obstacle)
        case .optionsUnknown(let why): FinalRefusalText.sentence(why)
        case .sizesAlone(let pass): FinalRefusalText.sizesAlone(pass)
        case .sourceWritable(let use): FinalRefusalText.sentence(use)
        default: PlannedText.refusal(refusal)
        }
    }

    /// Which pass it is, which process and since when, and what to do.
    private static func told(_ busy: BusyPass?) -> String {
        guard let busy else { return "; wait for its end, or stop it" }
        let holder = busy.holder
        let name = String(
            decoding: ShownName(isForTerminal: true).escaped(Array(holder.name.utf8)),
            as: UTF8.self
        )
        var text = busy.running.map { ": pass \($0.pass), process" } ?? ": process"
        text += " \(holder.process)" + (busy.running == nil && !name.isEmpty ? " (\(name))" : "")
        if let start = busy.running?.startNanoseconds ?? holder.startNanoseconds {
            let time = CalendarTime(local: start)
            text += ", since \(time.date) \(time.seconds)"
        }
        return text + "; wait for its end, or stop it (kill \(holder.process))"
    }

    private static let threads =
        "not even the threads of one worker can be started; raise pids.max of the cgroup, "
        + "'ulimit -u' or 'ulimit -v'; nothing was touched"

    /// DESTINATION as it is cannot take what SOURCE holds.
    private static func unfit(_ refusal: Refusal) -> (reason: String, path: [UInt8]?) {
        let ending = "'cutover check' shows more, --no-check starts anyway"
        switch refusal {
        case .destinationMissing(let path):
            return (
                "DESTINATION does not exist; make and mount it first (check makes nothing)", path
            )
        case .destinationReadOnly:
            return (
                "DESTINATION is read-only; mount -o remount,rw if it is the right volume; "
                    + ending, nil
            )
        case .tooLittleSpace(let needed, let room, let isEmpty):
            let what = "SOURCE's files hold at least \(Quantity.size(needed)) and DESTINATION has "
            let has = isEmpty ? "\(Quantity.size(room)) free" : "\(Quantity.size(room)) in all"
            return (
                what + has + "; make it larger; if much is zeros or was never written, it may fit: "
                    + ending, nil
            )
        case .tooFewInodes(let needed, let room, let isEmpty):
            let what = "SOURCE uses at least \(Quantity.count(needed)) inodes and DESTINATION has "
            let has = isEmpty ? "\(Quantity.count(room)) free" : "\(Quantity.count(room)) in all"
            return (what + has + "; make it anew with mkfs.ext4 -N; " + ending, nil)
        default: return ("", nil)
        }
    }

    private static func reason(_ refusal: ManifestRefusal) -> String {
        switch refusal {
        case .cannotOpen(let error): "cannot open the manifest: \(error.code.sentence)"
        case .cannotRead(let error): "cannot read the manifest: \(error.code.sentence)"
        case .notAFile: "a manifest is read twice and must be a regular file"
        case .empty: "the manifest is empty"
        case .cutOff: "the manifest is cut off: its end is missing"
        case .lineTooLong(let number): "line \(number) is too long for a line of sha256sum"
        case .badLine(let number, let problem): "line \(number) \(Self.reason(problem))"
        }
    }

    private static func reason(_ problem: ManifestProblem) -> String {
        switch problem {
        case .notALine: "is not a line of sha256sum (64 hexadecimal digits, two blanks, a name)"
        case .badEscape: "has a backslash that is not followed by a backslash, n or r"
        case .emptyName: "names nothing"
        case .absolute: "names an absolute path, which may lie outside of DESTINATION"
        case .leavesRoot: "names a path with '..', which may lead out of DESTINATION"
        case .holdsNUL: "holds a NUL byte, which no name can"
        case .nameTooLong: "has a name of more than 255 bytes"
        case .notAFile: "names a directory (a slash at its end)"
        }
    }

    private static func name(_ side: Failure.Side) -> String {
        switch side {
        case .source: "SOURCE"
        case .destination: "DESTINATION"
        }
    }
}
