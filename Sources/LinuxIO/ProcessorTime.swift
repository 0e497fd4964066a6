// What the processors of this machine did, by whomever.

/// Time of all processors together since the machine started, in ticks of the kernel.
///
/// The first line of /proc/stat (proc_stat(5)). In a container it is that of the whole machine, too.
package struct ProcessorTime: Equatable, Sendable {
    /// Spent with work: of processes, of the kernel, of others' machines on the same processors.
    package let busy: UInt64
    package let all: UInt64

    package init(busy: UInt64, all: UInt64) {
        self.busy = busy
        self.all = all
    }

    /// That of now; nil: the kernel does not tell.
    package static func now() -> ProcessorTime? {
        guard let text = try? InputFile.contents(of: Name("/proc/stat"), bytesMax: 1 << 20) else {
            return nil
        }
        return ProcessorTime(statistics: text)
    }

    /// Reads `cpu  USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL ...`; guests' time is within USER and NICE.
    package init?(statistics text: [UInt8]) {
        let words = text.prefix { $0 != 0x0A }.split(separator: 0x20)
        guard let label = words.first, label.elementsEqual("cpu".utf8) else { return nil }
        let ticks = words.dropFirst().prefix(8).compactMap {
            UInt64(String(decoding: $0, as: UTF8.self))
        }
        guard ticks.count >= 5 else { return nil }
        let all = ticks.reduce(0, &+)
        // Whoever waits for a disk leaves its processor to others.
        self.init(busy: all &- ticks[3] &- ticks[4], all: all)
    }
}
