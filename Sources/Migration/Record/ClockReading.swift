// When something was, by all clocks: passes of one boot are told apart by it from those of another.

import LinuxIO

/// One moment by all clocks that matter.
struct ClockReading {
    /// Nanoseconds since 1970, as filesystems stamp.
    var time: Int64
    /// Nanoseconds since the machine started, which nobody sets.
    var sinceBoot: Int64
    /// Empty where the kernel does not tell: then no two passes are of one boot.
    var bootIdentifier: String
    /// Which mounting of DESTINATION's filesystem is there; nil where nothing tells.
    var destinationInstance: String?

    static func now(on destination: SharedDescriptor?) -> ClockReading {
        let boot = (try? LinuxIO.bootIdentifier()) ?? ""
        return ClockReading(
            time: coarseTimeNanoseconds(),
            sinceBoot: bootNanoseconds(),
            bootIdentifier: boot,
            destinationInstance: destination?.descriptor.filesystemInstance()
        )
    }
}
