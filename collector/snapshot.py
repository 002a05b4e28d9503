"""What a receiver must know without the store: known mailboxes and domains, communities and users, kept in a local file (mode
0600, secrets sealed) and refreshed from the store while it is there. Writing it from the store is the composition root's
business."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.errors import ConfigurationError
from collector.domain.snmp_access import SnmpAccess
from collector.sealed_access import access_of, json_of
from collector.secrets import SecretBox

FRESH_SECONDS = 5
_OWNER = "snapshot"
"""For whom secrets are sealed in it: nobody's of the store."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`mailboxes` and `domains` are casefolded; `accesses` are those of all sources. `version` is the registry's version in the
    store."""

    version: int
    mailboxes: frozenset[str]
    domains: frozenset[str]
    accesses: tuple[SnmpAccess, ...] = ()


class SnapshotView:
    """The present snapshot, shared between the thread that refreshes it and the code that asks. Fresh means: the store confirmed
    it less than five seconds ago, so that an unknown mailbox is really unknown."""

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

    def confirm(self, snapshot: Snapshot) -> None:
        """The store just said so."""
        self._known = (snapshot, self._clock.monotonic_ns())


def load(path: Path, box: SecretBox) -> Snapshot | None:
    """The last snapshot written, or None when there is none. Raise ConfigurationError when the file is damaged, or sealed with a
    key that `box` does not have."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        accesses = tuple(access_of(text, box, _OWNER) for text in raw["accesses"])
        return Snapshot(int(raw["version"]), frozenset(raw["mailboxes"]), frozenset(raw["domains"]), accesses)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}: the snapshot is damaged; remove it, it is written again from the store") from error


def save(path: Path, snapshot: Snapshot, box: SecretBox) -> None:
    """Replace the file in one step; a reader sees the old or the new one, never half of it."""
    body = {
        "version": snapshot.version,
        "mailboxes": sorted(snapshot.mailboxes),
        "domains": sorted(snapshot.domains),
        "accesses": [json_of(access, box, _OWNER) for access in snapshot.accesses],
    }
    temporary = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(body, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
