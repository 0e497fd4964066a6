"""What a program is linked from, read from lld's map: what each part weighs, and the notices of all of them.

    parts.py weigh MAP ROOT      a table, the heaviest part first
    parts.py notices MAP ROOT    the licences of all parts; a part without one is an error

ROOT is the project's folder. Notices of Debian's archives are those of their packages, those of checkouts are beside
their sources, those of Swift's library lie in the toolchain; what they leave out stands in docs/notices.
"""

import collections
import functools
import pathlib
import re
import subprocess
import sys
import textwrap

LINE = re.compile(r"^ *([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) +\d+ ( *)(\S.*)$")
SYMBOL = slice(49, 49 + 16)
# Sections of the program that take memory and no space in the file.
WITHOUT_BYTES = {".bss", ".tbss", ".relro_padding"}
# The licences that are the same text; Debian's machines have it here.
APACHE = "/usr/share/common-licenses/Apache-2.0"


class Mistake(Exception):
    """Something that a person has to put right."""


def pieces(path):
    """Yields (file, section, bytes) for each piece of the program that is loaded; `file` is an input of the linker, or
    None for what the linker made."""
    lines = pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines or "VMA" not in lines[0]:
        raise Mistake(f"{path} is no map of lld")
    section, is_loaded = "", False
    for line in lines[1:]:
        # Nine lines of ten are symbols, which stand under 16 blanks.
        if line[SYMBOL].isspace():
            continue
        found = LINE.match(line)
        if not found:
            continue
        address, size, indent, text = found.groups()
        if indent == "":
            section = text
            is_loaded = int(address, 16) != 0 and section not in WITHOUT_BYTES
        elif len(indent) == 8 and is_loaded:
            file = text.rsplit(":(", 1)[0]
            yield (None if file.startswith("<internal>") else file), section, int(size, 16)


def archive(file):
    """The archive of `a.a(b.o)`, else the file."""
    return re.sub(r"\([^()]*\)$", "", file)


def part(file):
    """(kind, name) of an input file: `own` or `checkout` of a module, `swift`, or `system`."""
    file = archive(file)
    module = re.search(r"/([^/]+)\.build/", file)
    if module:
        return "module", module.group(1)
    if "/lib/swift_static/" in file or "/lib/swift/" in file:
        return "swift", pathlib.Path(file).name
    if "/lib/clang/" in file:
        return "swift", pathlib.Path(file).name
    # The modules of the program as SwiftPM's swift-autolink and wrappers name them.
    return "system", file


def weigh(path):
    """Prints the table."""
    sizes = collections.Counter()
    for file, section, size in pieces(path):
        if file is None:
            name = f"tables of the linker (`{section}`)" if size > 100_000 else "other tables of the linker"
        else:
            kind, name = part(file)
            if kind == "system":
                name = pathlib.Path(name).name
                name = "start of the process" if name.endswith(".o") else name
        sizes[name] += size
    total = sum(sizes.values())
    print("| part | KiB | share |\n|---|--:|--:|")
    small = 0
    for name, size in sizes.most_common():
        if size < total / 500:
            small += size
        else:
            print(f"| {name} | {size / 1024:,.0f} | {size / total:.1%} |")
    print(f"| all others | {small / 1024:,.0f} | {small / total:.1%} |")
    print(f"| all | {total / 1024:,.0f} | |")


def text_of(path):
    """A notice's text; that of the Apache License is named and not repeated."""
    text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace").strip("\n")
    terms = (
        r"[ \t]*Apache License\s*\n\s*Version 2\.0, January 2004.*?(END OF TERMS AND CONDITIONS|\Z)"
        r"(\s*APPENDIX: How to apply.*?limitations under the License\.)?"
    )
    return re.sub(terms, f"Apache License 2.0, whose text is in {APACHE}", text, flags=re.DOTALL)


@functools.cache
def of_package(file):
    """(package, notice) of Debian's file."""
    for name in (file, str(pathlib.Path(file).resolve())):
        # Where / has merged directories dpkg may know either name.
        for known in (name, name.removeprefix("/usr")):
            asked = subprocess.run(["dpkg-query", "-S", known], capture_output=True, text=True, check=False)
            if asked.returncode == 0:
                package = asked.stdout.split(":")[0]
                return package, pathlib.Path("/usr/share/doc", package, "copyright")
    raise Mistake(f"{file} is linked in, and belongs to no package: whose is it, and under which licence?")


def of_checkout(root, file, module):
    """(name, notices) of the checkout that a module was compiled from; none for a module of our own."""
    if (root / "Sources" / module).is_dir():
        return None
    # SCRATCH/TRIPLE/release/MODULE.build/FILE.o, and checkouts are in SCRATCH.
    checkouts = pathlib.Path(file.split(f"/{module}.build/")[0]).parent.parent / "checkouts"
    found = [
        folder
        for folder in sorted(checkouts.glob("*"))
        if (folder / "Sources" / module).is_dir() or (folder / module).is_dir()
    ]
    if len(found) != 1:
        raise Mistake(f"the module {module} is linked in, and is in {len(found)} folders of {checkouts}")
    texts = sorted(
        file for file in found[0].iterdir() if re.match(r"(LICEN[CS]E|NOTICE|COPYING)", file.name, re.IGNORECASE)
    )
    if not texts:
        raise Mistake(f"{found[0]} has no licence")
    return found[0].name, texts


def licence_of_swift(files):
    """The licence in the toolchain that these files lie in."""
    for file in files:
        for folder in pathlib.Path(archive(file)).resolve().parents:
            if (folder / "share/swift/LICENSE.txt").is_file():
                return folder / "share/swift/LICENSE.txt"
    raise Mistake("the toolchain has no share/swift/LICENSE.txt")


def notices(path, root):
    """Prints what is linked in with its notices."""
    files = {file for file, _, _ in pieces(path) if file is not None}
    own = root / "docs/notices"
    swift, texts, files_of = [], {}, collections.defaultdict(set)
    for file in sorted(files):
        kind, name = part(file)
        if kind == "module":
            found = of_checkout(root, file, name)
            if found:
                texts[found[0]] = found[1]
        elif kind == "swift":
            swift.append(file)
        else:
            package, text = of_package(name)
            files_of[package].add(pathlib.Path(name).name)
            texts[package] = [text]
    libraries = sorted({part(file)[1] for file in swift})
    stray = [name for name in libraries if "ICU" in name or "Networking" in name or "XML" in name]
    if stray:
        raise Mistake(f"{', '.join(stray)}: linked in, and its notices are not in {own}")
    texts["Swift's library (" + ", ".join(libraries) + ")"] = [licence_of_swift(swift), own / "swift.txt"]
    print("cutover is licensed under the Apache License 2.0, whose text is in\n" + APACHE)
    print("\nLinked into the program are parts of others, whose licences and notices follow.")
    for name, sources in texts.items():
        title = f"{name} ({', '.join(sorted(files_of[name]))})" if name in files_of else name
        print(f"\n{'=' * 78}\n" + textwrap.fill(title, 78) + f"\n{'=' * 78}")
        for source in sources:
            if not pathlib.Path(source).is_file():
                raise Mistake(f"{name} is linked in, and {source} is missing")
            print("\n" + text_of(source))


def main():
    """Does what the first word says."""
    if len(sys.argv) != 4 or sys.argv[1] not in ("weigh", "notices"):
        print(__doc__, file=sys.stderr)
        return 64
    try:
        if sys.argv[1] == "weigh":
            weigh(sys.argv[2])
        else:
            notices(sys.argv[2], pathlib.Path(sys.argv[3]))
    except (Mistake, OSError) as mistake:
        print(f"parts.py: {mistake}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
