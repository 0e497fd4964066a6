// Real entries whose differences are known, for the table of Comparison: a FileStatus comes from
// the kernel only. Each differs from the plain entry of its kind in at most one thing.

import Glibc
import LinuxIO
import Migration
import TestSupport

/// What an entry is like, told without LinuxIO.
struct Shape: Sendable {
    var kind: EntryKind
    var owner = 100
    var group = 200
    var mode: mode_t = 0o640
    var seconds = 1_000
    var nanoseconds = 500
    /// Size of a file, length of a symlink's target.
    var size = 10
    var minor = 3
    var isNoDump = false
    /// Things that are never compared (S10).
    var hasSecondName = false
    var isHole = false

    /// The plain entry of a kind, and one for each single difference that it can have.
    static func all(of kind: EntryKind) -> [Shape] {
        let plain = Shape(kind: kind)
        var shapes = [plain]
        func add(_ change: (inout Shape) -> Void) {
            var shape = plain
            change(&shape)
            shapes.append(shape)
        }
        add { $0.owner = 101 }
        add { $0.group = 201 }
        add { $0.nanoseconds = 501 }
        add { $0.seconds = 999 }
        if kind != .symlink { add { $0.mode = 0o4640 } }
        if kind == .regular || kind == .symlink { add { $0.size = 11 } }
        if kind.isDevice { add { $0.minor = 4 } }
        if kind == .regular || kind == .directory { add { $0.isNoDump = true } }
        if kind != .directory { add { $0.hasSecondName = true } }
        if kind == .regular { add { $0.isHole = true } }
        return shapes
    }

    /// Makes it and returns what statx(2) says of it.
    func make(_ name: String, in directory: [UInt8], _ root: borrowing Descriptor) throws
        -> FileStatus
    {
        let path = joined(directory, name)
        switch kind {
        case .regular:
            try Files.write(path, isHole ? [] : [UInt8](repeating: 1, count: size))
            if isHole { try Files.truncate(path, to: size) }
        case .directory: try Files.makeDirectory(path)
        case .symlink: try Files.link(symbolic: path, to: [UInt8](repeating: 0x78, count: size))
        case .characterDevice: try Files.makeNode(path, S_IFCHR, device: makeDevice())
        case .blockDevice: try Files.makeNode(path, S_IFBLK, device: makeDevice())
        case .fifo: try Files.makeNode(path, S_IFIFO)
        case .socket: try Files.makeNode(path, S_IFSOCK)
        case .unknown: throw CallError(call: "make", name: name, errno: EINVAL)
        }
        if hasSecondName { try Files.link(path + bytes(".2"), to: path) }
        try Files.changeOwner(path, uid_t(owner), gid_t(group))
        if kind != .symlink { try Files.changeMode(path, mode) }
        try Files.changeTime(path, seconds: seconds, nanoseconds: nanoseconds)
        if isNoDump { try Shell.run("chattr +d -- \"$1\"", path) }
        guard let status = try root.status(of: name) else {
            throw CallError(call: "statx", name: name, errno: ENOENT)
        }
        return status
    }

    /// A device number as the kernel packs it for small numbers.
    private func makeDevice() -> dev_t { dev_t(7 << 8 | minor) }
}

/// One question to Comparison, in terms of shapes.
struct Question {
    var source: Shape
    var destination: Shape?
    var deletesExtras = true
    var test = PassOptions.ChangeTest.sizeAndTime
    var isRoot = true
    var preserved = PassOptions.Preserved.all
    var contents = Known.unknown

    /// The destination, where there is one; the rows that ask for it come after the one for none.
    var other: Shape { destination ?? source }

    /// Attributes that differ and that such a pass would set: one row per attribute.
    var attributes: Differences {
        let rows: [(Differences, Bool)] = [
            (.owner, isRoot && preserved.contains(.owner) && source.owner != other.owner),
            (.group, preserved.contains(.group) && source.group != other.group),
            (
                .mode,
                preserved.contains(.mode) && source.kind != .symlink && lentMode != other.mode
            ),
            (
                .times,
                preserved.contains(.times)
                    && (source.seconds != other.seconds || source.nanoseconds != other.nanoseconds)
            ),
            (.flags, isRoot && source.isNoDump != other.isNoDump),
        ]
        return Differences(rows.filter(\.1).map(\.0))
    }

    /// S14: setuid without SOURCE's owner, setgid without its group, would lend another's rights.
    var lentMode: mode_t {
        var mode = source.mode
        let keepsOwner = isRoot && preserved.contains(.owner) || source.owner == other.owner
        let keepsGroup = preserved.contains(.group) || source.group == other.group
        if !keepsOwner { mode &= ~0o4000 }
        if !keepsGroup { mode &= ~0o2000 }
        return mode
    }

    var timesDiffer: Bool {
        source.seconds != other.seconds || source.nanoseconds != other.nanoseconds
    }
}

/// What is known of contents when the question is asked.
enum Known: Sendable { case unknown, equal, different }

/// What the comparison says with that knowledge.
enum Answer: Equatable {
    /// Contents must be read first.
    case read
    case action(Action)

    static func change(_ change: Change) -> Answer { .action(.change(change)) }

    /// Of a verdict, once contents are known; nil: it does not ask for them.
    init?(_ verdict: Verdict, _ known: Known) {
        switch (verdict, known) {
        case (.decided(let action), .unknown): self = .action(action)
        case (.decided, _): return nil
        case (.contents, .unknown): self = .read
        case (.contents(let equal, _), .equal): self = .change(equal)
        case (.contents(_, let different), .different): self = .change(different)
        }
    }
}

/// One row of the reference: the first whose condition holds decides.
struct ReferenceRow: Sendable {
    let rule: String
    let holds: @Sendable (Question) -> Bool
    let answer: @Sendable (Question) -> Answer

    init(
        _ rule: String,
        _ holds: @escaping @Sendable (Question) -> Bool,
        _ answer: @escaping @Sendable (Question) -> Answer
    ) {
        self.rule = rule
        self.holds = holds
        self.answer = answer
    }

    static let table: [ReferenceRow] = [
        ReferenceRow(
            "S12: nothing has the name",
            { $0.destination == nil },
            { _ in .change(.create) }
        ),
        ReferenceRow(
            "S26, S28: another type that is no directory has it",
            { $0.source.kind != $0.other.kind && $0.other.kind != .directory },
            { .change(.replaceType(was: $0.other.kind)) }
        ),
        ReferenceRow(
            "S26: a directory has it, and deletion is on",
            { $0.source.kind != $0.other.kind && $0.deletesExtras },
            { _ in .action(.removeTree) }
        ),
        ReferenceRow(
            "S26: a directory has it, and deletion is off",
            { $0.source.kind != $0.other.kind },
            { _ in .action(.refuse(was: .directory)) }
        ),
        ReferenceRow(
            "S9: directories, FIFOs and sockets are their attributes",
            { [.directory, .fifo, .socket].contains($0.source.kind) },
            { .change(.upToDate($0.attributes)) }
        ),
        ReferenceRow(
            "S9: a device of another number",
            { $0.source.kind.isDevice && $0.source.minor != $0.other.minor },
            { .change(.replace($0.attributes.union(.contents))) }
        ),
        ReferenceRow(
            "S9: the same device",
            { $0.source.kind.isDevice },
            { .change(.upToDate($0.attributes)) }
        ),
        ReferenceRow(
            "S9: symlinks whose targets differ, by length or as read",
            {
                $0.source.kind == .symlink
                    && ($0.source.size != $0.other.size || $0.contents == .different)
            },
            { .change(.replace($0.attributes.union(.contents))) }
        ),
        ReferenceRow(
            "S9: symlinks of one length must be read",
            { $0.source.kind == .symlink && $0.contents == .unknown },
            { _ in .read }
        ),
        ReferenceRow(
            "S8, S9: symlinks of one target",
            { $0.source.kind == .symlink },
            { .change(.upToDate($0.attributes)) }
        ),
        ReferenceRow(
            "S6: a file of another size",
            { $0.source.size != $0.other.size },
            {
                .change(
                    .replace(
                        $0.attributes.union($0.test == .contents ? [.size, .contents] : .size)
                    )
                )
            }
        ),
        ReferenceRow(
            "S11: contents were compared and differ",
            { $0.contents == .different },
            { .change(.replace($0.attributes.union(.contents))) }
        ),
        ReferenceRow(
            "S8, S11: contents were compared and are equal",
            { $0.contents == .equal },
            { .change(.upToDate($0.attributes)) }
        ),
        ReferenceRow(
            "S11: --size-only",
            { $0.test == .sizeOnly },
            { .change(.upToDate($0.attributes)) }
        ),
        ReferenceRow("S11: --checksum", { $0.test == .contents }, { _ in .read }),
        ReferenceRow(
            "S11: --ignore-times",
            { $0.test == .always },
            { .change(.replace($0.attributes)) }
        ),
        ReferenceRow(
            "S6: times differ, be it by a nanosecond",
            { $0.timesDiffer },
            { .change(.replace($0.attributes.union(.times))) }
        ),
        ReferenceRow("S8: up to date", { _ in true }, { .change(.upToDate($0.attributes)) }),
    ]
}
