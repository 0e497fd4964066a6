// POSIX ACLs (acl(5)), read, compared, written and printed by libacl.

import CLinux

/// Which of the two ACLs of an entry: all but symlinks have the first, directories the second too.
package enum AccessControlKind: Sendable, CaseIterable {
    case access, defaults

    /// The extended attribute in which the kernel shows it.
    package var attributeName: String {
        switch self {
        case .access: "system.posix_acl_access"
        case .defaults: "system.posix_acl_default"
        }
    }
}

/// One ACL in memory, freed when it goes out of scope.
package struct AccessControlList: ~Copyable {
    private let handle: cl_acl

    /// Reads an ACL of what a descriptor holds; nil where the filesystem has none.
    ///
    /// An access ACL is always there in effect: without one libacl makes it from the mode. A default ACL
    /// that is absent is an empty one. The corresponding function is `acl_get_fd`, or `acl_get_file`.
    package init?(
        _ kind: AccessControlKind,
        of descriptor: borrowing Descriptor
    ) throws(SystemError) {
        var handle: cl_acl?
        let (fd, isPath) = (descriptor.raw, descriptor.isPath)
        do throws(SystemError) {
            check(try retrying(.getACL) { cl_acl_get(fd, isPath, kind == .defaults, &handle) })
        } catch {
            if error.code == .notSupported { return nil }
            throw error
        }
        guard let handle else { return nil }
        self.handle = handle
    }

    deinit { cl_acl_free(handle) }

    /// Whether it holds no entry at all, as a default ACL that is absent does.
    package var isEmpty: Bool { cl_acl_entry_count(handle) == 0 }

    /// Whether mode bits alone say the same.
    ///
    /// The corresponding function is `acl_equiv_mode`.
    package var isModeOnly: Bool { cl_acl_is_mode(handle, nil) == 1 }

    /// A mode with the bits of the group and of others that give nobody more than this access ACL does, for where it
    /// does not stay: with an ACL the group's bits are its mask, and a named entry may give less than others have.
    ///
    /// The corresponding functions are `acl_get_entry`, `acl_get_tag_type` and `acl_get_perm`.
    package func narrowed(_ mode: UInt32) -> UInt32 {
        let bits = cl_acl_narrow_mode(handle)
        // It was read whole: only memory can fail it, and then nobody gets anything.
        return mode & ~0o077 | (bits < 0 ? 0 : UInt32(bits))
    }

    /// Whether both say the same, in whatever order.
    ///
    /// The corresponding function is `acl_cmp`.
    package func isEqual(to other: borrowing AccessControlList) -> Bool {
        cl_acl_is_equal(handle, other.handle)
    }

    /// Sets it on what a descriptor holds; an empty default ACL removes the one that is there.
    ///
    /// The corresponding functions are `acl_set_fd`, `acl_set_file` and `acl_delete_def_file`.
    package func apply(
        _ kind: AccessControlKind,
        to descriptor: borrowing Descriptor
    ) throws(SystemError) {
        let (fd, isPath) = (descriptor.raw, descriptor.isPath)
        if kind == .defaults, isEmpty {
            check(try retrying(.setACL) { cl_acl_delete_default(fd) })
        } else {
            check(try retrying(.setACL) { cl_acl_set(fd, isPath, kind == .defaults, handle) })
        }
    }

    /// The entries as short text with numbers for names (`u::rw-,u:1001:r--`), by commas.
    package var text: String { text(isAbbreviated: true) }

    /// The entries as `getfacl -nc` prints them (`user::rw-`), by commas.
    package var longText: String { text(isAbbreviated: false) }

    /// 64 KiB hold the largest ACL that ext4 and XFS store, but for XFS's with more than 2,000 entries, which is
    /// cut.
    ///
    /// The corresponding function is `acl_to_any_text`.
    private func text(isAbbreviated: Bool) -> String {
        var buffer = [CChar](repeating: 0, count: 65_536)
        let length = cl_acl_text(handle, isAbbreviated, &buffer, buffer.count)
        guard length > 0 else { return "" }
        return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension Descriptor {
    /// Whether what is made in this directory inherits an ACL; not where the filesystem has none (ENOTSUP).
    ///
    /// The system call is `fgetxattr`.
    package func hasDefaultAccessControl() throws(SystemError) -> Bool {
        do throws(SystemError) {
            return try Name(AccessControlKind.defaults.attributeName).withPointer {
                name throws(SystemError) in try attribute(name) != nil
            }
        } catch {
            // No answer where one is listed.
            let name = AccessControlKind.defaults.attributeName
            let isListed = try attributeNames().split(separator: 0).contains {
                $0.elementsEqual(name.utf8.lazy.map(CChar.init(bitPattern:)))
            }
            if error.code == .notSupported, !isListed { return false }
            throw error
        }
    }

    /// Removes an ACL that is there; none is no error.
    ///
    /// The system call is `fremovexattr`.
    package func removeAccessControl(_ kind: AccessControlKind) throws(SystemError) {
        try Name(kind.attributeName).withPointer { name throws(SystemError) in
            try removeAttribute(name)
        }
    }
}
