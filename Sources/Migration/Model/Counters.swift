// Counts of a running pass or verification: relaxed atomics that workers add to and a ticker reads. Each is exact at
// the end; while workers run, two of them need not fit together.
//
// What is counted stands in tables, one row for each counter (`PassCounter`, `VerificationCounter`). The names below
// only spell `counters[.filesCopied]` shorter where many call sites do; a new counter needs none.
//
// Each entry is counted some six times, and one cache line that 32 processors add to is handed from one to the next each
// time. So a table has 16 stripes: a thread adds to that of its number, and who reads adds them up.

package import History
import LinuxIO
package import Synchronization

/// The counts of one pass.
package typealias Counters = CounterTable<PassCounter>

/// The counts of one verification.
package typealias VerificationCounters = CounterTable<VerificationCounter>

/// What tables of counters are made of: the cases of an enumeration, numbered from 0.
package protocol CounterName: CaseIterable, RawRepresentable, Sendable where RawValue == Int {
    /// In lines of JSON; nil: they do not have it.
    var key: String? { get }
    /// In the table that ends the run.
    var label: CounterLabel { get }
}

extension PassCounter: CounterName {
    package var key: String? { row.key }
    package var label: CounterLabel { row.label }
}

/// One count for each case of `Name`, in stripes by thread.
package final class CounterTable<Name: CounterName>: Sendable {
    /// More than any table has: the number must be known to the compiler, and a test counts the cases.
    fileprivate static var counters: Int { 64 }
    /// A power of two.
    fileprivate static var stripes: Int { 16 }

    // `counters` times `stripes`; those of one stripe stand together, 512 bytes.
    private let counts = InlineArray<1_024, Atomic<UInt64>> { _ in Atomic(0) }
    // Rare, so not in stripes.
    private let takenBack = InlineArray<64, Atomic<UInt64>> { _ in Atomic(0) }

    package init() {}

    /// A counter, to be added to or read.
    package subscript(name: Name) -> Counter { Counter(table: self, index: name.rawValue) }

    /// One counter of a table: costs nothing but what is done to it.
    package struct Counter {
        fileprivate let table: CounterTable
        fileprivate let index: Int

        /// Where this thread counts.
        private var own: Int {
            CounterTable.counters * (threadNumber() & (CounterTable.stripes - 1)) + index
        }

        /// Adds to the count.
        package func count(_ amount: UInt64 = 1) { table.counts[own].count(amount) }

        /// The count now.
        package func value() -> UInt64 {
            // First: all that it was taken from is seen then, so the difference is never below 0.
            let taken = table.takenBack[index].load(ordering: .acquiring)
            var sum: UInt64 = 0
            for place in places { sum &+= table.counts[place].value() }
            return sum &- taken
        }

        /// Takes back what was counted too early.
        package func takeBack(_ amount: UInt64) {
            table.takenBack[index].wrappingAdd(amount, ordering: .releasing)
        }

        /// Begins anew, while nobody counts.
        package func reset() {
            for place in places { table.counts[place].store(0, ordering: .relaxed) }
            table.takenBack[index].store(0, ordering: .relaxed)
        }

        private var places: StrideTo<Int> {
            stride(
                from: index,
                to: CounterTable.counters * CounterTable.stripes,
                by: CounterTable.counters
            )
        }
    }
}

extension CounterTable<PassCounter> {
    package var entriesSeen: Counter { self[.entriesSeen] }
    package var bytesSeen: Counter { self[.bytesSeen] }
    package var directoriesListed: Counter { self[.directoriesListed] }
    package var filesCopied: Counter { self[.filesCopied] }
    package var bytesCopied: Counter { self[.bytesCopied] }
    package var directoriesMade: Counter { self[.directoriesMade] }
    package var directoriesMoved: Counter { self[.directoriesMoved] }
    package var symlinksMade: Counter { self[.symlinksMade] }
    package var specialsMade: Counter { self[.specialsMade] }
    package var linksMade: Counter { self[.linksMade] }
    package var attributesRepaired: Counter { self[.attributesRepaired] }
    package var extrasDeleted: Counter { self[.extrasDeleted] }
    package var deletionsRefused: Counter { self[.deletionsRefused] }
    package var failures: Counter { self[.failures] }
    package var filesDamaged: Counter { self[.filesDamaged] }
    package var bytesUnreadable: Counter { self[.bytesUnreadable] }
    package var filesSalvaged: Counter { self[.filesSalvaged] }
    package var vanished: Counter { self[.vanished] }
    package var mountsSkipped: Counter { self[.mountsSkipped] }
    package var specialsSkipped: Counter { self[.specialsSkipped] }
    package var leftoversRemoved: Counter { self[.leftoversRemoved] }
    package var directoriesProtected: Counter { self[.directoriesProtected] }
    package var entriesMissing: Counter { self[.entriesMissing] }
    package var bytesMissing: Counter { self[.bytesMissing] }
}

extension CounterTable<VerificationCounter> {
    package var entriesSeen: Counter { self[.entriesSeen] }
    package var bytesSeen: Counter { self[.bytesSeen] }
    package var filesCompared: Counter { self[.filesCompared] }
    package var bytesRead: Counter { self[.bytesRead] }
    package var differences: Counter { self[.differences] }
    package var pending: Counter { self[.pending] }
    package var settingsDifferences: Counter { self[.settingsDifferences] }
    package var quotaDifferences: Counter { self[.quotaDifferences] }
    package var changed: Counter { self[.changed] }
    package var failures: Counter { self[.failures] }
    package var vanished: Counter { self[.vanished] }
    package var mountsSkipped: Counter { self[.mountsSkipped] }
}

extension PassRecord.Counts {
    /// What the record keeps of a pass's counters.
    init(_ counters: Counters) {
        self.init()
        for (counter, _) in PassCounter.recorded { self[counter] = counters[counter].value() }
    }
}

extension Atomic<UInt64> {
    /// Adds to a count that orders nothing else.
    package borrowing func count(_ amount: UInt64 = 1) {
        wrappingAdd(amount, ordering: .relaxed)
    }

    /// The count now.
    package borrowing func value() -> UInt64 { load(ordering: .relaxed) }
}
