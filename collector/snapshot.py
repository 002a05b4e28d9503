"""What a receiver must know without the store: known mailboxes and domains, communities and users. `process` keeps it in a local
file (mode 0600, secrets sealed), and the receivers follow that; both is the composition root's business."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.errors import ConfigurationError
from collector.domain.snmp_access import SnmpAccess

FRESH_SECONDS = 5
SEALED_FOR = "snapshot"
"""The owner of the secrets in it: nobody of the store."""

Identity: TypeAlias = tuple[int, int, int]
"""Of a file's content: inode, time of the last change in ns, octets. A file that was replaced has another one."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`mailboxes` and `domains` are casefolded; `accesses` are those of all sources. `version` is the registry's version in the
    store."""

    version: int
    mailboxes: frozenset[str]
    domains: frozenset[str]
    accesses: tuple[SnmpAccess, ...] = ()


class SnapshotView:
    """The present snapshot, shared between the thread that follows the file and the code that asks. Fresh means: it was confirmed
    less than five seconds ago that the store says the same, so that an unknown mailbox is really unknown."""

    def __init__(self, clock: Clock, snapshot: Snapshot | None = None) -> None:
        self._clock = clock
        self._known: tuple[Snapshot | None, int | None] = (snapshot, None)
        """What is known and when it was confirmed, replaced as one so that they always belong together."""

    def current(self) -> Snapshot | None:
        return self._known[0]

    def fresh(self) -> bool:
        return self._is_fresh(self._known[1])

    def fresh_snapshot(self) -> tuple[Snapshot | None, bool]:
        """What is known, and whether it is fresh: of one moment."""
        snapshot, confirmed = self._known
        return snapshot, self._is_fresh(confirmed)

    def _is_fresh(self, confirmed: int | None) -> bool:
        return confirmed is not None and self._clock.monotonic_ns() - confirmed < FRESH_SECONDS * NS_PER_SECOND

    def know(self, snapshot: Snapshot) -> None:
        """From now on this; it is as fresh as what was known before."""
        self._known = (snapshot, self._known[1])

    def confirm(self, snapshot: Snapshot) -> None:
        """The store says so now."""
        self._known = (snapshot, self._clock.monotonic_ns())


def identity(path: Path) -> Identity | None:
    """None when there is no such file. Raise OSError when it cannot be known."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def load(
    path: Path, *, domains: frozenset[str] = frozenset(), open_access: Callable[[str], SnmpAccess] | None = None
) -> Snapshot | None:
    """The last snapshot written, or None when there is none. The domains are the reader's own; without `open_access` communities
    and users are left out. Raise ConfigurationError when the file is damaged, or as `open_access` does."""
    try:
        raw = json.loads(path.read_bytes())
        accesses = () if open_access is None else tuple(open_access(text) for text in raw["accesses"])
        return Snapshot(int(raw["version"]), frozenset(raw["mailboxes"]), domains, accesses)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}: the snapshot is damaged; remove it, it is written again from the store") from error


def body_of(version: int, mailboxes: Iterable[str], sealed: Iterable[str]) -> bytes:
    """What `load` reads. `sealed` are the accesses, sealed for `SEALED_FOR`."""
    return json.dumps({"version": version, "mailboxes": sorted(mailboxes), "accesses": list(sealed)}).encode("ascii")


def write(path: Path, body: bytes) -> None:
    """Replace the file in one step; a reader sees the old or the new one, never half of it. For one writer at a time. Raise
    OSError; the old one stays then."""
    temporary = path.with_suffix(".new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
