// Who can still write to SOURCE: asked by the last pass, after which nobody may.
//
// What decides is the filesystem, not the mount that SOURCE was named by: while its super block is read-write, a bind
// mount, another mount namespace or a lazily unmounted place may write, seen or not. Once it is read-only nobody can,
// whatever this process sees; and the kernel makes it so only when no file is open for writing. Mounts and processes are
// looked for to be named to who has to stop them.
//
// But after an error the kernel asks nobody (`errors=remount-ro` of ext4): what programs wrote last is then in memory alone,
// and what is on the disk is not what they have. Such a filesystem is known by files that are still open for writing.
//
// That holds for filesystems on a block device of this machine. What a server, a process or another filesystem gives
// (NFS, FUSE, overlay) may change though it is read-only here.

package import LinuxIO

extension SourceUse {
    /// Looks at SOURCE as it is mounted now, and at who has it open for writing; opens no file of it.
    ///
    /// `crossesMounts`: filesystems below it are copied too, and have to be read-only as well.
    package static func look(
        at name: Name,
        crossesMounts: Bool
    ) throws(Refusal) -> SourceUse {
        let root = try OpenRoot(.source, name)
        let path = root.path ?? Array(name.bytes)
        let mount: ListedMount?
        do throws(SystemError) { mount = try MountTable.mount(of: root.descriptor) } catch {
            throw .cannotExamine(.source, error)
        }
        // A mount that the table does not have may be anything.
        guard let mount else { return SourceUse(path: path, isReadOnly: false) }
        var use = SourceUse(path: path, isReadOnly: mount.isFilesystemReadOnly)
        if use.isReadOnly {
            do throws(SystemError) {
                let text =
                    crossesMounts ? try ProcessTable.mountTable(of: ProcessLimits.process) : []
                let table = MountTable.mounts(in: text)
                use.findDoubt(
                    mount,
                    below: crossesMounts ? root.path : nil,
                    crossesMounts: crossesMounts,
                    table
                )
                if use.doubt != nil { return use }
                let below = crossesMounts ? Self.mounts(below: path, table).map(\.device) : []
                // Where no process can be looked at the kernel's own word stands.
                try? use.findWriters(devices: Set([mount.device] + below))
                use.doubtWriters()
            } catch {
                throw .cannotExamine(.source, error)
            }
            return use
        }
        do throws(SystemError) { try use.findWriters(devices: [mount.device]) } catch {
            // Nothing is known of any process then, and that is what is told.
            use.mayHideProcesses = true
        }
        return use
    }

    /// Types whose `ro` is believed: they lie on a block device, which this machine has.
    private static let localTypes: Set<String> = [
        "xfs", "ext2", "ext3", "ext4", "btrfs", "f2fs", "jfs", "reiserfs", "nilfs2", "bcachefs",
        "vfat", "exfat", "ntfs3", "hfsplus", "udf", "iso9660", "squashfs", "erofs",
    ]

    /// Whether nobody at all can write to a filesystem.
    private static func isStill(_ mount: ListedMount) -> Bool {
        mount.isFilesystemReadOnly && localTypes.contains(mount.type)
    }

    /// Notes why a SOURCE that is read-only here may be written to all the same.
    ///
    /// - Parameters:
    ///   - mount: SOURCE's.
    ///   - path: where it is; nil: not known, so nothing below it can be asked.
    ///   - crossesMounts: what is mounted below it is copied too.
    ///   - table: all mounts that this process sees.
    package mutating func findDoubt(
        _ mount: ListedMount,
        below path: [UInt8]?,
        crossesMounts: Bool,
        _ table: [ListedMount]
    ) {
        if !Self.localTypes.contains(mount.type) { return doubt = .elsewhere(type: mount.type) }
        if !crossesMounts { return }
        guard let path else { return doubt = .below }
        mounts = Self.mounts(below: path, table).filter { !Self.isStill($0) }.map {
            Mount(path: $0.entry.mountPoint, process: nil)
        }
        if !mounts.isEmpty { doubt = .below }
    }

    /// Whoever has files open for writing where it is read-only was left there by an error.
    package mutating func doubtWriters() {
        if isReadOnly, !writers.isEmpty { doubt = .writersLeft }
    }

    private static func mounts(below path: [UInt8], _ table: [ListedMount]) -> [ListedMount] {
        let beginning = path.last == 0x2F ? path : path + [0x2F]
        return table.filter { other in
            let place = other.entry.mountPoint
            return place.starts(with: beginning) && place != beginning
        }
    }

    private mutating func findWriters(devices: Set<UInt64>) throws(SystemError) {
        let processes = try ProcessTable.numbers()
        mayHideProcesses = !ProcessTable.showsAll()
        let numbers = findMounts(devices: devices, processes)
        for process in processes where process != ProcessLimits.process {
            do throws(SystemError) {
                let files = try ProcessTable.descriptorsForWriting(of: process) {
                    numbers.contains($0)
                }
                let mappings = try ProcessTable.mappingsForWriting(of: process).filter {
                    $0.device.map(devices.contains) == true
                }
                guard let file = (files + mappings).first else { continue }
                let name = ProcessTable.name(of: process)
                writers.append(Writer(process: process, name: name, path: file.path))
            } catch {
                if !Self.hasEnded(error) { unseen += 1 }
            }
        }
    }

    /// The numbers of all mounts of the filesystems that are seen; those that take writes are noted.
    private mutating func findMounts(devices: Set<UInt64>, _ processes: [Int32]) -> Set<UInt64> {
        var namespaces: Set<[UInt8]> = []
        var numbers: Set<UInt64> = []
        let own = ProcessLimits.process
        for process in [own] + processes.filter({ $0 != own }) {
            do throws(SystemError) {
                let namespace = try ProcessTable.mountNamespace(of: process)
                guard namespaces.insert(namespace).inserted else { continue }
                let table = try ProcessTable.mountTable(of: process)
                for mount in MountTable.mounts(in: table) where devices.contains(mount.device) {
                    numbers.insert(mount.number)
                    guard mount.isWritable else { continue }
                    let other = process == own ? nil : process
                    mounts.append(Mount(path: mount.entry.mountPoint, process: other))
                }
            } catch {
                // Of a process that may not be looked at its descriptors cannot be read either: it is counted there.
                continue
            }
        }
        return numbers
    }

    private static func hasEnded(_ error: SystemError) -> Bool {
        error.code == .noEntry || error.code == .noProcess
    }
}
