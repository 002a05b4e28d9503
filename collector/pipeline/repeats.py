"""Stage 5: what arrived twice counts once. An inform that was sent again, a mail that was delivered again; never a v1 or v2c
trap, because two equal traps are two. Replayed v3 traps were refused before; v3 messages to our own engine are compared here."""

import hashlib
from collections.abc import Mapping

from collector.domain.mail import Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.trap import Pdu, Secured, SnmpVersion, Trap
from collector.domain.trust import Trust
from collector.pipeline.copies import COPY_MARK, OUTLIVES_CLOCKS_US, Copies, is_copy
from collector.pipeline.draft import Batch, Entry

INFORM_WINDOW_US = 60 * 1_000_000
MAIL_WINDOW_US = 24 * 3600 * 1_000_000
NAMELESS_MAIL_WINDOW_US = 300 * 1_000_000
"""A mail without Message-ID is only known by all its bytes, which two honest notifications may share, so for less long."""
DROP_EVERY_US = 30 * 1_000_000
CLEAR_MARK = b"clear "
"""What a remembered clear begins with, before the 16 octets of its digest; those of repeats have the digest alone."""
_CLEAR_OCTETS = len(CLEAR_MARK) + 16


class SeenMemory:
    """What was seen, until when (microseconds since the epoch). A batch becomes part of it only when it is committed."""

    def __init__(self, committed: Mapping[bytes, int]) -> None:
        self._committed = {digest: expires for digest, expires in committed.items() if not is_copy(digest)}
        self._dropped_at = 0
        self.clears = self._count_clears()
        """How many of them are clears that may have come before what they clear."""

    def seen(self, digest: bytes, at_us: int, pending: dict[bytes, int]) -> bool:
        expires = pending.get(digest) or self._committed.get(digest)
        return expires is not None and at_us < expires

    def until(self, digest: bytes) -> int | None:
        """Until when it is remembered, None when it is not."""
        return self._committed.get(digest)

    def commit(self, entries: list[tuple[bytes, int]]) -> None:
        """Take a committed batch's entries over; copies have a memory of their own."""
        entries = [entry for entry in entries if not is_copy(entry[0])]
        self.clears += len({digest for digest, _ in entries if _is_clear(digest)} - self._committed.keys())
        self._committed.update(entries)

    def forget(self, *, before_us: int) -> None:
        """Now and then let go of what has expired by then: nothing that arrived earlier will be asked about any more."""
        if before_us - self._dropped_at > DROP_EVERY_US:
            self._dropped_at = before_us
            self._committed = {digest: expires for digest, expires in self._committed.items() if expires > before_us}
            self.clears = self._count_clears()

    def _count_clears(self) -> int:
        return sum(map(_is_clear, self._committed))


def _is_clear(digest: bytes) -> bool:
    return len(digest) == _CLEAR_OCTETS


def drop_repeats(batch: Batch, memory: SeenMemory, copies: Copies) -> None:
    pending: dict[bytes, int] = {}
    for entry in batch.entries:
        if entry.drafts:
            continue
        decoded = entry.decoded
        if isinstance(decoded, Trap):
            if decoded.pdu is Pdu.INFORM or (decoded.secured is not None and entry.item.envelope):
                _check_inform(entry, decoded, memory, copies, pending)
        elif isinstance(decoded, Mail):
            _check_mail(entry, decoded, memory, pending)
    batch.seen += pending.items()


def _check_inform(entry: Entry, trap: Trap, memory: SeenMemory, copies: Copies, pending: dict[bytes, int]) -> None:
    at_us = entry.item.received_at_ns // 1_000
    digest = _inform_digest(entry, trap)
    copied = False
    if trap.secured is not None and entry.trust > Trust.SPOOFABLE:
        used = copy_digest(entry.item.payload, trap.secured)
        copied = used in pending or used in copies
        if not copied:  # of an inform that was sent again too: whoever caught it may send it from elsewhere
            pending[used] = OUTLIVES_CLOCKS_US
    if memory.seen(digest, at_us, pending):
        entry.settle(Outcome.DUPLICATE, Reason.REPEATED_INFORM, source=entry.sources[0])
    elif copied:
        entry.trust = Trust.SPOOFABLE  # it proves nothing: anybody may have sent it
        entry.settle(Outcome.UNAUTHENTICATED, Reason.REPLAYED, source=entry.sources[0])
    else:
        pending[digest] = at_us + INFORM_WINDOW_US


def _inform_digest(entry: Entry, trap: Trap) -> bytes:
    """What an inform has in common with its repeats. A v3 sender makes a new message around the same PDU each time; behind one
    address there may be several."""
    item = entry.item
    where = f"{item.peer_address}\0{item.peer_port}"
    if trap.version is not SnmpVersion.V3 or trap.secured is None:
        return _digest(f"inform\0{where}".encode(), item.payload)
    said = (entry.sources[0].id, trap.secured.user, trap.request_id, trap.trap_oid, trap.uptime, trap.varbinds, trap.truncated)
    return _digest(f"v3 inform\0{where}".encode(), repr(said).encode())


def copy_digest(payload: bytes, secured: Secured) -> bytes:
    """What is remembered of a message that was taken (`Copies`)."""
    return COPY_MARK + message_digest(payload, secured, of="v3 message")


def message_digest(payload: bytes, secured: Secured, *, of: str) -> bytes:
    """An authentic v3 message and its copies, whoever they are sent to: the octets of msgAuthenticationParameters (RFC 3414
    section 6.3.1) are of the whole message and of its sender's key, so no other sender can have the like. `of` keeps memories
    apart."""
    begin, end = secured.digest
    return _digest(of.encode(), payload[begin:end])


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
