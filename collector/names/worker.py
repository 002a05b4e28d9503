"""The parsing process: MIB files in on stdin, one line of JSON out on stdout for each, in order, until stdin ends. `parsing`
starts it: `python -m collector.names.worker MEMORY_OCTETS SECONDS`."""

import os
import resource
import signal
import sys
from collections.abc import Iterator
from typing import BinaryIO

from collector.names.definitions import PREFIX, READY, Flaw, Parsed, encode
from collector.names.parse import MibParser


def main(arguments: list[str]) -> int:
    """Serve until stdin ends. The process kills itself when one file takes more of the processor's time than it may."""
    memory, seconds = int(arguments[0]), float(arguments[1])
    parser = MibParser()
    _limit(memory)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a stray print of a library must not stand between two lines
    out.write(READY + b"\n")
    out.flush()
    for octets in _files(sys.stdin.buffer):
        signal.setitimer(signal.ITIMER_PROF, seconds)
        answer = encode(_parsed(parser, octets))
        signal.setitimer(signal.ITIMER_PROF, 0)
        out.write(answer)
        out.flush()
    return 0


def _parsed(parser: MibParser, octets: bytes) -> Parsed:
    try:
        return parser.parse(octets)
    except Exception as error:  # noqa: BLE001 - the edge: whatever happens, an answer in its place
        return Flaw(0, f"the parser fails at it ({type(error).__name__})")


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process inside any C loop, where a handler in Python would wait


def _files(stream: BinaryIO) -> Iterator[bytes]:
    while len(prefix := stream.read(PREFIX.size)) == PREFIX.size:
        (length,) = PREFIX.unpack(prefix)
        yield stream.read(length)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
