// A scan pass: directories of its plan are entered; in those that are listed, entries that the record proves are
// passed over without a system call of their own.

import History
import LinuxIO

extension Worker {
    /// Goes through a directory in which nothing changed, to those below it in which something did.
    func pass(_ node: Directory, _ visit: Visit) {
        var listing = Listing()
        do throws(SystemError) {
            for child in visit.node.children.values {
                try listing.append(marked: child.name, inode: child.inode)
            }
        } catch {
            fail(.list, .source, error, path: node.path)
        }
        node.facts.withLock { $0.contents = Pairing(listing) }
    }

    /// Drops the entries of a listed directory that are as the record has them and that DESTINATION has, too.
    func keepUnproven(_ contents: inout Listing, of node: Directory, _ visit: Visit) {
        guard let directory = node.facts.withLock({ $0.source?.inode }) else { return }
        let listing = contents
        contents.keep { index in
            let entry = listing.records[index]
            guard entry.mark, visit.node.children[entry.inode] == nil else { return true }
            let hash = InodeNote.hash(listing.nameBytes(index))
            // A record that cannot be read proves nothing.
            let isProven = try? visit.marks.proves(
                inode: entry.inode,
                nameHash: hash,
                in: directory
            )
            return isProven != true
        }
    }
}
