// Which names both sides of a directory have. Hashed with the standard library's seeded hash: users
// choose the names and could otherwise choose them to collide.

package import LinuxIO

/// The names of one directory's two sides, put beside each other.
package struct NamePairs {
    /// SOURCE's entries, marked where DESTINATION has the name.
    package var source: Listing
    /// Indices into `destination` of names that SOURCE lacks.
    package var extras: [Int]

    /// Pairs by equal bytes, in time proportional to the number of names.
    package init(source: consuming Listing, destination: borrowing Listing) {
        var paired = source
        guard destination.count > 0 else {
            self.source = paired
            extras = []
            return
        }
        // Open addressing at half load or less: slots hold an index plus one, 0 is free.
        var capacity = 16
        while capacity < destination.count * 2 { capacity *= 2 }
        var slots = [UInt32](repeating: 0, count: capacity)
        let mask = capacity - 1
        for index in 0..<destination.count {
            var slot = Self.hash(destination.nameBytes(index)) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(index + 1)
        }
        var isPaired = [Bool](repeating: false, count: destination.count)
        for index in 0..<paired.count {
            let name = paired.nameBytes(index)
            var slot = Self.hash(name) & mask
            while slots[slot] != 0 {
                let candidate = Int(slots[slot]) - 1
                if haveSameBytes(destination.nameBytes(candidate), name) {
                    isPaired[candidate] = true
                    paired.markOnBothSides(index)
                    break
                }
                slot = (slot + 1) & mask
            }
        }
        self.source = paired
        extras = isPaired.indices.filter { !isPaired[$0] }
    }

    private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: name)
        return hasher.finalize() & Int.max
    }
}
