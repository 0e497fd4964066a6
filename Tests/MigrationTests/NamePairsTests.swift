// Which names both sides have: the hashed pairing against the obvious one, on real listings, for a
// Listing is filled by the kernel only.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("NamePairs", .requiresVolumes) struct NamePairsTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func listing(_ path: [UInt8]) throws -> Listing {
        var listing = Listing()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        try listing.read(try Descriptor.openRoot(Name(path)), buffer: buffer)
        return listing
    }

    /// Few distinct bytes, so that names are often equal or nearly; half of them above 127.
    private func names(_ count: Int, _ random: inout SeededRandom) -> Set<[UInt8]> {
        let alphabet: [UInt8] = [0x61, 0x41, 0x20, 0x0A, 0x7F, 0x80, 0xC3, 0xA9, 0xFE, 0xFF]
        var names: Set<[UInt8]> = []
        while names.count < count {
            let length = random.chance(3) ? 255 : 1 + random.below(6)
            names.insert((0..<length).map { _ in alphabet[random.below(alphabet.count)] })
        }
        return names
    }

    @Test(
        "S43, S50: pairs and extras are those of plain sets",
        arguments: 1...12 as ClosedRange<UInt64>
    )
    func random(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let sizes = [0, 1, 7, 8, 9, 500, 2_000]
        let source = names(sizes[random.below(sizes.count)], &random)
        var destination = names(sizes[random.below(sizes.count)], &random)
        // A common part of any size.
        for name in source where random.chance(60) { destination.insert(name) }
        for name in source { try Files.write(joined(workspace.source, name), []) }
        for name in destination { try Files.write(joined(workspace.destination, name), []) }

        let destinationListing = try listing(workspace.destination)
        let pairs = NamePairs(
            source: try listing(workspace.source),
            destination: destinationListing
        )
        #expect(pairs.source.count == source.count, "seed \(seed)")
        var seen: Set<[UInt8]> = []
        for index in 0..<pairs.source.count {
            let name = Array(pairs.source.nameBytes(index))
            seen.insert(name)
            let mark = pairs.source.records[index].isOnBothSides
            #expect(mark == destination.contains(name), "seed \(seed): \(shown(name))")
        }
        #expect(seen == source)
        let extras = pairs.extras.map { Array(destinationListing.nameBytes($0)) }
        #expect(Set(extras) == destination.subtracting(source), "seed \(seed)")
        #expect(Set(extras).count == extras.count)
    }
}
