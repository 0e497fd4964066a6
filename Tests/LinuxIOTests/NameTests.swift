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
}
