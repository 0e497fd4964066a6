// The words of the command line as the kernel gave them. Swift's own `CommandLine` reads /proc/self/cmdline, and
// has none where /proc is not mounted.

import CLinux

/// What this process was started with.
package enum ProcessArguments {
    /// All words but the program's name, as bytes.
    package static var words: [Name] {
        var count: Int32 = 0
        guard let values = cl_arguments(&count) else { return [] }
        return (1..<max(Int(count), 1)).compactMap { index in
            values[index].map { Name(cString: $0) }
        }
    }
}
