// On which side a report would lie. SOURCE is never written to, and on DESTINATION a report is an extra, which
// `--delete` takes and `verify` finds.

package import LinuxIO

/// The two volumes, by the names that they were given, before anything is opened to be written.
package struct ReportPlace: Sendable {
    private let source: Name?
    private let destination: Name?
    private let crossesMounts: Bool

    package init(source: Name?, destination: Name?, crossesMounts: Bool = false) {
        self.source = source
        self.destination = destination
        self.crossesMounts = crossesMounts
    }

    /// The side in which the file `report` lies or would lie, by whatever name it is reached.
    package func side(of report: Name) -> Failure.Side? {
        if holds(report, source) { return .source }
        if holds(report, destination) { return .destination }
        // A DESTINATION that is not there yet would be a file.
        if let destination, Self.trimmed(destination) == Self.trimmed(report) {
            return .destination
        }
        return nil
    }

    private func holds(_ report: Name, _ root: Name?) -> Bool {
        guard let root else { return false }
        do throws(SystemError) {
            return try lies(
                try OutputPlace.handle(report),
                in: try OutputPlace.handle(Name(Array(root.bytes) + Array("/.".utf8)))
            )
        } catch {
            // What cannot be found out is no reason to refuse: opening the one or the other tells what is wrong.
            return false
        }
    }

    private func lies(
        _ place: borrowing Descriptor,
        in root: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        let status = try place.status()
        switch status.kind {
        case .directory: return try isInside(place, root)
        case .regular:
            // By the file too: it may be mounted alone somewhere else.
            let directory = try OutputPlace.directory(of: try place.path())
            if try isInside(directory, root) { return true }
            return try isBelowPath(place, root)
        // What is written to a device, FIFO or socket goes to no volume.
        default: return false
        }
    }

    /// Whether a directory is the root or below it, on the same filesystem unless others are crossed into.
    private func isInside(
        _ directory: borrowing Descriptor,
        _ root: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        let status = try directory.status()
        let wanted = try root.status()
        if status.identity == wanted.identity { return true }
        guard crossesMounts || status.device == wanted.device else { return false }
        if try isBelowPath(directory, root) { return true }
        var last = status
        var current = try directory.openHandle(Name(".."))
        while true {
            let status = try current.status()
            if status.identity == wanted.identity { return true }
            // The parent of `/` is `/` itself.
            if status.identity == last.identity, status.mount == last.mount { return false }
            last = status
            current = try current.openHandle(Name(".."))
        }
    }

    /// The same by the paths inside one filesystem, which tell where it lies when that is mounted in several places.
    private func isBelowPath(
        _ place: borrowing Descriptor,
        _ root: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        guard try place.status().device == root.status().device,
            let inner = try MountTable.pathInFilesystem(of: place),
            let outer = try MountTable.pathInFilesystem(of: root)
        else { return false }
        return inner == outer || inner.starts(with: outer + [0x2F])
    }

    private static func trimmed(_ path: Name) -> [UInt8] {
        var bytes = Array(path.bytes)
        while bytes.count > 1, bytes.last == 0x2F { bytes.removeLast() }
        return bytes
    }
}
