// Which machine this is: rates that were measured on another one say nothing here.

import LinuxIO

/// The machine that passes run on.
package enum Machine {
    /// A name that no other machine has: /etc/machine-id (machine-id(5)), 32 hexadecimal digits; empty where there is
    /// none, as in many containers: machines without one are told apart by nothing.
    static let identifier: String = line(of: Name("/etc/machine-id"), bytesMax: 64) ?? ""

    /// Its name, for people; nil: not told.
    package static let host: String? = line(of: Name("/proc/sys/kernel/hostname"), bytesMax: 256)

    /// The first line of a file; nil where it cannot be read: both are an aid.
    private static func line(of path: Name, bytesMax: Int) -> String? {
        guard let text = try? InputFile.contents(of: path, bytesMax: bytesMax) else { return nil }
        return String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
