// Other processes as /proc shows them to this one: which mounts they see, and what they have open for writing.
//
// Nothing that a process has open is itself touched, but for its type, which the kernel has: a dead FUSE or NFS mount must not
// hold up who asks.

import CLinux

/// What /proc tells of processes (proc(5)).
///
/// Each function throws ENOENT or ESRCH where the process has ended, EACCES or EPERM where it may not be looked at.
package enum ProcessTable {
    /// A descriptor or a mapping.
    package struct OpenFile: Sendable {
        /// The mount that it was opened through; nil of a mapping.
        package var mount: UInt64?
        /// The device number of its filesystem, as `FileStatus.device`; nil of a descriptor.
        package var device: UInt64?
        /// As the kernel shows it, for people.
        package var path: [UInt8]
    }

    /// 16 MiB: a process of 100,000 mappings.
    private static let textBytesMax = 16 << 20
    /// PROC_PID_INIT_INO of the kernel: the first namespace of processes has this number on every machine.
    private static let firstNamespace = "pid:[4026531836]"

    /// The processes that are shown: those of this PID namespace, and with `hidepid` some of them only.
    package static func numbers() throws(SystemError) -> [Int32] {
        let names = try Listing(of: try Descriptor.openRoot(Name("/proc")))
        return (0..<names.count).compactMap {
            Int32(String(decoding: names.nameBytes($0), as: UTF8.self))
        }
    }

    /// Whether `numbers` are all processes of the machine; false where that is not known.
    package static func showsAll() -> Bool {
        guard let namespace = try? link("/proc/self/ns", "pid"),
            namespace.elementsEqual(firstNamespace.utf8),
            let table = try? mountTable(of: ProcessLimits.process),
            let place = MountTable.mounts(in: table).last(where: {
                $0.entry.mountPoint.elementsEqual("/proc".utf8)
            })
        else { return false }
        let isHidden = place.entry.filesystemOptions.contains {
            $0.hasPrefix("hidepid=") && $0 != "hidepid=0" && $0 != "hidepid=off"
        }
        return !isHidden
    }

    /// Its name (comm), 15 bytes at most, for people; empty where it cannot be read.
    package static func name(of process: Int32) -> [UInt8] {
        let name = try? InputFile.contents(of: Name("/proc/\(process)/comm"), bytesMax: 256)
        return (name ?? []).filter { $0 != 0x0A }
    }

    /// What tells its mount namespace from others.
    package static func mountNamespace(of process: Int32) throws(SystemError) -> [UInt8] {
        try link("/proc/\(process)/ns", "mnt")
    }

    /// The mounts that it sees (mountinfo).
    package static func mountTable(of process: Int32) throws(SystemError) -> [UInt8] {
        try InputFile.contents(of: Name("/proc/\(process)/mountinfo"), bytesMax: textBytesMax)
    }

    /// Its descriptors of regular files that can write, of those that are on a mount that `isMeant` takes.
    ///
    /// What goes through a FIFO, a socket or a device does not come to the filesystem that has its name.
    package static func descriptorsForWriting(
        of process: Int32,
        where isMeant: (UInt64) -> Bool
    ) throws(SystemError) -> [OpenFile] {
        let names = try Listing(of: try Descriptor.openRoot(Name("/proc/\(process)/fdinfo")))
        var files: [OpenFile] = []
        for index in 0..<names.count {
            let number = String(decoding: names.nameBytes(index), as: UTF8.self)
            let text: [UInt8]
            do throws(SystemError) {
                let name = Name("/proc/\(process)/fdinfo/\(number)")
                text = try InputFile.contents(of: name, bytesMax: textBytesMax)
            } catch {
                // It was closed meanwhile; whatever else is wrong is so with the process.
                if error.code == .noEntry { continue }
                throw error
            }
            guard canWrite(descriptorInformation: text),
                let mount = MountTable.number(inDescriptorInformation: text), isMeant(mount),
                mayBeRegular(number, of: process)
            else { continue }
            // For people: it may be closed by now.
            let path = (try? link("/proc/\(process)/fd", number)) ?? []
            files.append(OpenFile(mount: mount, path: path))
        }
        return files
    }

    /// False only where it is known that a descriptor is of another kind.
    private static func mayBeRegular(_ number: String, of process: Int32) -> Bool {
        var found = cl_status()
        let result = Name("/proc/\(process)/fd/\(number)").withPointer {
            cl_statx_linked(CL_AT_FDCWD, $0, &found)
        }
        return result < 0 || FileStatus(found).kind == .regular
    }

    /// From the text of a file in fdinfo: `flags:` in octal, of which the two lowest bits are the access mode.
    package static func canWrite(descriptorInformation text: [UInt8]) -> Bool {
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix("flags:")
        }
        let flags = line.flatMap { UInt64($0.dropFirst(6).drop(while: \.isWhitespace), radix: 8) }
        return flags.map { $0 & 3 != 0 } ?? false
    }

    /// Its shared mappings of files that can be stored to.
    package static func mappingsForWriting(of process: Int32) throws(SystemError) -> [OpenFile] {
        mappingsForWriting(
            in: try InputFile.contents(of: Name("/proc/\(process)/maps"), bytesMax: textBytesMax)
        )
    }

    /// The same from the text of maps: `7f0-7f1 rw-s 00000000 08:01 131  /srv/x`.
    package static func mappingsForWriting(in text: [UInt8]) -> [OpenFile] {
        text.split(separator: 0x0A).compactMap { line in
            let fields = line.split(separator: 0x20, maxSplits: 5)
            guard fields.count == 6, fields[1].count == 4, fields[1].contains(0x77),
                fields[1].last == 0x73
            else { return nil }
            let halves = String(decoding: fields[3], as: UTF8.self).split(separator: ":")
            guard halves.count == 2, let major = UInt64(halves[0], radix: 16),
                let minor = UInt64(halves[1], radix: 16)
            else { return nil }
            let path = Array(fields[5].drop { $0 == 0x20 })
            return OpenFile(device: major << 32 | minor, path: path)
        }
    }

    private static func link(_ folder: String, _ name: String) throws(SystemError) -> [UInt8] {
        let directory = try Descriptor.openRoot(Name(folder))
        return try SymlinkTarget.read(Name(name), in: directory)
    }
}
