// How the notes of one pass on one inode become one row of the record.

import History

/// All notes of one pass on one inode, as one change of the record.
///
/// The same notes in any order, as workers happen to make them, come to the same.
struct NotedInode {
    let change: InodeChange
    /// Its names, where it has several; sorted, each once.
    let names: [NameRecord]
    /// It was met under two names though it can have but one, or as a directory and as something else.
    let isAmbiguous: Bool

    /// Nil when nothing can be said: only doubts about an inode that was never examined, so that the next
    /// pass meets it as a new one.
    init?(_ notes: ArraySlice<InodeNote>) {
        let isRemoved = notes.contains { $0.kind.contains(.removed) }
        let wasMet = notes.contains(where: \.isName)
        // Where the record has it counts only while nothing says that it is not there (S52).
        let names = notes.lazy.filter { note in
            note.isName || note.kind.contains(.recorded) && !wasMet && !isRemoved
        }
        guard let first = names.min(by: { $0.name < $1.name }) else {
            guard isRemoved, let inode = notes.first?.inode else { return nil }
            change = .remove(inode)
            self.names = []
            isAmbiguous = false
            return
        }
        let hasSeveralNames = notes.contains { $0.kind.contains(.severalNames) }
        isAmbiguous = names.contains {
            $0.isDirectory != first.isDirectory || !hasSeveralNames && $0.name != first.name
        }
        // Two names, two times: it changed between, so neither may count as known.
        let isDoubtful =
            isAmbiguous
            || notes.contains {
                !$0.kind.isDisjoint(with: [.doubt, .recorded])
                    || $0.isName && $0.changed != first.changed
            }
        change = .put(
            InodeRecord(
                inode: first.inode,
                parent: first.parent,
                changedNanoseconds: isDoubtful ? InodeNote.unsettled : first.changed,
                birth: first.birth,
                nameHash: first.nameHash,
                hasSeveralNames: hasSeveralNames,
                isDirectory: first.kind.contains(.directory)
            )
        )
        // Of several names those that were not met may be there all the same, and are looked at again.
        self.names = hasSeveralNames ? Self.names(in: notes) : []
    }

    private static func names(in notes: ArraySlice<InodeNote>) -> [NameRecord] {
        var names: [NameRecord] = []
        let all = notes.lazy.filter { $0.isName || $0.kind.contains(.recorded) }
        for name in all.map(\.name).sorted() where name != names.last {
            names.append(name)
        }
        return names
    }
}

extension InodeNote {
    fileprivate var name: NameRecord { NameRecord(parent: parent, nameHash: nameHash) }
}
