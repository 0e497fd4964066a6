// Where a directory lies inside its filesystem, by the text of /proc/self/mountinfo.

import LinuxIO
import Testing

@Suite("Mount table") struct MountTableTests {
    private static let table = Array(
        """
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
        41 22 7:0 / /mnt/old rw - xfs /dev/loop0 rw
        42 22 7:0 /homes/a /srv/with\\040blank rw - xfs /dev/loop0 rw

        """.utf8
    )

    private static func path(_ path: String, _ mount: UInt64) -> String? {
        MountTable.pathInFilesystem(Array(path.utf8), mount: mount, table: table)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "S2: a bind mount's directories have their path in the filesystem",
        arguments: [
            ("/", 22, ""), ("/usr", 22, "/usr"), ("/mnt/old", 41, ""),
            ("/mnt/old/homes/a", 41, "/homes/a"),
            ("/srv/with blank", 42, "/homes/a"), ("/srv/with blank/b", 42, "/homes/a/b"),
        ] as [(String, UInt64, String)]
    )
    func inside(_ shown: String, _ mount: UInt64, _ expected: String) {
        #expect(Self.path(shown, mount) == expected)
    }

    @Test("an unknown mountgives no path")
    func unknown() {
        #expect(Self.path("/mnt/old", 99) == nil)
    }
}
