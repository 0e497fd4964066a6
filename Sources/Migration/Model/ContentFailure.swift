// A read or write of contents that failed.

package import LinuxIO

/// Why contents could not be copied, compared or examined.
package struct ContentFailure: Error {
    package let side: Failure.Side
    package let error: SystemError
    /// The bytes that the failing call was about.
    package let bytes: Range<UInt64>
}
