"""Pages from what the program says of itself and from docs/man."""

import json
import pathlib
import re
import subprocess

from prose import Mistake, escaped, inline, paragraphs, sentences

# Told once, in cutover(1): each subcommand has them.
COMMON = ("help", "version")


def asked(binary, *words):
    """Standard output of the program."""
    run = subprocess.run([binary, *words], stdout=subprocess.PIPE, check=False)
    if run.returncode != 0:
        raise Mistake(f"{binary} {' '.join(words)} ended with {run.returncode}")
    return run.stdout.decode()


def statuses(document):
    """The table of exit statuses in docs/OUTPUT.md, by number."""
    section = document.split("\n## Exit status\n", 1)[-1].split("\n## ", 1)[0]
    return {int(number): text for number, text in re.findall(r"^\| (\d+) \| (.*) \|$", section, re.M)}


def spelled(name):
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def spellings(argument):
    """All ways to write an option, letters first, as --help has them."""
    return sorted((spelled(name) for name in argument["names"]), key=lambda word: word.startswith("--"))


class Program:
    """What a built program says of itself."""

    def __init__(self, binary):
        self.binary = binary
        self.version = asked(binary, "--version").split()[-1]
        self.command = json.loads(asked(binary, "--experimental-dump-help"))["command"]
        self.subcommands = [c for c in self.command["subcommands"] if c["commandName"] != "help"]

    def usage(self, command):
        """The lines of the synopsis, as the help has them."""
        text = asked(self.binary, command["commandName"], "--help").split("USAGE: ", 1)[1].split("\n\n", 1)[0]
        return [line.strip() for line in text.split("\n")]

    def named(self, command):
        """Options of a subcommand but those that all have."""
        return [
            argument for argument in command["arguments"]
            if argument["kind"] != "positional" and argument["shouldDisplay"]
            and argument["valueName"] not in COMMON
        ]

    def common(self):
        """Those that all have."""
        return [a for a in self.command["arguments"] if a["valueName"] in COMMON]


# Pages of what is no subcommand: section, title of the section, and what stands behind the name.
OTHERS = {
    "cutover-follow@.service": (8, "System Administration", "units of systemd for passes and comparisons"),
}
# What else a page is found by.
MORE_NAMES = {
    "cutover-follow@.service": ["cutover-verify@.service", "cutover-verify@.timer"],
}


class Page:
    """One page; `lines` is its roff. `command` is None where it is of no subcommand, and `name` says of what."""

    def __init__(self, program, command, places, name=None):
        self.program = program
        self.command = command
        self.name = name or ("cutover" if command is program.command else f"cutover-{command['commandName']}")
        self.section, group, abstract = OTHERS.get(self.name, (1, "User Commands", None))
        self.meanings = statuses((places.root / "docs/OUTPUT.md").read_text())
        self.source = places.root / "docs/man" / f"{self.name}.inc"
        if not self.source.exists():
            raise Mistake(f"docs/man/{self.name}.inc: missing: the prose of {self.name}({self.section})")
        title = self.name.upper()
        abstract = abstract or command["abstract"].rstrip(".?").split(";")[0]
        abstract = abstract[0].lower() + abstract[1:]
        self.lines = [
            f".\\\" Made by scripts/manual from the program and docs/man/{self.name}.inc.",
            f'.TH {title} {self.section} {places.date} "cutover {program.version}" "{group}"',
            # Words as they are typed are divided nowhere; a heading would undo .nh.
            ".nr HY 0",
            ".nh",
            ".ad l",
            ".SH NAME",
            *[f"{name}," for name in [self.name, *MORE_NAMES.get(self.name, [])][:-1]],
            f"{[self.name, *MORE_NAMES.get(self.name, [])][-1]} \\- {escaped(abstract)}",
        ] + paragraphs(self.source.read_text(), self.directive)

    def directive(self, words):
        name, *rest = words
        if self.command is None and name != "status":
            raise Mistake(f"docs/man/{self.name}.inc: @{name} is of subcommands")
        if name == "synopsis":
            return self.synopsis()
        if name == "options":
            return self.options()
        if name == "status":
            number = int(rest[0])
            if number not in self.meanings:
                raise Mistake(f"docs/man/{self.name}.inc: docs/OUTPUT.md has no status {number}")
            text = rest[1] if len(rest) > 1 else self.meanings[number]
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
            text = text[0].upper() + text[1:]
            return [".TP", f"\\fB{number}\\fR", *sentences(inline(text + ("" if text.endswith(".") else ".")))]
        raise Mistake(f"docs/man/{self.name}.inc: there is no @{name}")

    def synopsis(self):
        commands = self.program.subcommands if self.command is self.program.command else [self.command]
        lines = [line for command in commands for line in self.program.usage(command)]
        out = [".nf"]
        for line in lines:
            words = [
                f"\\fB{escaped(word)}\\fR" if re.fullmatch(r"--[a-z-]+|\[sync\]|[a-z]+", word)
                else re.sub(r"[A-Z]+", r"\\fI\g<0>\\fR", escaped(word))
                for word in line.split()
            ]
            out.append(" ".join(words))
        return out + [".fi"]

    def options(self):
        if self.command is self.program.command:
            return [line for argument in self.program.common() for line in self.option(argument)]
        out = []
        section = None
        for argument in self.program.named(self.command):
            title = argument.get("sectionTitle")
            if title != section and title:
                out.append(f".SS {escaped(title)}")
            section = title
            out += self.option(argument)
        return out

    @staticmethod
    def option(argument):
        """A tagged paragraph."""
        tags = []
        value = argument["valueName"]
        if value in {name["name"] for name in argument["names"]} and argument.get("allValues"):
            value = "|".join(argument["allValues"])
        for word in spellings(argument):
            tag = f"\\fB{escaped(word)}\\fR"
            if argument["kind"] == "option":
                tag += " " + "".join(
                    part if part == "|" else f"\\fI{escaped(part)}\\fR"
                    for part in re.split(r"(\|)", value)
                )
            tags.append(tag)
        text = argument["abstract"]
        values = argument.get("allValues")
        default = argument.get("defaultValue")
        if values and not all(re.search(rf"\b{value}\b", text + value) for value in values):
            text += f" One of {', '.join(values)}."
        if default and "default" not in text.lower():
            text += f" The default is `{default}`."
        return [".TP", ", ".join(tags), *sentences(inline(text))]


def pages(program, places):
    """All of them."""
    made = [Page(program, command, places) for command in [program.command, *program.subcommands]]
    return made + [Page(program, None, places, name) for name in OTHERS]


def write(made, folder):
    """Writes them as FOLDER/man1/NAME.1, or of another section, and answers the files but those of further names."""
    files = []
    for page in made:
        target = pathlib.Path(folder) / f"man{page.section}"
        target.mkdir(parents=True, exist_ok=True)
        file = target / f"{page.name}.{page.section}"
        file.write_text("\n".join(page.lines) + "\n")
        files.append(file)
        for name in MORE_NAMES.get(page.name, []):
            (target / f"{name}.{page.section}").write_text(f".so man{page.section}/{file.name}\n")
    return files
