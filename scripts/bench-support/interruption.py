"""How a harness says what it does, and how a signal ends it: once, with time to clean up."""

import signal
import sys
import time

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STARTED = time.monotonic()


class Interrupted(BaseException):
    """A signal asked us to stop; a BaseException, so that nothing takes it for a failure."""


def listen():
    """From here on a signal raises Interrupted."""
    for number in _SIGNALS:
        signal.signal(number, _interrupt)


def ignore():
    """From here on no signal: what is half removed would stay for ever."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number, _frame):
    # Once: what follows is cleaning up, which a second Ctrl-C must not cut short.
    ignore()
    raise Interrupted(signal.Signals(number).name)


def say(text):
    """One line of progress, with the seconds since the start."""
    print(f"{time.monotonic() - _STARTED:7.1f} {text}", file=sys.stderr, flush=True)
