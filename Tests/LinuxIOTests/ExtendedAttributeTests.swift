// Extended attributes: long values, long lists, and which absences are ordinary answers.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Extended attributes", .requiresVolumes) struct ExtendedAttributeTests {
    @Test("S32: a value of 64 KiB is carried whole", arguments: [Filesystem.xfs, .tmpfs])
    func longValue(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let handle = try place.file("f")
        var random = SeededRandom(seed: 3)
        for length in [0, 1, 1_023, 1_024, 1_025, 65_535, 65_536] {
            let value = random.bytes(length)
            try handle.setAttribute("trusted.long", value)
            #expect(try handle.attribute("trusted.long") == value, "\(length) bytes")
            #expect(try place.directory.attribute("trusted.long", of: "f") == value)
        }
    }

    @Test("S35: ext4 refuses an attribute that is too large, with an error of setxattr")
    func tooLongForExt4() throws {
        let place = try Place(on: .ext4)
        let handle = try place.file("f")
        #expect(throws: SystemError(.setxattr, .noSpace)) {
            try handle.setAttribute("trusted.long", [UInt8](repeating: 1, count: 8_192))
        }
        #expect(try handle.attributeNames() == [])
    }

    @Test("S32: 1,500 attributes are listed completely", arguments: [Filesystem.xfs, .tmpfs])
    func longList(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let handle = try place.file("f")
        let expected = (0..<1_500).map { "trusted.attribute number \($0)" }.sorted()
        for name in expected { try handle.setAttribute(name, [1]) }
        #expect(cut(try handle.attributeNames()) == expected)

        let small = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 1_024)
        defer { small.deallocate() }
        #expect(try place.directory.attributeNames(of: "f", into: small) == nil)
    }

    @Test(
        "S32: names are read without opening, of every type of entry and not through symlinks",
        arguments: Filesystem.allCases
    )
    func byName(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try place.makeOneOfEach()
        try Files.write(place.of("target"), [])
        try Files.link(symbolic: place.of("to target"), to: bytes("target"))
        try Files.setAttribute(place.of("target"), "trusted.target", [1])
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 1_024)
        defer { buffer.deallocate() }
        for name in try Files.names(place.path).map({ String(decoding: $0, as: UTF8.self) })
        where name != "target" {
            #expect(try place.directory.attributeNames(of: name, into: buffer) == 0, "\(name)")
            #expect(try place.directory.attribute("trusted.x", of: name) == nil)
            try Files.setAttribute(place.of(name), "trusted.x", bytes(name))
            let length = try #require(try place.directory.attributeNames(of: name, into: buffer))
            #expect(cut(Array(buffer[..<length])) == ["trusted.x"], "\(name)")
            #expect(try place.directory.attribute("trusted.x", of: name) == bytes(name))
            #expect(try place.attribute("trusted.x", of: name) == bytes(name))
        }
        #expect(try place.directory.attribute("trusted.target", of: "to target") == nil)
    }

    @Test("S34: no such attribute is an answer; no such namespace is one for a list alone")
    func absence() throws {
        let place = try Place(on: .ext4)
        let handle = try place.file("f")
        #expect(try handle.attribute("trusted.none") == nil)
        #expect(throws: Never.self) { try handle.removeAttribute("trusted.none") }
        let process = try Descriptor.openRoot(Name("/proc/self"))
        #expect(throws: SystemError(.getxattr, .notSupported)) {
            try process.attribute("user.none")
        }
        #expect(throws: SystemError(.getxattr, .notSupported)) {
            try handle.attribute("nonsense.none")
        }
        #expect(throws: SystemError(.removexattr, .notSupported)) {
            try handle.removeAttribute("nonsense.none")
        }
        #expect(try process.attributeNames() == [])
        #expect(throws: SystemError(.setxattr, .notSupported)) {
            try handle.setAttribute("nonsense.x", [1])
        }
        #expect(throws: SystemError(.listxattr, .noEntry)) {
            try place.directory.attributeNames(
                of: "none",
                into: UnsafeMutableBufferPointer(start: nil, count: 0)
            )
        }
    }

    @Test("S33: libattr's rules skip the shadows of ACLs and no attribute of users")
    func rules() {
        #expect(AttributeRules.areInstalled)
        for name in ["trusted.SGI_ACL_FILE", "trusted.SGI_ACL_DEFAULT", "security.evm"] {
            #expect(AttributeRules.isSkipped(name), "\(name)")
        }
        for name in ["user.mime", "trusted.overlay.opaque", "security.capability"] {
            #expect(!AttributeRules.isSkipped(name), "\(name)")
        }
    }
}
