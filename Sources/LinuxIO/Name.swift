// Names of entries: bytes, never text (S50). A `Name` owns its bytes and keeps the terminating NUL
// that system calls want; `NamePointer` borrows one from a listing's arena for the length of a call.

import Glibc

/// A borrowed, NUL-terminated name: valid only while its owner is.
package typealias NamePointer = UnsafePointer<CChar>

/// The name of one entry, or another NUL-terminated string of bytes such as an attribute's name.
///
/// Any byte but NUL can be in it; a name that is used below a directory holds no slash either, which
/// the kernel guarantees for names that it listed.
package struct Name: Hashable, Sendable {
    /// The bytes, the terminating NUL included.
    @usableFromInline let storage: [UInt8]

    /// A name from bytes; cut at the first NUL, as the kernel would.
    package init(_ bytes: some Sequence<UInt8>) {
        var storage: [UInt8] = []
        for byte in bytes {
            if byte == 0 { break }
            storage.append(byte)
        }
        storage.append(0)
        self.storage = storage
    }

    /// A name from text, in UTF-8.
    package init(_ text: String) { self.init(text.utf8) }

    /// A copy of a NUL-terminated string of C.
    package init(cString pointer: NamePointer) {
        self.init(copying: pointer, length: strlen(pointer))
    }

    /// A copy of a borrowed name.
    package init(copying pointer: NamePointer, length: Int) {
        storage = [UInt8](unsafeUninitializedCapacity: length + 1) { buffer, count in
            for index in 0..<length { buffer[index] = UInt8(bitPattern: pointer[index]) }
            buffer[length] = 0
            count = length + 1
        }
    }

    /// The bytes without the terminating NUL.
    package var bytes: ArraySlice<UInt8> { storage.dropLast() }

    /// The length in bytes, the terminating NUL not counted.
    package var count: Int { storage.count - 1 }

    /// Lends the NUL-terminated bytes to a call.
    @inlinable @inline(__always)
    package func withPointer<Result, Failure: Error>(
        _ body: (NamePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeBufferPointer { buffer throws(Failure) -> Result in
            guard let base = buffer.baseAddress else {
                preconditionFailure("a name holds at least its NUL")
            }
            return try UnsafeRawPointer(base).withMemoryRebound(
                to: CChar.self,
                capacity: buffer.count
            ) {
                pointer throws(Failure) -> Result in try body(pointer)
            }
        }
    }
}
