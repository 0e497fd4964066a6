// A queue with two ends in one array: the owner works at the newest end, thieves take the oldest.

/// A double-ended queue; all operations are constant time on average.
///
/// Not thread-safe.
package struct WorkDeque<Element> {
    private var storage: [Element?] = []
    /// Index of the oldest element; what is before it was taken.
    private var head = 0

    package init() {}

    package var isEmpty: Bool { head == storage.count }

    package mutating func append(_ element: Element) {
        storage.append(element)
    }

    package mutating func popNewest() -> Element? {
        guard head < storage.count else { return nil }
        let element = storage.removeLast()
        if isEmpty { reset() }
        return element
    }

    package mutating func popOldest() -> Element? {
        guard head < storage.count else { return nil }
        let element = storage[head]
        storage[head] = nil
        head += 1
        if isEmpty {
            reset()
        } else if head >= 64, head * 2 >= storage.count {
            // Half is empty: moving the other half once costs less than what was taken since.
            storage.removeFirst(head)
            head = 0
        }
        return element
    }

    var count: Int { storage.count - head }

    /// Drops what is not to be kept; the order stays.
    mutating func keep(where isKept: (Element) -> Bool) {
        storage = storage[head...].filter { $0.map(isKept) ?? false }
        head = 0
    }

    private mutating func reset() {
        storage.removeAll(keepingCapacity: storage.capacity <= 1024)
        head = 0
    }
}

extension WorkDeque: Sendable where Element: Sendable {}
