// What a page is made of, and how names, moments and numbers stand on it.

package import History
package import LinuxIO

/// All that one page tells.
package struct PageInput: Sendable {
    package var pair: HistoryPair
    /// The branches of the last whole pass that walked; nil: none is recorded.
    package var space: BranchSpace?
    /// When the page is made, in nanoseconds since 1970.
    package var madeNanoseconds: Int64
    /// The same since the machine started.
    package var sinceBoot: Int64
    /// So many of the newest passes are shown (`--last`); what is said of all of them stays.
    package var passesShown = Int.max
    /// `--no-names`: neither names nor paths stand on the page.
    package var hidesNames: Bool
    /// Of the cutover that makes it.
    package var version: String
    /// Makes a moment a date.
    package var calendar: @Sendable (Int64) -> CalendarTime = { CalendarTime(local: $0) }

    package init(  // One for each field.
        pair: HistoryPair,
        space: BranchSpace? = nil,
        madeNanoseconds: Int64,
        sinceBoot: Int64,
        hidesNames: Bool = false,
        version: String
    ) {
        self.pair = pair
        self.space = space
        self.madeNanoseconds = madeNanoseconds
        self.sinceBoot = sinceBoot
        self.hidesNames = hidesNames
        self.version = version
    }

    /// How much each branch held when all of SOURCE was last walked.
    package struct BranchSpace: Sendable {
        package var pass: Int64
        package var branches: [BranchRecord]

        package init(pass: Int64, branches: [BranchRecord]) {
            self.pass = pass
            self.branches = branches
        }
    }
}

/// How things are written on one page.
struct PageText {
    private let input: PageInput
    private let shown = ShownName(isForTerminal: true, isUTF8: true)
    private let branchNumbers: [[UInt8]: Int]

    /// Of a name, or a text that quotes names, so many bytes stand on the page, as they are written there.
    private let nameMax: Int
    private let messageMax: Int

    /// `part`: names and messages get this part of what they may be long where there is room.
    init(_ input: PageInput, part: Int = 1) {
        self.input = input
        nameMax = 240 / part
        messageMax = 480 / part
        let branches = input.space?.branches.map(\.name) ?? []
        branchNumbers = input.hidesNames ? Self.numbers(branches) : [:]
    }

    /// In an order that tells nothing of names: that of the record, by work.
    private static func numbers(_ names: [[UInt8]]) -> [[UInt8]: Int] {
        var numbers: [[UInt8]: Int] = [:]
        for name in names where numbers[name] == nil { numbers[name] = numbers.count + 1 }
        return numbers
    }

    var hidesNames: Bool { input.hidesNames }

    /// A path of a volume, or what it stands for.
    func volume(_ path: [UInt8], _ side: String) -> String {
        hidesNames ? side : Self.cut(shown.path(path), nameMax)
    }

    func path(_ path: [UInt8]) -> String { Self.cut(shown.path(path), nameMax) }

    func branch(_ name: [UInt8]) -> String {
        guard hidesNames else { return path(name) }
        return branchNumbers[name].map { "branch \($0)" } ?? "branch"
    }

    /// Text that may quote names.
    func message(_ text: String) -> String { Self.cut(shown.message(text), messageMax) }

    /// The same of one line.
    func line(_ text: String) -> String { Self.cut(shown.line(text), messageMax) }

    /// Text of the engine's, which names are left out of where they must not be.
    func options(_ text: String) -> String { hidesNames ? "hidden" : message(text) }

    /// The beginning and, longer, the end of a text: of a path the end tells more.
    ///
    /// `most`: in bytes of the page, where a `&` takes five.
    static func cut(_ text: String, _ most: Int) -> String {
        let scalars = text.unicodeScalars
        func fitting(_ part: some Sequence<Unicode.Scalar>, _ bytes: Int) -> Int {
            var room = bytes
            return part.prefix {
                room -= PageWriter.textBytes($0)
                return room >= 0
            }.count
        }
        if fitting(scalars, most) == scalars.count { return text }
        let head = most / 3
        let start = scalars.prefix(fitting(scalars, head))
        let end = scalars.suffix(fitting(scalars.reversed(), most - head - 3))
        return String(start) + "\u{2026}" + String(end)
    }

    // MARK: Numbers and moments

    /// A moment where the reader is: `2026-08-04 21:15`.
    func moment(_ nanoseconds: Int64, _ page: inout PageWriter) {
        let time = input.calendar(nanoseconds)
        page.element(
            "time",
            ["datetime": HistoryJSON.moment(nanoseconds)],
            "\(time.date) \(time.minutes)"
        )
    }

    func calendar(_ nanoseconds: Int64) -> CalendarTime { input.calendar(nanoseconds) }

    var made: CalendarTime { input.calendar(input.madeNanoseconds) }

    func duration(_ nanoseconds: UInt64?, _ page: inout PageWriter) {
        guard let nanoseconds else { return page.text("-") }
        page.data(Quantity.duration(nanoseconds), Quantity.decimal(nanoseconds: nanoseconds))
    }

    func count(_ number: UInt64?, _ page: inout PageWriter) {
        guard let number else { return page.text("-") }
        page.data(Quantity.count(number), "\(number)")
    }

    func size(_ bytes: UInt64?, _ page: inout PageWriter) {
        guard let bytes else { return page.text("-") }
        page.data(Quantity.size(bytes), "\(bytes)")
    }
}

extension UInt64 {
    /// The sum, or the largest number: counters of a damaged record may be any.
    func addingUpToMax(_ other: UInt64) -> UInt64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}
