"""The prose of a page, docs/man/NAME.inc, as roff.

    # What a comment says is for who writes.
    ## FILES                    a section; those of a page come in the order of the file
    A paragraph, over as many lines as it takes.

    = /var/lib/cutover          a term, and below it what it means
    Text of the term.

        four blanks             an example, as it stands
    @synopsis @options          the program's own, where they are to stand
    @status 23                  a row of the table of exit statuses, with the meaning of docs/OUTPUT.md
    @status 24 other words      the same with a meaning of its own

Between `backquotes` stands what is typed as it is. SOURCE, DESTINATION and the like are set apart by themselves, and so
are names of pages: cutover-sync(1).
"""

import re
import textwrap

# Words for which a person puts something else.
PLACES = r"\b(SOURCE|DESTINATION|COMMAND|SUBCOMMAND|OPTIONS|FILE|DIR|PID)\b"


# Of a line of roff.
SOURCE_COLUMNS = 76


class Mistake(Exception):
    """What is wrong with a page, in one line."""


def escaped(text):
    """Text that roff prints as it is: dashes are ASCII's, to be searched for and copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("^", "\\(ha").replace("~", "\\(ti").replace('"', "\\(dq")
    return "\\&" + text if text.startswith(".") else text


def inline(text):
    """A piece of prose: backquotes, places, names of pages."""
    out = []
    for index, part in enumerate(text.split("`")):
        if index % 2:
            out.append("\\fB" + escaped(part) + "\\fR")
            continue
        part = escaped(part)
        part = re.sub(PLACES, r"\\fI\1\\fR", part)
        part = re.sub(r"\b([a-z][a-z0-9_.]*(?:\\-[a-z0-9_.@]+)*)\((\d)\)", r"\\fB\1\\fR(\2)", part)
        out.append(part)
    line = "".join(out)
    return "\\&" + line if line.startswith(("'", ".")) else line


def example(lines):
    return [".in +4n", ".EX", *[escaped(line[4:]) or "\\&" for line in lines], ".EE", ".in"]


def gap(out, after_term):
    """What divides a paragraph from what stands before it; a heading and a term do that themselves."""
    return [] if after_term or out[-1:] and out[-1].startswith(".SH") else [".PP"]


def paragraphs(text, directive):
    """The roff of a .inc file. `directive(words)` gives the lines for @NAME WORDS."""
    out = []
    lines = [line.rstrip() for line in text.split("\n") if not line.startswith("# ")]
    place = 0
    after_term = False
    while place < len(lines):
        line = lines[place]
        if not line:
            place += 1
            continue
        if line.startswith("## "):
            out.append(".SH " + escaped(line[3:]))
            after_term = False
        elif line.startswith("= "):
            out += [".TP", inline("`" + line[2:] + "`") if "`" not in line else inline(line[2:])]
            after_term = True
            place += 1
            continue
        elif line.startswith("@"):
            out += directive(line[1:].split(" ", 2))
            after_term = False
        elif line.startswith("    "):
            start = place
            while place < len(lines) and (lines[place].startswith("    ") or not lines[place]):
                place += 1
            block = lines[start:place]
            while not block[-1]:
                block.pop()
            out += gap(out, after_term) + example(block)
            after_term = False
            continue
        else:
            start = place
            while place < len(lines) and lines[place] and not re.match(r"(## |= |@|    )", lines[place]):
                place += 1
            out += gap(out, after_term)
            out += sentences(inline(" ".join(lines[start:place])))
            after_term = False
            continue
        place += 1
    return out


def sentences(text):
    """Each begins a line of its own, as roff wants it, and lines are as short as mandoc wants them."""
    lines = []
    for sentence in re.sub(r"([.:?!]\)?(?:\\fR)?) +(?=[A-Z\\`(])", r"\1\n", text).split("\n"):
        lines += textwrap.wrap(sentence, SOURCE_COLUMNS, break_long_words=False, break_on_hyphens=False)
    # At the head of a line these would be requests.
    return ["\\&" + line if line.startswith((".", "'")) else line for line in lines]
