// Who can still write to SOURCE: asked by the last pass, after which nobody may.
//
// What decides is the filesystem, not the mount that SOURCE was named by: while its super block is read-write, a bind
// mount, another mount namespace or a lazily unmounted place may write, seen or not. Once it is read-only nobody can,
// whatever this process sees; and the kernel makes it so only when no file is open for writing. Mounts and processes are
// looked for only to be named to who has to stop them.

package import LinuxIO

extension SourceUse {
    /// Looks at SOURCE as it is mounted now, and where it can be written to at who does; opens no file of it.
    package static func look(at name: Name) throws(Refusal) -> SourceUse {
        let root = try OpenRoot(.source, name)
        let path = root.path ?? Array(name.bytes)
        let mount: ListedMount?
        do throws(SystemError) { mount = try MountTable.mount(of: root.descriptor) } catch {
            throw .cannotExamine(.source, error)
        }
        // A mount that the table does not have may be anything.
        guard let mount else { return SourceUse(path: path, isReadOnly: false) }
        var use = SourceUse(path: path, isReadOnly: mount.isFilesystemReadOnly)
        if use.isReadOnly { return use }
        do throws(SystemError) { try use.findWriters(device: mount.device) } catch {
            // Nothing is known of any process then, and that is what is told.
            use.mayHideProcesses = true
        }
        return use
    }

    private mutating func findWriters(device: UInt64) throws(SystemError) {
        let processes = try ProcessTable.numbers()
        mayHideProcesses = !ProcessTable.showsAll()
        let numbers = findMounts(device: device, processes)
        for process in processes where process != ProcessLimits.process {
            do throws(SystemError) {
                let files = try ProcessTable.descriptorsForWriting(of: process) {
                    numbers.contains($0)
                }
                let mappings = try ProcessTable.mappingsForWriting(of: process).filter {
                    $0.device == device
                }
                guard let file = (files + mappings).first else { continue }
                let name = ProcessTable.name(of: process)
                writers.append(Writer(process: process, name: name, path: file.path))
            } catch {
                if !Self.hasEnded(error) { unseen += 1 }
            }
        }
    }

    /// The numbers of all mounts of the filesystem that are seen; those that take writes are noted.
    private mutating func findMounts(device: UInt64, _ processes: [Int32]) -> Set<UInt64> {
        var namespaces: Set<[UInt8]> = []
        var numbers: Set<UInt64> = []
        let own = ProcessLimits.process
        for process in [own] + processes.filter({ $0 != own }) {
            do throws(SystemError) {
                let namespace = try ProcessTable.mountNamespace(of: process)
                guard namespaces.insert(namespace).inserted else { continue }
                let table = try ProcessTable.mountTable(of: process)
                for mount in MountTable.mounts(in: table) where mount.device == device {
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
