// SHA-256, as sha256sum(1) has it.

import CLinux

/// The digest of bytes that are handed over bit by bit; a value of 112 bytes, without memory of its own.
package struct SHA256: Sendable {
    package static let byteCount = Int(CL_SHA256_BYTES)

    private var state = cl_sha256_make()

    /// Of no bytes.
    package init() {}

    /// Takes in `bytes`, which follow those before.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // Of an empty buffer there may be no address, which C does not allow even for no bytes.
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        cl_sha256_update(&state, base, bytes.count)
    }

    /// The digest of all bytes until now, `byteCount` of them; more may follow.
    package var bytes: [UInt8] {
        var state = state
        return [UInt8](unsafeUninitializedCapacity: Self.byteCount) { result, count in
            if let base = result.baseAddress { cl_sha256_finish(&state, base) }
            count = Self.byteCount
        }
    }
}
