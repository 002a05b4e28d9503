"""MIB files parsed in a process of its own, with limits of time and memory: a hostile file ends that process, and the others are
parsed by the next one."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from collector.domain.errors import Unavailable
from collector.names.definitions import PREFIX, READY, Flaw, Parsed, decode


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one file: seconds of the processor's time, octets of address space. A real file of a megabyte takes two and 80 MB."""

    seconds: float = 30.0
    memory: int = 1 << 30


def parse_files(contents: Sequence[bytes], limits: Limits) -> list[Parsed]:
    """What each file defines, or what is wrong with it, in order. Raise Unavailable when no process can be started."""
    answers: list[Parsed] = []
    while len(answers) < len(contents):
        answered = _one_process(contents[len(answers) :], limits)
        if answered is None:
            raise Unavailable("the process that parses MIB files does not start")
        answers += answered
        if len(answers) < len(contents):
            answers.append(Flaw(0, f"the parser needs more than {limits.seconds:g} seconds or {limits.memory >> 20} MB for it"))
    return answers


def _one_process(contents: Sequence[bytes], limits: Limits) -> list[Parsed] | None:
    """The answers of a process, as many as it gave; None when it did not get as far as the first file.

    It sees our import path and nothing else of our environment: secrets may stand there."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no text from outside
            [sys.executable, "-P", "-m", "collector.names.worker", str(limits.memory), str(limits.seconds)],
            input=b"".join(PREFIX.pack(len(octets)) + octets for octets in contents),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "LC_ALL": "C.UTF-8"},
            check=False,
        )
    except OSError:
        return None
    ready, *lines = done.stdout.split(b"\n")
    if ready != READY:
        return None
    return [decode(line) for line in lines[:-1]]
