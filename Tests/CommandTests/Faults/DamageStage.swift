// What the tests of damaged files share: which parts of which files of SOURCE are broken, made known to the
// program by its fault table, and what is to be told and written then, from the model alone.

import Glibc
import TestSupport
import Testing

/// One file of SOURCE and its broken parts.
struct DamagedSource {
    let path: [UInt8]
    let contents: [UInt8]
    /// Broken ranges, ascending and apart, in multiples of the disk's blocks but for the file's end.
    let broken: [Range<Int>]

    /// What is readable, with zeros for the rest.
    var readable: [UInt8] {
        var bytes = contents
        for range in broken {
            bytes.replaceSubrange(range, with: repeatElement(0, count: range.count))
        }
        return bytes
    }

    /// As JSON tells it: first and last byte of each.
    var ranges: JSON {
        .array(
            broken.map { range in
                .array([.number("\(range.lowerBound)"), .number("\(range.upperBound - 1)")])
            }
        )
    }

    /// The mark of a salvaged copy.
    var mark: String {
        let count = broken.reduce(0) { $0 + $1.count }
        let ranges = broken.map { "\($0.lowerBound)-\($0.upperBound - 1)" }
        return "\(count) bytes: \(ranges.joined(separator: ","))"
    }

    /// The entries of the fault table, without the variable's name.
    func faults(in root: [UInt8]) throws -> [String] {
        let status = try Files.status(joined(root, path))
        return broken.map {
            "pread@\(status.st_dev).\(status.st_ino):\($0.lowerBound)-\($0.upperBound - 1):EIO"
        }
    }
}

/// Broken parts as the environment of a pass.
func brokenDisk(
    _ files: [DamagedSource],
    in root: [UInt8],
    and others: String...
) throws -> [String] {
    let faults = try files.flatMap { try $0.faults(in: root) } + others
    return ["CUTOVER_FAULTS=\(faults.joined(separator: ","))"]
}

/// The size of the blocks in which the disk below a directory is read, in bytes.
func diskBlockBytes(_ directory: [UInt8]) throws -> Int {
    let output = try Shell.run(
        "blockdev --getss \"$(findmnt -n -o SOURCE -T \"$1\" | sed 's/\\[.*//')\"",
        directory
    )
    let text = String(decoding: output.stdout, as: UTF8.self)
    return try #require(Int(text.filter(\.isNumber)), "\(text)")
}

/// Makes a file of random contents and breaks parts of it by a seed.
func makeDamaged(
    _ root: [UInt8],
    _ name: String,
    sizeBytes: Int,
    blockBytes: Int,
    _ random: inout SeededRandom
) throws -> DamagedSource {
    let contents = random.bytes(sizeBytes)
    try Files.write(joined(root, name), contents)
    let blocks = (sizeBytes + blockBytes - 1) / blockBytes
    var broken: Set<Int> = []
    for _ in 0..<1 + random.below(5) {
        let start = random.below(blocks)
        let length = 1 + random.below(random.below(3) == 0 ? 40 : 3)
        broken.formUnion(start..<min(start + length, blocks))
    }
    var ranges: [Range<Int>] = []
    for block in broken.sorted() {
        let range = block * blockBytes..<min((block + 1) * blockBytes, sizeBytes)
        if let last = ranges.last, last.upperBound == range.lowerBound {
            ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
        } else {
            ranges.append(range)
        }
    }
    return DamagedSource(path: bytes(name), contents: contents, broken: ranges)
}
