// What is asked of both roots before a pass: where their filesystems end, and whether their names can be told.

import LinuxIO

extension Roots {
    static func boundary(_ status: FileStatus?, _ volume: VolumeStatus) -> MountBoundary? {
        status.map { MountBoundary(root: $0, volume: volume) }
    }

    /// S63: names that cannot be told are not copied, and not deleted.
    static func checkNames(
        in source: SharedDescriptor,
        _ destination: SharedDescriptor?
    ) throws(Refusal) {
        for (side, root) in [(Failure.Side.source, source), (.destination, destination)] {
            guard let root else { continue }
            do throws(SystemError) {
                try root.descriptor.checkNames(try root.descriptor.status())
            } catch {
                throw .cannotExamine(side, error)
            }
        }
    }
}
