// Names under which entries are made before they are renamed into place (S12, S13): `.cutover.`, eight hex
// digits of the pass, a dot, and a count in hex. At most 34 bytes, so they fit beside any name.

package import LinuxIO
import Synchronization

/// Makes the temporary names of one pass.
///
/// Thread-safe.
package final class TemporaryNames: Sendable {
    private static let prefix = Array(".cutover.".utf8)
    private let pass: [UInt8]
    private let count = Atomic<UInt64>(0)

    /// Names with a random part, so that a name left by a killed run is not met again.
    package init() {
        var generator = SystemRandomNumberGenerator()
        let digits = String(UInt32.random(in: 0...UInt32.max, using: &generator), radix: 16)
        pass = Array((String(repeating: "0", count: 8 - digits.count) + digits).utf8)
    }

    /// A name that this pass has not used.
    package func next() -> Name {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        return Name(Self.prefix + pass + [0x2E] + Array(String(number, radix: 16).utf8))
    }

    /// Whether `name` has exactly the form of a temporary name: a leftover, unless SOURCE has it.
    package static func matches(_ name: some Collection<UInt8>) -> Bool {
        guard name.count > prefix.count + 9, name.count <= prefix.count + 9 + 16,
            name.starts(with: prefix)
        else { return false }
        let rest = name.dropFirst(prefix.count)
        guard let dot = rest.firstIndex(of: 0x2E),
            rest.distance(from: rest.startIndex, to: dot) == 8
        else { return false }
        let isHex: (UInt8) -> Bool = { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        return rest.prefix(8).allSatisfy(isHex) && rest.dropFirst(9).allSatisfy(isHex)
    }
}
