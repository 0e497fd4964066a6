// How the notes of one pass on one inode become one row of the record.

import History

/// All notes of one pass on one inode, as one change of the record.
///
/// The same notes in any order, as workers happen to make them, come to the same.
struct NotedInode {
    let change: InodeChange
    /// Its names, where it has several; sorted, each once.
    let names: [NameRecord]
    /// The directories in which it was met under two names though it can have but one, or as a directory and as
    /// something else; empty where it was not.
    ///
    /// It was renamed or replaced meanwhile, and nothing tells which of the places is the last: the record names none
    /// (a place that is false could make a circle of parents, and the next pass would rename there what is not there).
    /// So a directory is recorded without a place, and anything else not at all; it is found again by the
    /// directories that it was met in, which must be listed.
    let doubtedParents: Set<UInt64>

    /// Nil when nothing can be said: only doubts about an inode that was never examined, so that the next
    /// pass meets it as a new one.
    init?(_ notes: ArraySlice<InodeNote>) {
        let isRemoved = notes.contains { $0.kind.contains(.removed) }
        let wasMet = notes.contains(where: \.isName)
        // Loops: a lazy filter keeps its closure, which is an allocation for each inode of a pass.
        var firstTold: InodeNote?
        for note in notes where note.tellsPlace(wasMet: wasMet, isRemoved: isRemoved) {
            if let found = firstTold, found.name <= note.name { continue }
            firstTold = note
        }
        guard let first = firstTold else {
            guard isRemoved else { return nil }
            change = .remove(notes[notes.startIndex].inode)
            names = []
            doubtedParents = []
            return
        }
        let hasSeveralNames = notes.contains { $0.kind.contains(.severalNames) }
        let isAmbiguous = notes.contains {
            $0.tellsPlace(wasMet: wasMet, isRemoved: isRemoved)
                && ($0.isDirectory != first.isDirectory
                    || !hasSeveralNames && $0.name != first.name)
        }
        if isAmbiguous {
            let told = notes.filter { $0.tellsPlace(wasMet: wasMet, isRemoved: isRemoved) }
            doubtedParents = Set(told.map(\.parent))
            names = []
            // As a directory if it may be one: hard links below it are looked for by its number.
            let directory = told.first(where: \.isDirectory)
            change = directory.map { .put(Self.withoutPlace($0)) } ?? .remove(first.inode)
            return
        }
        doubtedParents = []
        // Two times: it changed between, so neither may count as known.
        let isDoubtful = notes.contains {
            !$0.kind.isDisjoint(with: [.doubt, .recorded])
                || $0.isName && $0.changed != first.changed
        }
        change = .put(
            InodeRecord(
                inode: first.inode,
                parent: first.parent,
                changedNanoseconds: isDoubtful ? InodeNote.mustRecheck : first.changed,
                birth: first.birth,
                nameHash: first.nameHash,
                hasSeveralNames: hasSeveralNames,
                isDirectory: first.isDirectory
            )
        )
        // Of several names those that were not met may be there all the same, and are looked at again.
        names = hasSeveralNames ? Self.names(in: notes) : []
    }

    private static func withoutPlace(_ directory: InodeNote) -> InodeRecord {
        InodeRecord(
            inode: directory.inode,
            parent: InodeRecord.nowhere,
            changedNanoseconds: InodeNote.mustRecheck,
            birth: directory.birth,
            nameHash: 0,
            hasSeveralNames: false,
            isDirectory: true
        )
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

    /// Whether it says where the inode is.
    ///
    /// Where the record has it counts only while nothing says that it is not there (S52).
    fileprivate func tellsPlace(wasMet: Bool, isRemoved: Bool) -> Bool {
        isName || kind.contains(.recorded) && !wasMet && !isRemoved
    }
}
