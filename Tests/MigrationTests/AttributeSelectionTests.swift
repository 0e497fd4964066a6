// `--xattrs LIST` as a value: what a list means, and which lists mean nothing.

import LinuxIO
import Migration
import Testing

@Suite("AttributeSelection, S54") struct AttributeSelectionTests {
    private func selection(_ list: String) throws -> AttributeSelection {
        try AttributeSelection(parsing: Array(list.utf8))
    }

    private func contains(_ list: String, _ name: String) throws -> Bool {
        try selection(list).contains(Name(name))
    }

    @Test("namespaces are what stands before the first dot")
    func namespaces() throws {
        #expect(try contains("user", "user.a"))
        #expect(try contains("user", "user.trusted.a"))
        #expect(try !contains("user", "trusted.user.a"))
        #expect(try !contains("user,trusted,security", "btrfs.compression"))
        #expect(try contains("-trusted", "btrfs.compression"))
        #expect(try !contains("-trusted", "trusted.a"))
        #expect(AttributeSelection.all.contains(Name("security.selinux")))
        #expect(!AttributeSelection.all.contains(Name("system.posix_acl_access")))
    }

    @Test("a name that is left out is that one and no other")
    func names() throws {
        #expect(try !contains("user,security,-security.selinux", "security.selinux"))
        #expect(try contains("user,security,-security.selinux", "security.selinux2"))
        #expect(try contains("-security.selinux", "trusted.a"))
    }

    @Test("a list as it would be typed, and the same one for the same meaning")
    func signatures() throws {
        #expect(AttributeSelection.all.signature == "")
        #expect(try selection("security,user").signature == selection("user,security").signature)
        #expect(try selection("user").signature != selection("security").signature)
        #expect(try selection("user,-user.a").signature != selection("user").signature)
        #expect(
            try selection("security,user,-user.b,-user.a").list == "user,security,-user.a,-user.b"
        )
    }

    @Test(
        "lists that mean nothing",
        arguments: [
            ("", .emptyWord), ("user,", .emptyWord), ("user,-user", .nothingLeft),
            ("-user,-trusted,-security", .nothingLeft),
            ("system", .unknownNamespace(Array("system".utf8))),
            ("User", .unknownNamespace(Array("User".utf8))),
            ("-a", .notAnAttribute(Array("-a".utf8))),
            ("-user.", .notAnAttribute(Array("-user.".utf8))), ("-", .notAnAttribute([0x2D])),
            ("-.a", .notAnAttribute(Array("-.a".utf8))),
        ] as [(String, AttributeSelection.Mistake)]
    )
    func mistakes(list: String, mistake: AttributeSelection.Mistake) {
        #expect(throws: mistake) { try AttributeSelection(parsing: Array(list.utf8)) }
    }
}

@Suite("Privileges, S54") struct PrivilegesTests {
    private var whole: Privileges {
        Privileges(
            isRoot: true,
            capabilities: .allNeeded,
            showsTrustedAttributes: true,
            mapsAllOwners: true
        )
    }

    @Test("what is hidden depends on what is meant to be carried, and on being root")
    func hidden() {
        var some = whole
        #expect(some.hidden(.all, .all) == [])
        some.showsTrustedAttributes = false
        #expect(some.hidden(.all, .all) == .trustedAttributes)
        var selection = AttributeSelection.all
        selection.namespaces.remove(.trusted)
        #expect(some.hidden(.all, selection) == [])
        #expect(some.hidden(PassOptions.Preserved.all.subtracting(.attributes), .all) == [])
        some.mapsAllOwners = false
        #expect(some.hidden(.all, .all) == [.trustedAttributes, .owners])
        #expect(some.hidden(.owner, .all) == .owners)
        #expect(some.hidden(.mode, .all) == [])
        some.isRoot = false
        #expect(some.hidden(.all, .all) == [])
    }

    @Test("a capability is missing only where something needs it")
    func missing() {
        var some = whole
        var options = PassOptions()
        #expect(some.missing(for: options) == [])
        some.capabilities = []
        #expect(some.missing(for: options) == Capabilities.allNeeded.subtracting(.searchEverywhere))
        options.preserved = [.times]
        #expect(
            some.missing(for: options)
                == [.overridePermissions, .actAsOwner, .freeze, .exceedLimits]
        )
        some.isRoot = false
        #expect(some.missing(for: options) == [])
    }
}
