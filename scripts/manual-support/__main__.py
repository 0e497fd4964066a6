"""Makes and checks the manual pages; scripts/manual says what it takes."""

import argparse
import pathlib
import sys
import tempfile

from checks import findings
from pages import Program, pages, write
from prose import Mistake


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--date", required=True)
    parser.add_argument("--out")
    parser.add_argument("--check", action="store_true")
    places = parser.parse_args()
    try:
        program = Program(places.binary)
        made = pages(program, places)
        if not places.check:
            for file in write(made, places.out):
                print(file)
            return 0
        with tempfile.TemporaryDirectory() as folder:
            found = list(findings(program, made, write(made, folder), places))
    except (Mistake, OSError) as mistake:
        print(mistake)
        return 1
    print("\n".join(found + [f"{len(made)} pages, {len(found)} findings"]))
    return 1 if found else 0


sys.exit(main())
