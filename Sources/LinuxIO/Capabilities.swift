// What this process may do beside being root: a container's root lacks some of it (capabilities(7)), and the root of
// a user namespace has all of it there and little of it elsewhere (user_namespaces(7)).

import CLinux

/// A set of capabilities, by their numbers in linux/capability.h.
package struct Capabilities: OptionSet, Sendable, Hashable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static let changeOwner = Capabilities(rawValue: 1 << 0)
    package static let overridePermissions = Capabilities(rawValue: 1 << 1)
    package static let searchEverywhere = Capabilities(rawValue: 1 << 2)
    package static let actAsOwner = Capabilities(rawValue: 1 << 3)
    package static let keepSetID = Capabilities(rawValue: 1 << 4)
    package static let freeze = Capabilities(rawValue: 1 << 9)
    package static let administer = Capabilities(rawValue: 1 << 21)
    package static let exceedLimits = Capabilities(rawValue: 1 << 24)
    package static let makeDevices = Capabilities(rawValue: 1 << 27)
    package static let setFileCapabilities = Capabilities(rawValue: 1 << 31)

    /// Those that a whole copy needs, with the names of capabilities(7).
    package static let needed: [(capability: Capabilities, name: String)] = [
        (.changeOwner, "CAP_CHOWN"), (.overridePermissions, "CAP_DAC_OVERRIDE"),
        (.searchEverywhere, "CAP_DAC_READ_SEARCH"), (.actAsOwner, "CAP_FOWNER"),
        (.keepSetID, "CAP_FSETID"), (.freeze, "CAP_LINUX_IMMUTABLE"),
        (.administer, "CAP_SYS_ADMIN"), (.exceedLimits, "CAP_SYS_RESOURCE"),
        (.makeDevices, "CAP_MKNOD"), (.setFileCapabilities, "CAP_SETFCAP"),
    ]

    /// All of those.
    package static let allNeeded = Capabilities(needed.map(\.capability))

    /// The names of those in the set that a whole copy needs.
    package var names: [String] { Self.needed.filter { contains($0.capability) }.map(\.name) }

    /// Those in effect for this thread, which every thread made later inherits.
    ///
    /// The corresponding system call is `capget`.
    package static func effective() throws(SystemError) -> Capabilities {
        var bits: UInt64 = 0
        check(try retrying(.capget) { cl_effective_capabilities(&bits) })
        return Capabilities(rawValue: bits)
    }
}

/// What the kernel shows this process, as far as no call would fail for it.
package enum ProcessSight {
    /// Whether attributes of `trusted.*` are shown: only to those with CAP_SYS_ADMIN in the first user namespace
    /// (fs/xattr.c, xattr_permission); others see none, without an error.
    ///
    /// The kernel is asked by the very check, with a file in memory (Linux 3.17). Where it does not answer they count
    /// as hidden. The corresponding system calls are `memfd_create` and `fremovexattr`.
    package static var showsTrustedAttributes: Bool {
        switch ErrorCode(rawValue: cl_try_trusted_attribute()) {
        // There is none such; tmpfs has no attributes; a security module refuses it, which is asked afterwards.
        case .noData, .notSupported, .accessDenied: true
        // EPERM; or a negative number, which is no error that the kernel gave to that question.
        default: false
        }
    }

    /// Whether every owner and group has a number here: in a user namespace those that it does not map are all
    /// shown as one number (65534), without an error.
    ///
    /// Reads /proc/self/uid_map and /proc/self/gid_map (user_namespaces(7)); where they cannot be read, the
    /// answer is no.
    package static var mapsAllOwners: Bool {
        ["/proc/self/uid_map", "/proc/self/gid_map"].allSatisfy { path in
            do throws(SystemError) {
                return mapsAll(try InputFile.contents(of: Name(path), bytesMax: 1 << 20))
            } catch {
                // A kernel without user namespaces has no such file.
                return error.code == .noEntry
            }
        }
    }

    /// The same from the text of such a file: the third number of each line is a count.
    package static func mapsAll(_ map: [UInt8]) -> Bool {
        let counts = map.split(separator: 0x0A).map { line in
            line.split(separator: 0x20).last.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) }
        }
        // 2^32 - 1 of them: the last number means "none" (chown(2)).
        return counts.reduce(into: 0) { $0 += $1 ?? 0 } == UInt64(UInt32.max)
    }
}
