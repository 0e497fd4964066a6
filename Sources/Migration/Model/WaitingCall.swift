// A system call that does not come back (S59).

/// A call that one thread has been in for long.
package struct WaitingCall: Sendable, Hashable {
    /// The call, by the name of its man page.
    package var call: String
    /// What it is about: relative to a root, empty for the root itself; absolute outside of both.
    ///
    /// Nil: not known.
    package var path: [UInt8]?
    /// Nil: neither SOURCE nor DESTINATION, or not known.
    package var side: Failure.Side?
    package var nanoseconds: UInt64

    package init(call: String, path: [UInt8]?, side: Failure.Side?, nanoseconds: UInt64) {
        self.call = call
        self.path = path
        self.side = side
        self.nanoseconds = nanoseconds
    }
}

/// Where a root is, for telling its paths from others.
package struct RootPlace: Sendable {
    package var side: Failure.Side
    /// The mount that it is reached through.
    package var mount: UInt64
    /// As the kernel shows it: `/` for a view.
    package var path: [UInt8]
}
