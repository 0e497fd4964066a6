// The id of a filesystem as blkid(8) has it.

/// The text of an id.
enum FilesystemName {
    /// A UUID of 16 bytes with its dashes, another id in hexadecimal; nil: there is none.
    static func text(_ id: [UInt8]) -> String? {
        if id.isEmpty { return nil }
        let digits = Array("0123456789abcdef".unicodeScalars)
        var text = String.UnicodeScalarView()
        for (index, byte) in id.enumerated() {
            if id.count == 16, [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(text)
    }
}
