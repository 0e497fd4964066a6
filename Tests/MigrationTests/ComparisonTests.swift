// Comparison, exhaustively: every pair of entries that differ in one thing or in their type, under
// every rule that a pass can have, against a reference that is a table of rules
// (ComparisonEntries).

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Comparison", .requiresVolumes) struct ComparisonTests {
    private let workspace: Workspace
    private let directory: SharedDescriptor

    init() throws {
        workspace = try Workspace()
        directory = SharedDescriptor(try Descriptor.openRoot(Name(workspace.destination)))
    }

    private func make(_ shape: Shape, _ name: String) throws -> FileStatus {
        try shape.make(name, in: workspace.destination, directory.descriptor)
    }

    private func rules(
        _ question: Question,
        times: TimeStorage = .exact
    ) -> Comparison {
        Comparison(
            preserved: question.preserved,
            changeTest: question.test,
            deletesExtras: question.deletesExtras,
            isRoot: question.isRoot,
            times: times
        )
    }

    @Test("S6, S8, S9, S10, S11, S26, S28, S31: every pair of entries under every rule")
    func everyPair() throws {
        var entries: [(shape: Shape, status: FileStatus)] = []
        for kind in EntryKind.allCases where kind != .unknown {
            for shape in Shape.all(of: kind) {
                entries.append((shape, try make(shape, "e\(entries.count)")))
            }
        }
        #expect(entries.count > 45)
        let bits = (0..<10).map { PassOptions.Preserved(rawValue: 1 << $0) }
        let sets = [PassOptions.Preserved.all, []] + bits.map { .all.subtracting($0) }
        var used: Set<String> = []
        var wrong = 0
        var asked = 0
        let tests: [PassOptions.ChangeTest] = [.sizeAndTime, .sizeOnly, .contents, .always]
        for rule in 0..<16 {
            for preserved in sets {
                var question = Question(source: entries[0].shape, destination: nil)
                question.preserved = preserved
                question.test = tests[rule % 4]
                question.deletesExtras = rule & 4 != 0
                question.isRoot = rule & 8 != 0
                let comparison = rules(question)
                for source in entries {
                    for destination in [nil] + entries.map(Optional.some) {
                        question.source = source.shape
                        question.destination = destination?.shape
                        for contents in [Known.unknown, .equal, .different] {
                            question.contents = contents
                            let verdict = comparison.verdict(
                                source: source.status,
                                destination: destination?.status
                            )
                            // What is decided without contents is never asked again with them.
                            guard let found = Answer(verdict, contents) else { continue }
                            let row = ReferenceRow.table.first { $0.holds(question) }
                            let expected = row?.answer(question)
                            asked += 1
                            if let row { used.insert(row.rule) }
                            if found == expected { continue }
                            wrong += 1
                            if wrong <= 10 {
                                Issue.record("\(row?.rule ?? ""): \(found) for \(question)")
                            }
                        }
                    }
                }
            }
        }
        #expect(wrong == 0, "of \(asked)")
        // A row that no entry reaches proves nothing.
        #expect(used == Set(ReferenceRow.table.map(\.rule)))
    }

    @Test("S10: nothing differs between entries that differ in what is never compared")
    func neverCompared() throws {
        var shape = Shape(kind: .regular, size: 1 << 16)
        let plain = try make(shape, "plain")
        // ctime moves by the kernel's tick, 10 ms at most.
        pauseThread(nanoseconds: 30_000_000)
        shape.isHole = true
        shape.hasSecondName = true
        let other = try make(shape, "other")
        #expect(plain.allocatedBytes != other.allocatedBytes && plain.linkCount != other.linkCount)
        #expect(plain.changed != other.changed && plain.inode != other.inode)
        let comparison = rules(Question(source: shape, destination: shape))
        #expect(
            comparison.verdict(source: plain, destination: other)
                == .decided(.change(.upToDate([])))
        )
        #expect(
            comparison.verdict(source: other, destination: plain)
                == .decided(.change(.upToDate([])))
        )
    }

    @Test(
        "S6: times are compared at what DESTINATION can store, by rows",
        arguments: [
            ((1_000, 500), (1_000, 0), true, false), ((1_000, 500), (1_000, 500), true, true),
            ((1_000, 500), (1_000, 499), false, false), ((1_000, 500), (1_001, 0), false, false),
            ((1_000, 500), (999, 0), false, false), ((1_000, 0), (1_000, 0), true, true),
            ((-1_000, 999), (-1_000, 0), true, false), ((-1_000, 999), (-999, 0), false, false),
            ((3_000_000_000, 5), (2_147_483_647, 0), true, false),
            ((3_000_000_000, 5), (3_000_000_000, 5), true, true),
            ((2_147_483_647, 9), (2_147_483_647, 0), true, false),
            ((3_000_000_000, 5), (1_000, 0), false, false),
        ] as [((Int, Int), (Int, Int), Bool, Bool)]
    )
    func coarseTimes(
        source: (Int, Int),
        destination: (Int, Int),
        agreesCoarsely: Bool,
        agreesExactly: Bool
    ) throws {
        var shape = Shape(kind: .regular)
        (shape.seconds, shape.nanoseconds) = source
        let from = try make(shape, "from")
        (shape.seconds, shape.nanoseconds) = destination
        let to = try make(shape, "to")
        let question = Question(source: shape, destination: shape)
        for (storage, agrees) in [
            (TimeStorage.wholeSecondsUntil2038, agreesCoarsely), (.exact, agreesExactly),
        ] {
            let verdict = rules(question, times: storage).verdict(source: from, destination: to)
            #expect(verdict == .decided(.change(agrees ? .upToDate([]) : .replace(.times))))
        }
    }

    @Test("S6, S8: a directory's coarse time is up to date, its repair does not come again")
    func coarseDirectory() throws {
        let from = try make(Shape(kind: .directory), "from")
        let to = try make(Shape(kind: .directory, nanoseconds: 0), "to")
        let question = Question(source: Shape(kind: .directory), destination: nil)
        #expect(
            rules(question, times: .wholeSecondsUntil2038).verdict(source: from, destination: to)
                == .decided(.change(.upToDate([])))
        )
        #expect(
            rules(question).verdict(source: from, destination: to)
                == .decided(.change(.upToDate(.times)))
        )
    }
}
