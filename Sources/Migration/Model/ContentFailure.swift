// A read or write of contents that failed.

package import LinuxIO

/// Why contents could not be copied, compared or examined.
package struct ContentFailure: Error {
    package let side: Failure.Side
    package let error: SystemError
    /// The bytes that the failing call was about.
    package let bytes: Range<UInt64>
}

extension Descriptor {
    /// The next run of data of a file of `side` from `position` on; nil: only a hole, or the end.
    func nextData(
        _ side: Failure.Side,
        from position: UInt64,
        sizeBytes: UInt64
    ) throws(ContentFailure) -> Range<UInt64>? {
        do throws(SystemError) {
            return try nextData(from: position, sizeBytes: sizeBytes)
        } catch {
            throw ContentFailure(side: side, error: error, bytes: position..<sizeBytes)
        }
    }
}
