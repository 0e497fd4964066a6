// Both sides' records of one kind, owner by owner: two lists in ascending order, of which one record each is held.

package import LinuxIO

/// One owner, as both sides have it; at least one side does.
package struct QuotaPair: Equatable {
    package var source: QuotaRecord?
    package var destination: QuotaRecord?

    package init(source: QuotaRecord? = nil, destination: QuotaRecord? = nil) {
        self.source = source
        self.destination = destination
    }

    /// The owner's id.
    package var id: UInt32 { source?.id ?? destination?.id ?? 0 }

    /// The owner's limits on SOURCE; none where SOURCE has no record of it.
    package var sourceLimits: QuotaLimits { source?.limits ?? .none }
    /// The owner's limits on DESTINATION; none where DESTINATION has no record of it.
    package var destinationLimits: QuotaLimits { destination?.limits ?? .none }
}

/// A side that could not be read: what the other one has beyond that is not known to be an extra.
package struct QuotaReadFailure: Error, Equatable {
    package var side: Failure.Side
    package var error: SystemError

    package init(side: Failure.Side, error: SystemError) {
        self.side = side
        self.error = error
    }
}

/// The merged walk.
///
/// Kept true: an owner is told once; it lacks a side only if that side has gone past it, or has told its end.
package struct QuotaMerge<Source: QuotaRecords, Destination: QuotaRecords> {
    private var source: Source
    private var destination: Destination
    private var heads = QuotaPair()
    private var hasBegun = false

    package init(_ source: Source, _ destination: Destination) {
        self.source = source
        self.destination = destination
    }

    /// The next owner; nil when both lists are at their end.
    ///
    /// After an error nothing more may be asked.
    package mutating func next() throws(QuotaReadFailure) -> QuotaPair? {
        if !hasBegun {
            try readSource()
            try readDestination()
            hasBegun = true
        }
        let left = heads.source
        let right = heads.destination
        guard let id = [left?.id, right?.id].compactMap({ $0 }).min() else { return nil }
        let pair = QuotaPair(
            source: left?.id == id ? left : nil,
            destination: right?.id == id ? right : nil
        )
        if pair.source != nil { try readSource() }
        if pair.destination != nil { try readDestination() }
        return pair
    }

    private mutating func readSource() throws(QuotaReadFailure) {
        do throws(SystemError) { heads.source = try source.next() } catch {
            throw QuotaReadFailure(side: .source, error: error)
        }
    }

    private mutating func readDestination() throws(QuotaReadFailure) {
        do throws(SystemError) { heads.destination = try destination.next() } catch {
            throw QuotaReadFailure(side: .destination, error: error)
        }
    }
}
