// A scan pass: directories of its plan are entered; in those that are listed, entries that the record proves are
// passed over without a system call of their own.

import History
import LinuxIO

extension Worker {
    /// Goes through a directory in which nothing changed, to those below it in which something did.
    func pass(_ node: PassDirectory, _ visit: Visit) {
        var listing = Listing()
        do throws(SystemError) {
            for child in visit.node.children.values {
                try listing.append(marked: child.name, inode: child.inode)
            }
        } catch {
            fail(.list, .source, error, of: .directory(node))
        }
        setContents(listing, of: node)
    }

    /// Drops the entries of a listed directory that are as the record has them and that DESTINATION has, too.
    ///
    /// Most directories are listed for a file that changed, and have not changed themselves since before they were
    /// opened: then the names in them are those of the record, so no lookup is needed.
    func keepUnproven(_ contents: inout Listing, of node: PassDirectory, _ visit: Visit) {
        guard let source = node.state.facts.withLock({ $0.source }) else { return }
        let hasNamesAsRecorded = isRecorded(node, source)
        let listing = contents
        contents.keep { index in
            let entry = listing.records[index]
            guard entry.mark, visit.node.children[entry.inode] == nil else { return true }
            let name = NameRecord(
                parent: source.inode,
                nameHash: InodeNote.hash(listing.nameBytes(index))
            )
            if !visit.marks.mayBeKept(name, of: entry.inode) { return true }
            if hasNamesAsRecorded { return false }
            // A record that cannot be read proves nothing.
            return (try? visit.marks.isRecorded(name, of: entry.inode)) != true
        }
    }
}
