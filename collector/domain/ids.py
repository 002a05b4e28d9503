"""Names of things: streams, notifications, external keys. Parsing and making only; nothing is looked up here."""

import hashlib
import re
from dataclasses import dataclass
from typing import NewType, Self

CustomerId = NewType("CustomerId", int)
SourceId = NewType("SourceId", int)
CaseId = NewType("CaseId", int)
ExternalKey = NewType("ExternalKey", str)

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_STREAM = re.compile(r"(?P<lane>(?P<receiver>(?:snmp|smtp)-[0-9]{1,3})(?P<bulk>-bulk)?)-(?P<epoch>[a-z][a-z0-9]{5})")
_NOTIFICATION = re.compile(rf"(?P<stream>{_STREAM.pattern})-(?P<seq>[0-9]{{1,18}})(?:-(?P<row>[0-9]{{1,6}}))?")


@dataclass(frozen=True, slots=True, order=True)
class StreamName:
    """`<receiver>[-bulk]-<epoch>`, e.g. `snmp-0-bulk-k3f9ab`. The epoch is random, six characters, a letter first: a journal that
    was lost and begun again has another one."""

    receiver: str
    bulk: bool
    epoch: str

    @property
    def lane(self) -> str:
        """The name without the epoch: what follows itself after a lost journal."""
        return f"{self.receiver}-bulk" if self.bulk else self.receiver

    def __str__(self) -> str:
        return f"{self.lane}-{self.epoch}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise ValueError when the text is not a stream name."""
        match = _STREAM.fullmatch(text)
        if match is None:
            raise ValueError(f"not a stream name: {text!r}")
        return cls(match["receiver"], match["bulk"] is not None, match["epoch"])


@dataclass(frozen=True, slots=True, order=True)
class NotificationId:
    """`<stream>-<seq>` for the whole item, `<stream>-<seq>-<row>` for one of its rows (rows count from 1)."""

    stream: str
    seq: int
    row: int = 0

    def __str__(self) -> str:
        return f"{self.stream}-{self.seq}-{self.row}" if self.row else f"{self.stream}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise ValueError when the text is not a notification id."""
        match = _NOTIFICATION.fullmatch(text)
        if match is None:
            raise ValueError(f"not a notification id: {text!r}")
        return cls(match["stream"], int(match["seq"]), int(match["row"] or 0))


def external_key(site: str, received_at_ns: int, first: NotificationId, correlation_key: str) -> ExternalKey:
    """`<SITE>-<ULID>`: 48 bits of arrival time in ms, 80 bits of a hash of the first notification and the correlation key.

    Deterministic: a batch that runs twice, or a store restored from a backup, makes the same key again, and
    ticketing does not open a second ticket.
    """
    ms = (received_at_ns // 1_000_000) & ((1 << 48) - 1)
    seed = f"{first.stream}\0{first.seq}\0{first.row}\0{correlation_key}".encode()
    value = (ms << 80) | int.from_bytes(hashlib.sha256(seed).digest()[:10], "big")
    return ExternalKey(f"{site}-{_crockford(value)}")


def _crockford(value: int) -> str:
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))
