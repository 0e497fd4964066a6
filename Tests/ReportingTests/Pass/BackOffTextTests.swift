// Giving way to others, in words and in JSON.

import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite struct BackOffTextTests {
    private let shown = ShownName(isForTerminal: true, isUTF8: true)
    private let reading = BackOffObservation(.readLatency, value: 0.062, limit: 0.024, since: 1)

    private func json(_ event: BackOffEvent) -> String {
        String(decoding: BackOffText.json(event, time: 1_500_000_000).object, as: UTF8.self)
    }

    @Test("that reads of SOURCE are not timed is said without -v; that pressure is not, with it")
    func lacks() throws {
        for isVerbose in [false, true] {
            let error = try Capture()
            var configuration = ReporterConfiguration(
                standardOutput: try Capture().file,
                standardError: error.file,
                isUTF8: true
            )
            configuration.isVerbose = isVerbose
            let loop = FollowReporter(
                ReportStreams(configuration, run: "the loop"),
                isIdle: false,
                givesWay: true,
                hasHours: false,
                readyBelowSeconds: nil
            )
            loop.tell(backOff: .lacks(.noDirectReads))
            loop.tell(backOff: .lacks(.noOtherGroups))
            #expect(error.lines.count == (isVerbose ? 2 : 1), "\(error.lines)")
            #expect(error.lines.first?.contains("reads of SOURCE are not timed") == true)
        }
    }

    @Test(
        "the row of a pass says how much of its time and why; one that was left alone says nothing"
    )
    func row() {
        var held = HeldBack()
        #expect(BackOffText.row(held, shown) == nil)
        held.add(59_000_000_000, .free)
        #expect(BackOffText.row(held, shown) == nil)
        held.add(41_000_000_000, BackOffAnswer(.held, most: 4, why: reading))
        #expect(
            BackOffText.row(held, shown)
                == "held back 41 % of the time: reads of SOURCE took 62 ms (limit 24 ms)"
        )
    }

    @Test("each cause in its words; a group's name is shown as names are")
    func reasons() {
        let probe = BackOffObservation(.probe, value: 3.25, limit: 0.4, since: 1)
        let flash = BackOffObservation(.readLatency, value: 0.00124, limit: 0.0005, since: 0)
        #expect(BackOffText.reason(flash, shown) == "reads of SOURCE took 1.24 ms (limit 0.50 ms)")
        #expect(BackOffText.reason(probe, shown) == "the probe took 3.3 s (limit 400 ms)")
        let group = BackOffObservation(
            .pressure,
            value: 0.341,
            limit: 0.2,
            since: 1,
            group: "system.slice/a\u{1B}.service"
        )
        let text = BackOffText.reason(group, shown)
        #expect(text.hasSuffix(" waited for disks 34 % of the time (limit 20 %)"))
        #expect(text.hasPrefix("system.slice/a") && !text.contains("\u{1B}"))
        for state in BackOffAnswer.State.allCases {
            let line = BackOffText.line(.changed(BackOffAnswer(state, most: 1), workers: 1), shown)
            #expect(!line.isEmpty)
        }
    }

    @Test("held back nearly all day: how much is done, and what would help")
    func allDay() {
        var held = HeldBack()
        let answer = BackOffAnswer(.held, most: 1, why: reading)
        held.add(20_000_000_000_000, answer)
        held.add(5_000_000_000_000, .free)
        let event = BackOffEvent.heldNearlyAllDay(held)
        let begin =
            "Held back nearly all day, 80 % of 6:56:40: reads of SOURCE took 62 ms (limit 24 ms)"
        #expect(
            BackOffText.line(event, shown)
                == begin + ". --hours 01:00-05:00, or when nobody works, would help."
        )
        let done = WorkDone(share: 0.129, isAtLeast: false)
        #expect(
            BackOffText.line(event, shown, done: done, hasHours: true)
                == begin
                + "; 12 % of its work is done. Other --hours, when nobody works, would help."
        )
        let line = String(
            decoding: BackOffText.json(event, time: 0, done: done).object,
            as: UTF8.self
        )
        #expect(line.hasSuffix(#""done_share":0.129}"#))
    }

    @Test("lines of JSON have the keys that they are documented with")
    func lines() {
        let answer = BackOffAnswer(.held, most: 4, why: reading)
        #expect(
            json(.changed(answer, workers: 4))
                == #"{"type":"back_off","time":1.500,"workers":4,"state":"held","#
                + #""cause":"read_latency","value":0.062000,"limit":0.024000}"#
        )
        #expect(
            json(.changed(.free, workers: 30))
                == #"{"type":"back_off","time":1.500,"workers":30,"state":"free","#
                + #""cause":null,"value":null,"limit":null}"#
        )
        #expect(json(.lacks(.sharedGroup)).contains(#""cause":"pressure","reason":"shared_group""#))
        var held = HeldBack()
        held.add(3_000_000_000, answer)
        #expect(
            json(.heldNearlyAllDay(held))
                == #"{"type":"held_back","time":1.500,"pass_seconds":3.000,"#
                + #""held_back_seconds":3.000,"cause":"read_latency","value":0.062000,"limit":0.024000,"#
                + #""done_share":null}"#
        )
        let lacks: [BackOffLack] = [
            .noDirectReads, .noGroups, .noOtherGroups, .noPressure, .sharedGroup,
            .probeFailed(status: 1), .probeTooSlow,
            .probeNotRun("posix_spawn: Out of memory"),
        ]
        #expect(Set(lacks.map(\.word)).count == lacks.count)
        for lack in lacks { #expect(BackOffText.line(.lacks(lack), shown).contains(":")) }
    }
}
