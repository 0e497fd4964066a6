// The folder of a plan, on a filesystem that all hosts see: made for a plan that does not exist yet, read by all who
// carry it out.
//
// It keeps true: plan.json is there whole, on its disk, or not at all, and is never replaced by another one.

package import LinuxIO

/// A folder that a plan is about to be written to.
package struct NewPlanFolder: Sendable {
    private let path: Name
    private let folder: SharedDescriptor
    /// It was made now, and goes again where there will be no plan.
    private let isMade: Bool

    /// Makes the folder, one level; one that is there must be empty.
    ///
    /// `place`: where the plan's roots are, on which it must not lie. Found out before there is anything to be lost: that
    /// it can be written to as well.
    package init(_ path: Name, _ place: ReportPlace) throws(Refusal) {
        let bytes = Array(path.bytes)
        if let side = place.side(of: path) { throw .badPlan(path: bytes, .onVolume(side)) }
        let made: (SharedDescriptor, isMade: Bool)
        do throws(PlanProblem) { made = try Self.open(path) } catch {
            throw .badPlan(path: bytes, error)
        }
        self.path = path
        (folder, isMade) = made
        do throws(SystemError) { try tryOut() } catch {
            giveUp()
            throw .badPlan(path: bytes, .unwritable(error))
        }
    }

    private static func open(_ path: Name) throws(PlanProblem) -> (SharedDescriptor, isMade: Bool) {
        do throws(SystemError) {
            return (SharedDescriptor(try Descriptor.makeRoot(path)), true)
        } catch {
            if error.code != .exists { throw .unwritable(error) }
        }
        return (try openEmpty(path), false)
    }

    private static func openEmpty(_ path: Name) throws(PlanProblem) -> SharedDescriptor {
        let opened: SharedDescriptor
        let names: Listing
        do throws(SystemError) {
            opened = SharedDescriptor(try Descriptor.openRoot(path))
            names = try Listing(of: try opened.descriptor.openDirectory(Name(".")))
        } catch {
            if error.code == .notDirectory { throw .notEmpty }
            throw .unwritable(error)
        }
        if (0..<names.count).contains(where: { names.name($0) == PlanFolder.planName }) {
            throw .exists
        }
        if names.count > 0 { throw .notEmpty }
        return opened
    }

    /// Writes some bytes and takes them away again: a listing may take an hour.
    private func tryOut() throws(SystemError) {
        let name = Name(".cutover-tried")
        let file = try folder.descriptor.createFile(name, mode: 0o600)
        let bytes = [UInt8](repeating: 0x20, count: 4_096)
        var failed: SystemError?
        do throws(SystemError) {
            try bytes.withUnsafeBufferPointer { buffer throws(SystemError) in
                try file.write(UnsafeRawBufferPointer(buffer), at: 0)
            }
            try file.synchronize()
        } catch {
            failed = error
        }
        try name.withPointer { pointer throws(SystemError) in
            try folder.descriptor.removeFile(pointer)
        }
        if let failed { throw failed }
    }

    /// Writes the plan, so that a power cut does not take it; where that fails the folder is as it was.
    package func write(_ plan: TreePlan) throws(Refusal) {
        do throws(SystemError) {
            var contents = try ReplacementFile(PlanFolder.file(of: path)).open()
            try contents.write(plan.fileContents)
            try contents.publish()
        } catch {
            giveUp()
            throw .badPlan(path: Array(path.bytes), .unwritable(error))
        }
    }

    /// There will be no plan: a folder that was made for it goes again.
    package func giveUp() {
        guard isMade else { return }
        do throws(SystemError) {
            var bytes = Array(path.bytes)
            while bytes.last == 0x2F { bytes.removeLast() }
            let name = Name(bytes[(bytes.lastIndex(of: 0x2F).map { $0 + 1 } ?? 0)...])
            let parent = try OutputPlace.directory(of: bytes)
            let mine = try folder.descriptor.status().identity
            try name.withPointer { pointer throws(SystemError) in
                guard try parent.status(of: pointer)?.identity == mine else { return }
                try parent.removeDirectory(pointer)
            }
        } catch {
            // An empty folder that stays is taken by the next plan.
        }
    }
}

/// The folder of a plan that was written.
package enum PlanFolder {
    static let planName = Name("plan.json")

    static func file(of folder: Name) -> Name {
        Name(Array(folder.bytes) + Array("/plan.json".utf8))
    }

    /// The folder as the kernel shows it, for who begins elsewhere; nil where it does not.
    package static func absolutePath(_ path: Name) -> [UInt8]? {
        try? Descriptor.openRoot(path).path()
    }

    /// The plan in a folder that a person named.
    package static func read(_ path: Name) throws(PlanProblem) -> TreePlan {
        try TreePlan(reading: try contents(path))
    }

    private static func contents(_ path: Name) throws(PlanProblem) -> [UInt8] {
        do throws(SystemError) {
            let folder = try Descriptor.openRoot(path)
            return try planName.withPointer { pointer throws(SystemError) -> [UInt8] in
                guard let file = try folder.openRegularFile(pointer, isDirect: false) else {
                    throw SystemError(.open, .invalid)
                }
                guard file.status.sizeBytes <= UInt64(TreePlan.fileBytesMax) else {
                    throw SystemError(.read, .fileTooLarge)
                }
                return try all(of: file.reader, count: Int(file.status.sizeBytes))
            }
        } catch {
            switch error.code {
            case .noEntry, .notDirectory: throw .missing
            case .invalid, .fileTooLarge: throw .foreign
            default: throw .unreadable(error)
            }
        }
    }

    private static func all(
        of file: borrowing Descriptor,
        count: Int
    ) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let read = try bytes.withUnsafeMutableBufferPointer { buffer throws(SystemError) in
                try file.read(
                    into: UnsafeMutableRawBufferPointer(
                        UnsafeMutableBufferPointer(rebasing: buffer[filled...])
                    ),
                    at: UInt64(filled)
                )
            }
            if read == 0 { break }
            filled += read
        }
        return Array(bytes[..<filled])
    }
}
