// What this process may do beside being root: a container's root lacks some of it (capabilities(7)).

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
    package static let makeDevices = Capabilities(rawValue: 1 << 27)
    package static let setFileCapabilities = Capabilities(rawValue: 1 << 31)

    /// Those that a whole copy needs, with the names of capabilities(7).
    package static let needed: [(capability: Capabilities, name: String)] = [
        (.changeOwner, "CAP_CHOWN"), (.overridePermissions, "CAP_DAC_OVERRIDE"),
        (.searchEverywhere, "CAP_DAC_READ_SEARCH"), (.actAsOwner, "CAP_FOWNER"),
        (.keepSetID, "CAP_FSETID"), (.freeze, "CAP_LINUX_IMMUTABLE"),
        (.administer, "CAP_SYS_ADMIN"), (.makeDevices, "CAP_MKNOD"),
        (.setFileCapabilities, "CAP_SETFCAP"),
    ]

    /// Those in effect for this process; nil where /proc does not tell.
    ///
    /// Read from the line CapEff of /proc/self/status (proc(5)).
    package static func effective() -> Capabilities? {
        guard
            let text = try? InputFile.contents(of: Name("/proc/self/status"), bytesMax: 1 << 20)
        else { return nil }
        return effective(status: text)
    }

    /// The same from the text of that file.
    package static func effective(status text: [UInt8]) -> Capabilities? {
        let key = Array("CapEff:".utf8)
        guard let line = text.split(separator: 0x0A).first(where: { $0.starts(with: key) }),
            let digits = line.dropFirst(key.count).split(whereSeparator: { $0 <= 0x20 }).first,
            let bits = UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
        else { return nil }
        return Capabilities(rawValue: bits)
    }
}
