// Opening a directory below another: on the same filesystem, with names that can be told.

package import LinuxIO

/// A directory that is open, and what it is.
package struct OpenedDirectory: Sendable {
    package let handle: SharedDescriptor
    package let status: FileStatus
}

/// Why a directory was not entered.
enum NotEntered: Error {
    /// Another filesystem begins at it (S4, S46).
    case crossing(MountBoundary.Crossing)
    /// It could not be opened or examined.
    case failed(SystemError)
}

extension MountBoundary {
    /// Opens the directory `name` in another.
    ///
    /// What is mounted on it is seen by the open directory itself, also when it was mounted since the listing.
    func enter(
        _ name: Name,
        in parent: borrowing Descriptor
    ) throws(NotEntered) -> OpenedDirectory {
        let opened: OpenedDirectory
        do throws(SystemError) {
            let descriptor = try openDirectory(name, in: parent)
            let status = try descriptor.status()
            opened = OpenedDirectory(handle: SharedDescriptor(descriptor), status: status)
        } catch {
            throw error.code == .crossDevice ? .crossing(.mount) : .failed(error)
        }
        if let crossing = crossing(at: opened.status) { throw .crossing(crossing) }
        do throws(SystemError) { try opened.handle.descriptor.checkNames(opened.status) } catch {
            throw .failed(error)
        }
        return opened
    }

    /// Whether a listed name is a directory's.
    ///
    /// XFS made without ftype lists all as unknown (DT_UNKNOWN), and is asked. One that is gone is none.
    func isDirectory(
        _ index: Int,
        of listing: Listing,
        in directory: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        if let isDirectory = listing.records[index].isDirectory { return isDirectory }
        return try status(of: listing.namePointer(index), in: directory)?.kind == .directory
    }
}
