// What fstab is to say after the switch, and the verdict of the last pass: made-up volumes and statuses.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("The switch") struct SwitchAdviceTests {
    private static let source = SwitchVolume(
        path: bytes("/mnt/old"),
        type: "xfs",
        uuid: "8507f2b2-6f1c-4a0c-9d0a-1b2c3d4e5f60",
        device: 7,
        node: bytes("/dev/mapper/vg-old")
    )
    private static let destination = SwitchVolume(
        path: bytes("/mnt/new"),
        type: "ext4",
        uuid: "a19f96ff-0000-4a0c-9d0a-1b2c3d4e5f60",
        device: 8,
        node: bytes("/dev/mapper/vg-new")
    )

    private func advice(_ table: String, to destination: SwitchVolume = destination)
        -> SwitchAdvice
    {
        let devices = [
            "/dev/vg/old": 7, "/dev/disk/by-label/the\\x20old": 7, "/dev/disk/by-partuuid/12-34": 7,
            "/dev/disk/by-id/dm-name-vg-old": 7, "/dev/vg/new": 8, "/dev/sda1": 9,
        ]
        return SwitchAdvice(
            table: bytes(table),
            source: Self.source,
            destination: destination
        ) { devices[String(decoding: $0, as: UTF8.self)].map(UInt64.init) }
    }

    private static let specifications = [
        "UUID=8507F2B2-6f1c-4a0c-9d0a-1b2c3d4e5f60", "LABEL=the\\040old", "LABEL=\"the\\040old\"",
        "PARTUUID=12-34", "/dev/vg/old", "/dev/mapper/vg-old", "/dev/disk/by-id/dm-name-vg-old",
    ]

    @Test("a line that names SOURCE is found by whatever it names it by", arguments: specifications)
    func found(specification: String) throws {
        let old = "\(specification) /srv/a\\040b xfs defaults 0 0"
        let table = "# UUID=8507f2b2\n/dev/sda1 / ext4 defaults 0 1\n\(old)\n"
        guard case .lines(let changes, let obsolete) = advice(table) else {
            Issue.record("not found")
            return
        }
        #expect(changes.map { shown($0.old) } == [shown(bytes(old))])
        let new = "UUID=\(Self.destination.uuid ?? "") /srv/a\\040b ext4 defaults 0 2"
        #expect(changes.map(\.new) == [bytes(new)])
        #expect(obsolete.isEmpty)
    }

    @Test("options that only XFS has are left out, those of quotas become ext4's")
    func options() throws {
        let words = "rw,noatime,inode64,logbufs=8,noquota,uquota,gqnoenforce,prjquota,nofail,x-a=b"
        let table = """
            UUID=8507f2b2-6f1c-4a0c-9d0a-1b2c3d4e5f60 / xfs \(words) 1 1
            /dev/vg/new	/mnt/new	ext4	noauto	0	0
            /mnt/old/x /mnt/old none bind 0 0
            """
        guard case .lines(let changes, let obsolete) = advice(table), let change = changes.first
        else {
            Issue.record("not found")
            return
        }
        let kept = "rw,noatime,usrquota,prjquota,nofail,x-a=b"
        #expect(changes.count == 1)
        #expect(change.new == bytes("UUID=\(Self.destination.uuid ?? "") / ext4 \(kept) 0 1"))
        #expect(change.dropped == ["inode64", "logbufs=8", "noquota", "gqnoenforce"])
        #expect(obsolete == [bytes("/dev/vg/new\t/mnt/new\text4\tnoauto\t0\t0")])
    }

    @Test("a log or journal of SOURCE's is never handed on, also where both are of one type")
    func devices() throws {
        for (type, words, kept) in [
            ("ext4", "noatime,journal_path=/dev/j,journal_dev=0x801", "noatime"),
            ("xfs", "inode64,logdev=/dev/l,rtdev=/dev/r", "inode64"), ("xfs", "logdev=/dev/l", ""),
        ] {
            var (source, destination) = (Self.source, Self.destination)
            source.type = type
            for other in ["ext4", "xfs"] {
                destination.type = other
                let advice = SwitchAdvice(
                    table: bytes("/dev/mapper/vg-old /srv \(type) \(words)\n"),
                    source: source,
                    destination: destination
                ) { _ in nil }
                guard case .lines(let changes, _) = advice, let change = changes.first else {
                    Issue.record("not found")
                    return
                }
                let left = words.split(separator: ",").map(String.init).filter { $0.contains("=") }
                #expect(change.dropped.filter(SwitchAdvice.namesDevice) == left)
                #expect(
                    !shown(change.new).contains("dev/l") && !shown(change.new).contains("dev/j")
                )
                let options = shown(change.new).split(separator: " ")[3]
                if other == type { #expect(options == (kept.isEmpty ? "defaults" : kept)) }
            }
        }
    }

    @Test("a line that cannot be told from others is SOURCE's at its mount point only")
    func unknown() {
        #expect(advice("LABEL=gone /mnt/else xfs defaults 0 0\n") == .noLine)
        guard case .lines(let changes, _) = advice("LABEL=gone /mnt/old/ xfs inode64\n") else {
            Issue.record("not found")
            return
        }
        #expect(changes.map(\.dropped) == [["inode64"]])
        #expect(advice("") == .noLine)
        #expect(advice("/dev/sda1 /mnt/old xfs defaults 0 0\n") == .noLine, "another device")
    }

    @Test("a label that both volumes have names the one of the line's type", arguments: [7, 8])
    func oneLabel(shown device: UInt64) {
        let old = "LABEL=data /srv xfs noatime 0 0"
        let new = "LABEL=data /mnt/new ext4 noauto 0 0"
        let advice = SwitchAdvice(
            table: bytes("\(old)\n\(new)\n"),
            source: Self.source,
            destination: Self.destination
        ) { _ in device }
        guard case .lines(let changes, let obsolete) = advice else {
            Issue.record("not found")
            return
        }
        #expect(changes.map(\.old) == [bytes(old)])
        #expect(obsolete == [bytes(new)])
    }

    @Test("a comma inside quotes ends no option; prjquota needs the feature project")
    func quotedOptions() {
        let context = "context=\"system_u:object_r:tmp_t:s0:c127,c456\""
        var destination = Self.destination
        destination.lacksProjects = true
        for type in ["xfs", "ext4"] {
            var source = Self.source
            source.type = type
            let advice = SwitchAdvice(
                table: bytes("/dev/mapper/vg-old /srv \(type) \(context),noatime,prjquota 0 0\n"),
                source: source,
                destination: destination
            ) { _ in nil }
            guard case .lines(let changes, _) = advice else {
                Issue.record("not found")
                return
            }
            #expect(
                changes.map { shown($0.new) } == [
                    "UUID=\(Self.destination.uuid ?? "") /srv ext4 \(context),noatime 0 2"
                ]
            )
            #expect(changes.map(\.dropped) == [["prjquota"]])
        }
    }

    @Test("findmnt takes the line", .requiresVolumes)
    func findmnt() throws {
        let table = "/dev/vg/old /srv/a\\040b xfs inode64,uquota,x-systemd.device-timeout=9 0 0\n"
        guard case .lines(let changes, _) = advice(table) else {
            Issue.record("not found")
            return
        }
        let file = joined(try Scratch.directory(), Scratch.uniqueName("fstab"))
        try Files.write(file, changes.flatMap { $0.new + [0x0A] })
        let found = try Shell.attempt("findmnt --verify --verbose --tab-file \"$1\"", [file])
        #expect((found.output + found.errors).contains("0 parse errors"), "\(found)")
        let line = try Shell.run("findmnt -rno TARGET,FSTYPE,OPTIONS --tab-file \"$1\"", file)
        #expect(
            line.lines == ["/srv/a\\x20b ext4 usrquota,x-systemd.device-timeout=9"],
            "\(line)"
        )
    }

    // MARK: The verdict

    private func outcome(
        _ pass: Migration.ExitStatus,
        look: Migration.ExitStatus? = nil,
        entries: UInt64 = 0,
        verify: Migration.ExitStatus? = nil,
        readOnly: (Bool, Bool) = (true, true),
        standing: FinalOutcome.Standing = .last
    ) -> Migration.ExitStatus {
        var outcome = FinalOutcome(
            pass: .init(status: pass, files: 1, bytes: 1, nanoseconds: 1),
            wasReadOnly: readOnly.0
        )
        outcome.isReadOnly = readOnly.1
        outcome.standing = standing
        if standing != .last { #expect(!outcome.isFinal) }
        outcome.secondLook = look.map { .init(status: $0, entries: entries, first: []) }
        outcome.comparison = verify.map {
            .init(status: $0, entries: 1, differences: 0, nanoseconds: 1)
        }
        return outcome.status
    }

    @Test("S48: the worst step is the status of all")
    func worst() {
        #expect(outcome(.done, look: .done, verify: .done) == .done)
        #expect(outcome(.done, look: .done, verify: .different) == .different)
        #expect(outcome(.someFailed, verify: .different) == .someFailed)
        #expect(outcome(.someVanished, look: .done, verify: .done) == .someVanished)
        #expect(outcome(.someVanished, look: .done, verify: .different) == .different)
        #expect(outcome(.done, look: .interrupted) == .interrupted)
        #expect(outcome(.done, look: .done, verify: .timeLimit) == .timeLimit)
        #expect(outcome(.destinationStopped) == .destinationStopped)
    }

    @Test(
        "a last pass by sizes alone is refused, and one after such a pass, unless contents are read"
    )
    func sizesAlone() {
        for (test, before, isRefused) in [
            (.sizeAndTime, false, false), (.sizeOnly, false, true), (.sizeAndTime, true, true),
            (.sizeOnly, true, true), (.contents, true, false), (.always, true, false),
        ] as [(PassOptions.ChangeTest, Bool, Bool)] {
            var pass = PassOptions()
            pass.changeTest = test
            let last = LastWholePass(id: 7, options: nil, comparedSizesAlone: before)
            let expected: Refusal? = isRefused ? .sizesAlone(pass: before ? 7 : nil) : nil
            #expect(last.refusal(of: pass) == expected, "\(test) \(before)")
        }
    }

    @Test("something left to do is a failure, and a change of SOURCE where there may be one")
    func somethingLeft() {
        for look in [Migration.ExitStatus.done, .someVanished, .deletionLimit] {
            #expect(outcome(.done, look: look, entries: 1, verify: .done) == .someFailed)
            #expect(
                outcome(.done, look: look, entries: 1, verify: .done, readOnly: (false, false))
                    == .someVanished
            )
        }
        #expect(
            outcome(.done, look: .done, verify: .done, readOnly: (true, false)) == .someVanished,
            "made writable meanwhile"
        )
        #expect(
            outcome(.done, look: .done, verify: .done, readOnly: (false, false)) == .someVanished,
            "--allow-writers: not final"
        )
    }

    @Test(
        "where another pass ran meanwhile, or may have, nothing is final",
        arguments: [true, false]
    )
    func followed(isKnown: Bool) {
        let standing = isKnown ? FinalOutcome.Standing.followed : .unknown
        #expect(outcome(.done, look: .done, verify: .done, standing: standing) == .someVanished)
        // Not a failure of ours: it may have been the other one that changed DESTINATION.
        let found = outcome(.done, look: .done, entries: 1, verify: .done, standing: standing)
        #expect(found == .someVanished)
        #expect(outcome(.someFailed, verify: .different, standing: standing) == .someFailed)
    }
}
