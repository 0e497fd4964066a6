// What names of several shards are linked to.

import LinuxIO

/// Finds inodes of DESTINATION by names that shards told of.
///
/// Belongs to one worker.
struct GroupLeaders {
    private let volumes: PassVolumes
    private let table: GroupTable
    private var chain: PathChain<SharedDescriptor>
    private var last: (inode: UInt64, handle: SharedDescriptor)?

    init(_ context: PassContext, _ table: GroupTable, _ destination: SharedDescriptor) {
        volumes = context.volumes
        self.table = table
        chain = PathChain(root: destination)
    }

    /// A handle on inode `wanted` of a group; nil: no name that was told of has it any more.
    mutating func handle(
        on wanted: UInt64,
        of index: Int
    ) throws(SystemError) -> SharedDescriptor? {
        if let last, last.inode == wanted { return last.handle }
        for part in table.groups[index].parts where part.destinations.contains(wanted) {
            for path in part.paths {
                guard let found = try entry(path), found.status.inode == wanted else { continue }
                last = (wanted, found.handle)
                return found.handle
            }
        }
        return nil
    }

    /// What has a path below DESTINATION; nil: nothing of its filesystem.
    private mutating func entry(_ path: [UInt8]) throws(SystemError) -> OpenedDirectory? {
        let (parent, name) = LinkJob.split(path)
        do throws(SystemError) {
            let directory = try chain.open(parent) { name, above throws(SystemError) in
                SharedDescriptor(try above.descriptor.openDirectory(name))
            }
            let handle = SharedDescriptor(try directory.descriptor.openHandle(Name(name)))
            let status = try handle.descriptor.status()
            return volumes.isForeignDestination(status)
                ? nil : OpenedDirectory(handle: handle, status: status)
        } catch {
            switch error.code {
            case .noEntry, .notDirectory, .symlinkLoop, .crossDevice: return nil
            default: throw error
            }
        }
    }
}
