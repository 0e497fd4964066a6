"""Stories of the files that `plan --print` prints for schedulers."""

import pathlib
import subprocess

import growth
from pair import expect
from told import story

CHECK = pathlib.Path(__file__).resolve().parent / "kubernetes_file.py"
# What somebody might have got wrong, each of another sort: a field of another name, of another type, a missing one, and one
# that is not where it belongs.
SPOILT = (("completionMode:", "completionmode:"), ("  completions: 6", "  completions: six"),
          ("      - name: cutover", "      - title: cutover"), ("      restartPolicy: Never", "      backoffLimit: 3"),
          ("      onExitCodes:", "      onExitCode:"), ("        values: [3, 64]", "        values: [3, x]"))


@story(is_quick=True)
def file_for_kubernetes(pair, options):
    """Each field of the file for Kubernetes is one of its API, of its type, and none is missing, whatever the paths are."""
    growth.branches(pair.source, 6)
    plan = pair.plan(6, name="a plan's \"folder\": [$x] #1\n- y")
    text = "\n".join(pair.run("plan", "--print", "kubernetes", plan).expect(0).lines) + "\n"
    file = pair.folder / "job.yaml"
    status, told = _looked_at(file, text)
    expect(status == 0, "the file is refused:", told)
    for right, spoilt in SPOILT:
        expect(right in text, "the file has no line", right)
        status, told = _looked_at(file, text.replace(right, spoilt, 1))
        expect(status == 1 and told, "not found:", spoilt)


def _looked_at(file, text):
    file.write_text(text)
    # Debian's packages belong to Debian's Python, whichever comes first on PATH.
    done = subprocess.run(["/usr/bin/python3", CHECK, file], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
