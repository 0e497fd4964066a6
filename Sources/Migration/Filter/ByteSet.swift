// A set of byte values, as one element of a wildcard pattern accepts them.
// Keeps true: fixed size, no heap. Does not promise: anything about characters; bytes from 0x80
// belong to no named class, whatever the locale.

/// A set of byte values in 256 bits.
struct ByteSet: Equatable, Sendable {
    private var low: UInt64 = 0
    private var midLow: UInt64 = 0
    private var midHigh: UInt64 = 0
    private var high: UInt64 = 0

    /// The set without members.
    init() {}

    /// The set of one byte.
    init(_ byte: UInt8) {
        insert(byte)
    }

    /// Every byte but the slash: what `?` accepts.
    static let anyButSlash = ByteSet(UInt8(ascii: "/")).complement

    /// The bytes that are not members.
    var complement: ByteSet {
        var result = self
        result.low = ~low
        result.midLow = ~midLow
        result.midHigh = ~midHigh
        result.high = ~high
        return result
    }

    func contains(_ byte: UInt8) -> Bool {
        let bit = UInt64(1) << UInt64(byte & 63)
        return switch byte >> 6 {
        case 0: low & bit != 0
        case 1: midLow & bit != 0
        case 2: midHigh & bit != 0
        default: high & bit != 0
        }
    }

    mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: low |= bit
        case 1: midLow |= bit
        case 2: midHigh |= bit
        default: high |= bit
        }
    }

    mutating func remove(_ byte: UInt8) {
        guard contains(byte) else { return }
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: low ^= bit
        case 1: midLow ^= bit
        case 2: midHigh ^= bit
        default: high ^= bit
        }
    }

    /// Adds every byte that satisfies `predicate`.
    mutating func insert(where predicate: (UInt8) -> Bool) {
        for byte in UInt8.min...UInt8.max where predicate(byte) {
            insert(byte)
        }
    }

    /// Adds the members of a POSIX class as the C locale has them.
    ///
    /// Returns false, and adds nothing, when there is no class called `name`.
    mutating func insert(classNamed name: ArraySlice<UInt8>) -> Bool {
        guard let (_, predicate) = Self.classes.first(where: { name.elementsEqual($0.name.utf8) })
        else { return false }
        insert(where: predicate)
        return true
    }

    private static let classes: [(name: String, contains: @Sendable (UInt8) -> Bool)] = [
        ("alnum", { isLetter($0) || isDigit($0) }),
        ("alpha", isLetter),
        ("blank", { $0 == 0x20 || $0 == 0x09 }),
        ("cntrl", { $0 < 0x20 || $0 == 0x7F }),
        ("digit", isDigit),
        ("graph", { $0 > 0x20 && $0 < 0x7F }),
        ("lower", { (0x61...0x7A).contains($0) }),
        ("print", { $0 >= 0x20 && $0 < 0x7F }),
        ("punct", { $0 > 0x20 && $0 < 0x7F && !isLetter($0) && !isDigit($0) }),
        ("space", { $0 == 0x20 || (0x09...0x0D).contains($0) }),
        ("upper", { (0x41...0x5A).contains($0) }),
        ("xdigit", { isDigit($0) || (0x41...0x46).contains($0 & ~0x20) }),
    ]

    @Sendable private static func isDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte)
    }

    @Sendable private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte & ~0x20)
    }
}
