// What is mounted at the start of the machine: /etc/fstab (fstab(5)).

/// The lines of fstab.
package enum FilesystemTable {
    /// One line that names a filesystem.
    package struct Line: Equatable, Sendable {
        /// As it stands there, without its newline.
        package var text: [UInt8]
        /// `UUID=...`, `/dev/sda1`: which filesystem.
        package var specification: [UInt8]
        package var mountPoint: [UInt8]
        package var type: String
        package var options: [String]
    }

    /// 1 MiB: more is no table of mounts.
    private static let bytesMax = 1 << 20

    /// The bytes of /etc/fstab.
    ///
    /// The system calls are `open` and `read`.
    package static func contents() throws(SystemError) -> [UInt8] {
        try InputFile.contents(of: Name("/etc/fstab"), bytesMax: bytesMax)
    }

    /// The lines of a table; comments and what is no line of it are left out.
    package static func lines(of table: [UInt8]) -> [Line] {
        table.split(separator: 0x0A).compactMap { text in
            let fields = text.split { $0 == 0x20 || $0 == 0x09 }
            guard fields.count >= 3, fields[0].first != 0x23 else { return nil }
            let options = fields.count > 3 ? fields[3] : ArraySlice("defaults".utf8)
            return Line(
                text: Array(text),
                specification: unquoted(MountTable.unescaped(fields[0])),
                mountPoint: MountTable.unescaped(fields[1]),
                type: String(decoding: fields[2], as: UTF8.self),
                options: words(options).map { String(decoding: $0, as: UTF8.self) }
            )
        }
    }

    /// Options between commas; one inside quotes is part of a value: `context="...:c1,c2"`.
    private static func words(_ options: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var isQuoted = false
        return options.split { byte in
            if byte == 0x22 { isQuoted.toggle() }
            return byte == 0x2C && !isQuoted
        }
    }

    /// `LABEL="a b"` is `LABEL=a b`.
    private static func unquoted(_ specification: [UInt8]) -> [UInt8] {
        guard let equals = specification.firstIndex(of: 0x3D), specification.last == 0x22,
            equals + 2 < specification.count, specification[equals + 1] == 0x22
        else { return specification }
        return specification[...equals] + specification[(equals + 2)...].dropLast()
    }
}
