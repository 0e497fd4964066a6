// What the tests of passes that remember share: a pair of roots on volumes of their own, the folder
// in which passes keep their record, one pass and how it found the changes, and the questions asked
// after it.
//
// The volumes are not the shared ones: a scan sees every inode of a volume, and a pass may distrust
// a DESTINATION that was filled by others meanwhile.

import Glibc
import TestSupport
import Testing

/// One pass and what it told.
struct ScanPass {
    /// How a pass found what had changed.
    enum Method: String {
        case scan
        case walk
    }

    let outcome: Outcome
    let report: JSONReport

    /// How it found the changes; nil when it did not get so far.
    var method: Method? {
        report.of("summary").last?.text("changes_by")
            .flatMap { Method(rawValue: $0) }
    }

    /// Why it walked; nil when it did not, or said nothing.
    var walkReason: String? {
        report.of("summary").last?.text("walk_reason")
    }

    var bytesCopied: Int { report.summary("bytes_copied") ?? -1 }
    var filesCopied: Int { report.summary("files_copied") ?? -1 }

    /// It ended well and had scanned.
    func expectScan(
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let note = comment?.description ?? ""
        #expect(outcome.status == 0, "\(note) \(outcome)", sourceLocation: sourceLocation)
        #expect(
            method == .scan,
            "\(note) it walked: \(walkReason ?? "no reason given")",
            sourceLocation: sourceLocation
        )
    }

    /// It ended well and had walked; where a reason is given it is the one in the summary, and people are told it, too.
    ///
    /// - Parameters:
    ///   - reason: the word of docs/OUTPUT.md, of a reason that is told without `-v`.
    ///   - sourceLocation: who expects it.
    func expectWalk(
        because reason: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.status == 0, "\(outcome)", sourceLocation: sourceLocation)
        #expect(method == .walk, "\(outcome)", sourceLocation: sourceLocation)
        guard let reason else { return }
        #expect(walkReason == reason, "\(outcome)", sourceLocation: sourceLocation)
        let notices = report.notices("walks")
        #expect(
            notices.map { $0.text("reason") } == [reason],
            "\(notices)",
            sourceLocation: sourceLocation
        )
        let sentence = notices.first?.text("message") ?? reason
        #expect(
            outcome.errorsUnwrapped.contains(sentence),
            "\(outcome)",
            sourceLocation: sourceLocation
        )
    }
}

/// A SOURCE, a DESTINATION, and the folder with what is remembered of them.
struct ScanPair {
    var from: [UInt8]
    var to: [UInt8]
    let state: [UInt8]
    /// Where passes write their JSON lines; outside the three others.
    let reportFile: [UInt8]

    /// The words of a pass with `--delete` and `--state`.
    func words(_ options: [String], deletes: Bool = true) -> [[UInt8]] {
        (["sync"] + (deletes ? ["--delete"] : []) + ["--state"]).map { bytes($0) } + [state]
            + ["--json"].map { bytes($0) } + [reportFile] + options.map { bytes($0) } + [from, to]
    }

    /// One pass, whatever its status.
    func sync(
        _ options: [String] = [],
        deletes: Bool = true,
        environment: [String] = [],
        seconds: Int = 120
    ) throws -> ScanPass {
        // A pass that is refused early must not be judged by the report of the one before.
        try Files.removeTree(reportFile)
        try Files.write(reportFile, [])
        let outcome = try Cutover.run(
            bytes: words(options, deletes: deletes),
            environment: environment,
            seconds: seconds
        )
        return ScanPass(outcome: outcome, report: try JSONReport(reportFile))
    }

    /// Starts a pass.
    func start(_ options: String..., seconds: Int = 120) throws -> Subprocess {
        try Files.removeTree(reportFile)
        try Files.write(reportFile, [])
        return try Cutover.start(words(options), seconds: seconds)
    }

    /// What differs between the two trees, contents and all, judged within this process.
    func differences() throws -> [String] {
        let source = try TreeImage(from)
        let destination = try TreeImage(to)
        return source.differences(destination).map { source.explain($0, destination) }
    }

    /// What a walk would still do; it writes nothing.
    func leftToDo() throws -> Outcome {
        try sync(["--changes", "walk", "-n", "-i"]).outcome
    }

    /// The databases in the state folder.
    func databases() throws -> [[UInt8]] {
        try Files.names(state).filter { $0.suffix(7) == bytes(".sqlite")[...] }
            .map { joined(state, $0) }
    }

    /// The names that files with several have on either side, as itemized lines show them.
    func shownNamesOfSeveral() throws -> Set<String> {
        var names: Set<String> = []
        for root in [from, to] {
            for entry in try Files.typedTree(root) where entry.type != S_IFDIR {
                guard try Files.status(joined(root, entry.path)).st_nlink > 1 else { continue }
                names.insert(shown(entry.path).replacing("\\", with: "\\#"))
            }
        }
        return names
    }

    /// The names and contents of all files in the state folder.
    func stateContents() throws -> [[UInt8]: [UInt8]] {
        guard Files.exists(state) else { return [:] }
        var found: [[UInt8]: [UInt8]] = [:]
        for entry in try Files.typedTree(state) {
            let path = joined(state, entry.path)
            found[entry.path] = entry.type == S_IFREG ? try Files.read(path) : []
        }
        return found
    }
}

/// A pair on volumes of its own.
struct ScanStage {
    /// The XFS volume.
    let source: LoopVolume
    /// The ext4 volume.
    let destination: LoopVolume
    let pair: ScanPair
    private let folder: MemoryFolder

    /// Makes the volumes.
    ///
    /// - Parameters:
    ///   - isWhole: the roots are the volumes; otherwise the folder `source` on one, beside `aside`,
    ///     and the folder `destination` on the other.
    ///   - source: the filesystem of SOURCE.
    ///   - megabytes: the size of each volume.
    /// - Throws: what LoopVolume throws.
    init(
        isWhole: Bool = false,
        source: LoopVolume.Kind = .xfs(),
        megabytes: Int = 320
    ) throws {
        let from = try LoopVolume(source, megabytes: megabytes)
        let to = try Self.quietVolume(megabytes: megabytes)
        (self.source, self.destination) = (from, to)
        folder = try MemoryFolder()
        pair = ScanPair(
            from: isWhole ? from.mountPoint : joined(from.mountPoint, "source"),
            to: isWhole ? to.mountPoint : joined(to.mountPoint, "destination"),
            state: joined(folder.path, "state"),
            reportFile: joined(folder.path, "report.json")
        )
        if isWhole { return }
        for path in [pair.from, pair.to, aside] { try Files.makeDirectory(path) }
    }

    /// A volume for DESTINATION to which nobody writes but passes.
    ///
    /// Reading it moves no times, and no inode tables are still being cleared after it was made: a
    /// pass distrusts a DESTINATION that was written to since the last one.
    static func quietVolume(megabytes: Int) throws -> LoopVolume {
        let words = ["-i", "8192", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"]
        return try LoopVolume(.ext4(words), megabytes: megabytes, options: "nodev,noatime")
    }

    /// A folder on SOURCE's volume that is not in SOURCE.
    var aside: [UInt8] { joined(source.mountPoint, "aside") }
    /// The folder in memory, for a test's own files.
    var outside: [UInt8] { folder.path }
    var memory: MemoryFolder { folder }

    /// The pair with its reports on SOURCE's volume: for passes while the folder in memory takes no more.
    var pairReportingAside: ScanPair {
        ScanPair(
            from: pair.from,
            to: pair.to,
            state: pair.state,
            reportFile: joined(aside, "report.json")
        )
    }

    func from(_ name: String) -> [UInt8] { joined(pair.from, name) }
    func to(_ name: String) -> [UInt8] { joined(pair.to, name) }

    /// A pass with `--delete --state` and these options.
    func pass(_ options: String..., environment: [String] = []) throws -> ScanPass {
        try pair.sync(options, environment: environment)
    }

    /// The first pass, which walks, and a second, which scans and finds nothing: from here on what
    /// was not touched is old and known.
    func settle(sourceLocation: SourceLocation = #_sourceLocation) throws {
        try tick()
        let first = try pass()
        #expect(first.outcome.status == 0, "\(first.outcome)", sourceLocation: sourceLocation)
        #expect(first.method == .walk, "\(first.outcome)", sourceLocation: sourceLocation)
        try tick()
        let second = try pass("-i")
        second.expectScan("nothing was touched", sourceLocation: sourceLocation)
        #expect(second.outcome.stdout == [], sourceLocation: sourceLocation)
        try tick()
    }

    /// A pass that must scan and end well, of which nothing else is asked.
    @discardableResult
    func settledScan(sourceLocation: SourceLocation = #_sourceLocation) throws -> ScanPass {
        let pass = try pass()
        pass.expectScan(sourceLocation: sourceLocation)
        try tick()
        return pass
    }

    /// Waits until file times have moved on: they are taken from a clock that ticks every 1 to
    /// 10 ms.
    func tick() throws { usleep(25_000) }

    /// Waits until what was done is older than what counts as racy (S7): that is looked at again anyway, whatever a
    /// record says.
    func age() { usleep(2_200_000) }

    /// The trees are the same, by ourselves and by tools that are not ours, and a walk finds nothing
    /// to do.
    func expectSame(
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let note = comment?.description ?? ""
        let differences =
            try pair.differences() + (try Oracle.differences(pair.from, pair.to))
        let text = differences.prefix(20).joined(separator: "\n")
        #expect(differences.isEmpty, "\(note) \(text)", sourceLocation: sourceLocation)
        let walk = try pair.leftToDo()
        #expect(walk.status == 0, "\(note) \(walk)", sourceLocation: sourceLocation)
        #expect(
            walk.stdout == [],
            "\(note) a walk would do: \(walk)",
            sourceLocation: sourceLocation
        )
    }

    /// One pass that must scan, after which the trees are the same.
    @discardableResult
    func expectScanFindsIt(
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> ScanPass {
        let pass = try pass()
        pass.expectScan(comment, sourceLocation: sourceLocation)
        try expectSame(comment, sourceLocation: sourceLocation)
        return pass
    }

    /// A directory with files of one size and one mtime, `name/sub/...` too.
    ///
    /// - Returns: its path.
    @discardableResult
    func makeFolder(_ path: [UInt8], salt: UInt64) throws -> [UInt8] {
        try Files.makeDirectory(path)
        try Files.makeDirectory(joined(path, "sub"))
        let time = Lookalike.times[0]
        for (index, name) in ["one", "two", "sub/three", "sub/four"].enumerated() {
            let contents = Lookalike.contents(salt &* 100 &+ UInt64(index), count: 700)
            try Files.write(joined(path, name), contents)
            try Files.changeTime(
                joined(path, name),
                seconds: time.tv_sec,
                nanoseconds: time.tv_nsec
            )
        }
        for directory in [joined(path, "sub"), path] {
            try Files.changeTime(directory, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
        }
        return path
    }

    /// Other contents for a file, its size and mtime kept: only ctime tells.
    func rewriteKeepingTime(_ path: [UInt8], salt: UInt64) throws {
        let status = try Files.status(path)
        let contents = Lookalike.contents(salt, count: Int(status.st_size))
        try Files.overwrite(path, contents, at: 0)
        let time = status.st_mtim
        try Files.changeTime(path, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }
}
