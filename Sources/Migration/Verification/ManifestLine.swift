// One line of a manifest, in the form that sha256sum(1) writes and `sha256sum -c` reads: 64 hexadecimal digits, two
// blanks (or a blank and an asterisk), the name. A backslash before the digits says that in the name \\, \n and \r
// stand for a backslash, a newline and a carriage return.

/// A digest and the path that it is of, from the root on.
package struct ManifestLine: Sendable, Equatable {
    package static let digestBytes = 32
    /// Longer than any name that can be reached: 4,096 directories of 255 bytes.
    package static let bytesMax = 1 << 20
    private static let nameBytesMax = 255

    package var digest: [UInt8]
    /// Below the root, without `.` and empty components.
    package var path: [UInt8]

    package init(digest: [UInt8], path: [UInt8]) {
        self.digest = digest
        self.path = path
    }

    /// Reads a line without its newline.
    package init(parsing line: some Collection<UInt8>) throws(ManifestProblem) {
        var rest = Array(line)[...]
        let isEscaped = rest.first == 0x5C
        if isEscaped { rest.removeFirst() }
        let digits = 2 * Self.digestBytes
        guard rest.count > digits + 2 else {
            throw rest.count == digits + 2 ? .emptyName : .notALine
        }
        var digest: [UInt8] = []
        digest.reserveCapacity(Self.digestBytes)
        var index = rest.startIndex
        for _ in 0..<Self.digestBytes {
            guard let high = Self.digit(rest[index]), let low = Self.digit(rest[index + 1]) else {
                throw .notALine
            }
            digest.append(high << 4 | low)
            index += 2
        }
        guard rest[index] == 0x20, rest[index + 1] == 0x20 || rest[index + 1] == 0x2A else {
            throw .notALine
        }
        self.digest = digest
        let name = rest[(index + 2)...]
        path = try Self.path(isEscaped ? try Self.unescaped(name) : Array(name))
    }

    /// The line with its newline.
    package var bytes: [UInt8] {
        let needsEscapes = path.contains { $0 == 0x5C || $0 == 0x0A || $0 == 0x0D }
        var line: [UInt8] = []
        line.reserveCapacity(2 * digest.count + path.count + 4)
        if needsEscapes { line.append(0x5C) }
        for byte in digest {
            line.append(Self.digits[Int(byte >> 4)])
            line.append(Self.digits[Int(byte & 15)])
        }
        line += [0x20, 0x20]
        // sha256sum takes "-" for standard input.
        if path == [0x2D] { line += [0x2E, 0x2F] }
        for byte in path {
            switch byte {
            case 0x5C: line += [0x5C, 0x5C]
            case 0x0A: line += [0x5C, 0x6E]
            case 0x0D: line += [0x5C, 0x72]
            default: line.append(byte)
            }
        }
        line.append(0x0A)
        return line
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x61 + 10
        case 0x41...0x46: byte - 0x41 + 10
        default: nil
        }
    }

    private static func unescaped(_ name: ArraySlice<UInt8>) throws(ManifestProblem) -> [UInt8] {
        var result: [UInt8] = []
        var rest = name
        while let byte = rest.popFirst() {
            guard byte == 0x5C else {
                result.append(byte)
                continue
            }
            switch rest.popFirst() {
            case 0x5C: result.append(0x5C)
            case 0x6E: result.append(0x0A)
            case 0x72: result.append(0x0D)
            default: throw .badEscape
            }
        }
        return result
    }

    /// A path that cannot lead out of the root: components only, none of them `..`.
    private static func path(_ name: [UInt8]) throws(ManifestProblem) -> [UInt8] {
        if name.contains(0) { throw .holdsNUL }
        if name.first == 0x2F { throw .absolute }
        if name.last == 0x2F { throw .notAFile }
        let parts = name.split(separator: 0x2F).filter { !$0.elementsEqual([0x2E]) }
        if parts.contains(where: { $0.elementsEqual([0x2E, 0x2E]) }) { throw .leavesRoot }
        if parts.contains(where: { $0.count > nameBytesMax }) { throw .nameTooLong }
        if parts.isEmpty { throw .emptyName }
        return [UInt8](parts.joined(separator: [0x2F]))
    }
}
