// What `follow` told of each of its passes against what was seen of them from outside.

import Glibc
import TestSupport
import Testing

extension Story {
    /// All that the loop told.
    func judge(_ loop: StoryLoop) throws {
        let log = loop.process.wait().errors
        let told = try ToldLoop(try JSONReport(loop.report), log: log, history: try history())
        let numbers = loop.passes.map(\.number)
        #expect(told.passes.keys.sorted() == numbers, "\(log)")
        told.expectAgreement(
            Dictionary(uniqueKeysWithValues: loop.passes.map { ($0.number, $0.environment) })
        )
        for seen in loop.passes {
            let pass = try #require(told.passes[seen.number])
            StoryTimes.expect(
                pass.start,
                pass.summary,
                pass.history,
                pass.progress,
                seen.begin,
                seen.end
            )
            let restored = seen.title.hasPrefix("restored")
            if seen.title != "full" { failures(pass, failing: restored ? 0 : 1) }
            switch seen.users {
            case .writing(let operations): bounds(pass, seen, operations)
            case .still where seen.title == "full": try full(pass, seen)
            case .still: try exact(pass, seen, failing: restored ? nil : damaged)
            }
        }
        try gaveWay(told, loop)
        ready(told)
        // Of the damage once, by name.
        #expect(log.split(separator: "failed: ledger.db").count == 2, "\(log)")
    }

    private func failures(_ pass: ToldPass, failing: Int) {
        #expect(pass.count("failures") == failing, "\(pass.summary)")
        #expect(pass.count("files_damaged") == failing, "\(pass.summary)")
        let bytes = failing * damaged.broken.reduce(0) { $0 + $1.count }
        #expect(pass.count("bytes_unreadable") == bytes, "\(pass.summary)")
        for failure in pass.failures {
            #expect(failure.path == damaged.path && failure.text("errno_name") == "EIO")
            #expect(failure["unreadable_ranges"] == damaged.ranges, "\(failure)")
            #expect(failure.number("unreadable_bytes") == bytes, "\(failure)")
        }
    }

    /// Users wrote: each of their operations is one more or less, and of a rename two.
    private func bounds(_ pass: ToldPass, _ seen: SeenPass, _ operations: Int) {
        let slack = 2 * operations + seen.toDo.entangled
        for (key, count) in [
            ("files_copied", seen.toDo.files), ("extras_deleted", seen.toDo.extras),
            ("links_made", seen.toDo.links),
        ] {
            let told = pass.count(key)
            // One is the damaged file.
            #expect(
                told >= count - slack - 1 && told <= count + slack,
                "\(seen.title): \(key) \(told), seen \(seen.toDo), \(operations) operations"
            )
        }
        #expect(pass.count("vanished") <= slack, "\(pass.summary)")
    }

    private func exact(_ pass: ToldPass, _ seen: SeenPass, failing: DamagedSource?) throws {
        let title = seen.title
        let moved = title == "a directory that was renamed"
        #expect(pass.start.number("entries_total") == seen.sourceRoom.usedInodes, "\(title)")
        #expect(pass.start.number("bytes_total") == seen.sourceRoom.usedBytes, "\(title)")
        #expect(pass.count("directories_moved") == (moved ? 1 : 0), "\(title) \(pass.summary)")
        if moved {
            #expect(pass.count("files_copied") == 0 && pass.count("extras_deleted") == 0)
        } else {
            StoryCounts.expect(pass.summary, seen.toDo, failing: failing, title: title)
        }
        let isScan = pass.summary.text("changes_by") == "scan"
        // A walk counts names, a scan inodes: that of the root, too, and the damaged one that is still held open.
        let held = failing == nil ? 1 : 0
        let seenEntries = isScan ? seen.sourceBefore.inodes + held : seen.sourceBefore.names
        #expect(pass.count("entries_seen") == seenEntries, "\(title) \(pass.summary)")
        // Afterwards nothing is left but what fails.
        #expect(seen.leftToDo.entries == (failing == nil ? 0 : 1), "\(title) \(seen.leftToDo)")
        pending(pass.estimateBefore, seen.toDo, title + ", before")
        pending(pass.estimateAfter, seen.leftToDo, title + ", after")
    }

    /// What was foreseen is what somebody outside counted, where it was counted.
    private func pending(_ estimate: JSON?, _ work: SeenWork, _ title: String) {
        guard let estimate, estimate["pending_is_counted"] == .bool(true) else { return }
        for (key, count, slack) in [
            ("pending_entries", work.entries, 2 * work.entangled),
            ("pending_files", work.files, work.entangled),
            ("pending_bytes", work.bytes, work.entangledBytes),
        ] {
            let told = estimate.number(key) ?? -1
            #expect(abs(told - count) <= slack, "\(title): \(key) of \(estimate); seen: \(work)")
        }
    }

    private func full(_ pass: ToldPass, _ seen: SeenPass) throws {
        let stop = try #require(pass.summary["stop"], "\(pass.summary)")
        #expect(stop.text("reason") == "full", "\(stop)")
        let missing = pass.count("entries_missing")
        let bytes = pass.count("bytes_missing")
        // The damaged file is missing, too, unless it failed before there was no room.
        let failed = pass.count("failures")
        let space = seen.sourceAfter.entries[damaged.path]?.allocatedBytes ?? 0
        #expect(
            missing + failed == seen.leftToDo.missing
                && bytes + failed * space == seen.leftToDo.missingBytes,
            "\(pass.summary) \(seen.leftToDo)"
        )
        let available = stop.number("available_bytes") ?? -1
        #expect(available == seen.copyRoom.availableBytes, "\(stop) \(seen.copyRoom)")
        #expect(stop.number("free_inodes") == seen.copyRoom.freeInodes, "\(stop)")
        #expect(stop.number("needed_bytes") == max(bytes - available, 0), "\(stop)")
        #expect(stop.number("needed_inodes") == 0, "\(stop)")
        let form =
            #/Missing there: ([\d,]+) entr(?:y|ies), ([\d.]+ \w+); needed beside what is free: ([\d.]+ \w+)/#
        let note = pass.notes.joined(separator: " ")
        let match = try #require(note.firstMatch(of: form), "\(pass.notes)")
        #expect(Int(match.1.filter(\.isNumber)) == missing, "\(note)")
        #expect(ToldAmount.isSize(String(match.2), bytes), "\(note)")
        #expect(ToldAmount.isSize(String(match.3), stop.number("needed_bytes") ?? -1), "\(note)")
    }

    /// The probe hung from the beginning: for as long as was told at most, and longer than its limit.
    private func gaveWay(_ told: ToldLoop, _ loop: StoryLoop) throws {
        let held = told.report.of("back_off").filter { $0.text("cause") == "probe" }
        let first = try #require(held.first, "\(told.log)")
        #expect(first.text("state") == "held" && first.number("workers") == 2, "\(first)")
        for event in held {
            let value = event.decimal("value") ?? .infinity
            #expect(event.decimal("limit") == 1 && value > 1, "\(event)")
            #expect(value <= (event.decimal("time") ?? 0) - loop.begin.wall + 0.002, "\(event)")
        }
        var notes = 0
        for seen in loop.passes {
            let pass = try #require(told.passes[seen.number])
            for note in pass.notes where note.contains("the probe took") {
                notes += 1
                let form =
                    #/held back (\d+) % of the time: the probe took ([\d.]+) s \(limit 1.0 s\)/#
                let match = try #require(note.wholeMatch(of: form), "\(note)")
                let share = Int(match.1) ?? 0
                #expect((1...100).contains(share), "\(note)")
                let took = Double(match.2) ?? .infinity
                #expect(took > 1 && took <= seen.end.monotonic - loop.begin.monotonic + 0.051)
                #expect(share < 95 || pass.history["held_back"] == .bool(true), "\(pass.history)")
            }
        }
        #expect(notes > 0, "\(told.log)")
    }

    /// READY and NOT READY follow each other as estimates do.
    private func ready(_ told: ToldLoop) {
        let estimates = told.report.of("estimate")
        for estimate in estimates {
            let isReady = estimate["ready"] == .bool(true)
            let isKnown = estimate.decimal("low_seconds") != nil
            #expect(isReady == isKnown, "\(estimate)")
            #expect(
                estimate.number("ready_below") == 3600 || estimate.decimal("ready_below") == 3600
            )
        }
        let lines = told.log.split(separator: "\n")
        let said = lines.filter { $0.hasPrefix("cutover: READY: ") }.count
        let unsaid = lines.filter { $0.hasPrefix("cutover: NOT READY: ") }.count
        #expect(said >= 1 && said == unsaid + 1, "\(told.log)")
        // A time alone, far below an hour, would contradict the words.
        for line in lines where line.hasPrefix("cutover: NOT READY: the switch would take ") {
            #expect(line.hasSuffix("too few passes like the next one are known to rely on that"))
        }
    }
}
