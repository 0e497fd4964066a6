// Arguments as bytes. `CommandLine.arguments` turns what is not UTF-8 into U+FFFD, and the parser takes text
// only; so bytes that are not UTF-8 are carried through it as private scalars and taken back afterwards.
//
// Each such byte becomes the scalar U+10FE00 plus its value (plane 16, private use). A scalar of that very
// range in the input is treated as bytes that are not UTF-8, so that decoding has one answer.

import ArgumentParser
import LinuxIO

/// The words of the command line, reversibly encoded as text.
enum RawArguments {
    private static let base: UInt32 = 0x10_FE00

    /// All arguments but the program's name.
    static func encoded() -> [String] {
        ProcessArguments.words.map { encode($0.bytes) }
    }

    /// Text that `decode` turns back into exactly these bytes.
    static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        var rest = Array(bytes)[...]
        while let first = rest.first {
            if let (scalar, length) = validScalar(at: rest) {
                text.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                if let scalar = Unicode.Scalar(base + UInt32(first)) { text.append(scalar) }
                rest = rest.dropFirst()
            }
        }
        return String(text)
    }

    /// The bytes that were encoded.
    static func decode(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            if scalar.value >= base, scalar.value <= base + 0xFF {
                bytes.append(UInt8(scalar.value - base))
            } else {
                bytes += Array(String(scalar).utf8)
            }
        }
        return bytes
    }

    /// The UTF-8 sequence at the start of `bytes`, unless it is none or of the range that stands for bytes.
    private static func validScalar(at bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, Int)? {
        var decoder = Unicode.UTF8.ForwardParser()
        var iterator = bytes.prefix(4).makeIterator()
        guard case .valid(let encoded) = decoder.parseScalar(from: &iterator) else { return nil }
        let scalar = Unicode.UTF8.decode(encoded)
        guard scalar.value < base || scalar.value > base + 0xFF else { return nil }
        return (scalar, encoded.count)
    }
}

/// A path, name or pattern from the command line, as bytes.
struct BytesArgument: ExpressibleByArgument, Hashable, Sendable {
    let bytes: [UInt8]

    init?(argument: String) {
        bytes = RawArguments.decode(argument)
        if bytes.isEmpty { return nil }
    }

    var name: Name { Name(bytes) }
}
