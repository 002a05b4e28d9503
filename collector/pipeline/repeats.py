"""Stage 3: what arrived twice counts once. An inform that was sent again, a mail that was delivered again; never a v1 or v2c
trap, because two equal traps are two."""

import hashlib

from collector.domain.mail import Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.trap import Pdu, Trap
from collector.pipeline.draft import Batch, Entry

INFORM_WINDOW_US = 60 * 1_000_000
MAIL_WINDOW_US = 24 * 3600 * 1_000_000
NAMELESS_MAIL_WINDOW_US = 300 * 1_000_000
"""A mail without Message-ID is only known by all its bytes, which two honest notifications may share, so for less long."""
DROP_EVERY_US = 30 * 1_000_000


class SeenMemory:
    """What was seen, until when (microseconds since the epoch). A batch becomes part of it only when it is committed."""

    def __init__(self, committed: dict[bytes, int]) -> None:
        self._committed = committed
        self._dropped_at = 0

    def seen(self, digest: bytes, at_us: int, pending: dict[bytes, int]) -> bool:
        expires = pending.get(digest) or self._committed.get(digest)
        return expires is not None and at_us < expires

    def commit(self, entries: list[tuple[bytes, int]]) -> None:
        """Take a committed batch's entries over."""
        self._committed.update(entries)

    def forget(self, *, before_us: int) -> None:
        """Now and then let go of what has expired by then: nothing that arrived earlier will be asked about any more."""
        if before_us - self._dropped_at > DROP_EVERY_US:
            self._dropped_at = before_us
            self._committed = {digest: expires for digest, expires in self._committed.items() if expires > before_us}


def drop_repeats(batch: Batch, memory: SeenMemory) -> None:
    pending: dict[bytes, int] = {}
    for entry in batch.entries:
        if entry.drafts:
            continue
        decoded = entry.decoded
        if isinstance(decoded, Trap):
            if decoded.pdu is Pdu.INFORM:
                _check_inform(entry, memory, pending)
        elif isinstance(decoded, Mail):
            _check_mail(entry, decoded, memory, pending)
    batch.seen = list(pending.items())


def _check_inform(entry: Entry, memory: SeenMemory, pending: dict[bytes, int]) -> None:
    item = entry.item
    digest = _digest(f"inform\0{item.peer_address}\0{item.peer_port}".encode(), item.payload)
    at_us = item.received_at_ns // 1_000
    if memory.seen(digest, at_us, pending):
        entry.settle(Outcome.DUPLICATE, Reason.REPEATED_INFORM, source=entry.sources[0])
    else:
        pending[digest] = at_us + INFORM_WINDOW_US


def _check_mail(entry: Entry, mail: Mail, memory: SeenMemory, pending: dict[bytes, int]) -> None:
    at_us = entry.item.received_at_ns // 1_000
    fresh: list[Source] = []
    for source in entry.sources:
        if mail.message_id:
            digest = _digest(f"mail\0{source.id}\0{mail.message_id}\0{mail.body_sha256}".encode(), b"")
            window = MAIL_WINDOW_US
        else:
            digest = _digest(f"nameless\0{source.id}".encode(), entry.item.payload)
            window = NAMELESS_MAIL_WINDOW_US
        if not memory.seen(digest, at_us, pending):
            pending[digest] = at_us + window
            fresh.append(source)
    if fresh:
        entry.sources = tuple(fresh)
    else:
        entry.settle(Outcome.DUPLICATE, Reason.REPEATED_MAIL, source=entry.sources[0])


def _digest(head: bytes, body: bytes) -> bytes:
    made = hashlib.blake2b(head, digest_size=16)
    made.update(b"\0")
    made.update(body)
    return made.digest()
