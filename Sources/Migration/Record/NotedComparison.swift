// What a comparison of a pair took, as it is noted beside the record: one line of JSON (KeptLine).

import History
import LinuxIO

/// A comparison that has ended, as it is noted.
struct NotedComparison: Equatable {
    var nanoseconds: UInt64
    /// Roots are told apart by numbers that are used again, and when they were made.
    var births: [Int64]
    var machine: String

    init(nanoseconds: UInt64, pair: PairIdentity, machine: String) {
        self.nanoseconds = nanoseconds
        births = Self.births(pair)
        self.machine = machine
    }

    private static func births(_ pair: PairIdentity) -> [Int64] {
        [pair.source.birthNanoseconds, pair.destination.birthNanoseconds]
    }

    private static let type = "comparison"

    /// The text of the file.
    var text: [UInt8] {
        let parts = [
            "\"type\":\"\(Self.type)\"", "\"format\":1", "\"metadata_ns\":\(nanoseconds)",
            "\"source_birth_ns\":\(births[0])", "\"destination_birth_ns\":\(births[1])",
            "\"machine\":\"\(machine)\"",
        ]
        return Array(("{" + parts.joined(separator: ",") + "}\n").utf8)
    }

    /// Reads such a text; nil: it is none.
    init?(text: [UInt8]) {
        guard let line = KeptLine(text, type: Self.type),
            let nanoseconds: UInt64 = line.number("metadata_ns"),
            let source: Int64 = line.number("source_birth_ns"),
            let destination: Int64 = line.number("destination_birth_ns"),
            let machine = line.word("machine")
        else { return nil }
        (self.nanoseconds, self.machine) = (nanoseconds, machine)
        births = [source, destination]
    }

    /// What it says of the next one of a pair, on a machine.
    func time(of pair: PairIdentity, on machine: String) -> ComparisonTime {
        if births != Self.births(pair) { return .unknown(.otherVolumes) }
        if machine != self.machine { return .unknown(.otherMachine) }
        return .took(seconds: Double(nanoseconds) / 1e9)
    }
}

extension ComparisonTime {
    /// Looks into the record of a pair, open or closed again.
    init(_ history: History?, of pair: PairIdentity?) {
        guard let history, let pair else {
            self = .unknown(.neverRan)
            return
        }
        do throws(HistoryProblem) {
            guard let text = try history.lastComparison() else {
                self = .unknown(.neverRan)
                return
            }
            let noted = NotedComparison(text: text)
            self = noted?.time(of: pair, on: Machine.identifier) ?? .unknown(.unreadable)
        } catch {
            self = .unknown(.unreadable)
        }
    }

    /// Notes what a comparison took, beside the record of its pair; nothing is made where there is none.
    static func note(nanoseconds: UInt64, of pair: PairIdentity, in folder: Name) {
        let noted = NotedComparison(
            nanoseconds: nanoseconds,
            pair: pair,
            machine: Machine.identifier
        )
        do throws(HistoryProblem) {
            try Archive(folder: Array(folder.bytes))?.note(comparison: noted.text, of: pair)
        } catch {
            // An aid to the estimate, as old as it was then; a comparison may be made by who must not write there.
        }
    }
}
