// Which I/O scheduler orders the requests of a volume's disks: some take no notice of I/O classes (ionice(1)).

extension BlockDevice {
    /// A disk and its scheduler.
    package struct Scheduled: Equatable, Sendable {
        package var device: String
        /// As the kernel calls it: `none`, `mq-deadline`, `bfq`, `kyber`.
        package var scheduler: String

        package init(device: String, scheduler: String) {
            self.device = device
            self.scheduler = scheduler
        }

        /// Whether it lets requests of the idle class wait for others'.
        ///
        /// BFQ and CFQ, and since Linux 5.14 mq-deadline (Documentation/block/ioprio.rst, block/mq-deadline.c).
        package var honoursIdle: Bool { ["bfq", "cfq", "mq-deadline"].contains(scheduler) }
    }

    /// The disks that a block device lies on in the end: below a loop device its file's, below dm and md what
    /// they are made of.
    ///
    /// Empty where that cannot be told.
    ///
    /// Reads /sys/dev/block/MAJOR:MINOR/slaves, loop/backing_file and queue/scheduler
    /// (Documentation/ABI/stable/sysfs-block of Linux).
    package static func scheduled(number: UInt64, depth: Int = 0) -> [Scheduled] {
        // dm on md on loop on dm: nobody stacks deeper, and nothing here may go round.
        guard depth < 8, let device = BlockDevice(number: number) else { return [] }
        var folder = "/sys/dev/block/\(number >> 32):\(number & 0xFFFF_FFFF)/"
        // A partition has neither a queue nor what its disk is made of: an md or a loop device can have some, too.
        if line(folder + "partition") != nil { folder += "../" }
        let below = numbersBelow(folder)
        if !below.isEmpty { return below.flatMap { scheduled(number: $0, depth: depth + 1) } }
        if let file = line(folder + "loop/backing_file") {
            guard let opened = try? InputFile.open(Name(file)), let status = try? opened.status()
            else { return [] }
            return scheduled(number: status.device, depth: depth + 1)
        }
        guard let text = line(folder + "queue/scheduler"), let name = active(in: text) else {
            return []
        }
        return [Scheduled(device: device.name, scheduler: name)]
    }

    /// The one in brackets, or the only one.
    package static func active(in text: String) -> String? {
        let words = text.split(separator: " ")
        if let chosen = words.first(where: { $0.hasPrefix("[") && $0.hasSuffix("]") }) {
            return String(chosen.dropFirst().dropLast())
        }
        return words.count == 1 ? String(words[0]) : nil
    }

    private static func numbersBelow(_ folder: String) -> [UInt64] {
        let path = folder + "slaves"
        var listing = Listing()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)
        defer { buffer.deallocate() }
        // A partition has no such folder.
        guard let opened = try? Descriptor.openRoot(Name(path)),
            (try? listing.read(opened, buffer: buffer)) != nil
        else { return [] }
        return (0..<listing.count).compactMap { index in
            let name = String(decoding: listing.nameBytes(index), as: UTF8.self)
            guard let parts = line("\(path)/\(name)/dev")?.split(separator: ":"), parts.count == 2,
                let major = UInt64(parts[0]), let minor = UInt64(parts[1])
            else { return nil }
            return major << 32 | minor
        }
    }

    private static func line(_ path: String) -> String? {
        guard let bytes = try? InputFile.contents(of: Name(path), bytesMax: 65_536) else {
            return nil
        }
        return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
