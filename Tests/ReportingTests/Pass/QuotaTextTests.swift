// What is said of quotas, to people and to programs.

import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite("Quotas as they are told") struct QuotaTextTests {
    private static let limits = QuotaLimits(
        blockSoftBytes: 10 << 20,
        blockHardBytes: 20 << 20,
        inodesSoft: 100,
        inodesHard: 200
    )

    private func json(_ event: PassEvent) -> String {
        String(
            decoding: EventJSON.line(event, time: 1_754_300_001_000_000_000).object,
            as: UTF8.self
        )
    }

    @Test("Q11: the lines of --itemize: KiB and seconds, soft and hard")
    func lines() {
        func line(_ change: QuotaChange) -> String { String(decoding: change.line, as: UTF8.self) }
        let user = QuotaOwner(.user, 1001)
        #expect(
            line(.limits(user, before: .none, after: Self.limits))
                == "*quota      user 1001 blocks 10240/20480 inodes 100/200"
        )
        #expect(
            line(.limits(QuotaOwner(.user, 1003), before: Self.limits, after: .none))
                == "*noquota    user 1003"
        )
        let grace = QuotaGrace(blockSeconds: 259_200, inodeSeconds: 604_800)
        #expect(
            line(.grace(.project, before: grace, after: grace))
                == "*quota      project grace 259200/604800"
        )
    }

    @Test("Q12: golden lines of JSON: bytes, and what was there before")
    func goldenLines() {
        let user = QuotaOwner(.user, 1001)
        #expect(
            json(.quota(.limits(user, before: .none, after: Self.limits)))
                == "{\"type\":\"quota\",\"time\":1754300001.000,\"kind\":\"user\",\"id\":1001,"
                + "\"block_soft\":10485760,\"block_hard\":20971520,\"inode_soft\":100,"
                + "\"inode_hard\":200,\"before\":{\"block_soft\":0,\"block_hard\":0,"
                + "\"inode_soft\":0,\"inode_hard\":0}}"
        )
        let (before, after) = (
            QuotaGrace(blockSeconds: 1, inodeSeconds: 2),
            QuotaGrace(blockSeconds: 3, inodeSeconds: 4)
        )
        #expect(
            json(.quota(.grace(.project, before: before, after: after)))
                == "{\"type\":\"quota_grace\",\"time\":1754300001.000,\"kind\":\"project\","
                + "\"block_grace_seconds\":3,\"inode_grace_seconds\":4,"
                + "\"before\":{\"block_grace_seconds\":1,\"inode_grace_seconds\":2}}"
        )
    }

    @Test("a failure of quotas is told of the volume, with the owner and the limit")
    func failure() {
        let failure = Failure(
            path: [],
            side: .destination,
            activity: .setQuota,
            error: SystemError(.quotactl, .outOfRange),
            detail: "user 1005: hard limit of blocks of 18014398509481984 KiB"
        )
        let line = FailureText(failure).line(ShownName(isForTerminal: true, isUTF8: true))
        #expect(line.hasPrefix("DESTINATION: cannot set its quotas (user 1005: hard limit"))
        #expect(line.contains("(ERANGE). ") && line.contains("Lower it on SOURCE"))
        let commands = [
            ("user 1005: hard limit of blocks of 9 KiB", "limit -u bhard=... 1005"),
            ("group 7: soft limit of inodes of 9", "limit -g isoft=... 7"),
            ("project 4294967294: hard limit of inodes of 9", "limit -p ihard=... 4294967294"),
            ("user: grace times", "limit ..."),
        ]
        for (detail, command) in commands {
            var other = failure
            other.detail = detail
            #expect(FailureText(other).advice.contains("-c '\(command)'"), "\(detail)")
        }
        let text = json(.failed(failure))
        #expect(text.contains("\"path\":\"\",\"side\":\"destination\",\"activity\":\"set_quota\""))
        #expect(text.contains("\"call\":\"quotactl\",\"errno\":34"))
    }

    @Test("limits that DESTINATION passes over are told with what was to be set, and no errno")
    func notKept() {
        let failure = Failure(
            path: [],
            side: .destination,
            activity: .setQuota,
            detail: "user 5: blocks 9/2 inodes 0/0"
        )
        let line = FailureText(failure).line(ShownName(isForTerminal: true, isUTF8: true))
        #expect(
            line.hasPrefix("DESTINATION: cannot set its quotas (user 5: blocks 9/2 inodes 0/0). ")
        )
        #expect(line.contains("a soft limit above the hard one"))
        // A full disk, not a project that is at its limit.
        var full = failure
        full.error = SystemError(.quotactl, .noSpace)
        full.volumeHasRoom = true
        #expect(FailureText(full).advice.contains("quota records"))
    }

    @Test("Q10: what is not kept is told with numbers of each kind, and the command")
    func shortage() {
        let shortage = QuotaShortage(limits: [.project: 1204, .user: 1], realtime: 2)
        let text = json(.notice(.quotasNotKept(shortage)))
        #expect(text.contains("\"user_limits\":1,\"group_limits\":0,\"project_limits\":1204"))
        #expect(text.contains("\"realtime_limits\":2"))
        let expected = [
            "user: 1 limit of SOURCE is not kept: DESTINATION accounts no users.",
            "project: 1,204 limits of SOURCE are not kept: DESTINATION accounts no projects.",
            "On the unmounted volume: tune2fs -O quota,project DEVICE (old quota files: quotaon; an XFS is mounted with uquota,pquota).",
        ]
        #expect(text.contains(expected.joined(separator: " ")))
        let users = QuotaText.refusal(.notKept(QuotaShortage(limits: [.user: 2])))
        #expect(users.contains("tune2fs -O quota DEVICE (") && users.hasPrefix("--quotas on: "))
    }

    @Test("Q10: every reason to refuse --quotas on is a sentence of its own, without a period")
    func refusals() {
        let obstacles: [QuotaObstacle] = [
            .branches, .notPrivileged, .notWholeVolume(.source), .notWholeVolume(.destination),
            .unread(.source, SystemError(.quotactl, .notPermitted)), .suspended(.source),
            .sourceOff([.user]),
            .sourceOff(QuotaKind.allCases),
            .notKept(QuotaShortage(limits: [.group: 1])), .ownersNotCarried([.user, .group]),
            .beyondFormat(owners: 2, first: QuotaOwner(.user, 1)),
            .defaults([QuotaDefault(.user, Self.limits)]),
        ]
        let sentences = obstacles.map(QuotaText.refusal)
        #expect(Set(sentences).count == obstacles.count)
        #expect(sentences.allSatisfy { !$0.hasSuffix(".") && $0.contains("quotas") })
    }

    @Test("Q15, Q22: what check finds of quotas, what to do, and the options for fstab")
    func forecast() {
        let text = FindingText(Finding(.warning, .quotas(quotaForecast())))
        #expect(
            text.message
                == "SOURCE accounts users, projects and enforces limits of users; "
                + "DESTINATION accounts users and enforces nothing; "
                + "limits: 1,204 of users, 1 of projects; those of projects are not kept; "
                + "2 owners have a limit beyond DESTINATION's format (the first: user 1005); "
                + "default limits of users are not kept; 3 realtime limits are not kept; "
                + "4 owners would be above a hard limit (the first: user 7); "
                + "DESTINATION does not enforce limits of users"
        )
        let advice = text.advice ?? ""
        #expect(advice.contains("tune2fs -O quota,project DEVICE"))
        #expect(advice.hasSuffix("in /etc/fstab: ext4 defaults,usrquota 0 2."))
        var bare = QuotaForecast()
        bare.source = QuotaState(accounted: [.user, .project], enforced: [.user, .project])
        bare.destination = QuotaState(accounted: [.user])
        #expect(!bare.isWell)
        let unmountable = FindingText(Finding(.warning, .quotas(bare)))
        #expect(unmountable.message.contains("DESTINATION does not account projects"))
        #expect(unmountable.advice?.contains("tune2fs -O quota,project DEVICE") == true)
        var off = QuotaForecast()
        off.hidden = QuotaKind.allCases
        let said = FindingText(Finding(.warning, .quotas(off)))
        #expect(said.message.contains("is not now") && said.advice?.contains("uquota") == true)
        var partly = quotaForecast()
        partly.hidden = [.group]
        let parts = FindingText(Finding(.warning, .quotas(partly)))
        #expect(parts.message.contains("limits of groups cannot be read as SOURCE is mounted"))
        #expect(parts.advice?.contains("Mount SOURCE with gquota") == true)
        off.unread = .init(.destination, SystemError(.quotactl, .notPermitted))
        #expect(FindingText(Finding(.warning, .quotas(off))).message.contains("(EPERM)"))
    }

    @Test("each kind of quota has a word for the mount of each filesystem that is advised")
    func mountOptions() {
        for kind in QuotaKind.allCases {
            #expect(!kind.ext4MountOption.isEmpty && !kind.xfsMountOption.isEmpty)
            #expect(kind.mountOption(of: "ext4") == kind.ext4MountOption)
            #expect(kind.mountOption(of: "xfs") == kind.xfsMountOption)
        }
    }

    @Test("Q2, Q13: who is above a limit, and what mounts with limits enforced")
    func sentences() {
        let excess = QuotaExcess(
            owners: 3,
            first: QuotaOwner(.user, 1003),
            used: 800 << 10,
            hard: 400 << 10,
            isOfInodes: false
        )
        let text = json(.notice(.overLimit(excess)))
        #expect(
            text.contains(
                "3 owners are above a hard limit on DESTINATION (user 1003: 800 KiB of 400)"
            )
        )
        #expect(text.contains("\"owners\":3,\"kind\":\"user\",\"id\":1003,\"used\":819200"))
        let unenforced = json(.notice(.quotasNotEnforced([.user, .project])))
        #expect(unenforced.contains("mount it with usrquota,prjquota at the switch"))
        #expect(unenforced.contains("\"kinds\":\"user,project\""))
        let hidden = json(.notice(.sourceQuotasOff([.group])))
        #expect(
            hidden.contains("SOURCE's quotas of groups are off") && hidden.contains("with gquota ")
        )
        #expect(hidden.contains("\"kinds\":\"group\""))
        let lost = json(.notice(.noLimitsOnSource([.user, .project])))
        #expect(lost.contains("not one limit of users, projects"))
        #expect(
            lost.contains("--allow-empty-source") && lost.contains("\"kinds\":\"user,project\"")
        )
    }
}
