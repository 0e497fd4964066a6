// The letters of `--itemize`: one for each thing that can differ, in rsync's order.

import LinuxIO
import Migration
import Testing

@Suite("Itemized letters") struct ItemizationTests {
    @Test("rsync's letters, in its order, with f where it has u")
    func letters() {
        #expect(Difference.allCases.map(\.letter).joined() == "cstpogfax")
    }

    @Test("each difference shows its letter and no other", arguments: Difference.allCases)
    func single(difference: Difference) throws {
        let change = Itemization(
            action: .repaired,
            kind: .regular,
            differences: Differences(difference),
            path: []
        )
        let expected = Difference.allCases.map { $0 == difference ? $0.letter : "." }
        #expect(change.code == ".f" + expected.joined())
    }

    @Test("nothing at all is blanks, but for a transfer; what is new is pluses")
    func empty() {
        func code(_ action: Itemization.Action, isNew: Bool = false) -> String {
            Itemization(action: action, kind: .directory, isNew: isNew, path: []).code
        }
        #expect(code(.repaired) == ".d         ")
        #expect(code(.transferred) == ">d.........")
        #expect(code(.changed, isNew: true) == "cd+++++++++")
    }
}
