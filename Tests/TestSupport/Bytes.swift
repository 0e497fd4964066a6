// Bytes and C: names are bytes, so the calls of Tests take [UInt8] and hand NUL-terminated memory
// to C.

import Glibc

/// The bytes of a text, for names written as literals.
package func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A name as it is shown in messages: what is not printable ASCII becomes `\ooo`.
package func shown(_ name: [UInt8]) -> String {
    var text = ""
    for byte in name {
        if byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\\") {
            text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            let octal = String(byte, radix: 8)
            text += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
        }
    }
    return text
}

/// `directory/name`; `directory` alone when the name is empty.
package func joined(_ directory: [UInt8], _ name: [UInt8]) -> [UInt8] {
    name.isEmpty ? directory : directory + [UInt8(ascii: "/")] + name
}

/// `directory/name` with a name that is text.
package func joined(_ directory: [UInt8], _ name: String) -> [UInt8] {
    joined(directory, bytes(name))
}

/// Lends `name` to C with its terminating NUL.
package func withBytes<R>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) throws -> R) rethrows -> R
{
    try (name + [0]).withUnsafeBufferPointer { buffer in
        try buffer.withMemoryRebound(to: CChar.self) { memory in
            guard let base = memory.baseAddress else { noMemory() }
            return try body(base)
        }
    }
}

private func noMemory() -> Never { fatalError("an array without memory") }

/// Lends a vector of names to C, ended by a null pointer, as `execve` wants it.
func withVector<R>(
    _ names: [[UInt8]],
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = names.map { name in
        withBytes(name) { strdup($0) }
    }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { noMemory() }
        return body(base)
    }
}

/// Cuts NUL-separated output into records; a last empty one is dropped.
package func records(_ output: [UInt8]) -> [[UInt8]] {
    var cut = output.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
    if cut.last == [] { cut.removeLast() }
    return cut
}
