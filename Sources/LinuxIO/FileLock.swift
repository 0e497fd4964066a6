// Locks that processes see of each other: flock(2) on an open file. They end with its last descriptor,
// however the process ends; nothing on the disk remembers them.

import CLinux

/// Who else may hold a lock at the same time.
package enum FileLock: Sendable {
    /// Nobody.
    case exclusive
    /// Others that share it.
    case shared
}

extension Descriptor {
    /// Locks this open file or directory until its descriptors are closed; false when another opening of it,
    /// in this process or another, has a lock that excludes this one.
    ///
    /// NFS takes an exclusive lock only of a file that is open for writing (EBADF). ENOLCK where a
    /// filesystem has no locks, or no more of them. The corresponding system call is `flock` with LOCK_NB.
    package func lock(_ lock: FileLock) throws(SystemError) -> Bool {
        do throws(SystemError) {
            check(try retrying(.flock) { cl_flock(raw, lock == .exclusive) })
            return true
        } catch {
            if error.code == .wouldBlock { return false }
            throw error
        }
    }

    /// Takes the lock away before the descriptors are closed.
    ///
    /// The corresponding system call is `flock` with LOCK_UN.
    package func unlock() throws(SystemError) {
        check(try retrying(.flock) { cl_unlock(raw) })
    }
}

/// A process that holds a lock, as the kernel shows it.
package struct LockHolder: Equatable, Sendable {
    package var process: Int32
    /// Its name (comm of proc(5)), 15 bytes at most.
    package var name: String
    /// When it was started, in nanoseconds since 1970; nil: not known.
    package var startNanoseconds: Int64?

    package init(process: Int32, name: String, startNanoseconds: Int64?) {
        self.process = process
        self.name = name
        self.startNanoseconds = startNanoseconds
    }

    /// Who has locked a file with flock(2); nil: nobody whom this process can see.
    ///
    /// Reads /proc/locks, and of the process comm and stat (proc(5)).
    package init?(of file: borrowing Descriptor) {
        guard let status = try? file.status(),
            let text = try? InputFile.contents(of: Name("/proc/locks"), bytesMax: 16 << 20),
            let process = Self.process(in: text, device: status.device, inode: status.inode)
        else { return nil }
        self.process = process
        let folder = "/proc/\(process)/"
        // One that ends just now has none any more.
        let name = (try? InputFile.contents(of: Name(folder + "comm"), bytesMax: 256)) ?? []
        self.name = String(decoding: name.prefix { $0 != 0x0A }, as: UTF8.self)
        let facts = (try? InputFile.contents(of: Name(folder + "stat"), bytesMax: 4_096)) ?? []
        startNanoseconds = Self.ticks(in: facts).map { ticks in
            // Ticks of USER_HZ, which is 100 for all programs, since the machine started.
            coarseTimeNanoseconds() - (bootNanoseconds() - ticks * 10_000_000)
        }
    }

    /// The process in a text like /proc/locks; waiting ones (`->`) hold nothing.
    package static func process(in text: [UInt8], device: UInt64, inode: UInt64) -> Int32? {
        for line in text.split(separator: 0x0A) {
            let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
            guard words.count >= 6, words[1] == "FLOCK", let process = Int32(words[4]), process > 0
            else { continue }
            let place = words[5].split(separator: ":")
            guard place.count == 3, let major = UInt64(place[0], radix: 16),
                let minor = UInt64(place[1], radix: 16), UInt64(place[2]) == inode,
                major << 32 | minor == device
            else { continue }
            return process
        }
        return nil
    }

    /// The 22nd field of /proc/PID/stat; the second, the name in parentheses, can hold anything.
    package static func ticks(in text: [UInt8]) -> Int64? {
        guard let end = text.lastIndex(of: 0x29) else { return nil }
        let fields = text[(end + 1)...].split(separator: 0x20)
        return fields.count > 19 ? Int64(String(decoding: fields[19], as: UTF8.self)) : nil
    }
}
