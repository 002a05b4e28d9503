"""Datagrams that the kernel dropped: which of them the journal already knows. The kernel's count belongs to the socket and
outlives a killed receiver, so the last count told is kept in a small file of the run directory."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.domain.ids import StreamName
from collector.logs import Log
from receivers.snmp.udp import Listener, identity, kernel_drops

_WRAP = 1 << 32
_BLOCK = 4096

log = Log(__name__)


def note_path(run_directory: Path, process: str) -> Path:
    """Where the receiver that is the process of that name keeps its note."""
    return run_directory / f"{process}-drops.json"


@dataclass(slots=True)
class _Told:
    """`count` is the kernel's counter up to which drops are in the journal; `total` is how many this process has told of."""

    listener: Listener
    socket: str
    count: int
    total: int = 0


class DropLedger:
    """Tells each drop to the journal once, across kill -9 of the receiver.

    Before a tally is appended the file gets both counts, before and after, and the sequence number that the tally will have; the
    next receiver sees from the journal's own end which of them holds.
    """

    def __init__(self, path: Path, listeners: Sequence[Listener], *, stream: StreamName, next_seq: int) -> None:
        self._path = path
        self._stream = str(stream)
        self._failing = False
        note = _read(path)
        self._told: list[_Told] = []
        for listener in listeners:
            socket = identity(listener.socket)
            count = note.count(listener.name, socket=socket, stream=self._stream, next_seq=next_seq)
            self._told.append(_Told(listener, socket, count))

    def untold(self) -> dict[str, int]:
        """How many drops of each listener the journal does not know yet; only listeners that have any."""
        return {told.listener.name: new for told in self._told if (new := _new(told))}

    def total(self, listener: str) -> int:
        """All drops of a listener that this process has told of."""
        return sum(told.total for told in self._told if told.listener.name == listener)

    def begin(self, drops: dict[str, int], next_seq: int) -> None:
        """The journal is about to get these drops as one batch that begins at `next_seq`."""
        self._write(drops, next_seq)

    def settle(self, drops: dict[str, int]) -> None:
        """The journal has them."""
        for told in self._told:
            new = drops.get(told.listener.name, 0)
            told.count = (told.count + new) % _WRAP
            told.total += new

    def withdraw(self, next_seq: int) -> None:
        """The journal did not take them."""
        self._write({}, next_seq)

    def _write(self, drops: dict[str, int], next_seq: int) -> None:
        sockets = {
            told.listener.name: {
                "socket": told.socket,
                "before": told.count,
                "after": (told.count + drops.get(told.listener.name, 0)) % _WRAP,
            }
            for told in self._told
        }
        body = json.dumps({"stream": self._stream, "seq": next_seq, "sockets": sockets}).encode("ascii")
        try:
            _overwrite(self._path, body)
        except OSError as error:
            if not self._failing:
                log.warning("kernel drops cannot be noted; after a kill they may be counted twice", cause=error.strerror)
            self._failing = True
        else:
            self._failing = False


def _overwrite(path: Path, body: bytes) -> None:
    """One write in place, whole blocks: it works on a full disk, and a kill leaves the old or the new content."""
    padded = body.ljust(-(-len(body) // _BLOCK) * _BLOCK)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(descriptor, padded, 0)
        os.ftruncate(descriptor, len(padded))
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class _Note:
    """The file's content: counts per listener, `before` and `after` the batch that begins at `seq` of `stream`."""

    stream: str
    seq: int
    sockets: dict[str, tuple[str, int, int]]

    def count(self, listener: str, *, socket: str, stream: str, next_seq: int) -> int:
        """The count up to which a listener's drops are in the journal; 0 when the note is about another socket."""
        noted, before, after = self.sockets.get(listener, ("", 0, 0))
        if noted != socket:
            return 0
        return after if self.stream == stream and next_seq > self.seq else before


def _read(path: Path) -> _Note:
    try:
        kept = json.loads(path.read_bytes())
        sockets = {
            name: (str(entry["socket"]), int(entry["before"]), int(entry["after"])) for name, entry in kept["sockets"].items()
        }
        return _Note(str(kept["stream"]), int(kept["seq"]), sockets)
    except FileNotFoundError:
        return _Note("", 0, {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        log.warning("the note of kernel drops is damaged and ignored", path=path)
        return _Note("", 0, {})


def _new(told: _Told) -> int:
    return (kernel_drops(told.listener.socket) - told.count) % _WRAP
