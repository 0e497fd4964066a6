// Names are bytes, with their NUL.

import LinuxIO
import Testing

@Suite("Name") struct NameTests {
    @Test("S50: any byte but NUL survives") func everyByte() {
        let bytes = [UInt8](1...255)
        #expect(Array(Name(bytes).bytes) == bytes)
    }

    @Test("a NUL ends a name, as it would in the kernel") func nulEnds() {
        #expect(Array(Name([0x61, 0, 0x62]).bytes) == [0x61])
    }

    @Test("S50: a name lends exactly its bytes and one NUL") func lending() {
        let bytes: [UInt8] = [0xFF, 0x0A, 0x80, 0x2E]
        let lent = Name(bytes).withPointer { pointer in
            (0...bytes.count).map { UInt8(bitPattern: pointer[$0]) }
        }
        #expect(lent == bytes + [0])
    }

    @Test("S50: a copy of borrowed memory is cut at its length, not at a NUL further on")
    func copying() {
        let memory: [CChar] = [0x61, -1, 0x62, 0]
        #expect(Array(Name(copying: memory, length: 2).bytes) == [0x61, 0xFF])
        #expect(Array(Name(cString: memory).bytes) == [0x61, 0xFF, 0x62])
    }

    @Test("S13: a name of 255 bytes and an empty one keep their length")
    func lengths() {
        #expect(Name([UInt8](repeating: 0xFE, count: 255)).count == 255)
        #expect(Name("").count == 0)
    }

    @Test("S50: names are equal by bytes: composed and decomposed text are two names")
    func equality() {
        #expect(Name("\u{E9}") != Name("e\u{301}"))
        #expect(Name("a") == Name([0x61]))
        #expect(Set([Name("a"), Name([0x61]), Name("A")]).count == 2)
    }
}
