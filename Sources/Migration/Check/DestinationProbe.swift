// What DESTINATION can hold, tried out and not guessed: on a file without a name (O_TMPFILE), and on a few names
// in its root that are removed again. The names are those of a pass's temporary files, none is a directory: what
// a killed check leaves, the next pass removes (S13).
//
// What is kept true: nothing but these names is touched; the root's time of modification is put back (its time of
// change nobody can set). What it does not promise: that what was taken once is taken for every entry.

package import LinuxIO

/// What came of trying one thing.
package enum Support: Sendable, Equatable {
    case yes
    /// With the error of the call.
    case no(ErrorCode)
    /// Nothing was tried: not root, or what is needed for it was refused.
    case untried

    package var isRefused: Bool { if case .no = self { true } else { false } }
}

/// What was found.
package struct ProbeResult: Sendable, Equatable {
    package var accessControl = Support.untried
    package var userAttributes = Support.untried
    package var trustedAttributes = Support.untried
    package var securityAttributes = Support.untried
    /// One attribute of 8 KiB, twice what ext4 holds without `ea_inode`.
    package var largeAttributes = Support.untried
    /// A name of 255 bytes.
    package var longNames = Support.untried
    package var hardLinks = Support.untried
    package var symlinks = Support.untried
    package var devices = Support.untried
    package var fifos = Support.untried
    /// Space that was not written takes none.
    package var holes = Support.untried
    /// Immutable, append-only, no-dump, no-atime, sync.
    package var flags = Support.untried
    package var projects = Support.untried
    package var times: TimeStorage?
    /// The largest size of a file; nil: any.
    package var fileBytesMax: UInt64?

    package init() {}
}

/// One probe.
struct DestinationProbe: ~Copyable {
    static let largeAttributeBytes = 8_192
    static let nameBytes = 255

    private let root: SharedDescriptor
    private let isRoot: Bool
    private let names = TemporaryNames()

    init(of root: SharedDescriptor, isRoot: Bool) {
        self.root = root
        self.isRoot = isRoot
    }

    /// Tries everything; throws what keeps it from trying at all.
    func run() throws(SystemError) -> ProbeResult {
        let before = try root.descriptor.status()
        // Others than its owner could not put back the time of the root: then no name is made in it.
        let mayName = isRoot || before.owner == ProcessLimits.effectiveUser
        var result = ProbeResult()
        result.longNames = tried { () throws(SystemError) in try lookUpLongName() }
        result.times = TimeStorage.probed(in: root.descriptor)
        let error = withFile { file, name throws(SystemError) in
            try self.tryFile(file, &result)
            guard mayName else { return }
            result.hardLinks = self.tried { () throws(SystemError) in
                try self.link(file, isNamed: name != nil)
            }
        }
        if mayName { tryNames(&result) }
        // What cannot be asked now is put back all the same.
        if (try? root.descriptor.status())?.modified != before.modified {
            try root.descriptor.setModified(before.modified)
        }
        if let error { throw error }
        return result
    }

    /// What can be known without a write.
    func look(_ facts: DestinationFacts) -> ProbeResult {
        var result = ProbeResult()
        result.longNames = tried { () throws(SystemError) in try lookUpLongName() }
        if let superblock = facts.superblock {
            result.largeAttributes = superblock.hasLargeAttributes ? .yes : .no(.noSpace)
            result.projects = superblock.hasProjects ? .yes : .no(.notSupported)
        }
        // What cannot be asked stays unknown.
        if let status = try? root.descriptor.status() {
            result.times = .inferred(
                type: facts.typeName,
                root: status,
                hasBigTimes: (try? XFSGeometry(of: root.descriptor))?.hasBigTimes
            )
        }
        return result
    }

    private func tried(_ body: () throws(SystemError) -> Void) -> Support {
        do throws(SystemError) {
            try body()
            return .yes
        } catch {
            return .no(error.code)
        }
    }

    // MARK: The file

    /// Lends a file that is gone afterwards: without a name where DESTINATION can, else under a temporary one.
    private func withFile(
        _ body: (borrowing Descriptor, Name?) throws(SystemError) -> Void
    ) -> SystemError? {
        do throws(SystemError) {
            let file: Descriptor
            do throws(SystemError) { file = try root.descriptor.createUnnamedFile() } catch {
                guard error.code == .notSupported || error.code == .isDirectory else { throw error }
                let name = names.next()
                let named = try root.descriptor.createFile(name, mode: 0o600)
                let problem = Self.problem { () throws(SystemError) in try body(named, name) }
                try remove(name)
                if let problem { throw problem }
                return nil
            }
            try body(file, nil)
            return nil
        } catch {
            return error
        }
    }

    private static func problem(_ body: () throws(SystemError) -> Void) -> SystemError? {
        do throws(SystemError) { try body() } catch { return error }
        return nil
    }

    private func tryFile(
        _ file: borrowing Descriptor,
        _ result: inout ProbeResult
    ) throws(SystemError) {
        result.accessControl = set("system.posix_acl_access", Self.someAccessControl, of: file)
        result.userAttributes = set("user.cutover", Array("probe".utf8), of: file)
        if isRoot {
            result.trustedAttributes = set("trusted.cutover", Array("probe".utf8), of: file)
            result.securityAttributes = set("security.cutover", Array("probe".utf8), of: file)
        }
        if result.userAttributes == .yes {
            let value = [UInt8](repeating: 0x78, count: Self.largeAttributeBytes)
            result.largeAttributes = set("user.cutover.large", value, of: file)
        }
        result.holes = try tryHole(file)
        result.fileBytesMax = try sizeMax(of: file)
        try trySettings(file, &result)
    }

    private func set(
        _ name: String,
        _ value: [UInt8],
        of file: borrowing Descriptor
    ) -> Support {
        do throws(SystemError) {
            try Name(name).withPointer { pointer throws(SystemError) in
                try file.setAttribute(pointer, value)
            }
            return .yes
        } catch {
            return .no(error.code)
        }
    }

    /// An ACL that a mode cannot say, as the kernel takes it (struct posix_acl_xattr_header): libacl would look
    /// up a user's name, and here it is only about whether it is taken.
    private static let someAccessControl: [UInt8] = {
        func entry(_ tag: UInt8, _ permissions: UInt8, _ id: [UInt8]) -> [UInt8] {
            [tag, 0, permissions, 0] + id
        }
        let nobody: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
        let root: [UInt8] = [0, 0, 0, 0]
        // Owner, the user 0, group, mask, others.
        return [2, 0, 0, 0] + entry(0x01, 6, nobody) + entry(0x02, 4, root)
            + entry(0x04, 0, nobody) + entry(0x10, 4, nobody) + entry(0x20, 0, nobody)
    }()

    /// One byte 4 MiB behind the start of the file.
    private func tryHole(_ file: borrowing Descriptor) throws(SystemError) -> Support {
        let distance: UInt64 = 4 << 20
        do throws(SystemError) {
            let byte: [UInt8] = [1]
            let result = Result { () throws(SystemError) in
                try byte.withUnsafeBufferPointer { bytes throws(SystemError) in
                    try file.write(UnsafeRawBufferPointer(bytes), at: distance)
                }
            }
            try result.get()
        } catch {
            // A full DESTINATION says nothing of holes.
            return error.code == .noSpace || error.code == .quotaExceeded
                ? .untried : .no(error.code)
        }
        let holds = try file.status().allocatedBytes
        try file.truncate(to: 0)
        return holds < distance / 2 ? .yes : .no(.notSupported)
    }

    /// The largest size that the file takes, found by halving; nil when it takes every one.
    private func sizeMax(of file: borrowing Descriptor) throws(SystemError) -> UInt64? {
        var least: UInt64 = 0
        var most = UInt64(Int64.max)
        if try takes(most, file) {
            try file.truncate(to: 0)
            return nil
        }
        while most - least > 1 {
            let middle = least + (most - least) / 2
            if try takes(middle, file) { least = middle } else { most = middle }
        }
        try file.truncate(to: 0)
        return least
    }

    private func takes(_ size: UInt64, _ file: borrowing Descriptor) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try file.truncate(to: size)
            return true
        } catch {
            // EINVAL and EOVERFLOW for sizes that no call of this filesystem can name.
            if error.code == .fileTooLarge || error.code == .invalid { return false }
            throw error
        }
    }

    private func trySettings(
        _ file: borrowing Descriptor,
        _ result: inout ProbeResult
    ) throws(SystemError) {
        guard let before = try InodeSettings(of: file) else {
            result.flags = .no(.notSupportedByDevice)
            result.projects = .no(.notSupportedByDevice)
            return
        }
        guard isRoot else { return }
        var settings = before
        settings.project = 1
        result.projects = tried { () throws(SystemError) in try settings.apply(to: file) }
        settings = before
        settings.flags = .carried
        result.flags = tried { () throws(SystemError) in try settings.apply(to: file) }
        // Immutable it would get no name.
        try before.apply(to: file)
    }

    // MARK: Names

    /// A name of 255 bytes is looked up: ENAMETOOLONG tells as well as making it would.
    private func lookUpLongName() throws(SystemError) {
        let name = Name([UInt8](repeating: 0x78, count: Self.nameBytes))
        try name.withPointer { pointer throws(SystemError) in
            // Whether it is there is of no interest.
            _ = try root.descriptor.status(of: pointer)
        }
    }

    /// A first and a second name for the file.
    private func link(_ file: borrowing Descriptor, isNamed: Bool) throws(SystemError) {
        let count = isNamed ? 1 : 2
        var made: [Name] = []
        var problem: SystemError?
        for _ in 0..<count where problem == nil {
            let name = names.next()
            do throws(SystemError) {
                try name.withPointer { pointer throws(SystemError) in
                    try root.descriptor.makeLink(pointer, to: file)
                }
                made.append(name)
            } catch {
                problem = error
            }
        }
        for name in made {
            do throws(SystemError) { try remove(name) } catch { problem = problem ?? error }
        }
        if let problem { throw problem }
    }

    private func tryNames(_ result: inout ProbeResult) {
        result.symlinks = make { pointer throws(SystemError) in
            try Name("target").withPointer { target throws(SystemError) in
                try self.root.descriptor.makeSymlink(pointer, target: target)
            }
        }
        result.fifos = make { pointer throws(SystemError) in
            try self.special(pointer, .fifo)
        }
        guard isRoot else { return }
        result.devices = make { pointer throws(SystemError) in
            try self.special(pointer, .characterDevice)
        }
    }

    /// /dev/null's numbers, and nobody may open it.
    private func special(_ name: NamePointer, _ kind: EntryKind) throws(SystemError) {
        let isDevice = kind.isDevice
        try root.descriptor.makeSpecial(
            name,
            kind: kind,
            mode: 0,
            major: isDevice ? 1 : 0,
            minor: isDevice ? 3 : 0
        )
    }

    /// Makes something under a temporary name and removes it.
    private func make(_ body: (NamePointer) throws(SystemError) -> Void) -> Support {
        tried { () throws(SystemError) in
            let name = names.next()
            try name.withPointer { pointer throws(SystemError) in try body(pointer) }
            try remove(name)
        }
    }

    /// Tried twice: what stays would be an entry of DESTINATION that SOURCE lacks.
    private func remove(_ name: Name) throws(SystemError) {
        try name.withPointer { pointer throws(SystemError) in
            do throws(SystemError) { try root.descriptor.removeFile(pointer) } catch {
                try root.descriptor.removeFile(pointer)
            }
        }
    }
}
