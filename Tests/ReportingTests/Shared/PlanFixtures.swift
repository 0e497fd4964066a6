// Plans for tests of what is told of them.

import LinuxIO
import Migration

/// A plan of a tree of some files of 1,000 bytes, with all that there can be to say of it.
func madePlan(files: Int = 10, shards: Int = 2) -> MadePlan {
    let weigher = TreeWeigher(shards: shards, seed: 1)
    let directory = WeighingDirectory(weigher, entries: files, subdirectories: 0)
    for number in 0..<files {
        let name = Name("f\(number)")
        directory.add(
            PlanWeight(entries: 1, bytes: 1_000),
            hash: weigher.hash(name.bytes)
        ) { name }
    }
    let cut = PlanCutter.cut(directory.close(), shards: shards, seed: 1)
    let root = PlannedRoot(
        type: "nfs",
        identifier: nil,
        inode: 2,
        birthNanoseconds: 0,
        sizeBytes: 1 << 40,
        path: Array("/mnt/old".utf8)
    )
    let heading = PlanHeading(
        identifier: "0af10af10af10af10af10af10af10af1",
        shards: shards,
        seed: 1,
        source: root,
        destination: root,
        options: []
    )
    var unread = PlanUnread()
    unread.count = 1
    unread.example = Array("closed".utf8)
    unread.error = SystemError(.open, .accessDenied)
    return MadePlan(
        plan: TreePlan(heading, loads: cut.loads, spine: cut.spine, root: cut.root),
        cut: cut,
        unread: unread,
        recorded: (pass: 26, branches: 3)
    )
}
