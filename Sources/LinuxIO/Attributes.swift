// Owner, mode, times and extended attributes of what a descriptor holds. O_PATH handles serve for
// entries of every type, symlinks themselves included: those calls go through /proc/self/fd and act
// on that inode and no other.

import CLinux
import Glibc

extension Descriptor {
    /// Sets owner and group; `UInt32.max` leaves one alone.
    ///
    /// Clears setuid, setgid and file capabilities.
    ///
    /// The corresponding system call is `fchown` (`fchownat` with AT_EMPTY_PATH for a handle).
    package func setOwner(_ owner: UInt32, group: UInt32) throws(SystemError) {
        check(try retrying(.chown) { cl_fchown(raw, isPath, owner, group) })
    }

    /// Sets the permission bits, 0 to 07777; not for symlinks, which have none.
    ///
    /// The corresponding system call is `fchmod` (`chmod` on /proc/self/fd for a handle).
    package func setMode(_ mode: UInt32) throws(SystemError) {
        check(try retrying(.chmod) { cl_fchmod(raw, isPath, mode_t(mode)) })
    }

    /// Sets the time of modification and leaves that of access alone.
    ///
    /// The system call is `utimensat`.
    package func setModified(_ time: Timestamp) throws(SystemError) {
        check(
            try retrying(.utimensat) {
                cl_set_modified(raw, isPath, time.seconds, time.nanoseconds)
            }
        )
    }

    /// The names of all extended attributes, NUL-terminated one after the other; see listxattr(2).
    ///
    /// Empty where the filesystem has none (S34). The corresponding system call is `flistxattr`.
    package func attributeNames() throws(SystemError) -> [CChar] {
        do throws(SystemError) {
            return try growing(.listxattr) {
                cl_listxattr(raw, isPath, $0.baseAddress, $0.count)
            } ?? []
        } catch {
            if error.code == .notSupported { return [] }
            throw error
        }
    }

    /// The same, read into `buffer`; returns their length in bytes, nil when `buffer` is too small.
    package func attributeNames(
        into buffer: UnsafeMutableBufferPointer<CChar>
    ) throws(SystemError) -> Int? {
        try listLength { cl_listxattr(raw, isPath, buffer.baseAddress, buffer.count) }
    }

    /// The length of a list of names; 0 where the filesystem has none, nil when a buffer is too small (ERANGE).
    @inline(__always)
    private func listLength(_ list: () -> Int) throws(SystemError) -> Int? {
        var result: Int
        repeat { result = list() } while result == -Int(EINTR)
        if result == -Int(ENOTSUP) { return 0 }
        if result == -Int(ERANGE) { return nil }
        if result < 0 { throw SystemError(.listxattr, ErrorCode(rawValue: Int32(-result))) }
        return result
    }

    /// The value of one extended attribute, or nil when there is none of that name (ENODATA).
    ///
    /// ENOTSUP, where the filesystem has none of this namespace, is thrown: of a name that was listed it is no
    /// answer. The corresponding system call is `fgetxattr`.
    package func attribute(_ name: NamePointer) throws(SystemError) -> [UInt8]? {
        try growing(.getxattr) { cl_getxattr(raw, isPath, name, $0.baseAddress, $0.count) }
    }

    /// Sets one extended attribute.
    ///
    /// The corresponding system call is `fsetxattr`.
    package func setAttribute(_ name: NamePointer, _ value: [UInt8]) throws(SystemError) {
        check(try retrying(.setxattr) { cl_setxattr(raw, isPath, name, value, value.count) })
    }

    /// Removes one extended attribute; none of that name (ENODATA) is no error.
    ///
    /// The system call is `fremovexattr`.
    package func removeAttribute(_ name: NamePointer) throws(SystemError) {
        var result: Int32
        repeat { result = cl_removexattr(raw, isPath, name) } while result == -EINTR
        if result == -ENODATA { return }
        if result < 0 { throw SystemError(.removexattr, ErrorCode(rawValue: -result)) }
    }

    /// The names of the extended attributes of the entry `name`, read into `buffer` without opening it.
    ///
    /// Returns their length in bytes, also if `buffer` has none: 0 without attributes or where the filesystem has
    /// none (S34), nil when `buffer` is too small. The corresponding system call is `listxattrat`, or `llistxattr`.
    package func attributeNames(
        of name: NamePointer,
        into buffer: UnsafeMutableBufferPointer<CChar>
    ) throws(SystemError) -> Int? {
        try listLength { cl_listxattrat(raw, name, buffer.baseAddress, buffer.count) }
    }

    /// The value of one extended attribute of the entry `name`, without opening it; nil when it has none (ENODATA).
    ///
    /// ENOTSUP is thrown, as above. The corresponding system call is `getxattrat`, or `lgetxattr`.
    package func attribute(
        _ attribute: NamePointer,
        of name: NamePointer
    ) throws(SystemError) -> [UInt8]? {
        try growing(.getxattr) { cl_getxattrat(raw, name, attribute, $0.baseAddress, $0.count) }
    }

    /// The value of one extended attribute of the entry `name`, read into `buffer` without opening it; nil when
    /// it has none.
    ///
    /// Returns its length in bytes; ERANGE tells that `buffer` is too small. The corresponding system call is
    /// `getxattrat`, or `lgetxattr`.
    package func attribute(
        _ attribute: NamePointer,
        of name: NamePointer,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int? {
        var result: Int
        repeat {
            result = cl_getxattrat(raw, name, attribute, buffer.baseAddress, buffer.count)
        } while result == -Int(EINTR)
        if result == -Int(ENODATA) { return nil }
        if result < 0 { throw SystemError(.getxattr, ErrorCode(rawValue: Int32(-result))) }
        return result
    }

    /// Calls with a buffer that fits nearly always and, on ERANGE, with the largest that Linux
    /// allows (XATTR_LIST_MAX and XATTR_SIZE_MAX are both 64 KiB).
    ///
    /// ENODATA is nil.
    private func growing<Element>(
        _ operation: SystemError.Operation,
        _ call: (UnsafeMutableBufferPointer<Element>) -> Int
    ) throws(SystemError) -> [Element]? {
        for capacity in [1024, 65_536] {
            var result = 0
            let contents = [Element](unsafeUninitializedCapacity: capacity) { buffer, count in
                repeat { result = call(buffer) } while result == -Int(EINTR)
                count = max(result, 0)
            }
            if result >= 0 { return contents }
            if result == -Int(ENODATA) { return nil }
            if result != -Int(ERANGE) || capacity == 65_536 {
                throw SystemError(operation, ErrorCode(rawValue: Int32(-result)))
            }
        }
        return nil
    }
}

/// What /etc/xattr.conf says of extended attributes: libattr's rules, not a list of our own (S33).
package enum AttributeRules {
    /// Whether an attribute of this name is not to be copied.
    ///
    /// The first call reads the file, so it is made before there are workers: by who opens the roots.
    /// The corresponding function is `attr_copy_action`.
    package static func isSkipped(_ name: NamePointer) -> Bool {
        cl_attribute_is_skipped(name)
    }

    /// Whether the rules are there: the shadows that XFS keeps of ACLs must be among what is skipped.
    package static var areInstalled: Bool {
        Name("trusted.SGI_ACL_FILE").withPointer { isSkipped($0) }
    }
}
