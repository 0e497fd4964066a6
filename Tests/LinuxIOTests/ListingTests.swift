// Listings: complete for every size of directory, names as bytes, order and marks the owner's.

import LinuxIO
import TestSupport
import Testing

@Suite("Listing", .requiresVolumes) struct ListingTests {
    private func listing(_ directory: borrowing Descriptor, bufferBytes: Int = 32_768) throws
        -> Listing
    {
        var listing = Listing()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferBytes, alignment: 16)
        defer { buffer.deallocate() }
        try listing.read(directory, buffer: buffer)
        return listing
    }

    private func names(_ listing: Listing) -> [[UInt8]] {
        (0..<listing.count).map { Array(listing.nameBytes($0)) }
    }

    @Test(
        "S43: every entry once, of 0, 1 and 20,000",
        arguments: Filesystem.allCases,
        [0, 1, 20_000]
    )
    func complete(on filesystem: Filesystem, count: Int) throws {
        let place = try Place(on: filesystem)
        var expected: Set<[UInt8]> = []
        for index in 0..<count {
            let name = "entry \(index)" + String(repeating: "x", count: index % 97)
            expected.insert(bytes(name))
            try Files.write(place.of(name), [])
        }
        let listing = try listing(place.directory)
        #expect(listing.count == count)
        #expect(Set(names(listing)) == expected)
        for index in stride(from: 0, to: count, by: 997) {
            let name = listing.name(index)
            #expect(Array(name.bytes) == Array(listing.nameBytes(index)))
            let status = try place.directory.status(of: listing.namePointer(index))
            #expect(status?.inode == listing.records[index].inode)
        }
    }

    @Test("S50: every byte that a name can hold, up to 255 of them", arguments: Filesystem.allCases)
    func everyByte(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let all = (UInt8(1)...255).filter { $0 != 0x2F }
        let expected: Set<[UInt8]> = [
            all, all.reversed() + [0x80], [0x2E, 0x2E, 0x2E], [0x2E, 0x61], [0x0A], [0xFF], [0x20],
        ]
        for name in expected { try Files.write(joined(place.path, name), []) }
        #expect(Set(names(try listing(place.directory))) == expected)
    }

    @Test("S47: a directory that was removed lists as empty", arguments: Filesystem.allCases)
    func removed(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.makeDirectory(place.of("d"))
        let directory = try place.directory.openDirectory(Name("d"))
        try place.directory.removeDirectory("d")
        #expect(try listing(directory).count == 0)
    }

    @Test("what is no directory is an error, never an empty listing (S44)")
    func notDirectory() throws {
        let place = try Place(on: .tmpfs)
        let file = try place.file("f").reopenForReading()
        var listing = Listing()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32_768, alignment: 16)
        defer { buffer.deallocate() }
        do {
            try listing.read(file, buffer: buffer)
            Issue.record("a file was listed")
        } catch { #expect(error == SystemError(.getdents64, .notDirectory)) }
    }

    @Test("sorting, dropping and marking move records, and every name stays with its own")
    func records() throws {
        let place = try Place(on: .ext4)
        for index in 0..<500 { try Files.write(place.of("n\(index)"), []) }
        var listing = try listing(place.directory)
        var inodeOf: [[UInt8]: UInt64] = [:]
        for index in 0..<listing.count {
            inodeOf[Array(listing.nameBytes(index))] = listing.records[index].inode
        }
        listing.sortByInode()
        #expect(listing.records.map(\.inode) == inodeOf.values.sorted())
        let before = listing
        for index in stride(from: 0, to: listing.count, by: 3) { listing.markOnBothSides(index) }
        #expect(before.records.allSatisfy { !$0.isOnBothSides }, "a mark reached a copy")
        let marked = (0..<listing.count).filter { listing.records[$0].isOnBothSides }
        #expect(marked == Array(stride(from: 0, to: 500, by: 3)))
        let kept = marked.map { Array(listing.nameBytes($0)) }
        let marks = listing.records.map(\.isOnBothSides)
        listing.retain { marks[$0] }
        #expect(names(listing) == kept)
        #expect(listing.records.allSatisfy { $0.isOnBothSides })
        for index in 0..<listing.count {
            #expect(listing.records[index].inode == inodeOf[Array(listing.nameBytes(index))])
        }
    }

    @Test("a listing's names live as long as any copy of it")
    func lifetime() throws {
        let place = try Place(on: .tmpfs)
        for index in 0..<2_000 { try Files.write(place.of("name \(index)"), []) }
        var original: Listing? = try listing(place.directory)
        let copy = try #require(original)
        original = nil
        #expect(Set(names(copy)).count == 2_000)
    }

    @Test("one entry taken apart has its own name, number and mark, and needs no listing")
    func oneEntry() throws {
        let place = try Place(on: .tmpfs)
        for index in 0..<100 { try Files.write(place.of("name \(index)"), []) }
        var original: Listing? = try listing(place.directory)
        original?.markOnBothSides(57)
        let whole = try #require(original)
        let (name, inode) = (Array(whole.nameBytes(57)), whole.records[57].inode)
        let one = Listing(57, of: whole)
        let other = Listing(58, of: whole)
        original = nil
        #expect(names(one) == [name])
        #expect(one.name(0).bytes.elementsEqual(name))
        #expect(one.records[0].inode == inode && one.records[0].isRegular)
        #expect(one.records[0].isOnBothSides && !other.records[0].isOnBothSides)
    }
}
