// What the names of one inode on SOURCE are to do: what the registry answers, and who leads.

package import LinuxIO

/// The name that others of its group are linked to.
package struct LinkLeader: Sendable {
    /// The SOURCE inode that its group is of.
    package let source: InodeIdentity
    package let directory: PassDirectory
    package let name: Name
    /// Its inode on DESTINATION; nil in a dry run that would make it.
    package let identity: InodeIdentity?

    package init(
        source: InodeIdentity,
        directory: PassDirectory,
        name: Name,
        identity: InodeIdentity?
    ) {
        self.source = source
        self.directory = directory
        self.name = name
        self.identity = identity
    }
}

/// What an entry that belongs to a link group is to do.
package enum LinkRole: Sendable {
    /// Be handled like any file of this SOURCE inode, then tell `establish` or `fail`.
    case lead(InodeIdentity)
    /// Be handled like any file that has this inode already; tell nobody.
    case further
    /// Become a link to the leader.
    case link(LinkLeader)
    /// Its inode is the leader's already.
    case linked
    /// Nothing now: it comes back as work.
    case wait
    /// This one waits, and another that waited leads now.
    case promote(PassEntry)

    /// The SOURCE inode of the group that decided, where the role is one for later.
    var group: InodeIdentity? {
        switch self {
        case .lead(let source): source
        case .link(let leader): leader.source
        case .further, .linked, .wait, .promote: nil
        }
    }
}

/// What the registry says of a name that was met.
package struct Arrival: Sendable {
    package let role: LinkRole
    /// The name was met before, or all names of its inode were: something moved while the pass ran.
    package let isSurplus: Bool
}
