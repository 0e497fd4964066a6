// What a running pass tells of itself, through its file and back.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Status of a running pass") struct RunningPassTests {
    private var example: RunningPass {
        var pass = RunningPass()
        pass.pass = 41
        pass.process = 4_711
        pass.startNanoseconds = 1_785_877_203_123_000_000
        pass.writtenBootNanoseconds = 99
        pass.phase = .synchronizing
        pass.entriesSeen = .max
        pass.entriesTotal = 7
        pass.bytesSeen = 6
        pass.filesCopied = 5
        pass.bytesCopied = 4
        pass.extrasDeleted = 3
        pass.failures = 2
        pass.workers = 1
        pass.remainingNanoseconds = 60_000_000_000
        pass.foreseenNanoseconds = 210_000_000_000
        pass.foreseenLowNanoseconds = 1
        pass.foreseenHighNanoseconds = .max
        pass.backOff = .held
        pass.heldBackNanoseconds = 0
        return pass
    }

    @Test("what is written is read again, unknown totals too")
    func again() {
        #expect(RunningPass(text: example.text) == example)
        var other = example
        (other.entriesTotal, other.bytesTotal, other.remainingNanoseconds) = (nil, nil, nil)
        other.phase = .working
        other.note(nil)
        (other.backOff, other.heldBackNanoseconds) = (nil, nil)
        #expect(RunningPass(text: other.text) == other)
        #expect(example.text.last == 0x0A && example.text.count < 4_096)
    }

    @Test("a text that is cut off, of another kind or of a later version is no wrong figure")
    func others() {
        let text = example.text
        for count in 0..<text.count { #expect(RunningPass(text: Array(text.prefix(count))) == nil) }
        for text in ["", "{}\n", "{\"type\":\"summary\",\"pass\":1}\n", "\0\0"] {
            #expect(RunningPass(text: bytes(text)) == nil)
        }
        let later =
            "{\"type\":\"status\",\"pass\":4,\"pid\":5,\"start_ns\":6,\"phase\":\"new\",\"x\":{}}\n"
        let read = RunningPass(text: bytes(later))
        #expect(read?.pass == 4 && read?.process == 5 && read?.phase == .working)
    }

    @Test("what it was to take, and how it gives way, are those of the loop")
    func noted() {
        var pass = RunningPass()
        var held = HeldBack()
        held.add(3_000_000_000, .free)
        held.add(
            2_000_000_000,
            BackOffAnswer(
                .paused,
                most: 0,
                why: BackOffObservation(.probe, value: 2, limit: 1, since: 0)
            )
        )
        pass.note(.paused, heldNanoseconds: held.heldNanoseconds)
        #expect(pass.backOff == .paused && pass.heldBackNanoseconds == 2_000_000_000)
        for state in BackOffAnswer.State.allCases {
            pass.note(state, heldNanoseconds: held.heldNanoseconds)
            #expect(RunningPass(text: pass.text)?.backOff == state)
        }
    }
}
