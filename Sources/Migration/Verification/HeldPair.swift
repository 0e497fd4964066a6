// A file held on both sides before anything is asked of it: what is compared is then of two inodes alone, and nothing is
// asked of them twice, once by name and once by descriptor.

import LinuxIO

/// An entry that both sides list as a regular file, held on both.
struct HeldPair {
    let source: HeldEntry
    let destination: HeldEntry

    /// Takes hold of it; nil where who asks by name finds out why not.
    init?(_ entry: VerifiedEntry, _ open: OpenDirectory, _ context: VerificationContext) {
        guard entry.record.isRegular, entry.isOnDestination,
            let left = open.source, let right = open.destination,
            let source = context.boundary(.source).hold(entry.pointer, in: left.descriptor),
            let destination = context.boundary(.destination).hold(
                entry.pointer,
                in: right.descriptor
            )
        else { return nil }
        self.source = source
        self.destination = destination
    }

    func side(_ side: Failure.Side) -> HeldEntry { side == .source ? source : destination }
}
