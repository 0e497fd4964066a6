// Inode flags (chattr(1)) and project ids of what can be opened: carried where both filesystems have them. Flags that
// freeze an entry are set last, and taken off before an update.

import LinuxIO

/// What a new entry may have got from its directory on DESTINATION without being asked (S25).
package struct Inherited: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// An ACL, from a default ACL.
    package static let accessControl = Inherited(rawValue: 1 << 0)
    /// A project id, from a directory that passes its own on.
    package static let project = Inherited(rawValue: 1 << 1)
    /// Flags, from a directory that has some of those that are passed on.
    package static let flags = Inherited(rawValue: 1 << 2)

    /// What an open file or directory shows of it.
    static let settings: Inherited = [.project, .flags]
}

/// What is told of DESTINATION as a whole by who changes attributes there.
protocol DestinationLog: Sendable {
    /// Something is about to be changed, be it an attribute.
    func noteChangeOfDestination()
    /// Says something, once.
    func say(_ notice: Notice)
}

/// Keeps two workers from taking flags off one inode, and putting them back, at the same time.
final class FrozenInodes: Sendable {
    let lock = Lock<Void>(())
}

/// Carries flags and project ids.
///
/// Used by any thread.
struct SettingsCarrier: Sendable {
    private let log: any DestinationLog
    private let isRoot: Bool
    private let frozenInodes: FrozenInodes

    init(log: any DestinationLog, isRoot: Bool, frozenInodes: FrozenInodes) {
        self.log = log
        self.isRoot = isRoot
        self.frozenInodes = frozenInodes
    }

    // MARK: Carrying

    /// Carries project id and flags of an open file or directory; what fails is reported.
    ///
    /// `without`: flags that stay as they are. Returns whether anything was changed. Project ids that DESTINATION does
    /// not hold are said once.
    @discardableResult
    func carry(
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        without: InodeFlags,
        inherited: Inherited,
        _ report: some StepReporting
    ) -> Bool {
        let wanted: InodeSettings
        do throws(SystemError) {
            guard let found = try InodeSettings(of: source) else { return false }
            wanted = found
        } catch {
            report.fail(.readAttributes, .source, error)
            return false
        }
        return carry(wanted, to: target, without: without, inherited: inherited, report)
    }

    /// The same of what was read already.
    @discardableResult
    func carry(
        _ wanted: InodeSettings,
        to target: borrowing Descriptor,
        without: InodeFlags,
        inherited: Inherited,
        _ report: some StepReporting
    ) -> Bool {
        let flags = wanted.flags.subtracting(without)
        // Most entries have none, and what was just made has none either unless it inherits.
        if flags.isEmpty, wanted.project == 0, inherited.isDisjoint(with: .settings) {
            return false
        }
        do throws(SystemError) {
            return try apply(wanted, flags, without, to: target)
        } catch {
            report.failWrite(.setFlags, error)
            return false
        }
    }

    private func apply(
        _ wanted: InodeSettings,
        _ flags: InodeFlags,
        _ without: InodeFlags,
        to target: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        guard let current = try InodeSettings(of: target) else {
            if !flags.isEmpty { log.say(.flagsNotKept) }
            return false
        }
        var settings = current
        settings.flags = flags.union(current.flags.intersection(without))
        settings.project = wanted.project
        if settings == current { return false }
        log.noteChangeOfDestination()
        do throws(SystemError) {
            try settings.apply(to: target)
            return true
        } catch {
            guard error.code == .notSupported || error.code == .invalid else { throw error }
        }
        // ext4 without `-O project` refuses the id; the flags are worth a second try.
        log.say(.projectsNotKept)
        settings.project = current.project
        settings.flags.remove(.projectInherit)
        if settings == current { return false }
        try settings.apply(to: target)
        return true
    }

    /// The same for handles of regular files.
    func carryHandles(
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        _ report: some StepReporting
    ) {
        var side = Failure.Side.source
        do throws(SystemError) {
            let openSource = try source.reopenForReading()
            side = .destination
            let openTarget = try target.reopenForReading()
            carry(from: openSource, to: openTarget, without: [], inherited: .project, report)
        } catch {
            if side == .source {
                report.fail(.setFlags, .source, error)
            } else {
                report.failWrite(.setFlags, error)
            }
        }
    }

    // MARK: Flags that freeze

    /// Sets the flags that freeze, on a file that has just been published under `name`.
    func freeze(
        _ name: NamePointer,
        in target: borrowing Descriptor,
        as status: FileStatus,
        _ report: some StepReporting
    ) {
        let flags = status.visibleFlags.intersection(.frozen)
        guard !flags.isEmpty, isRoot else { return }
        do throws(SystemError) {
            let handle = try target.openHandle(name)
            guard try handle.status().kind == .regular else { throw SystemError(.open, .stale) }
            try setFrozenFlags(flags, of: handle)
        } catch {
            report.failWrite(.setFlags, error)
        }
    }

    /// Makes the flags that freeze a regular file or a directory exactly these.
    func setFrozenFlags(_ flags: InodeFlags, of handle: borrowing Descriptor) throws(SystemError) {
        let opened = try handle.reopenForReading()
        guard var settings = try InodeSettings(of: opened) else {
            if !flags.isEmpty { log.say(.flagsNotKept) }
            return
        }
        settings.flags = settings.flags.subtracting(.frozen).union(flags)
        log.noteChangeOfDestination()
        try settings.apply(to: opened)
    }

    /// Takes those flags from a directory that is open.
    func thaw(_ directory: borrowing Descriptor, _ before: FileStatus) throws(SystemError) {
        if before.visibleFlags.isDisjoint(with: .frozen) { return }
        try setFrozenFlags([], of: directory)
    }

    /// Does what needs an inode without those flags: they are taken off for it, and set again by `refreeze`.
    ///
    /// No other worker has taken flags off an inode meanwhile.
    func whileThawed(
        _ handle: borrowing Descriptor,
        refreeze: () -> Void,
        _ body: () throws(SystemError) -> Void
    ) throws(SystemError) {
        try frozenInodes.lock.withLock { _ throws(SystemError) in
            try setFrozenFlags([], of: handle)
            defer { refreeze() }
            try body()
        }
    }

    /// Does what an immutable or append-only file of DESTINATION refuses for its flags: replacing or removing one of its
    /// names.
    ///
    /// Without them first; where that is refused and the file is frozen, it is thawed for the call. It gets its flags
    /// back when the call fails (S16), and when it lives on under another name. `isThawing`: the caller is in
    /// `whileThawed`.
    func withoutFlags(
        of name: NamePointer,
        _ target: borrowing Descriptor,
        isThawing: Bool,
        _ body: () throws(SystemError) -> Void
    ) throws(SystemError) {
        do throws(SystemError) {
            try body()
            return
        } catch {
            guard error.code == .notPermitted else { throw error }
            let handle = try target.openHandle(name)
            guard try handle.status().kind == .regular else { throw error }
            if isThawing {
                try withoutFlags(of: handle, body)
            } else {
                try frozenInodes.lock.withLock { _ throws(SystemError) in
                    try withoutFlags(of: handle, body)
                }
            }
        }
    }

    /// The same under the lock: what thaws inodes holds it, so the flags are those that are to stay.
    private func withoutFlags(
        of handle: borrowing Descriptor,
        _ body: () throws(SystemError) -> Void
    ) throws(SystemError) {
        let flags = try handle.status().visibleFlags.intersection(.frozen)
        // Thawed by another worker when it was refused, or refused for another reason.
        if flags.isEmpty { return try body() }
        try setFrozenFlags([], of: handle)
        do throws(SystemError) { try body() } catch {
            try setFrozenFlags(flags, of: handle)
            throw error
        }
        if try handle.status().linkCount > 0 { try setFrozenFlags(flags, of: handle) }
    }
}
