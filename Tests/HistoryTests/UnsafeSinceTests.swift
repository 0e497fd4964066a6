// From when on DESTINATION may hold what a power cut has emptied: the rule as a table.

import History
import TestSupport
import Testing

/// A sequence of passes, oldest first, and what the next one, on boot `b`, has to distrust.
struct Sequence: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// The passes, as words of a boot and an end.
    ///
    /// `a-`: on boot a, killed; `a!`: it ended, and its syncfs(2) failed; `a=`: it ended with all on the disk, not
    /// all was done; `a?`: told of lost writes, then killed; `a+`: complete; `a~`: complete, of a
    /// part; in capitals: with other options. The nth starts at 10 n; a digit is its watermark, 10 n
    /// plus that. DESTINATION's filesystem is the running one of boot `b`; with an `m` it was mounted before, with
    /// an `n` nothing tells.
    let passes: String
    let expected: Int64?
    /// With the pass's own options given; the same where it says nothing else.
    var expectedWithOptions: Int64??

    init(_ description: String, _ passes: String, _ expected: Int64?, options: Int64?? = .none) {
        testDescription = description
        self.passes = passes
        self.expected = expected
        expectedWithOptions = options
    }
}

@Suite("What a power cut left unsafe", .timeLimit(.minutes(5))) struct UnsafeSinceTests {
    @Test(
        "S19: contents are distrusted since the watermark of a pass that a crash may have cut off",
        arguments: [
            Sequence("no pass at all", "", nil),
            Sequence("complete", "a+", nil),
            Sequence("killed, the machine ran on", "b-", nil),
            Sequence("killed by a crash", "a-", 10),
            Sequence("killed by a crash after its watermark", "a-5", 15),
            Sequence("ended without all, on the disk", "b=", nil),
            Sequence("ended without all, on the disk, then a crash", "a=", nil),
            Sequence("killed, then one that put all on the disk, then a crash", "a-5 a=", nil),
            Sequence("its syncfs failed, then a crash", "a!5", 15),
            Sequence("its syncfs failed, the machine ran on", "b!5", 15),
            Sequence("killed, then a failed syncfs: it may be what was lost", "b-2 b!5", 12),
            Sequence("nor does the next syncfs make it good", "b!5 b=", 15),
            Sequence("one of a part neither", "b!5 b~", 15),
            Sequence("a complete one compared", "b!5 b+", nil),
            Sequence("killed after a failed syncfs: as before", "b!5 b-2", 15),
            Sequence("what was on the disk before is safe", "b-2 b= b!5", 35),
            Sequence("told of lost writes, then killed", "b?", 10),
            Sequence("and with it what was cut off before", "b-2 b? b=", 12),
            Sequence("a complete one compared that, too", "b? b+", nil),
            Sequence("two crashes: the earlier watermark", "a-5 c-7", 15),
            Sequence("two crashes: the earlier is of the later pass", "a-9 c-1 a-", 19),
            Sequence("killed, killed again, then a crash", "a-5 a-", 15),
            Sequence("a complete pass after the crash compared", "a-5 c+", nil),
            Sequence("a complete one of a part did not look at all", "a-5 c~", 15),
            Sequence("but on the same boot its syncfs covers all", "a-5 a~", nil),
            Sequence("a crash after a complete one", "a-5 c+ c-2", 32),
            Sequence("complete, then killed on this boot", "a-5 c+ b-2", nil),
            Sequence("killed on this boot after a crash", "a-5 b-2", 15),
            Sequence("with other options it did not look at all", "A-5 c+", nil),
            Sequence("other options did not look at all", "a-5 C+", nil, options: 15),
            Sequence("but those of the killed one did", "A-5 C+", nil, options: .some(nil)),
            Sequence("other options, same boot: syncfs covers all", "a-5 A+", nil),
            Sequence("other options, then a crash", "a-5 C+ c-3", 33, options: 15),
            Sequence("of two boots one is covered", "a-5 c-3 c~", 15),
            Sequence("S60: killed, then DESTINATION was mounted anew", "b-5m", 15),
            Sequence("S60: one that ended after the mount covers nothing", "b-5m b= b~", 15),
            Sequence("S60: one that ended before it does", "b-5m b~m", nil),
            Sequence("S60: nothing tells of the mount", "b-5n", 15),
            Sequence("S60: not even of the one that ended", "b-5n b=n", 15),
            Sequence("S60: a complete one compared", "b-5m b+", nil),
        ]
    )
    func table(sequence: Sequence) throws {
        let state = try State()
        let history = try state.open()
        for (index, word) in sequence.passes.split(separator: " ").enumerated() {
            let letters = Array(word)
            let boot = letters[0].lowercased()
            var pass = PassRecord.example(
                boot: boot,
                start: Int64(10 * (index + 1)),
                options: letters[0].isUppercase ? "other" : "own"
            )
            pass.isPartial = letters[1] == "~"
            pass.destinationInstance = letters.last == "m" ? "before" : "now"
            if letters.last == "n" { pass.destinationInstance = nil }
            pass.id = try history.begin(pass)
            let watermark = letters.dropFirst(2).first?.wholeNumberValue.map { Int64($0) }
            if let watermark {
                try history.setWatermark(pass.startNanoseconds + watermark, pass: pass.id)
            }
            if letters[1] == "?" { try history.setWatermark(PassRecord.lostWrites, pass: pass.id) }
            if letters[1] == "-" || letters[1] == "?" { continue }
            var end = pass.ended(isComplete: letters[1] == "+" || letters[1] == "~")
            end.watermarkNanoseconds =
                letters[1] == "="
                ? end.endNanoseconds : watermark.map { pass.startNanoseconds + $0 }
            try history.finish(end, branches: [], failures: [], changes: nil)
        }
        #expect(
            try history.unsafeSince(bootIdentifier: "b", instance: "now") == sequence.expected
        )
        let unknown = try history.unsafeSince(bootIdentifier: "b", instance: nil)
        #expect(unknown ?? .max <= sequence.expected ?? .max, "nothing tells of the present mount")
        let withOptions = sequence.expectedWithOptions ?? sequence.expected
        let own = try history.unsafeSince(bootIdentifier: "b", instance: "now", options: "own")
        #expect(own == withOptions)
    }
}
