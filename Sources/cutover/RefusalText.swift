// Why a pass did not start, and what to do: one line each.

import LinuxIO
import Migration

/// The sentence for a refusal, and the path that belongs before it.
struct RefusalText {
    let reason: String
    let path: [UInt8]?

    init(_ refusal: Refusal) {
        switch refusal {
        case .cannotOpen(let side, let path, let error):
            self.path = path
            reason = "cannot open \(Self.name(side)): \(error.code.sentence); nothing was touched"
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
                "\(Self.name(inner)) lies inside \(Self.name(outer)); name two volumes beside each other"
        case .emptySource:
            path = nil
            reason =
                "SOURCE is empty and --delete was given: is it mounted? "
                + "--allow-empty-source deletes everything at DESTINATION"
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
                "/etc/xattr.conf is missing, which says what attributes not to copy; "
                + "install libattr1, or give --no-xattrs"
        case .cannotExamine(let side, let error):
            path = nil
            reason =
                "cannot examine \(Self.name(side)): \(error.code.sentence) (\(error.operation.rawValue))"
        case .destinationBusy:
            path = nil
            reason = "another pass writes to DESTINATION; wait for its end, or stop it"
        case .stateOnDestination(let folder):
            path = folder
            reason =
                "the state would lie on DESTINATION, where --delete takes it; "
                + "--state names another folder"
        case .stateBusy:
            path = nil
            reason = "another pass on these two volumes is running; wait for its end, or stop it"
        case .tooFewDescriptors(let limit):
            path = nil
            reason =
                "only \(limit) descriptors are allowed; raise the limit with 'ulimit -n 1024' or more"
        }
    }

    private static func name(_ side: Failure.Side) -> String {
        switch side {
        case .source: "SOURCE"
        case .destination: "DESTINATION"
        }
    }
}
