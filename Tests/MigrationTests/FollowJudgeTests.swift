// What the end of a pass means for a loop of passes, the hours of work, and what is told once.

import Glibc
import History
import LinuxIO
import Migration
import Testing

@Suite("The judgement of a loop", .timeLimit(.minutes(5))) struct FollowJudgeTests {
    private func summary(
        _ status: Migration.ExitStatus,
        stop: DestinationStop? = nil,
        refused: UInt64 = 0
    ) -> PassSummary {
        let counters = Counters()
        counters.deletionsRefused.count(refused)
        counters.bytesMissing.count(7)
        counters.entriesMissing.count(3)
        var summary = PassSummary(
            status: status,
            isDryRun: false,
            counters: counters,
            durationNanoseconds: 0,
            times: .init(),
            slowestBranches: [],
            firstFailures: [],
            stop: nil,
            workersBusyMax: 0
        )
        if let stop {
            let error = SystemError(.write, .noSpace)
            summary.stop = PassSummary.Stop(
                reason: stop,
                failure: Failure(path: [], side: .destination, activity: .write, error: error),
                availableBytes: 0,
                freeInodes: nil
            )
        }
        return summary
    }

    @Test("each status: what goes on, what waits, what ends")
    func statuses() {
        func step(_ summary: PassSummary, hours: Bool = false) -> FollowStep {
            FollowStep(after: summary, isCutByHours: hours)
        }
        for status in [Migration.ExitStatus.done, .someFailed, .someVanished] {
            #expect(step(summary(status)) == .goesOn)
        }
        #expect(step(summary(.interrupted)) == .ends(.interrupted, .signal))
        #expect(step(summary(.timeLimit)) == .ends(.timeLimit, .stopAt))
        #expect(step(summary(.timeLimit), hours: true) == .waitsForHours)
        #expect(step(summary(.deletionLimit)) == .ends(.deletionLimit, .deletionLimit))
        #expect(
            step(summary(.destinationStopped, stop: .full)) == .waitsForRoom(bytes: 7, inodes: 3)
        )
        for stop in [DestinationStop.readOnly, .broken] {
            #expect(
                step(summary(.destinationStopped, stop: stop))
                    == .ends(.destinationStopped, .destinationStopped)
            )
        }
        #expect(
            step(summary(.destinationStopped)) == .ends(.destinationStopped, .destinationStopped)
        )
    }

    @Test("extras that stay for --max-delete end it, whatever outranks 25; so does a cut")
    func outranked() {
        func step(_ summary: PassSummary, hours: Bool = false) -> FollowStep {
            FollowStep(after: summary, isCutByHours: hours)
        }
        #expect(step(summary(.someFailed, refused: 1)) == .ends(.someFailed, .deletionLimit))
        #expect(step(summary(.someVanished, refused: 1)) == .ends(.deletionLimit, .deletionLimit))
        var cut = summary(.someFailed)
        cut.isCutByTimeLimit = true
        #expect(step(cut) == .ends(.someFailed, .stopAt))
        #expect(step(cut, hours: true) == .waitsForHours)
    }

    @Test("with --until-ready 0 means READY: each other end counts, and what outranks it is told")
    func ends() {
        func status(_ end: FollowEnd, _ last: Migration.ExitStatus?, awaits: Bool) -> Int32 {
            end.status(last: last, awaitsReady: awaits).rawValue
        }
        for (last, signal, limit) in [
            (nil, 20, 26), (.done, 20, 26), (.someVanished, 20, 26), (.someFailed, 20, 23),
            (.destinationStopped, 20, 11),
        ] as [(Migration.ExitStatus?, Int32, Int32)] {
            #expect(status(.signal, last, awaits: true) == signal)
            for end in [FollowEnd.stopAt, .passes] {
                #expect(status(end, last, awaits: true) == limit, "\(end)")
                #expect(status(end, last, awaits: false) == last?.rawValue ?? 26, "\(end)")
            }
            #expect(status(.signal, last, awaits: false) == last?.rawValue ?? 20)
            // What does not come back is no "done", be READY awaited or not.
            #expect(FollowEnd.signal.statusIfGivenUp(last: last).rawValue == signal)
            #expect(FollowEnd.hours.statusIfGivenUp(last: last).rawValue == limit)
        }
    }

    @Test("a look that was cut says nothing; only one that turned out to walk foretells a walk")
    func looks() {
        var walked = summary(.done)
        #expect(PendingLook.Count(walked, nil) == .walked)
        #expect(PendingLook.Count(walked, .signal) == .cut)
        walked.method = .scan
        #expect(PendingLook.Count(walked, nil) == .scanned(changes: nil))
        #expect(PendingLook.Count(walked, .signal) == .cut)
    }

    @Test("a failure is news once a day; another one at once")
    func failures() {
        var told = ToldFailures()
        func hasNews(_ failures: [Failure], now: Int64) -> Bool {
            told.hasNews(failures, now: now)
        }
        func failure(_ path: String) -> Failure {
            Failure(path: Array(path.utf8), side: .source, activity: .read)
        }
        #expect(hasNews([failure("a")], now: 0))
        #expect(!hasNews([failure("a")], now: 100))
        #expect(hasNews([failure("a"), failure("b")], now: 200))
        #expect(!hasNews([failure("b"), failure("a")], now: 86_399))
        #expect(hasNews([failure("a")], now: 86_400))
        #expect(!hasNews([], now: 0))
    }

    @Test("passes that take alike have reached their floor; users that outrun them are told apart")
    func convergence() {
        func found(
            _ seconds: [Double],
            _ pace: Double?,
            copying: Double? = 20
        ) -> Convergence {
            Convergence(seconds, changes: 1, copying: copying, pace: pace)
        }
        func shortest(_ pace: Double, copying: Double? = 20) -> Double? {
            guard
                case .floor(200, 1, let shortest) = found([200, 205, 198], pace, copying: copying)
            else { return nil }
            return shortest.rounded()
        }
        #expect(found([200, 210], 0.1) == .goesOn)
        #expect(found([200, 260, 300], 0.1) == .goesOn)
        #expect(found([200, 205, 198], nil) == .goesOn)
        // Of 200 s 180 s are no work of users; what they change in 200 s takes 20 s, or 8 s and the rest came in the pause.
        #expect(shortest(0.1) == 200)
        #expect(shortest(0.04) == 188)
        // Of a walk it is not known.
        #expect(shortest(0.04, copying: nil) == 200)
        // Users work more than they did: passes grow to 360 s.
        #expect(found([200, 205, 198], 0.5) == .goesOn)
        #expect(found([300, 200, 100], 1.25) == .diverges(secondsPerHour: 900))
    }
}

@Suite("The hours of work", .serialized, .timeLimit(.minutes(5))) struct WorkHoursTests {
    private func hours(_ texts: String...) throws -> WorkHours {
        WorkHours(try texts.map { try #require(WorkHours.Stretch(parsing: $0)) })
    }

    /// A moment of local time.
    private func at(_ hour: Int, _ minute: Int, day: Int = 10) throws -> Int64 {
        try #require(CalendarTime.moment(2026, 6, day, hour, minute))
    }

    @Test("across midnight, both ends; two stretches; none is always")
    func within() throws {
        let night = try hours("22:00-06:00")
        for (hour, minute, isAllowed) in [
            (21, 59, false), (22, 0, true), (23, 59, true), (0, 0, true), (5, 59, true),
            (6, 0, false), (12, 0, false),
        ] {
            #expect(try night.allow(at(hour, minute)) == isAllowed, "\(hour):\(minute)")
        }
        let twice = try hours("12:00-13:00", "20:00-24:00")
        let (noon, late) = (try at(12, 30), try at(23, 59))
        #expect(twice.allow(noon) && twice.allow(late))
        let (midnight, after) = (try at(0, 0), try at(13, 0))
        #expect(!twice.allow(midnight) && !twice.allow(after))
        #expect(try WorkHours([]).allow(at(3, 0)))
        #expect(try WorkHours([]).nextChange(after: at(3, 0)) == nil)
    }

    @Test("the next opening and the next closing, on this day and on the next one")
    func changes() throws {
        let night = try hours("22:00-06:00")
        #expect(try night.nextChange(after: at(12, 0)) == at(22, 0))
        #expect(try night.nextChange(after: at(23, 0)) == at(6, 0, day: 11))
        #expect(try night.nextChange(after: at(5, 30)) == at(6, 0))
        // Two that touch are one.
        let joined = try hours("22:00-24:00", "00:00-06:00")
        #expect(try joined.nextChange(after: at(23, 0)) == at(6, 0, day: 11))
        #expect(try hours("00:00-12:00", "12:00-24:00").nextChange(after: at(1, 0)) == nil)
    }

    @Test(
        "an hour that the clock shows twice is open, or closed, both times; one that it leaves out is passed over",
        .enabled(if: access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0, "needs tzdata")
    )
    func changedClocks() async {
        await #expect(processExitsWith: .success) {
            setenv("TZ", "Europe/Berlin", 1)
            func hours(_ text: String) throws -> WorkHours {
                WorkHours([try #require(WorkHours.Stretch(parsing: text))])
            }
            let minute: Int64 = 60_000_000_000
            // 2026-10-25 02:00 CEST; 02:00 CET is an hour later.
            let autumn: Int64 = 1_792_886_400_000_000_000
            let zones = [
                CalendarTime(local: autumn).zone, CalendarTime(local: autumn + 60 * minute).zone,
            ]
            #expect(zones == ["CEST", "CET"])
            let short = try hours("02:15-02:45")
            var moments: [Int64] = []
            var moment = autumn - 60 * minute
            for _ in 0..<4 {
                moment = try #require(short.nextChange(after: moment))
                moments.append((moment - autumn) / minute)
            }
            #expect(moments == [15, 45, 75, 105])
            let (first, second) = (autumn + 30 * minute, autumn + 90 * minute)
            #expect(CalendarTime(local: first).minutes == "02:30")
            #expect(CalendarTime(local: second).minutes == "02:30")
            #expect(short.allow(first) && short.allow(second))
            // A night ends at its second 02:30, having been closed for half an hour before.
            let night = try hours("22:00-02:30")
            #expect(night.nextChange(after: autumn - 60 * minute) == first)
            #expect(night.nextChange(after: first) == autumn + 60 * minute)
            #expect(night.nextChange(after: autumn + 60 * minute) == second)
            // 2026-03-29 03:00 CEST comes right after 01:59 CET.
            let spring: Int64 = 1_774_746_000_000_000_000
            #expect(CalendarTime(local: spring).minutes == "03:00")
            let late = try hours("01:00-02:30")
            #expect(late.nextChange(after: spring - 30 * minute) == spring)
            #expect(!late.allow(spring))
            let leftOut = try hours("02:10-02:50")
            #expect(leftOut.nextChange(after: spring) == spring + 23 * 60 * minute + 10 * minute)
        }
    }

    @Test("from 00:00 to 24:00 is all day, and no misspelling")
    func allDay() throws {
        let hours = try hours("00:00-24:00")
        for (hour, minute) in [(0, 0), (12, 0), (23, 59)] {
            let moment = try at(hour, minute)
            #expect(hours.allow(moment) && hours.nextChange(after: moment) == nil)
        }
        let night = try self.hours("24:00-06:00")
        #expect(try night.allow(at(0, 0)) && !night.allow(at(6, 0)))
        let evening = try self.hours("22:00-00:00")
        #expect(try evening.allow(at(23, 59)) && !evening.allow(at(0, 0)))
    }

    @Test("what is no stretch is refused")
    func mistakes() {
        for text in [
            "", "22:00", "22-06", "22:00-22:00", "25:00-06:00", "22:60-06:00", "22:00-06:00-",
            "2:00-6:00", "24:01-06:00", "24:00-24:00", "24:00-00:00", "00:00-00:00",
        ] {
            #expect(WorkHours.Stretch(parsing: text) == nil, "\(text)")
        }
    }
}
