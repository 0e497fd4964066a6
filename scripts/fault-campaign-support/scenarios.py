"""What is run with failing calls, and how it is judged.

A scenario has trees (tree.py), a command, and a judge (judges.py). `quick` is its share of the short form.
"""

import tree
import judges


class Scenario:
    """One row of the campaign."""

    def __init__(self, name, options=(), make=tree.make, edit=None, judge=judges.judge_pass, **more):
        self.name = name
        self.options = list(options)
        self.make = make
        self.edit = edit
        self.judge = judge
        # Changes DESTINATION behind cutover's back before the run: what verify has to find.
        self.spoil = more.get("spoil")
        self.command = more.get("command", "sync")
        self.extra_mebibytes = more.get("extra_mebibytes", 0)
        # At most so many positions of one operation; first and last ones always.
        self.positions_max = more.get("positions_max", 1 << 30)
        self.has_kills = more.get("has_kills", False)
        self.changes_by = more.get("changes_by")
        self.quick = more.get("quick", 12)
        # One operation and error that the short form tries at every place: where a past loss lay.
        self.quick_whole = more.get("quick_whole")


ONE = ["-w", "1"]
EIGHT = ["-w", "8"]
DELETE = ["--delete"]
EDITED = {"edit": tree.edit}

SCENARIOS = [
    Scenario("first", [*DELETE, *ONE], has_kills=True, quick=35),
    Scenario("first-8", [*DELETE, *EIGHT], quick=10),
    Scenario("walk", [*DELETE, *ONE, "--changes", "walk"], **EDITED, quick=30),
    Scenario("scan", [*DELETE, *ONE], **EDITED, has_kills=True, changes_by="scan", quick=50),
    Scenario("scan-8", [*DELETE, *EIGHT], **EDITED, changes_by="scan", quick=12),
    Scenario("itemize", [*DELETE, *ONE, "-i"], **EDITED, changes_by="scan", quick=12),
    Scenario("checksum", [*DELETE, *ONE, "--checksum"], edit=tree.edit_by_contents, quick=15),
    Scenario("dry-run", [*DELETE, *ONE, "-n", "-i"], **EDITED, judge=judges.judge_dry_run, quick=25),
    Scenario("dry-run-walk", [*DELETE, *ONE, "-n", "-i", "--changes", "walk"], **EDITED,
             judge=judges.judge_dry_run, quick=10),
    Scenario("moved", [*DELETE, *ONE], make=tree.make_moved, edit=tree.edit_moved, changes_by="scan",
             quick_whole=("statx", "EIO")),
    Scenario("linked", [*DELETE, *ONE], make=tree.make_links, edit=tree.edit_links, changes_by="scan",
             quick_whole=("statx", "EIO")),
    Scenario("leader", [*DELETE, *ONE], make=tree.make_links, quick_whole=("openat", "EMFILE")),
    Scenario("attributes", [*DELETE, *ONE], make=tree.make_attributes, edit=tree.edit_attributes, quick=15),
    Scenario("attributes-dry-run", [*DELETE, *ONE, "-n", "-i"], make=tree.make_attributes,
             edit=tree.edit_attributes, judge=judges.judge_dry_run, quick=10),
    Scenario("large", [*DELETE, *EIGHT], make=tree.make_large, extra_mebibytes=140, positions_max=8, quick=0),
    Scenario("verify", [*ONE], command="verify", judge=judges.judge_verify_equal, edit=tree.edit, spoil=judges.nothing,
             quick=20),
    Scenario("verify-different", [*ONE], command="verify", judge=judges.judge_verify_different,
             spoil=judges.spoil_everything, quick=25),
    Scenario("verify-metadata", [*ONE, "--metadata"], command="verify", judge=judges.judge_verify_equal,
             spoil=judges.nothing, quick=10),
    Scenario("check", [], command="check", judge=judges.judge_check, spoil=judges.nothing, quick=15),
    Scenario("history", ["-v"], command="history", judge=judges.judge_history, **EDITED, quick=10),
]

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
