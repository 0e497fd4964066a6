// How far a running pass is, as it tells others in its status file: one line of JSON (KeptLine).

import History
package import LinuxIO

/// A pass that runs now.
package struct RunningPass: Sendable, Equatable {
    /// What it does.
    package enum Phase: String, Sendable, CaseIterable {
        case working
        /// Waiting for DESTINATION's disk.
        case synchronizing
    }

    /// Its id in the record.
    package var pass: Int64 = 0
    package var process: Int32 = 0
    /// When it began, in nanoseconds since 1970.
    package var startNanoseconds: Int64 = 0
    /// When this was written, in nanoseconds since the machine started.
    package var writtenBootNanoseconds: Int64 = 0
    package var phase = Phase.working
    package var entriesSeen: UInt64 = 0
    package var entriesTotal: UInt64?
    package var bytesSeen: UInt64 = 0
    package var bytesTotal: UInt64?
    package var filesCopied: UInt64 = 0
    package var bytesCopied: UInt64 = 0
    package var extrasDeleted: UInt64 = 0
    package var failures: UInt64 = 0
    package var workers: UInt64 = 0
    package var remainingNanoseconds: UInt64?
    /// How long it was to take, as it was foreseen right before it, and between what in most cases.
    package var foreseenNanoseconds: UInt64?
    package var foreseenLowNanoseconds: UInt64?
    package var foreseenHighNanoseconds: UInt64?
    /// Whether it gives way to others; nil: it does so to nobody.
    package var backOff: BackOffState?
    /// How long it had fewer workers than were wanted, or none, for others' sake.
    package var heldBackNanoseconds: UInt64?

    package init() {}

    /// What was foreseen of it.
    package mutating func note(_ estimate: SwitchEstimate?) {
        func nanoseconds(_ seconds: Double?) -> UInt64? {
            seconds.map { UInt64(exactlyOrMax: $0 * 1e9) }
        }
        // A lower limit is nothing that it can be held against.
        let estimate = estimate.flatMap { $0.isLowerLimit ? nil : $0 }
        foreseenNanoseconds = nanoseconds(estimate?.seconds)
        foreseenLowNanoseconds = nanoseconds(estimate?.interval?.low)
        foreseenHighNanoseconds = nanoseconds(estimate?.interval?.high)
    }

    /// How it gives way, and for how long it has been held back.
    package mutating func note(_ state: BackOffState, heldNanoseconds: UInt64) {
        backOff = state
        heldBackNanoseconds = heldNanoseconds
    }

    private static let numbers:
        [(key: String, path: any WritableKeyPath<RunningPass, UInt64> & Sendable)] = [
            ("entries_seen", \.entriesSeen), ("bytes_seen", \.bytesSeen),
            ("files_copied", \.filesCopied), ("bytes_copied", \.bytesCopied),
            ("extras_deleted", \.extrasDeleted), ("failures", \.failures), ("workers", \.workers),
        ]
    private static let optionals:
        [(key: String, path: any WritableKeyPath<RunningPass, UInt64?> & Sendable)] = [
            ("entries_total", \.entriesTotal), ("bytes_total", \.bytesTotal),
            ("remaining_ns", \.remainingNanoseconds), ("foreseen_ns", \.foreseenNanoseconds),
            ("foreseen_low_ns", \.foreseenLowNanoseconds),
            ("foreseen_high_ns", \.foreseenHighNanoseconds),
            ("held_back_ns", \.heldBackNanoseconds),
        ]

    /// The text of the status file.
    package var text: [UInt8] {
        var parts = [
            "\"type\":\"status\"", "\"format\":1", "\"pass\":\(pass)", "\"pid\":\(process)",
            "\"start_ns\":\(startNanoseconds)", "\"written_boot_ns\":\(writtenBootNanoseconds)",
            "\"phase\":\"\(phase.rawValue)\"",
            "\"back_off\":" + (backOff.map { "\"\($0.rawValue)\"" } ?? "null"),
        ]
        parts += Self.numbers.map { "\"\($0.key)\":\(self[keyPath: $0.path])" }
        parts += Self.optionals.map { row in
            "\"\(row.key)\":" + (self[keyPath: row.path].map { "\($0)" } ?? "null")
        }
        return Array(("{" + parts.joined(separator: ",") + "}\n").utf8)
    }

    /// Reads such a text; nil: it is none.
    package init?(text bytes: [UInt8]) {
        guard let line = KeptLine(bytes, type: "status"), let pass: Int64 = line.number("pass"),
            let process: Int32 = line.number("pid"), let start: Int64 = line.number("start_ns")
        else { return nil }
        (self.pass, self.process, startNanoseconds) = (pass, process, start)
        writtenBootNanoseconds = line.number("written_boot_ns") ?? 0
        phase = line.word("phase").flatMap(Phase.init(rawValue:)) ?? .working
        backOff = line.word("back_off").flatMap(BackOffState.init(rawValue:))
        for row in Self.numbers {
            self[keyPath: row.path] = line.number(row.key) ?? 0
        }
        for row in Self.optionals {
            self[keyPath: row.path] = line.number(row.key)
        }
    }
}

/// Who keeps a pass from beginning.
package struct BusyPass: Sendable, Equatable {
    package var holder: LockHolder
    /// What it told of itself, if it is a pass with a record in the same folder.
    package var running: RunningPass?

    package init(holder: LockHolder, running: RunningPass?) {
        self.holder = holder
        self.running = running
    }

    /// Looks through a state folder for what that process tells.
    init?(_ holder: LockHolder?, stateFolder: Name?) {
        guard let holder else { return nil }
        self.holder = holder
        // An aid to the sentence: a folder that cannot be read was told elsewhere, or will be.
        let archive = stateFolder.flatMap { try? Archive(folder: Array($0.bytes)) }
        running = archive?.runningStatuses.lazy.compactMap(RunningPass.init(text:))
            .first { $0.process == holder.process }
    }
}
