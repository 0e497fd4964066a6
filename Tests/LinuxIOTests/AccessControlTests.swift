// ACLs through libacl: read, compared, set, removed; getfacl(1) is the judge.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("ACLs", .requiresVolumes) struct AccessControlTests {
    private static let list = AccessList(
        owner: 7,
        users: [(id: 1000, bits: 6), (id: 1001, bits: 7)],
        group: 5,
        groups: [(id: 50, bits: 4)],
        mask: 5,
        other: 1
    )

    @Test(
        "S36: without an ACL, the access ACL is the mode and the default ACL is empty",
        arguments: Filesystem.allCases
    )
    func trivial(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        for name in ["file", "directory"] {
            let path = place.of(name)
            if name == "file" {
                try Files.write(path, [])
            } else {
                try Files.makeDirectory(path)
            }
            try Files.changeMode(path, 0o2751)
            let handle = try place.directory.openHandle(Name(name))
            let access = try accessControl(.access, of: handle)
            let facts = (access.isModeOnly, access.text)
            #expect(facts == (true, "u::rwx,g::r-x,o::--x"))
        }
        let handle = try place.directory.openHandle(Name("directory"))
        let defaults = try accessControl(.defaults, of: handle)
        let isEmpty = defaults.isEmpty
        #expect(isEmpty)
        let has = try place.directory.openDirectory(Name("directory")).hasDefaultAccessControl()
        #expect(!has)
    }

    @Test(
        "S36, S37: an ACL is carried with its mask, to a byte what getfacl prints",
        arguments: Filesystem.allCases
    )
    func carried(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        for name in ["from", "to"] { try Files.makeDirectory(place.of(name), mode: 0o700) }
        try Files.setACL(place.of("from"), Self.list)
        try Files.setACL(place.of("from"), Self.list, isDefault: true)
        let from = try place.directory.openHandle(Name("from"))
        let to = try place.directory.openHandle(Name("to"))
        for kind in AccessControlKind.allCases {
            let wanted = try accessControl(kind, of: from)
            let old = try accessControl(kind, of: to)
            let facts = (wanted.isModeOnly, wanted.isEmpty, wanted.text)
            #expect(
                facts == (
                    false, false, "u::rwx,u:1000:rw-,u:1001:rwx,g::r-x,g:50:r--,m::r-x,o::--x"
                )
            )
            let wasEqual = wanted.isEqual(to: old)
            #expect(!wasEqual)
            try wanted.apply(kind, to: to)
            let new = try accessControl(kind, of: to)
            let isEqual = wanted.isEqual(to: new)
            #expect(isEqual)
        }
        let printed = try ["from", "to"].map {
            try Shell.run("getfacl -np --omit-header -- \"$1\"", place.of($0)).output
        }
        #expect(printed[0] == printed[1])
        #expect(printed[0].contains("mask::r-x") && printed[0].contains("default:"))
    }

    @Test("S37: lists that differ in the mask or in one permission alone are not equal")
    func unequal() throws {
        let place = try Place(on: .ext4)
        let variants = [
            Self.list,
            AccessList(
                owner: 7,
                users: [(1000, 6), (1001, 7)],
                group: 5,
                groups: [(50, 4)],
                mask: 7,
                other: 1
            ),
            AccessList(
                owner: 7,
                users: [(1000, 6), (1001, 5)],
                group: 5,
                groups: [(50, 4)],
                mask: 5,
                other: 1
            ),
            AccessList(
                owner: 7,
                users: [(1000, 6), (1002, 7)],
                group: 5,
                groups: [(50, 4)],
                mask: 5,
                other: 1
            ),
            AccessList(
                owner: 7,
                users: [(1000, 6)],
                group: 5,
                groups: [(50, 4)],
                mask: 5,
                other: 1
            ),
        ]
        for index in variants.indices {
            try Files.write(place.of("f\(index)"), [])
            try Files.setACL(place.of("f\(index)"), variants[index])
        }
        for left in variants.indices {
            for right in variants.indices {
                let leftHandle = try place.directory.openHandle(Name("f\(left)"))
                let rightHandle = try place.directory.openHandle(Name("f\(right)"))
                let one = try accessControl(.access, of: leftHandle)
                let other = try accessControl(.access, of: rightHandle)
                let isEqual = one.isEqual(to: other)
                #expect(isEqual == (left == right), "\(left), \(right)")
            }
        }
    }

    @Test("S36: an empty default ACL removes the one that is there", arguments: Filesystem.allCases)
    func removed(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        for name in ["plain", "full"] { try Files.makeDirectory(place.of(name)) }
        try Files.setACL(place.of("full"), Self.list, isDefault: true)
        let full = try place.directory.openDirectory(Name("full"))
        let had = try full.hasDefaultAccessControl()
        #expect(had)
        let plain = try place.directory.openHandle(Name("plain"))
        let empty = try accessControl(.defaults, of: plain)
        try empty.apply(.defaults, to: full)
        try empty.apply(.defaults, to: full)
        let has = try full.hasDefaultAccessControl()
        #expect(!has)
        #expect(try Files.attribute(place.of("full"), AccessList.defaultName) == nil)
    }

    @Test("S38: a filesystem without ACLs has none, which is no error")
    func unsupported() throws {
        let process = try Descriptor.openRoot(Name("/proc/self"))
        let list = try AccessControlList(.access, of: process)
        let isThere = list != nil
        #expect(!isThere)
        let has = try process.hasDefaultAccessControl()
        #expect(!has)
    }
}
