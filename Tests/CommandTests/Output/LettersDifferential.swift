// The letters of --itemize beside rsync's, line by line, on trees that were changed at random.

import Glibc
import TestSupport
import Testing

@Suite(
    "Letters against rsync",
    .requiresVolumes,
    .requiresTool("rsync"),
    .timeLimit(.minutes(10))
)
struct LettersDifferential {
    let stage: Stage
    init() throws { stage = try Stage() }

    /// What both would do, as lines, sorted.
    private func lines(_ options: [String]) throws -> (ours: [String], theirs: [String]) {
        let ours = try Cutover.sync(stage.from, stage.to, ["--delete", "-n", "-i"] + options)
        #expect(ours.status == 0, "\(ours)")
        let script = """
            from=$1 to=$2; shift 2
            rsync -naXASHi --delete --numeric-ids --modify-window=-1 '--filter=-x trusted.SGI_ACL*' \
                "$@" "$from"/ "$to"/
            """
        let theirs = try Shell.run(
            script,
            arguments: [stage.from, stage.to] + options.map { bytes($0) }
        )
        return (ours.lines.sorted(), theirs.lines.sorted())
    }

    private static let optionSets: [[String]] = [
        [], ["-I"], ["-c"], ["--no-times"], ["--size-only"], ["-c", "--no-times"],
        ["-I", "--no-times"], ["--no-owner", "--no-group"],
    ]

    @Test("files and directories changed at random", arguments: [41, 42, 43] as [UInt64])
    func random(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for index in 0..<60 {
            let file = stage.source("file\(index)")
            try Files.write(file, bytes("contents"))
            try Files.changeTime(file, seconds: 1_000_000_000 + index)
        }
        for index in 0..<10 {
            try Files.makeDirectory(stage.source("directory\(index)"))
            try Files.link(symbolic: stage.source("link\(index)"), to: bytes("here"))
            try Files.makeNode(stage.source("fifo\(index)"), S_IFIFO | 0o644)
        }
        try stage.pass()
        for index in 0..<60 {
            let file = stage.source("file\(index)")
            let time = 1_000_000_000 + index
            var isRewritten = false
            switch random.next() % 6 {
            case 0:
                try Files.write(file, bytes("CONTENTS"))
                isRewritten = true
            case 1: try Files.write(file, bytes("longer than before"))
            case 2: try Files.setAttribute(file, "user.a", bytes("\(index)"))
            case 3: try Files.changeOwner(file, 1000, 1001)
            case 4: try Files.unlink(file)
            default: break
            }
            guard Files.exists(file) else { continue }
            if random.next() % 3 == 0 { try Files.changeMode(file, 0o751) }
            // With its size and its time it would be found here alone: the test below.
            let keepsTime = !isRewritten && random.next() % 2 == 0
            try Files.changeTime(file, seconds: keepsTime ? time : time + 7)
        }
        for index in 0..<10 {
            let link = stage.source("link\(index)")
            if random.next() % 2 == 0 {
                try Files.unlink(link)
                try Files.link(symbolic: link, to: bytes("there"))
                try Files.changeTime(link, like: stage.destination("link\(index)"))
            }
            if random.next() % 2 == 0 {
                try Files.changeMode(stage.source("directory\(index)"), 0o700)
            }
            if random.next() % 2 == 0 { try Files.changeMode(stage.source("fifo\(index)"), 0o600) }
        }
        try Files.changeTime(stage.from, seconds: 1_000_000_000)
        for options in Self.optionSets {
            let (ours, theirs) = try lines(options)
            let missing = Set(theirs).subtracting(ours).sorted()
            let unexpected = Set(ours).subtracting(theirs).sorted()
            #expect(missing.isEmpty, "\(options), seed \(seed): rsync alone prints \(missing)")
            #expect(unexpected.isEmpty, "\(options), seed \(seed): only here \(unexpected)")
        }
    }

    @Test("-I on an equal file, -c on another size, --no-times, a directory that gives way")
    func named() throws {
        try Files.write(stage.source("equal"), bytes("x"))
        try Files.write(stage.source("size"), bytes("x"))
        try Files.write(stage.source("gives"), bytes("now a file"))
        try stage.pass()
        try Files.unlink(stage.destination("gives"))
        try Files.makeDirectory(stage.destination("gives"))
        try Files.makeDirectory(stage.destination("gives/sub"))
        try Files.write(stage.destination("gives/sub/file"), bytes("x"))
        try Files.write(stage.source("size"), bytes("longer"))
        try Files.changeTime(stage.source("size"), seconds: 1_100_000_000)
        try Files.changeTime(stage.from, like: stage.to)
        for (options, wanted) in [
            (["-I"], ">f......... equal"), (["-c"], ">fcst...... size"),
            (["--no-times"], ">f.sT...... size"), ([], ">f+++++++++ gives"),
        ] {
            let (ours, theirs) = try lines(options)
            #expect(ours == theirs, "\(options)")
            #expect(ours.contains(wanted), "\(options): \(ours)")
            #expect(!ours.contains("*deleting   gives/"), "\(options): \(ours)")
        }
        let real = try stage.attempt("--delete", "-i")
        #expect(!real.lines.contains("*deleting   gives/"), "\(real)")
        #expect(real.lines.contains("*deleting   gives/sub/"), "\(real)")
        try stage.expectSame()
    }

    @Test("contents that changed behind the same size and time are found here alone (S7)")
    func hiddenContents() throws {
        try Files.write(stage.source("file"), bytes("before"))
        try Files.changeTime(stage.source("file"), seconds: 1_000_000_000)
        try stage.pass()
        try Files.write(stage.source("file"), bytes("behind"))
        try Files.changeTime(stage.source("file"), seconds: 1_000_000_000)
        let (ours, theirs) = try lines([])
        #expect(ours == [">fc........ file"] && theirs == [], "\(ours) \(theirs)")
        let compared = try lines(["-c"])
        #expect(compared.ours == compared.theirs, "\(compared)")
    }

    @Test("flags alone have a letter of their own, which rsync lacks", .requiresTool("chattr"))
    func flags() throws {
        try Files.write(stage.source("file"), bytes("x"))
        try stage.pass()
        try Shell.run("chattr +A \"$1\"", stage.source("file"))
        let (ours, theirs) = try lines([])
        #expect(ours == [".f......f.. file"] && theirs == [], "\(ours) \(theirs)")
        let real = try stage.attempt("-i")
        #expect(real.lines == [".f......f.. file"], "\(real)")
        #expect(try stage.attempt("-i").lines == [])
    }
}
