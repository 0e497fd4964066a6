// What a run says that it leaves out of SOURCE's root.

package import LinuxIO

/// What of SOURCE's root is left out for its name, and is something.
package struct LeftOut: Sendable, Hashable {
    /// Entries of `lost+found`; nil: it cannot be listed.
    package var lostAndFound: Int?
    package var quotaFiles: [Name]

    package init(lostAndFound: Int?, quotaFiles: [Name]) {
        self.lostAndFound = lostAndFound
        self.quotaFiles = quotaFiles
    }
}
