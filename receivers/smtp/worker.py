"""The decoding process: mails in on stdin, results out on stdout, one at a time, in order, until stdin ends. `child` starts it:
`python -m receivers.smtp.worker MODULE:FUNCTION MEMORY_OCTETS ALARM_SECONDS`."""

import importlib
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from collector.domain.mail import MailResult
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded
from receivers.smtp.frames import PREFIX, READY, frame, result_payload

Decode = Callable[[bytes], MailResult]


def main(arguments: list[str]) -> int:
    """Serve until stdin ends. The process kills itself when one mail takes longer than the alarm: its parent may be gone."""
    function, memory, alarm = arguments[0], int(arguments[1]), float(arguments[2])
    decode = _function(function)
    _limit(memory)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a stray print of some library must not stand between two frames
    out.write(frame(READY))
    out.flush()
    for raw in _mails(os.fdopen(0, "rb", buffering=1 << 20)):
        signal.setitimer(signal.ITIMER_REAL, alarm)
        payload = result_payload(_decoded(decode, raw))
        signal.setitimer(signal.ITIMER_REAL, 0)
        out.write(frame(payload))
        out.flush()
    return 0


def _function(name: str) -> Decode:
    module, _, attribute = name.partition(":")
    return cast("Decode", getattr(importlib.import_module(module), attribute))


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process inside any C loop, where a handler in Python would wait
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _mails(stream: BinaryIO) -> Iterator[bytes]:
    while len(prefix := stream.read(PREFIX.size)) == PREFIX.size:
        (length,) = PREFIX.unpack(prefix)
        raw = stream.read(length)
        if len(raw) < length:
            return
        yield raw


def _decoded(decode: Decode, raw: bytes) -> MailResult:
    try:
        return decode(raw)
    except Exception as error:  # noqa: BLE001 - the edge: whatever happens, an answer in its place
        return NotDecoded(Outcome.UNDECODABLE, Reason.DECODER_FAILED, type(error).__name__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
