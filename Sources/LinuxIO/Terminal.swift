// What is asked of the machine to show things to people: the width of a terminal, the encoding of
// the person's locale, and the time of day.

import Glibc

/// Facts about a terminal and the person before it; no state.
package enum Terminal {
    /// Opens /dev/null in the place of standard streams that are closed, so that no file of ours
    /// gets their numbers and what is meant for people.
    ///
    /// Standard output cannot be written to then (EBADF): an answer that nobody gets is lost, as where its disk is
    /// full. What goes to a closed standard error is dropped.
    ///
    /// Call it before anything is opened.
    ///
    /// The corresponding system calls are `fcntl` with F_GETFD and `open`, which takes the lowest free number.
    package static func openStandardStreams() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // Without it things are as they were; there is nobody to tell.
            _ = open("/dev/null", number == STDOUT_FILENO ? O_RDONLY : O_RDWR)
        }
    }

    /// How wide the terminal is now, in columns; nil when the descriptor is none or does not say.
    ///
    /// The corresponding system call is `ioctl` with TIOCGWINSZ.
    static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Whether the terminal says of itself that it cannot erase a line (TERM=dumb), as editors' do.
    package static var isDumb: Bool {
        guard let name = getenv("TERM") else { return false }
        return strcmp(name, "dumb") == 0
    }

    /// Whether text in the person's locale is UTF-8 (LC_ALL, LC_CTYPE, LANG); not so in the C locale.
    ///
    /// rsync(1) asks the same to decide which bytes it prints as they are. The locale of this process
    /// is left alone. The corresponding functions are `newlocale` and `nl_langinfo_l`.
    package static var isUTF8: Bool {
        guard let locale = newlocale(LC_CTYPE_MASK, "", nil) else { return false }
        defer { freelocale(locale) }
        guard let codeset = nl_langinfo_l(nl_item(CODESET), locale) else { return false }
        return strcasecmp(codeset, "UTF-8") == 0
    }
}

/// The time of day, which may step.
package enum WallClock {
    /// Nanoseconds since 1970.
    ///
    /// The corresponding system call is `clock_gettime` (CLOCK_REALTIME), which does not fail for
    /// this clock.
    package static var nanoseconds: UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return UInt64(max(now.tv_sec, 0)) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    }
}
