"""Prints docs/CHANGELOG.md as Debian's changelog.

    changelog.py FILE VERSION MAINTAINER DATE

VERSION is the package's. A section of a version that was not released yet is that of this package; older ones follow
with their own numbers and dates.
"""

import datetime
import email.utils
import re
import sys
import textwrap


def sections(text):
    """Yields (heading, lines) of each version."""
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        yield heading.strip(), body.splitlines()


def plain(text):
    """Without Markdown's marks for links and code."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return text.replace("`", "'").replace("**", "")


def changes(lines):
    """Yields the lines of one version: groups in brackets, each change behind an asterisk."""
    paragraphs = []
    for line in lines:
        if line.startswith("### "):
            paragraphs.append(("[", line[4:].strip()))
        elif line.startswith("- "):
            paragraphs.append(("*", line[2:]))
        elif line.strip() == "":
            paragraphs.append(("", ""))
        elif paragraphs and paragraphs[-1][1]:
            kind, before = paragraphs[-1]
            paragraphs[-1] = (kind, before + " " + line.strip())
        else:
            paragraphs.append(("*", line.strip()))
    for kind, text in paragraphs:
        if kind == "[":
            yield f"  [ {plain(text)} ]"
        elif text:
            yield from textwrap.wrap(
                plain(text),
                width=80,
                initial_indent="  * ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )


def main():
    """Prints all versions, the newest first."""
    file, version, maintainer, date = sys.argv[1:]
    with open(file, encoding="utf-8") as opened:
        text = opened.read()
    for place, (heading, lines) in enumerate(sections(text)):
        found = re.match(r"\[?(\d[0-9.]*)\]?\D*(\d{4}-\d\d-\d\d)?", heading)
        this_version, this_date = version, date
        if place > 0:
            if not found or not found.group(2):
                sys.exit(f"{file}: the section '{heading}' has no version and date")
            this_version = found.group(1)
            day = datetime.datetime.fromisoformat(found.group(2)).replace(tzinfo=datetime.timezone.utc)
            this_date = email.utils.format_datetime(day)
        print(f"cutover ({this_version}) unstable; urgency=medium\n")
        print("\n".join(changes(lines)))
        print(f"\n -- {maintainer}  {this_date}\n")


main()
