// Bytes of both sides, side by side.

import LinuxIO

/// Bytes of both sides for one place of the file; nil stands for `count` zeros, and a side that ends early has
/// fewer.
struct ContentPair {
    let left: UnsafeRawBufferPointer?
    let right: UnsafeRawBufferPointer?
    let count: Int

    func areEqual(_ range: Range<Int>) -> Bool {
        switch (left, right) {
        case (nil, nil): return true
        case (let bytes?, nil), (nil, let bytes?):
            guard range.upperBound <= bytes.count else { return false }
            return isAllZero(UnsafeRawBufferPointer(rebasing: bytes[range]))
        case (let left?, let right?):
            guard range.upperBound <= min(left.count, right.count) else {
                return left.count == right.count
                    && haveSameBytes(
                        UnsafeRawBufferPointer(
                            rebasing: left[min(range.lowerBound, left.count)...]
                        ),
                        UnsafeRawBufferPointer(
                            rebasing: right[min(range.lowerBound, right.count)...]
                        )
                    )
            }
            return haveSameBytes(
                UnsafeRawBufferPointer(rebasing: left[range]),
                UnsafeRawBufferPointer(rebasing: right[range])
            )
        }
    }

    /// The first byte in a range that differs; where one side ends, there.
    func firstDifference(in range: Range<Int>) -> Int? {
        range.first { index in
            let leftByte = left.map { index < $0.count ? $0[index] : nil } ?? 0
            let rightByte = right.map { index < $0.count ? $0[index] : nil } ?? 0
            return leftByte != rightByte
        }
    }
}
