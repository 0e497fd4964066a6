// A pseudo-terminal: the side of the person. posix_openpt(3) and what belongs to it are not in Glibc's module, so this is
// done by the ioctls of pty(7).

import Glibc
import Testing

/// One pseudo-terminal, open from the person's side: what programs write there is read here, without waiting.
final class PseudoTerminal {
    /// Where keys go in and output comes out; not blocking.
    let primary: Int32
    /// What programs open.
    let path: String

    /// Opens one of that width.
    ///
    /// - Throws: when there is none.
    init(columns: UInt16) throws {
        primary = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var isLocked: Int32 = 0
        var number: UInt32 = 0
        let unlock: UInt = 0x4004_5431  // TIOCSPTLCK
        let getNumber: UInt = 0x8004_5430  // TIOCGPTN
        try #require(primary >= 0 && ioctl(primary, unlock, &isLocked) == 0)
        try #require(ioctl(primary, getNumber, &number) == 0)
        path = "/dev/pts/\(number)"
        try resize(columns: columns)
        try #require(fcntl(primary, F_SETFL, O_NONBLOCK) == 0)
    }

    deinit { close(primary) }

    /// Gives it another width, as a person does who drags the corner of the window.
    func resize(columns: UInt16) throws {
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        // One size for both sides.
        try #require(ioctl(primary, UInt(TIOCSWINSZ), &size) == 0)
    }

    /// What was written since the last call.
    func drain() -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(primary, &buffer, buffer.count)
            if count <= 0 { return received }
            received += buffer[..<count]
        }
    }
}
