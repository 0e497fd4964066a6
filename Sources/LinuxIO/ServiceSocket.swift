// The socket of the service manager that started this process: sd_notify(3), one datagram each, without libsystemd.
//
// Kept true: nothing here waits. A receiver that is full or gone is an error of the datagram alone, and who sends decides
// what becomes of that.

import CLinux
import Glibc

/// Where a service manager hears of this process.
///
/// Any thread may call `send`.
package final class ServiceSocket: Sendable {
    /// The name of the variable that holds its address.
    private static let variable = "NOTIFY_SOCKET"

    private let socket: SharedDescriptor
    /// As sun_path has it: a NUL first stands for an abstract name (unix(7)).
    private let address: [UInt8]

    /// Takes the address from the environment, where it is no more afterwards: a command that this process runs must not
    /// speak in its name.
    ///
    /// Nil without a service manager, and where its address is of another family (`vsock:`, which a machine's own manager
    /// has) or no socket can be had: then there is nobody to tell. Only while this process has one thread:
    /// `unsetenv` moves what others read.
    package static func taken() -> ServiceSocket? {
        guard let name = ProcessLimits.environment(variable) else { return nil }
        // It fails for a name with `=` only (unsetenv(3)).
        _ = unsetenv(variable)
        return ServiceSocket(address: Array(name.bytes))
    }

    /// `address` as NOTIFY_SOCKET has it: an absolute path, or `@` and an abstract name; nil as above.
    package init?(address: [UInt8]) {
        guard let first = address.first, address.count > 1 else { return nil }
        switch first {
        case UInt8(ascii: "/"): self.address = address
        case UInt8(ascii: "@"): self.address = [0] + address.dropFirst()
        default: return nil
        }
        let raw = cl_datagram_socket()
        guard raw >= 0 else { return nil }
        socket = SharedDescriptor(Descriptor(owning: raw))
    }

    /// Sends one datagram, or fails at once.
    ///
    /// EAGAIN where the receiver is full, ENOENT and ECONNREFUSED where it is gone, which it may be for the moment in which a
    /// manager starts itself anew. The system call is `sendto` with MSG_DONTWAIT.
    package func send(_ text: String) throws(SystemError) {
        let bytes = Array(text.utf8)
        let raw = socket.descriptor.raw
        check(
            try retrying(.send) {
                cl_send_datagram(raw, address, address.count, bytes, bytes.count)
            }
        )
    }
}
