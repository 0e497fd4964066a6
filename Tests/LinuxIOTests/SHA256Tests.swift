// Digests are those of other tools: a manifest is checked by sha256sum(1).

import LinuxIO
import TestSupport
import Testing

@Suite struct SHA256Tests {
    /// From FIPS 180-4's examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `The standard's examples give the standard's digests`(text: String, expected: String) {
        #expect(digest(Array(text.utf8), parts: 1) == expected)
    }

    @Test func `It does not matter in which parts bytes are handed over`() {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let whole = digest(bytes, parts: 1)
        for parts in [2, 3, 7, 64, 3_125] { #expect(digest(bytes, parts: parts) == whole) }
    }

    @Test func `A copy goes its own way, and a digest that was asked for can go on`() {
        var first = SHA256()
        feed(&first, Array("ab".utf8))
        var second = first
        let between = first.bytes
        feed(&first, Array("c".utf8))
        feed(&second, Array("d".utf8))
        #expect(first.bytes == SHA256Tests.of("abc"))
        #expect(second.bytes == SHA256Tests.of("abd"))
        #expect(between == SHA256Tests.of("ab"))
    }

    private static func of(_ text: String) -> [UInt8] {
        var digest = SHA256()
        Array(text.utf8).withUnsafeBytes { digest.update($0) }
        return digest.bytes
    }

    private func feed(_ digest: inout SHA256, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { digest.update($0) }
    }

    /// In hexadecimal digits, of bytes handed over in so many parts of about one size.
    private func digest(_ bytes: [UInt8], parts: Int) -> String {
        var digest = SHA256()
        for part in 0..<parts {
            let range = bytes.count * part / parts..<bytes.count * (part + 1) / parts
            feed(&digest, Array(bytes[range]))
        }
        return digest.bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
