"""The tools that are measured, each with the very command that is run and printed in the report.

In a command SOURCE, DESTINATION, CUTOVER, WORKERS, BASELINE, EXTRA and SCRATCH are replaced. All
copy owners, modes, times, ACLs, attributes and holes. `has_delta` tells whether a second run of the
tool looks for what changed and deletes what is gone; a tool without it is left out of the delta
scenarios, where it would only copy everything again.
"""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Peer:
    """One tool: its name in switches and tables, its command, what a reader should know of it."""

    name: str
    title: str
    command: str
    has_delta: bool
    note: str = ""


CUTOVER = Peer(
    "cutover", "cutover",
    "CUTOVER sync --delete -q --workers WORKERS EXTRA SOURCE DESTINATION", True,
    "keeps hard links; the others below do not, except cp and tar")
# Not measured unless --baseline names a binary: an earlier cutover, to see what a change gave.
BASELINE = Peer(
    "baseline", "cutover (baseline)",
    "BASELINE sync --delete -q --workers WORKERS EXTRA SOURCE DESTINATION", True)

PEERS = (
    CUTOVER,
    Peer("thirty-rsyncs", "30 rsyncs",
         "cd SOURCE && ls -d * | xargs -P 30 -I{} rsync -raXAS --delete {} DESTINATION/", True,
         "thirty at a time, one for each top-level entry; misses dotfiles and deletions there"),
    Peer("rsync", "rsync", "rsync -raXAS --delete SOURCE/ DESTINATION/", True),
    Peer("fpsync", "fpsync -n 30",
         "mkdir -p SCRATCH/fpsync && fpsync -n 30 -E -t SCRATCH/fpsync "
         "-o '-lptgoDXAS --numeric-ids' SOURCE/ DESTINATION/ && rm -r SCRATCH/fpsync", True,
         "-E, its mode by directories, is the one that deletes"),
    Peer("cp", "cp -a", "cp -a SOURCE/. DESTINATION/", False, "no delta, no deletion"),
    Peer("tar", "tar | tar",
         "tar -C SOURCE --acls --xattrs --xattrs-include='*' --sparse --numeric-owner -cf - . "
         "| tar -C DESTINATION --acls --xattrs --xattrs-include='*' --numeric-owner -xpf -", False,
         "no delta, no deletion"),
    # As many bytes of each device as its volume uses; it finds no file and compares nothing.
    Peer("dd", "dd of both volumes",
         "all() { dd if=$(df --output=source $1 | tail -1) of=/dev/null bs=1M iflag=direct "
         "count=$(df -BM --output=used $1 | tail -1 | tr -dc 0-9) status=none; }; "
         "all SOURCE & all DESTINATION && wait $!", False,
         "past the page cache, both at once: what the disks give"),
)


def available(baseline):
    """All peers by name; the baseline among them where there is one."""
    peers = (CUTOVER, BASELINE, *PEERS[1:]) if baseline else PEERS
    return {peer.name: peer for peer in peers}


def command(peer, source, destination, workers, options, scratch):
    """The shell text of one run. One pass: what is put in is not looked into again."""
    values = {
        "CUTOVER": str(options.binary), "BASELINE": str(options.baseline), "WORKERS": str(workers),
        "EXTRA": options.extra, "SCRATCH": str(scratch), "SOURCE": str(source),
        "DESTINATION": str(destination)}
    text = re.sub(r"\b(" + "|".join(values) + r")\b", lambda word: values[word[0]], peer.command)
    return " ".join(text.split())


def shown(peer, workers, options):
    """The same as a reader would type it, places by name instead of by path."""
    values = {"CUTOVER": "cutover", "BASELINE": "cutover", "WORKERS": str(workers),
              "EXTRA": options.extra, "SCRATCH": "/tmp"}
    text = re.sub(r"\b(" + "|".join(values) + r")\b", lambda word: values[word[0]], peer.command)
    return " ".join(text.split())
