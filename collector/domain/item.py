"""What the journal holds: items as they arrived, untouched, and the receivers' own tallies."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple


class Transport(StrEnum):
    """How a notification came in."""

    SNMP = "snmp"
    SMTP = "smtp"


class ItemKind(IntEnum):
    """What a journal entry is. The numbers are the stored form."""

    DATAGRAM = 1
    MAIL = 2
    TALLY = 3


class InformVerdict(StrEnum):
    """What the receiver found out about a v3 inform that is addressed to the collector's own engine, before it answered it: it is
    authentic, and its time is right or not (RFC 3414 section 3.2 step 7a). Stored in ASCII as the envelope of the datagram."""

    IN_TIME = "in_time"
    NOT_IN_TIME = "not_in_time"


class Record(NamedTuple):
    """An entry before it has a sequence number: what a receiver hands to the journal.

    `envelope` is the encoded `Envelope` for mails, the encoded `Tally` for tallies, an `InformVerdict` for datagrams that need
    one and empty for the others.
    `received_at_ns` is UTC; `monotonic_ns` orders entries within one boot.
    """

    kind: ItemKind
    received_at_ns: int
    monotonic_ns: int
    listener: str
    peer_address: str
    peer_port: int
    envelope: bytes
    payload: bytes

    def __repr__(self) -> str:
        return f"Record({ItemKind(self.kind).name}, {self.listener!r}, {len(self.payload)} octets)"


class Item(NamedTuple):
    """One journal entry. `stream` is the stream's full name with its epoch."""

    stream: str
    seq: int
    kind: ItemKind
    received_at_ns: int
    monotonic_ns: int
    listener: str
    peer_address: str
    peer_port: int
    envelope: bytes
    payload: bytes

    def __repr__(self) -> str:
        """Without its octets: a community stands in them, or a mail."""
        return f"Item({self.stream}-{self.seq}, {ItemKind(self.kind).name}, {self.peer}, {len(self.payload)} octets)"

    @property
    def peer(self) -> str:
        """Address and port as people write them: IPv6 in brackets (RFC 3986 section 3.2.2)."""
        address = self.peer_address
        return f"[{address}]:{self.peer_port}" if ":" in address else f"{address}:{self.peer_port}"

    @property
    def is_bulk(self) -> bool:
        """Whether it was held back in a bulk lane."""
        return "-bulk-" in self.stream

    @property
    def transport(self) -> Transport:
        return Transport.SMTP if self.stream.startswith("smtp") else Transport.SNMP


class TallyReason(StrEnum):
    """Why something was counted by a receiver and not stored."""

    KERNEL_DROP = "kernel_drop"
    OVER_LIMIT = "over_limit"
    FLOOD = "flood"
    DISK_SHORT = "disk_short"
    UNKNOWN_MAILBOX = "unknown_mailbox"
    UNKNOWN_DOMAIN = "unknown_domain"
    TOO_LARGE = "too_large"
    LINE_TOO_LONG = "line_too_long"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TOO_MANY_ERRORS = "too_many_errors"
    TLS_REQUIRED = "tls_required"
    NOT_READY = "not_ready"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The SMTP envelope of one mail. Addresses are as given in the dialogue, without angle brackets. `certificate`: the SHA-256
    in hexadecimal digits of the one that the client showed and `[smtp] tls_client_ca` vouches for. `refused_octets`:
    how large a mail said to be, or was, that was refused for it; what is stored is its begin, or nothing."""

    mail_from: str
    recipients: tuple[str, ...]
    helo: str
    smtp_utf8: bool = False
    tls: bool = False
    login: str | None = None
    certificate: str | None = None
    refused_octets: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """A count of things that were not stored, since the last tally of the same kind. `per_second`: how much comes in all, of what
    is stored too; 0 where nobody measures it."""

    reason: TallyReason
    count: int
    per_second: int = 0
