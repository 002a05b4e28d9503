"""Decode functions that tests name instead of the real one: they hang, die, fail or babble when the mail says so."""

import itertools
import os
import sys
from pathlib import Path

from collector.domain.mail import Mail, MailResult


def obey(raw: bytes) -> MailResult:
    """`hang`, `die`, `fail`, `eat` memory, `babble`, `die once <file>`; everything else is a mail with that text."""
    word, _, rest = raw.partition(b" ")
    match word:
        case b"hang":
            return Mail("", str(sum(itertools.count())))  # a loop in C, where no handler in Python would be heard
        case b"die":
            os._exit(3)
        case b"once":
            _die_once(Path(rest.decode()))
        case b"fail":
            raise ZeroDivisionError("secret")
        case b"eat":
            return Mail("", str(len(bytearray(1 << 40))))
        case b"print":
            print("not a frame")
            sys.stdout.flush()
        case b"babble":
            _babble()
    return Mail("", raw.decode("latin-1"))


def _die_once(mark: Path) -> None:
    if not mark.exists():
        mark.touch()
        os._exit(3)


def _babble() -> None:
    """Write what is no frame to every pipe that could be the answers'."""
    for descriptor in range(3, 10):
        try:
            os.write(descriptor, b"\xff" * 8)
        except OSError:
            continue
