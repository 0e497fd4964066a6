// Directories of DESTINATION that are about to change: made ready for it, and made where they are missing.

import LinuxIO

/// Makes directories of DESTINATION ready for changes.
///
/// Belongs to one worker.
final class DirectoryChanges {
    private let context: PassContext
    private let settings: SettingsCarrier

    init(_ context: PassContext, _ settings: SettingsCarrier) {
        self.context = context
        self.settings = settings
    }

    /// To be called before anything is made, renamed or removed in a directory of DESTINATION.
    ///
    /// Its times are to be set again (S23), and what would stop the change is taken off until then: flags that
    /// freeze it, and for others than root a mode that forbids writing. What new entries inherit from it is known
    /// from then on (S25). A directory that is to go itself keeps its flags, and what is in it stays (S46); its mode
    /// it does not keep (S67).
    func prepare(_ node: PassDirectory, _ open: OpenDirectory) throws(SystemError) {
        if node.state.wasChanged { return }
        context.volumes.noteChangeOfDestination()
        let before = node.state.facts.withLock { $0.destination }
        if let before, let destination = open.destination, lendsWriting(before) {
            try destination.descriptor.setMode(before.mode | 0o700)
        }
        if node.state.purpose == .pair, let before, let destination = open.destination {
            try settings.thaw(destination.descriptor, before)
            let inherited = try Self.inherited(from: destination.descriptor)
            node.state.facts.withLock { $0.inherited = inherited }
        }
        node.state.noteChange()
    }

    /// Whether others than root have to give themselves the right to write to a directory of their own.
    func lendsWriting(_ before: FileStatus) -> Bool {
        !context.plan.isRoot && before.mode & 0o300 != 0o300
            && before.owner == ProcessLimits.effectiveUser
    }

    /// What is made in a directory of DESTINATION gets from it (S25).
    static func inherited(from directory: borrowing Descriptor) throws(SystemError) -> Inherited {
        var inherited: Inherited = []
        if try directory.hasDefaultAccessControl() { inherited.insert(.accessControl) }
        if ProcessLimits.isRoot, let settings = try InodeSettings(of: directory) {
            if settings.flags.contains(.projectInherit) { inherited.insert(.project) }
            if !settings.flags.isDisjoint(with: .passedOn) { inherited.insert(.flags) }
        }
        return inherited
    }

    /// Makes a directory as 0700; it gets its attributes after its contents (S23).
    ///
    /// What is opened under the name is checked to be what was made: the owner of the directory above could
    /// have put another in its place, which must not get contents, owner and mode. Its status is from before an inherited
    /// ACL was taken off.
    func makeDirectory(
        _ name: Name,
        in parent: borrowing Descriptor,
        inherited: Inherited
    ) throws(SystemError) -> OpenedDirectory {
        try name.withPointer { name throws(SystemError) in
            try parent.makeDirectory(name, mode: 0o700)
        }
        let descriptor = try parent.openDirectory(name)
        let status = try descriptor.status()
        guard status.owner == ProcessLimits.effectiveUser, status.mode & 0o077 == 0 else {
            throw SystemError(.open, .stale)
        }
        if inherited.contains(.accessControl) {
            // S25: what is made in it from now on must not inherit what it inherited itself.
            for kind in AccessControlKind.allCases {
                try descriptor.removeAccessControl(kind)
            }
            // A default ACL can also have taken from the owner's own bits.
            try descriptor.setMode(0o700)
        }
        return OpenedDirectory(handle: SharedDescriptor(descriptor), status: status)
    }
}
