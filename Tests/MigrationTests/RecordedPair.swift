// A record of a pair that there is not, for tests of what passes write into it.

import History
import LinuxIO
import Migration
import TestSupport
import Testing

/// One step of a walk.
enum Step {
    case note(InodeNote)
    case directory(InodeNote, parent: UInt64, name: Name)
}

/// A record of its own in a folder of its own.
final class RecordedPair {
    let history: History
    private let folder: [UInt8]

    init() throws {
        folder = joined(try Scratch.directory(), Scratch.uniqueName("roll"))
        try Files.makeDirectory(folder, mode: 0o700)
        let root = RootIdentity(
            filesystem: [1],
            inode: 1,
            birthNanoseconds: 1,
            path: bytes("/")
        )
        let pair = PairIdentity(source: root, destination: root)
        history = try #require(
            try History.open(folder: folder, pair: pair, isReadOnly: false).history
        )
    }

    deinit {
        // The watcher of Scratch removes what is left.
        try? Files.removeTree(folder)
    }

    /// A recorder that was told of all steps, in any order and by several workers.
    func recorder(
        _ walk: [Step],
        comparingWith table: RecordTable?,
        _ random: inout SeededRandom
    ) throws -> Recorder {
        let recorder = Recorder(
            racyFrom: .max,
            folder: SharedDescriptor(try Descriptor.openRoot(Name(folder)))
        )
        recorder.begin(comparingWith: table)
        let buffers = (0..<3).map { _ in recorder.makeBuffer() }
        for step in walk.shuffled(using: &random) {
            let buffer = buffers[random.below(buffers.count)]
            switch step {
            case .note(let note): buffer.add(note)
            case .directory(let note, let parent, let name):
                buffer.add(note)
                recorder.notePlace(of: note.inode, parent: parent, name: name)
            }
        }
        return recorder
    }

    /// A recorder of a scan pass.
    func scanRecorder(_ steps: [Step] = []) throws -> Recorder {
        let recorder = Recorder(
            racyFrom: .max,
            folder: SharedDescriptor(try Descriptor.openRoot(Name(folder)))
        )
        recorder.begin(mergingInto: history)
        let buffer = recorder.makeBuffer()
        for step in steps {
            switch step {
            case .note(let note): buffer.add(note)
            case .directory(let note, let parent, let name):
                buffer.add(note)
                recorder.notePlace(of: note.inode, parent: parent, name: name)
            }
        }
        return recorder
    }

    func record(
        _ walk: [Step],
        comparingWith table: RecordTable?,
        _ random: inout SeededRandom
    ) throws {
        try finish(try recorder(walk, comparingWith: table, &random))
    }

    func finish(_ recorder: Recorder) throws {
        var pass = PassRecord(
            startNanoseconds: 1,
            bootIdentifier: "boot",
            startBootNanoseconds: 1,
            options: "",
            method: "walk",
            reason: nil,
            workers: 1,
            isPartial: false,
            cutoverVersion: "0"
        )
        pass.id = try history.begin(pass)
        try history.finish(
            pass,
            branches: [],
            failures: [],
            changes: recorder.changes(after: [])
        )
    }

    func inodes() throws -> [InodeRecord] {
        let reader = try history.inodeReader(0..<UInt64.max)
        var records: [InodeRecord] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    /// A record of these directories and of nothing else, each named after its number.
    func record(directories: [(inode: UInt64, parent: UInt64)]) throws {
        var random = SeededRandom(seed: 1)
        let steps = directories.map { directory in
            let name = bytes("\(directory.inode)")
            let record = InodeRecord(
                inode: directory.inode,
                parent: directory.parent,
                changedNanoseconds: 5,
                birth: 7,
                nameHash: InodeNote.hash(name),
                hasSeveralNames: false,
                isDirectory: true
            )
            return Step.directory(InodeNote(record), parent: directory.parent, name: Name(name))
        }
        try record(steps, comparingWith: nil, &random)
    }
}
