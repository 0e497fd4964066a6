"""Types into a new interactive bash of a root, on a terminal of its own, and reads what TAB makes of it.

    tab.py ROOT
"""

import os
import pty
import re
import select
import sys
import time

LIMIT_SECONDS = 20.0


class Shell:
    """A bash in a root, as somebody has it who has just logged in."""

    def __init__(self, root):
        # As Debian's /etc/bash.bashrc does where it is not commented out.
        start = "/packages/bashrc"
        with open(root + start, "w", encoding="ascii") as file:
            file.write(". /usr/share/bash-completion/bash_completion\nPS1='ready> '\n")
            file.write("bind 'set enable-bracketed-paste off'\nbind 'set page-completions off'\n")
            file.write("bind 'set completion-query-items 0'\nbind 'set show-all-if-ambiguous on'\n")
        surroundings = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
        }
        process, self.terminal = pty.fork()
        if process == 0:
            # Python cannot load anything more after this.
            os.chroot(root)
            os.chdir("/")
            os.execve("/bin/bash", ["bash", "--noprofile", "--rcfile", start, "-i"], surroundings)
        self.read("ready> ")

    def read(self, wanted):
        """What is written until `wanted` is met."""
        text, end = "", time.monotonic() + LIMIT_SECONDS
        while not re.search(wanted, text):
            left = end - time.monotonic()
            if left < 0 or not select.select([self.terminal], [], [], left)[0]:
                sys.exit(f"'{wanted}' does not come; there was: {text!r}")
            try:
                text += os.read(self.terminal, 4096).decode(errors="replace")
            except OSError:
                sys.exit(f"the shell ended; there was: {text!r}")
        return text

    def complete(self, typed, wanted):
        """Types, presses TAB, and wants to see something; then takes back the line."""
        os.write(self.terminal, typed.encode() + b"\t")
        self.read(wanted)
        os.write(self.terminal, b"\x15\r")
        self.read("ready> $")
        print(f"{typed}<TAB>: {wanted}")


def main():
    """Each a subcommand, an option of the default subcommand, of another, a directory."""
    shell = Shell(sys.argv[1])
    shell.complete("cutover ver", "verify ")
    shell.complete("cutover --max-de", "--max-delete")
    shell.complete("cutover verify --metad", "--metadata ")
    shell.complete("cutover /volu", "/volumes/")


main()
