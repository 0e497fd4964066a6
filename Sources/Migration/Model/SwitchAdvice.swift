// What /etc/fstab is to say after the switch. Pure: the table and both volumes come in, lines come out.

package import LinuxIO

/// A volume as fstab may name it.
package struct SwitchVolume: Sendable {
    /// Its mount point.
    package var path: [UInt8]
    package var type: String
    /// As `blkid` prints it; nil where the filesystem has none.
    package var uuid: String?
    /// As `FileStatus.device`.
    package var device: UInt64
    /// The node that is mounted.
    package var node: [UInt8]
    /// It is an ext4 without the feature `project`, and refuses to be mounted with `prjquota`.
    package var lacksProjects = false

    package init(path: [UInt8], type: String, uuid: String?, device: UInt64, node: [UInt8]) {
        self.path = path
        self.type = type
        self.uuid = uuid
        self.device = device
        self.node = node
    }
}

/// What becomes of fstab.
package enum SwitchAdvice: Equatable, Sendable {
    /// Lines that name SOURCE, and those that name DESTINATION, which go.
    case lines([Change], obsolete: [[UInt8]])
    /// No line names SOURCE.
    case noLine
    /// A root is a directory below the root of its volume: what mounts the volume stays as it is.
    case notWholeVolume(Failure.Side)
    /// fstab, or a root, cannot be read.
    case unreadable(SystemError)

    /// One line and what becomes of it.
    package struct Change: Equatable, Sendable {
        package var old: [UInt8]
        package var new: [UInt8]
        /// Options that mean nothing to DESTINATION's filesystem, or name a device of SOURCE's (`namesDevice`).
        package var dropped: [String]

        package init(old: [UInt8], new: [UInt8], dropped: [String]) {
            (self.old, self.new, self.dropped) = (old, new, dropped)
        }
    }

    /// - Parameters:
    ///   - table: the bytes of fstab.
    ///   - source: SOURCE.
    ///   - destination: DESTINATION.
    ///   - device: the number of the block device that a path names, symlinks followed; nil: none.
    package init(
        table: [UInt8],
        source: SwitchVolume,
        destination: SwitchVolume,
        device: ([UInt8]) -> UInt64?
    ) {
        let lines = FilesystemTable.lines(of: table)
        func names(_ line: FilesystemTable.Line, _ volume: SwitchVolume) -> Bool {
            Self.meant(line, source, destination, device).map { $0 == volume.device }
                ?? Self.names(line, volume, device)
        }
        let changes = lines.filter { names($0, source) }.map {
            Self.change($0, from: source, to: destination)
        }
        let obsolete = lines.filter { !names($0, source) && names($0, destination) }
        self = changes.isEmpty ? .noLine : .lines(changes, obsolete: obsolete.map(\.text))
    }

    /// Where udev has a link for each value of a tag.
    private static let tags: [(tag: String, folder: String)] = [
        ("UUID", "by-uuid"), ("LABEL", "by-label"), ("PARTUUID", "by-partuuid"),
        ("PARTLABEL", "by-partlabel"), ("ID", "by-id"),
    ]

    /// Which of the two a line by a label means, where its type tells; nil: that is not known so.
    ///
    /// Both may have one label, and the link of udev shows one of them, whichever was seen last.
    private static func meant(
        _ line: FilesystemTable.Line,
        _ source: SwitchVolume,
        _ destination: SwitchVolume,
        _ device: ([UInt8]) -> UInt64?
    ) -> UInt64? {
        let byLabel = ["LABEL=", "PARTLABEL=", "/dev/disk/by-label/", "/dev/disk/by-partlabel/"]
        guard source.type != destination.type,
            byLabel.contains(where: { line.specification.starts(with: $0.utf8) }),
            names(line, source, device) || names(line, destination, device)
        else { return nil }
        return [source, destination].first { $0.type == line.type }?.device
    }

    /// Whether a line mounts this volume: by its device, or, where that cannot be told, at its mount point.
    private static func names(
        _ line: FilesystemTable.Line,
        _ volume: SwitchVolume,
        _ device: ([UInt8]) -> UInt64?
    ) -> Bool {
        let specification = line.specification
        let isThere = trimmed(line.mountPoint) == trimmed(volume.path)
        // What is bound or swapped is no volume.
        if line.options.contains("bind") || line.options.contains("rbind") { return false }
        guard let equals = specification.firstIndex(of: 0x3D), specification.first != 0x2F else {
            if specification == volume.node { return true }
            return device(specification).map { $0 == volume.device } ?? isThere
        }
        let tag = String(decoding: specification[..<equals], as: UTF8.self)
        let value = Array(specification[(equals + 1)...])
        if tag == "UUID", let uuid = volume.uuid {
            return String(decoding: value, as: UTF8.self).lowercased() == uuid
        }
        guard let row = tags.first(where: { $0.tag == tag }) else { return isThere }
        let link = Array("/dev/disk/\(row.folder)/".utf8) + encoded(value)
        return device(link).map { $0 == volume.device } ?? isThere
    }

    /// As udev writes a value that is part of a link's name: `a b` is `a\x20b`.
    private static func encoded(_ value: [UInt8]) -> [UInt8] {
        let plain = Set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#+-.:=@_".utf8
        )
        return value.flatMap { byte -> [UInt8] in
            if plain.contains(byte) || byte >= 0x80 { return [byte] }
            let digits = String(byte, radix: 16)
            return Array(("\\x" + (digits.count < 2 ? "0" : "") + digits).utf8)
        }
    }

    private static func trimmed(_ path: [UInt8]) -> [UInt8] {
        path.count > 1 && path.last == 0x2F ? Array(path.dropLast()) : path
    }

    private static func change(
        _ line: FilesystemTable.Line,
        from source: SwitchVolume,
        to destination: SwitchVolume
    ) -> Change {
        let isSameType = source.type == destination.type
        let mapped = options(line.options, for: destination, keepsAll: isSameType)
        let specification = destination.uuid.map { Array("UUID=\($0)".utf8) } ?? destination.node
        // XFS is not checked at the start (fsck.xfs does nothing); the root first, others after it.
        let isRoot = trimmed(line.mountPoint) == [0x2F]
        let order = destination.type == "ext4" ? (isRoot ? "1" : "2") : "0"
        let fields: [[UInt8]] = [
            escaped(specification), escaped(line.mountPoint), Array(destination.type.utf8),
            Array(mapped.0.joined(separator: ",").utf8), Array("0".utf8), Array(order.utf8),
        ]
        return Change(
            old: line.text,
            new: Array(fields.joined(separator: [0x20])),
            dropped: mapped.1
        )
    }

    /// Options of mount(8) and systemd.mount(5) that no filesystem sees.
    private static let common: Set<String> = [
        "defaults", "rw", "ro", "atime", "noatime", "diratime", "nodiratime", "relatime",
        "norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime", "dev", "nodev",
        "exec", "noexec", "suid", "nosuid", "sync", "async", "dirsync", "auto", "noauto", "user",
        "nouser", "users", "owner", "group", "nofail", "_netdev", "silent", "loud", "iversion",
        "noiversion", "mand", "nomand", "nosymfollow",
    ]
    private static let commonBeginnings = [
        "x-", "X-", "comment=", "context=", "fscontext=", "defcontext=", "rootcontext=", "loop",
    ]
    /// Options that both have, with one meaning.
    private static let shared: Set<String> = ["discard", "nodiscard"]
    /// What turns on quotas and their enforcement, by any of its names.
    private static let quotas: [String: QuotaKind] = [
        "quota": .user, "uquota": .user, "usrquota": .user, "gquota": .group, "grpquota": .group,
        "pquota": .project, "prjquota": .project,
    ]

    /// What names a further device of a volume, a log or a journal: of SOURCE's, which DESTINATION must not have.
    private static let ofDevices = ["logdev=", "rtdev=", "journal_path=", "journal_dev="]

    /// Whether an option names a further device of the volume.
    package static func namesDevice(_ option: String) -> Bool {
        ofDevices.contains(where: option.hasPrefix)
    }

    /// Whether an option asks for quotas of projects.
    package static func isOfProjects(_ option: String) -> Bool { quotas[option] == .project }

    /// Options of SOURCE's line for another volume, and those that are left out; `keepsAll`: both are of that type.
    ///
    /// Accounting without enforcement (`uqnoenforce`) is how ext4 with the feature `quota` is mounted without any option.
    private static func options(
        _ options: [String],
        for destination: SwitchVolume,
        keepsAll: Bool
    ) -> (kept: [String], dropped: [String]) {
        var kept: [String] = []
        var dropped: [String] = []
        for option in options {
            if namesDevice(option) || destination.lacksProjects && isOfProjects(option) {
                dropped.append(option)
            } else if keepsAll {
                kept.append(option)
            } else if let kind = quotas[option] {
                if let word = kind.mountOption(of: destination.type) {
                    if !kept.contains(word) { kept.append(word) }
                } else {
                    dropped.append(option)
                }
            } else if common.contains(option) || shared.contains(option)
                || commonBeginnings.contains(where: option.hasPrefix)
            {
                kept.append(option)
            } else {
                dropped.append(option)
            }
        }
        return (kept.isEmpty ? ["defaults"] : kept, dropped)
    }

    /// Blanks, tabs, newlines and backslashes in octal.
    private static func escaped(_ field: [UInt8]) -> [UInt8] {
        field.flatMap { byte -> [UInt8] in
            guard byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x5C else {
                return [byte]
            }
            return [0x5C, 0x30 + byte >> 6, 0x30 + byte >> 3 & 7, 0x30 + byte & 7]
        }
    }
}
