// A service manager as a program sees it: a datagram socket whose name stands in NOTIFY_SOCKET (sd_notify(3)).

import Glibc
package import Testing

/// Hears what a program tells it.
///
/// One thread. Nobody reads but `receive` and `waitFor`: what was not read fills the socket.
package final class ServiceManager {
    /// For the environment of a program.
    package let variable: String
    private let socket: Int32
    private let address: [UInt8]
    /// All lines so far, in their order.
    package private(set) var lines: [String] = []

    /// - Parameters:
    ///   - path: where the socket is made; nil: it has an abstract name.
    ///   - isFull: nothing more fits into it.
    /// - Throws: `CallError` when the socket cannot be made.
    package init(path: [UInt8]? = nil, isFull: Bool = false) throws {
        let name = Scratch.uniqueName("cutover-manager")
        address = path ?? [0] + bytes(name)
        variable = "NOTIFY_SOCKET=" + (path.map { shown($0) } ?? "@" + name)
        let made = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        socket = made
        guard made >= 0, Self.with(address, { bind(made, $0, $1) }) == 0 else {
            throw CallError(call: "bind", name: variable, errno: errno)
        }
        if isFull { fill() }
    }

    deinit { close(socket) }

    private static func with(
        _ address: [UInt8],
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: address) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    private func fill() {
        let other = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(other) }
        let text = bytes("X_FULL=1")
        while Self.with(
            address,
            { Int32(sendto(other, text, text.count, Int32(MSG_DONTWAIT), $0, $1)) }
        ) > 0 {}
    }

    /// Reads what is there; gives all lines so far.
    @discardableResult
    package func receive() -> [String] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 { return lines }
            lines += String(decoding: buffer.prefix(count), as: UTF8.self)
                .split(separator: "\n").map(String.init)
        }
    }

    /// Waits for a line that begins so.
    package func waitFor(_ start: String, sourceLocation: SourceLocation = #_sourceLocation) {
        waitUntil(seconds: Int(hangSeconds), sourceLocation: sourceLocation) {
            receive().contains { $0.hasPrefix(start) }
        }
    }

    /// The lines that begin so, what follows in each.
    package func all(_ start: String) -> [String] {
        receive().filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
    }
}
