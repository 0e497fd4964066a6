"""What a reader of the pages would stumble over. They are judged as they are shown, by mandoc and man, and options by the
text of --help: not by what they were made of."""

import os
import re
import subprocess

from pages import COMMON, asked, statuses

COLUMNS = 80


def said(words, **environment):
    """Both outputs of a tool."""
    run = subprocess.run(
        words, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8", **environment}
    )
    return run.stdout.decode(), run.stderr.decode()


def shown(file):
    """The page as man shows it, and what it complains of."""
    text, complaints = said(
        ["man", "--warnings", "--encoding=UTF-8", "--local-file", str(file)],
        MANWIDTH=str(COLUMNS), MANPAGER="cat", MAN_KEEP_FORMATTING="", MANROFFOPT="", TERM="dumb",
    )
    return re.sub(r".\x08", "", text), complaints


def lint(file, text, complaints):
    output, errors = said(["mandoc", "-Tlint", str(file)])
    for line in (output + errors + complaints).splitlines():
        yield line
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > COLUMNS:
            yield f"line {number} as it is shown has {len(line)} columns, at most {COLUMNS}: {line.strip()[:60]}"
    if len(text.split("\n")) < 30:
        yield "man shows next to nothing of it"


def tags(text):
    """Options at the head of a paragraph, as often as they stand there."""
    found = []
    lines = ["", *section(text, "OPTIONS").split("\n")]
    for before, line in zip(lines, lines[1:]):
        # Below a blank line, or below the title of a group.
        if not before.startswith(" " * 7) and re.match(r" {7}-", line):
            head = re.split(r" {2,}", line.strip())[0]
            found += re.findall(r"(?:^|, )(--?[A-Za-z][a-z-]*)", head)
    return found


def of_help(program, command):
    """Options of a subcommand as its --help names them."""
    found = []
    for line in asked(program.binary, command["commandName"], "--help").split("\n"):
        if re.match(r"  -", line):
            found += re.findall(r"(?:^|, )(--?[A-Za-z][a-z-]*)", re.split(r" {2,}", line.strip())[0])
    return found


def options(program, page, text):
    common = ["--" + name for name in COMMON] + ["-h"]
    if page.command is None:
        wanted = []
        known = {word for command in program.subcommands for word in of_help(program, command)}
    elif page.command is program.command:
        wanted = common
        known = {word for command in program.subcommands for word in of_help(program, command)}
    else:
        known = set(of_help(program, page.command))
        wanted = [word for word in of_help(program, page.command) if word not in common]
    found = tags(text)
    for word in sorted(set(wanted) | set(found)):
        if found.count(word) != 1 or word not in wanted:
            yield f"{word} stands {found.count(word)} times as an option, not {int(word in wanted)}"
    # Of other programs' options only examples tell, which name the program.
    for line in text.split("\n"):
        if re.search(r"\b(rsync|mkfs|mount|jq|systemctl|curl|sha256sum)\b", line):
            continue
        for word in re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]\b", line):
            if word not in known and word not in common and not elsewhere(program, word):
                yield f"it names {word}, which is no option"


def elsewhere(program, word):
    """An option of another subcommand, or of none that has a page."""
    others = {w for command in program.subcommands for w in of_help(program, command)}
    return word in others or word == "--generate-completion-script"


def section(text, title):
    return re.split(r"\n(?=[A-Z])", text.split(f"\n{title}\n", 1)[-1])[0]


def exits(program, page, text, meanings):
    if page.command is None:
        return
    here = {int(n) for n in re.findall(r"^ {7}(\d+) ", section(text, "EXIT STATUS"), re.M)}
    if page.command is program.command:
        wanted = set(meanings)
    else:
        discussion = page.command.get("discussion", "").split("Exit status:", 1)[-1]
        wanted = {int(n) for n in re.findall(r"(?:^|[ ,;])(\d+) ", discussion)} & set(meanings)
        if not wanted:
            yield "the help of its subcommand names no exit status"
    for number in sorted(wanted - here):
        yield f"EXIT STATUS lacks {number}"


def tables(root, meanings):
    """The documents and the program have the same statuses."""
    code = (root / "Sources/Migration/Model/ExitStatus.swift").read_text()
    usage = (root / "docs/USAGE.md").read_text().split("\n## When something failed\n", 1)[-1].split("\n## ", 1)[0]
    # There a difference that verify found is no failure, and 137 is a shell's.
    rows = ({int(n) for n in re.findall(r"^\| (\d+) ", usage, re.M)} - {137}) | ({1} & set(meanings))
    others = {
        "Sources/Migration/Model/ExitStatus.swift": {int(n) for n in re.findall(r"case \w+ = (\d+)", code)},
        "docs/USAGE.md": rows,
    }
    for name, numbers in others.items():
        for number in sorted(numbers ^ set(meanings)):
            yield f"{name}: docs/OUTPUT.md and it do not both have the exit status {number}"


def references(page, text, names):
    for name, number in re.findall(r"\b(cutover[a-z@.-]*)\((\d)\)", text):
        if (name, int(number)) not in names:
            yield f"it refers to {name}({number}), which there is not"
    titles = ["DESCRIPTION", "EXAMPLES", "SEE ALSO"]
    for title in titles + (["OPTIONS", "EXIT STATUS"] if page.command else ["FILES"]):
        if not re.search(rf"^{title}$", text, re.M):
            yield f"it has no section {title}"


def findings(program, made, files, places):
    """Each a line."""
    meanings = statuses((places.root / "docs/OUTPUT.md").read_text())
    if not meanings:
        yield "docs/OUTPUT.md: no table of exit statuses"
    yield from tables(places.root, meanings)
    names = {(page.name, page.section) for page in made}
    for page, file in zip(made, files):
        text, complaints = shown(file)
        for finding in (
            *lint(file, text, complaints),
            *options(program, page, text),
            *exits(program, page, text, meanings),
            *references(page, text, names),
        ):
            yield f"docs/man/{page.name}.inc: {finding}"
