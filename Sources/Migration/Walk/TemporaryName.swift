// Names under which entries are made before they are renamed into place (S12, S13): `.cutover.`, eight hex
// digits of the pass, a dot, and a count in hex. At most 34 bytes, so they fit beside any name. Those of a shard have its
// number, too: `.cutover.S17.`, so that others at work in the same directory know that they are no leftovers of theirs.

package import LinuxIO
import Synchronization

/// Makes the temporary names of one pass.
///
/// Thread-safe.
package final class TemporaryNames: Sendable {
    private static let prefix = Array(".cutover.".utf8)
    private let start: [UInt8]
    private let count = Atomic<UInt64>(0)

    /// Names with a random part, so that a name left by a killed run is not met again.
    package convenience init() { self.init(start: [], digits: []) }

    /// Those of a shard: its number, and four of the eight digits are its plan's, for a shard of another plan may have the
    /// same number.
    package convenience init(of shard: ShardOfPlan) {
        self.init(start: Array("S\(shard.number).".utf8), digits: shard.digits)
    }

    private init(start: [UInt8], digits: [UInt8]) {
        var generator = SystemRandomNumberGenerator()
        let random = String(UInt32.random(in: 0...UInt32.max, using: &generator), radix: 16)
        let padded = Array((String(repeating: "0", count: 8 - random.count) + random).utf8)
        self.start = Self.prefix + start + digits + padded.dropFirst(digits.count) + [0x2E]
    }

    /// A name that this pass has not used.
    package func next() -> Name {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        return Name(start + Array(String(number, radix: 16).utf8))
    }

    /// Whether `name` has exactly the form of a temporary name: a leftover, unless SOURCE has it.
    package static func matches(_ name: some Collection<UInt8>) -> Bool {
        guard name.starts(with: prefix) else { return false }
        return form(of: name) != nil
    }

    /// The shard that a temporary name is of; nil: it has none, or is no such name.
    package static func shard(of name: some Collection<UInt8>) -> ShardOfPlan? {
        guard name.starts(with: prefix), case .shard(let shard) = form(of: name) else {
            return nil
        }
        return shard
    }

    private enum Form { case plain, shard(ShardOfPlan) }

    /// By what stands behind the prefix; nil: it is no temporary name.
    private static func form(of name: some Collection<UInt8>) -> Form? {
        var rest = Array(name.dropFirst(prefix.count))[...]
        var form = Form.plain
        if rest.first == 0x53 {
            let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            guard (1...shardDigitsMax).contains(digits.count),
                digits.count == 1 || digits.first != 0x30,
                rest.dropFirst(1 + digits.count).first == 0x2E
            else { return nil }
            rest = rest.dropFirst(2 + digits.count)
            let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            form = .shard(ShardOfPlan(number: number, digits: Array(rest.prefix(4))))
        }
        let isHex: (UInt8) -> Bool = { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard rest.count > 9, rest.count <= 9 + 16, rest.prefix(8).allSatisfy(isHex),
            rest.dropFirst(8).first == 0x2E, rest.dropFirst(9).allSatisfy(isHex)
        else { return nil }
        return form
    }

    /// `TreePlan.shardsMax` has six.
    private static let shardDigitsMax = 6
}

/// Whose the temporary names of a shard are.
package struct ShardOfPlan: Hashable, Sendable {
    package let number: Int
    /// The first four of its plan's identifier.
    let digits: [UInt8]

    init(number: Int, digits: [UInt8]) { (self.number, self.digits) = (number, digits) }

    /// Nil: of closing, whose names are those of any pass.
    package init?(_ share: PlanShare) {
        guard let number = share.part.shard else { return nil }
        self.init(number: number, digits: Array(share.identifier.utf8.prefix(4)))
    }
}
